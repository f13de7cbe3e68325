-- What a payment would do.

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
