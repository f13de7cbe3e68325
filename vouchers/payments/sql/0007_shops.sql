-- What a shop's app may see of its shop's payments, and cancel.

CREATE FUNCTION payments.payments_of_shop(
    p_municipality varchar, p_partner uuid, p_shop text, p_before uuid, p_limit integer
) RETURNS SETOF payments.told LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- A page of a shop's payments, newest first, however and through whom they were made. For the shop's own app.
DECLARE
    v_shop uuid;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    v_shop := (payments.shop_of(p_municipality, p_partner, p_shop)).id;
    RETURN QUERY
    SELECT told.*
    FROM (SELECT * FROM vouchers_payment
          WHERE municipality_id = p_municipality AND merchant_id = v_shop AND (p_before IS NULL OR id < p_before)
          ORDER BY id DESC LIMIT p_limit) p, LATERAL payments.told(p::vouchers_payment) told
    ORDER BY told.id DESC;
END $$;

CREATE FUNCTION payments.cancel_at_shop(
    p_municipality varchar, p_partner uuid, p_key text, p_fingerprint bytea, p_shop text, p_payment uuid, p_amount bigint,
    p_at timestamptz, OUT refund_id uuid, OUT replayed boolean
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- The shop's app cancels p_amount won of a sale of its own (NULL: what is left): of a code that it showed or scanned. In
-- a shop that belongs to this app, also of one that another app showed or scanned there before. What the citizen paid at
-- the fixed code, by card or online is cancelled by whoever took it.
DECLARE
    v_id      uuid := ledger.id_at(p_at);
    v_shop    merchants_merchant;
    v_payment vouchers_payment;
BEGIN
    SELECT * INTO refund_id, replayed FROM partners.remember(p_municipality, p_partner, p_key, p_fingerprint, v_id, p_at);
    IF replayed THEN
        RETURN;
    END IF;
    v_shop := payments.shop_of(p_municipality, p_partner, p_shop);
    SELECT * INTO v_payment FROM vouchers_payment
    WHERE municipality_id = p_municipality AND id = p_payment AND merchant_id = v_shop.id;
    IF v_payment.id IS NULL THEN
        PERFORM ledger.refuse('payment_unknown');
    ELSIF v_payment.channel NOT IN ('cpm', 'dynamic_qr') OR NOT (
            v_shop.partner_id IS NOT NULL
            OR v_payment.channel = 'cpm' AND v_payment.partner_id = p_partner
            OR EXISTS (SELECT FROM vouchers_saleqr sale
                       WHERE sale.municipality_id = p_municipality AND sale.payment_id = p_payment
                         AND sale.partner_id = p_partner)) THEN
        PERFORM ledger.refuse('sale_not_of_this_app');
    END IF;
    refund_id := v_id;
    PERFORM payments.give_back(p_municipality, v_id, p_payment, p_amount, p_at);
END $$;
