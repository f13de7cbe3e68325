-- On-demand exchange by a shop's own app. A shop that belongs to no app, or to another, is unknown: it is settled by the
-- close of the day and by officials alone.

CREATE FUNCTION settlement.own_shop(p_municipality varchar, p_partner uuid, p_code text) RETURNS uuid
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    v_shop uuid;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    SELECT id INTO v_shop FROM merchants_merchant
    WHERE municipality_id = p_municipality AND code = p_code AND partner_id = p_partner;
    IF v_shop IS NULL THEN
        PERFORM ledger.refuse('merchant_unknown');
    END IF;
    RETURN v_shop;
END $$;

CREATE FUNCTION settlement.exchange_by_shop(
    p_municipality varchar, p_partner uuid, p_key text, p_fingerprint bytea, p_shop text, p_currency uuid, p_amount bigint,
    p_at timestamptz, OUT exchange_id uuid, OUT replayed boolean
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- The shop's app asks for p_amount won (NULL: all that may be moved).
DECLARE
    v_id uuid := ledger.id_at(p_at);
BEGIN
    SELECT * INTO exchange_id, replayed FROM partners.remember(p_municipality, p_partner, p_key, p_fingerprint, v_id, p_at);
    IF replayed THEN
        RETURN;
    END IF;
    exchange_id := v_id;
    IF NOT EXISTS (SELECT FROM vouchers_currency WHERE municipality_id = p_municipality AND id = p_currency) THEN
        PERFORM ledger.refuse('currency_unknown');
    END IF;
    PERFORM settlement.exchange(p_municipality, v_id, p_currency, settlement.own_shop(p_municipality, p_partner, p_shop),
                                p_amount, NULL, p_partner, p_at);
END $$;

CREATE FUNCTION settlement.exchange_of_shop(p_municipality varchar, p_partner uuid, p_shop text, p_id uuid)
RETURNS SETOF merchants_exchange LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp ROWS 1 AS $$
-- One exchange of the app's shop, whoever asked for it.
BEGIN
    RETURN QUERY
    SELECT * FROM merchants_exchange
    WHERE municipality_id = p_municipality AND id = p_id
      AND merchant_id = settlement.own_shop(p_municipality, p_partner, p_shop);
END $$;

CREATE FUNCTION settlement.exchangeable_of_shop(p_municipality varchar, p_partner uuid, p_shop text, p_at timestamptz)
RETURNS TABLE (currency_id uuid, currency text, pending bigint, per_month bigint, exchanged bigint, is_held boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- What the app's shop could exchange now.
BEGIN
    RETURN QUERY
    SELECT * FROM settlement.exchangeable(p_municipality, settlement.own_shop(p_municipality, p_partner, p_shop), p_at);
END $$;
