-- What a shop's app may see of its shop's payments, and cancel.

CREATE FUNCTION payments.require_shop(p_municipality varchar, p_partner uuid, p_shop text, OUT shop uuid, OUT own boolean)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
-- A shop of this app (own), or one that belongs to no app; to others it is unknown. Also one that is closed by now: its
-- payments stay.
BEGIN
    SELECT m.id, m.partner_id IS NOT NULL INTO shop, own FROM merchants_merchant m
    WHERE m.municipality_id = p_municipality AND m.code = p_shop AND (m.partner_id IS NULL OR m.partner_id = p_partner);
    IF NOT FOUND THEN
        PERFORM ledger.refuse('merchant_unknown');
    END IF;
END $$;

CREATE FUNCTION payments.payments_of_shop(
    p_municipality varchar, p_partner uuid, p_shop text, p_before uuid, p_limit integer
) RETURNS SETOF payments.told LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- A page of a shop's payments, newest first, however and through whom they were made. For the shop's own app.
DECLARE
    v_shop uuid;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    v_shop := (payments.require_shop(p_municipality, p_partner, p_shop)).shop;
    RETURN QUERY
    SELECT told.*
    FROM (SELECT * FROM vouchers_payment
          WHERE municipality_id = p_municipality AND merchant_id = v_shop AND (p_before IS NULL OR id < p_before)
          ORDER BY id DESC LIMIT p_limit) p, LATERAL payments.told(p::vouchers_payment) told
    ORDER BY told.id DESC;
END $$;

CREATE FUNCTION payments.payment_of_shop(p_municipality varchar, p_partner uuid, p_shop text, p_payment uuid)
RETURNS SETOF payments.told LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp ROWS 1 AS $$
-- One of them. No row: the shop has no such payment.
DECLARE
    v_shop uuid;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    v_shop := (payments.require_shop(p_municipality, p_partner, p_shop)).shop;
    RETURN QUERY
    SELECT told.* FROM vouchers_payment p, LATERAL payments.told(p) told
    WHERE p.municipality_id = p_municipality AND p.id = p_payment AND p.merchant_id = v_shop;
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
    v_shop    record;
    v_payment vouchers_payment;
BEGIN
    SELECT * INTO refund_id, replayed FROM partners.remember(p_municipality, p_partner, p_key, p_fingerprint, v_id, p_at);
    IF replayed THEN
        RETURN;
    END IF;
    v_shop := payments.require_shop(p_municipality, p_partner, p_shop);
    SELECT * INTO v_payment FROM vouchers_payment
    WHERE municipality_id = p_municipality AND id = p_payment AND merchant_id = v_shop.shop;
    IF v_payment.id IS NULL THEN
        PERFORM ledger.refuse('payment_unknown');
    ELSIF v_payment.channel NOT IN ('cpm', 'dynamic_qr') OR NOT (
            v_shop.own
            OR v_payment.channel = 'cpm' AND v_payment.partner_id = p_partner
            OR EXISTS (SELECT FROM vouchers_saleqr sale
                       WHERE sale.municipality_id = p_municipality AND sale.payment_id = p_payment
                         AND sale.partner_id = p_partner)) THEN
        PERFORM ledger.refuse('sale_not_of_this_app');
    END IF;
    refund_id := v_id;
    PERFORM ledger.refund(p_municipality, v_id, p_payment, p_amount, p_at);
    INSERT INTO vouchers_outbox (municipality_id, event_id, at) VALUES (p_municipality, v_id, p_at);
END $$;

CREATE FUNCTION payments.cancellation_at_shop(p_municipality varchar, p_partner uuid, p_shop text, p_cancellation uuid)
RETURNS TABLE (cancellation_id uuid, cancelled_now bigint, discount_now bigint, cancelled_on date,
               cancelled_at timestamptz, payment payments.told)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp ROWS 1 AS $$
-- A cancellation of a payment of this shop, in terms of the price, and the payment as it stands now.
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    RETURN QUERY
    SELECT c.id, c.amount + c.discount, c.discount, j.business_date, j.at, told
    FROM vouchers_cancellation c
    JOIN vouchers_journal j ON j.municipality_id = c.municipality_id AND j.id = c.id,
    LATERAL payments.payment_of_shop(p_municipality, p_partner, p_shop, c.payment_id) told
    WHERE c.municipality_id = p_municipality AND c.id = p_cancellation;
END $$;
