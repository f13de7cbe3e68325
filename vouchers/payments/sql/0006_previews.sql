-- What a payment would do, and what a shop may see of its payments.

CREATE FUNCTION payments.preview(
    p_municipality varchar, p_partner uuid, p_wallet uuid, p_merchant_code text, p_terminal text, p_amount bigint,
    p_at timestamptz, p_sale uuid DEFAULT NULL, OUT merchant_name varchar, OUT discount bigint, OUT drawn text,
    OUT programmes text[], OUT cashback jsonb
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Pays, notes what was drawn and what cashback that would earn, and takes everything back: so a preview follows the very
-- rules of a payment, and is refused with the same codes. What it wrote is never seen by anybody.
DECLARE
    v_id    uuid := ledger.id_at(p_at);
    v_taken payments.taken;
    v_cashback jsonb;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    BEGIN
        IF p_sale IS NOT NULL THEN
            PERFORM payments.spend_sale_qr(p_municipality, p_sale, v_id, p_at);
        END IF;
        v_taken := payments.take(p_municipality, v_id, p_wallet, p_merchant_code, p_terminal, p_amount,
                                 CASE WHEN p_sale IS NULL THEN 'static_qr' ELSE 'dynamic_qr' END, p_partner, 'preview', p_at);
        v_cashback := incentives.quote_cashback(p_municipality, v_id);
        RAISE EXCEPTION USING ERRCODE = 'JT999';
    EXCEPTION WHEN SQLSTATE 'JT999' THEN
        merchant_name := v_taken.merchant_name;
        discount := v_taken.discount;
        drawn := v_taken.drawn;
        cashback := v_cashback;
        programmes := payments.programmes_in(p_municipality, drawn);
    END;
END $$;

CREATE FUNCTION payments.payments_of_shop(
    p_municipality varchar, p_partner uuid, p_shop text, p_before uuid, p_limit integer
) RETURNS SETOF payments.told LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- A page of a shop's payments, newest first, however and through whom they were made. For the shop's own app.
DECLARE
    v_shop uuid;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    SELECT id INTO v_shop FROM merchants_merchant
    WHERE municipality_id = p_municipality AND code = p_shop AND (partner_id IS NULL OR partner_id = p_partner);
    IF NOT FOUND THEN
        PERFORM ledger.refuse('merchant_unknown');
    END IF;
    RETURN QUERY
    SELECT told.*
    FROM (SELECT * FROM vouchers_payment
          WHERE municipality_id = p_municipality AND merchant_id = v_shop AND (p_before IS NULL OR id < p_before)
          ORDER BY id DESC LIMIT p_limit) p, LATERAL payments.told(p::vouchers_payment) told
    ORDER BY told.id DESC;
END $$;
