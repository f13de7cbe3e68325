-- Gifts between citizens: who gave what to whom, under which words. Written by functions only.

CREATE SCHEMA gifts;

CREATE TABLE vouchers_gift (
    municipality_id varchar(5) NOT NULL,
    id              uuid NOT NULL,               -- the id of its journal
    currency_id     uuid NOT NULL,
    giver_id        uuid NOT NULL,               -- wallets
    receiver_id     uuid NOT NULL,
    partner_id      uuid NOT NULL,               -- whose app asked for it
    amount          ledger.won NOT NULL,
    message         text NOT NULL,
    business_date   date NOT NULL,
    at              timestamptz NOT NULL,
    CONSTRAINT gift_pkey PRIMARY KEY (municipality_id, id),
    CONSTRAINT gift_message_is_short CHECK (char_length(message) <= 40)
);
CREATE INDEX gift_by_giver ON vouchers_gift (giver_id, business_date) INCLUDE (amount);
CREATE TRIGGER gift_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON vouchers_gift
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

CREATE FUNCTION gifts.receiver(
    p_municipality varchar, p_currency uuid, p_wallet uuid, p_name text, p_phone text
) RETURNS record LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
-- (wallet, app) of who is meant: by wallet, or by name and phone when they lead to one living member alone. Whatever is
-- in the way is answered alike, so that nobody finds out who is a member, who has died, or whose wallet is frozen.
DECLARE
    v_found record;
BEGIN
    SELECT (array_agg(w.id))[1] AS wallet_id, (array_agg(w.partner_id))[1] AS partner_id, count(*) AS members
    INTO v_found
    FROM vouchers_wallet w JOIN vouchers_citizen c ON c.municipality_id = w.municipality_id AND c.id = w.citizen_id
    WHERE w.municipality_id = p_municipality AND w.currency_id = p_currency AND c.status <> 'deceased'
      AND (p_wallet IS NULL OR w.id = p_wallet)
      AND w.citizen_id IN (SELECT citizen_id FROM vouchers_wallet
                           WHERE municipality_id = p_municipality AND id = p_wallet
                           UNION ALL
                           SELECT id FROM vouchers_citizen
                           WHERE municipality_id = p_municipality AND phone = p_phone AND name = p_name);
    IF v_found.members <> 1 THEN
        PERFORM ledger.refuse('receiver_unknown');
    END IF;
    RETURN v_found;
END $$;

CREATE FUNCTION gifts.require_limits(
    p_municipality varchar, p_terms vouchers_purchaselimit, p_giver uuid, p_receiver uuid, p_amount bigint, p_date date,
    p_at timestamptz
) RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
-- Refuses what gives too much at once, in a day or in a month, this gift included, or lets the receiver hold too much.
-- Both wallets are locked by then, so no other gift of theirs comes between.
DECLARE
    v_day   bigint;
    v_month bigint;
    v_held  bigint;
BEGIN
    IF p_amount > p_terms.gift_once THEN
        PERFORM ledger.refuse('gift_limit_exceeded', jsonb_build_object('period', 'once', 'available', p_terms.gift_once));
    END IF;
    SELECT coalesce(sum(amount) FILTER (WHERE business_date = p_date), 0), coalesce(sum(amount), 0) INTO v_day, v_month
    FROM vouchers_gift
    WHERE municipality_id = p_municipality AND giver_id = p_giver
      AND business_date >= date_trunc('month', p_date)::date AND business_date <= p_date;
    IF v_day + p_amount > p_terms.gift_per_day THEN
        PERFORM ledger.refuse('gift_limit_exceeded',
            jsonb_build_object('period', 'day', 'available', greatest(p_terms.gift_per_day - v_day, 0)));
    ELSIF v_month + p_amount > p_terms.gift_per_month THEN
        PERFORM ledger.refuse('gift_limit_exceeded',
            jsonb_build_object('period', 'month', 'available', greatest(p_terms.gift_per_month - v_month, 0)));
    END IF;
    SELECT coalesce(sum(remaining), 0) INTO v_held FROM vouchers_lot
    WHERE municipality_id = p_municipality AND wallet_id = p_receiver
      AND (kind <> 'grant' OR p_terms.holding_counts_grants) AND (expires_at IS NULL OR expires_at > p_at);
    IF v_held > p_terms.holding THEN
        PERFORM ledger.refuse('receiver_holds_too_much');
    END IF;
END $$;

CREATE FUNCTION gifts.give(
    p_municipality varchar, p_partner uuid, p_key text, p_fingerprint bytea, p_giver uuid, p_receiver uuid,
    p_name text, p_phone text, p_amount bigint, p_message text, p_at timestamptz, OUT gift_id uuid, OUT replayed boolean
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- One gift, by the receiver's wallet or by name and phone: key, whose wallet, limits of the day, money, notice.
DECLARE
    v_id       uuid := ledger.id_at(p_at);
    v_giver    vouchers_wallet;
    v_currency uuid;
    v_receiver record;
    v_terms    vouchers_purchaselimit;
    v_kinds    text[];
    v_date     date;
BEGIN
    SELECT * INTO gift_id, replayed FROM partners.remember(p_municipality, p_partner, p_key, p_fingerprint, v_id, p_at);
    IF replayed THEN
        RETURN;
    END IF;
    v_giver := wallets.require(p_municipality, p_partner, p_giver);
    v_currency := v_giver.currency_id;
    IF v_giver.corporation_id IS NOT NULL THEN
        PERFORM ledger.refuse('gift_from_corporation');
    END IF;
    SELECT * INTO v_terms FROM vouchers_purchaselimit
    WHERE currency_id = v_currency AND buyer = 'individual' AND valid_from <= (p_at AT TIME ZONE 'Asia/Seoul')::date
    ORDER BY valid_from DESC LIMIT 1;
    v_kinds := array_remove(ARRAY[CASE WHEN v_terms.gift_purchased THEN 'purchase' END,
                                  CASE WHEN v_terms.gift_incentives THEN 'incentive' END,
                                  CASE WHEN v_terms.gift_points THEN 'point' END], NULL);
    IF v_kinds = '{}' THEN
        PERFORM ledger.refuse('gifts_not_offered');
    END IF;
    SELECT * INTO v_receiver FROM gifts.receiver(p_municipality, v_currency, p_receiver, p_name, p_phone)
        AS (wallet_id uuid, partner_id uuid, members bigint);
    v_date := ledger.gift(p_municipality, v_id, p_giver, v_receiver.wallet_id, p_amount, v_kinds,
                          p_partner, p_at);
    PERFORM gifts.require_limits(p_municipality, v_terms, p_giver, v_receiver.wallet_id, p_amount, v_date, p_at);
    INSERT INTO vouchers_gift (municipality_id, id, currency_id, giver_id, receiver_id, partner_id, amount, message,
                               business_date, at)
    VALUES (p_municipality, v_id, v_currency, p_giver, v_receiver.wallet_id, p_partner, p_amount, p_message, v_date, p_at);
    PERFORM webhooks.emit(p_municipality, 'gift.received', ARRAY[v_receiver.partner_id], jsonb_build_object(
        'gift_id', v_id, 'wallet_id', v_receiver.wallet_id, 'amount', p_amount, 'given_at', p_at), p_at);
    gift_id := v_id;
END $$;

CREATE FUNCTION gifts.gift(p_municipality varchar, p_partner uuid, p_gift uuid)
RETURNS TABLE (id uuid, amount bigint, message text, giver_wallet uuid, giver_name text, receiver_wallet uuid,
               receiver_name text, business_date date, at timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp ROWS 1 AS $$
-- A gift from or to a wallet that this partner may act on; the wallet at the other end only if it may act on that, too.
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    RETURN QUERY
    SELECT g.id, g.amount::bigint, g.message,
           CASE WHEN (giver.partner_id <> p_partner) IS NOT TRUE THEN giver.id END, giving.name::text,
           CASE WHEN (receiver.partner_id <> p_partner) IS NOT TRUE THEN receiver.id END, receiving.name::text,
           g.business_date, g.at
    FROM vouchers_gift g
    JOIN vouchers_wallet giver ON giver.id = g.giver_id
    JOIN vouchers_citizen giving ON giving.id = giver.citizen_id
    JOIN vouchers_wallet receiver ON receiver.id = g.receiver_id
    JOIN vouchers_citizen receiving ON receiving.id = receiver.citizen_id
    WHERE g.municipality_id = p_municipality AND g.id = p_gift
      AND ((giver.partner_id <> p_partner) IS NOT TRUE OR (receiver.partner_id <> p_partner) IS NOT TRUE);
END $$;
