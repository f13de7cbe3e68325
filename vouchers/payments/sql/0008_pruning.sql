-- What is forgotten: codes and orders by which nobody paid, and requests answered long ago. What a payment was made by
-- stays: a sale's code that was spent, an order that was confirmed.

CREATE FUNCTION payments.prune(p_municipality varchar, p_at timestamptz, p_limit integer) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Removes at most p_limit rows of each kind that are older than the terms of that day keep them, 90 days without terms;
-- returns the most that was removed of one kind: as many as p_limit, and there may be more. What somebody holds at this
-- moment is left to the next night.
DECLARE
    v_terms   vouchers_paymentterms;
    v_codes   timestamptz;
    v_count   integer;
    v_most    integer;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    SELECT * INTO v_terms FROM vouchers_paymentterms
    WHERE municipality_id = p_municipality AND valid_from <= (p_at AT TIME ZONE 'Asia/Seoul')::date
    ORDER BY valid_from DESC LIMIT 1;
    v_codes := p_at - make_interval(days => coalesce(v_terms.code_days, 90));
    v_most := partners.forget(p_municipality, p_at - make_interval(days => coalesce(v_terms.request_days, 90)), p_limit);
    WITH old AS MATERIALIZED (
        SELECT id FROM vouchers_saleqr
        WHERE municipality_id = p_municipality AND payment_id IS NULL AND expires_at < v_codes
        ORDER BY expires_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    )
    DELETE FROM vouchers_saleqr sale USING old WHERE sale.municipality_id = p_municipality AND sale.id = old.id;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    v_most := greatest(v_most, v_count);
    WITH old AS MATERIALIZED (   -- a wallet's last code: no page shows it, spent or not, and its payment does not need it
        SELECT wallet_id FROM vouchers_paymenttoken
        WHERE municipality_id = p_municipality AND expires_at < v_codes
        LIMIT p_limit FOR UPDATE SKIP LOCKED
    )
    DELETE FROM vouchers_paymenttoken token USING old
    WHERE token.municipality_id = p_municipality AND token.wallet_id = old.wallet_id;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    v_most := greatest(v_most, v_count);
    WITH old AS MATERIALIZED (
        SELECT id FROM vouchers_onlineorder
        WHERE municipality_id = p_municipality AND payment_id IS NULL AND expires_at < v_codes
        ORDER BY expires_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    )
    DELETE FROM vouchers_onlineorder unpaid USING old
    WHERE unpaid.municipality_id = p_municipality AND unpaid.id = old.id;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN greatest(v_most, v_count);
END $$;
