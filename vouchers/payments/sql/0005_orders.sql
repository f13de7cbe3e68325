-- Online channels (배달앱·택시·온라인몰): the channel prepares an order, the citizen's app confirms it within minutes, and
-- only then money moves. The channel's fee is computed and kept with each order; it moves no money.

CREATE TABLE vouchers_onlineorder (
    municipality_id varchar(5) NOT NULL,
    id              uuid NOT NULL,
    channel_id      uuid NOT NULL,
    partner_id      uuid NOT NULL,               -- the channel's
    merchant_code   text NOT NULL,
    order_id        text NOT NULL,
    amount          ledger.won NOT NULL,
    items_total     ledger.won NOT NULL,
    wallet_id       uuid,                        -- NULL: whoever confirms
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    payment_id      uuid,
    paid_at         timestamptz,
    fee             bigint NOT NULL DEFAULT 0,
    CONSTRAINT onlineorder_pkey PRIMARY KEY (municipality_id, id),
    CONSTRAINT onlineorder_once UNIQUE (municipality_id, channel_id, order_id)
);
CREATE INDEX onlineorder_by_channel ON vouchers_onlineorder (channel_id, paid_at) INCLUDE (amount, fee)
    WHERE paid_at IS NOT NULL;
CREATE UNIQUE INDEX onlineorder_of_payment ON vouchers_onlineorder (municipality_id, payment_id)
    WHERE payment_id IS NOT NULL;
CREATE INDEX onlineorder_unpaid ON vouchers_onlineorder (municipality_id, expires_at) WHERE payment_id IS NULL;

CREATE FUNCTION payments.prepare_order(
    p_municipality varchar, p_partner uuid, p_key text, p_fingerprint bytea, p_channel text, p_shop text, p_order text,
    p_amount bigint, p_items bigint, p_wallet uuid, p_at timestamptz, OUT prepared_id uuid, OUT replayed boolean
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- An order waits for its payer. No money is held.
DECLARE
    v_id      uuid := ledger.id_at(p_at);
    v_seen    record := partners.remember(p_municipality, p_partner, p_key, p_fingerprint, v_id, p_at);
    v_channel uuid;
    v_status  text;
BEGIN
    prepared_id := v_seen.result_id;
    replayed := v_seen.replayed;
    IF replayed THEN
        RETURN;
    END IF;
    SELECT id INTO v_channel FROM vouchers_onlinechannel
    WHERE municipality_id = p_municipality AND code = p_channel AND partner_id = p_partner AND is_active;
    SELECT status INTO v_status FROM merchants_merchant WHERE municipality_id = p_municipality AND code = p_shop;
    IF v_channel IS NULL THEN
        PERFORM ledger.refuse('channel_unknown');
    ELSIF v_status IS NULL THEN
        PERFORM ledger.refuse('merchant_unknown');
    ELSIF v_status <> 'active' THEN
        PERFORM ledger.refuse('merchant_not_active');
    ELSIF p_amount > p_items THEN
        PERFORM ledger.refuse('order_amount_exceeds_items', jsonb_build_object('items', p_items));
    END IF;
    INSERT INTO vouchers_onlineorder (municipality_id, id, channel_id, partner_id, merchant_code, order_id, amount,
                                      items_total, wallet_id, created_at, expires_at)
    VALUES (p_municipality, v_id, v_channel, p_partner, p_shop, p_order, p_amount, p_items, p_wallet, p_at,
            p_at + (payments.terms(p_municipality, p_at)).order_minutes * interval '1 minute');
END $$;

CREATE FUNCTION payments.channel_fee(p_channel uuid, p_amount bigint, p_sales bigint, p_day date) RETURNS bigint
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    -- By the table in force on that day: the narrowest band that holds the shop's annual sales. Rounded down to the won.
    SELECT coalesce((
        SELECT trunc(p_amount * fee.rate / 100)::bigint FROM vouchers_channelfee fee
        WHERE fee.channel_id = p_channel
          AND fee.valid_from = (SELECT max(valid_from) FROM vouchers_channelfee
                                WHERE channel_id = p_channel AND valid_from <= p_day)
          AND (fee.sales_up_to IS NULL OR p_sales <= fee.sales_up_to)
        ORDER BY fee.sales_up_to NULLS LAST LIMIT 1), 0)
$$;

CREATE FUNCTION payments.confirm_order(
    p_municipality varchar, p_partner uuid, p_key text, p_fingerprint bytea, p_order uuid, p_wallet uuid, p_amount bigint,
    p_at timestamptz, OUT confirmed_id uuid, OUT replayed boolean
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- The citizen's app pays an order, of exactly the amount that the citizen was shown. The payment is the channel's, who
-- may cancel it. Two confirmations at once: one waits, and then finds the order paid.
DECLARE
    v_id      uuid := ledger.id_at(p_at);
    v_seen    record := partners.remember(p_municipality, p_partner, p_key, p_fingerprint, p_order, p_at);
    v_order   vouchers_onlineorder;
    v_taken   payments.taken;
    v_refusal text;
BEGIN
    confirmed_id := v_seen.result_id;
    replayed := v_seen.replayed;
    IF replayed THEN
        RETURN;
    END IF;
    SELECT * INTO v_order FROM vouchers_onlineorder
    WHERE municipality_id = p_municipality AND id = p_order FOR NO KEY UPDATE;
    v_refusal := CASE
        WHEN v_order.id IS NULL THEN 'order_unknown'
        WHEN NOT EXISTS (SELECT FROM vouchers_wallet wallet
                         WHERE wallet.municipality_id = p_municipality AND wallet.id = p_wallet
                           AND (wallet.partner_id IS NULL OR wallet.partner_id = p_partner)) THEN 'wallet_unknown'
        WHEN v_order.wallet_id <> p_wallet THEN 'order_unknown'
        WHEN v_order.payment_id IS NOT NULL THEN 'order_paid'
        WHEN v_order.expires_at <= p_at THEN 'order_expired'
        WHEN v_order.amount <> p_amount THEN 'order_amount_differs'
    END;
    IF v_refusal IS NOT NULL THEN
        PERFORM ledger.refuse(v_refusal);
    END IF;
    v_taken := payments.take(p_municipality, v_id, p_wallet, v_order.merchant_code, NULL, p_amount, 'online',
                             v_order.partner_id, v_order.order_id, p_at);
    UPDATE vouchers_onlineorder SET payment_id = v_id, paid_at = p_at, wallet_id = p_wallet,
        fee = payments.channel_fee(channel_id, v_taken.amount,
                                   (SELECT annual_sales FROM merchants_merchant WHERE id = v_taken.merchant_id),
                                   (p_at AT TIME ZONE 'Asia/Seoul')::date)
    WHERE municipality_id = p_municipality AND id = p_order;
END $$;

CREATE TYPE payments.told_order AS (
    id uuid, channel text, order_id text, merchant_code text, merchant_name text, amount bigint, items_total bigint,
    wallet_id uuid, created_at timestamptz, expires_at timestamptz, payment_id uuid, paid_at timestamptz, fee bigint,
    discount bigint, cancelled bigint);

CREATE FUNCTION payments.told(p_order vouchers_onlineorder) RETURNS payments.told_order
LANGUAGE sql VOLATILE SET search_path = public, pg_temp AS $$
    SELECT p_order.id, channel.code, p_order.order_id, p_order.merchant_code, shop.name, p_order.amount, p_order.items_total,
           p_order.wallet_id, p_order.created_at, p_order.expires_at, p_order.payment_id, p_order.paid_at, p_order.fee,
           coalesce(paid.discount, 0), coalesce(paid.refunded + paid.discount_returned, 0)
    FROM vouchers_onlinechannel channel
    JOIN merchants_merchant shop ON shop.municipality_id = p_order.municipality_id AND shop.code = p_order.merchant_code
    LEFT JOIN vouchers_payment paid ON paid.municipality_id = p_order.municipality_id AND paid.id = p_order.payment_id
    WHERE channel.id = p_order.channel_id
$$;

CREATE FUNCTION payments.online_order(p_municipality varchar, p_partner uuid, p_id uuid) RETURNS SETOF payments.told_order
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp ROWS 1 AS $$
-- An order as it stands now: for its channel, and for the app of the wallet that paid it.
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    RETURN QUERY
    SELECT told.* FROM vouchers_onlineorder o, LATERAL payments.told(o) told
    WHERE o.municipality_id = p_municipality AND o.id = p_id
      AND (o.partner_id = p_partner
           OR EXISTS (SELECT FROM vouchers_wallet wallet
                      WHERE wallet.municipality_id = p_municipality AND wallet.id = o.wallet_id
                        AND (wallet.partner_id IS NULL OR wallet.partner_id = p_partner)));
END $$;

CREATE FUNCTION payments.order_of_channel(p_municipality varchar, p_partner uuid, p_order text)
RETURNS SETOF payments.told_order LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- The partner's orders of that number, one for each of its channels: for when an answer was lost.
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    RETURN QUERY
    SELECT told.* FROM vouchers_onlinechannel channel
    JOIN vouchers_onlineorder o
      ON o.municipality_id = p_municipality AND o.channel_id = channel.id AND o.order_id = p_order,
    LATERAL payments.told(o) told
    WHERE channel.municipality_id = p_municipality AND channel.partner_id = p_partner
    ORDER BY told.id DESC LIMIT 100;
END $$;
