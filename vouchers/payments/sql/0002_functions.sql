-- What the payment API calls: one statement per request, idempotent by the partner's key.

CREATE SCHEMA payments;

CREATE TYPE payments.taken AS (
    merchant_id uuid, merchant_name varchar, amount bigint, discount bigint, business_date date, drawn text);

CREATE FUNCTION payments.take(
    p_municipality varchar, p_id uuid, p_wallet uuid, p_shop text, p_terminal text, p_price bigint, p_channel text,
    p_partner uuid, p_order text, p_at timestamptz
) RETURNS payments.taken LANGUAGE plpgsql AS $$
-- What every way of paying ends in: the shop and its code, its own discount (혜택+), the currency's limits, the money.
-- p_terminal: the till whose fixed code was scanned; NULL, no fixed code is asked for. Called by the functions of this
-- schema alone, in their search path and as their owner: a second set-up of both would cost every payment.
DECLARE
    v_shop     record;
    v_discount bigint;
    v_paid     ledger.paid;
BEGIN
    SELECT shop.id, shop.name, shop.status, shop.category_id, shop.annual_sales, qr.id AS qr_id, qr.retired_at,
           policy.payment_limit, policy.purchase_sales_cap, benefit.rate
    INTO v_shop
    FROM merchants_merchant shop
    LEFT JOIN merchants_merchantqr qr
      ON qr.municipality_id = shop.municipality_id AND qr.merchant_id = shop.id AND qr.terminal = p_terminal
    LEFT JOIN merchants_merchantbenefit benefit
      ON benefit.municipality_id = shop.municipality_id AND benefit.merchant_id = shop.id
     AND (p_at AT TIME ZONE 'Asia/Seoul')::date BETWEEN benefit.valid_from AND benefit.valid_until
    LEFT JOIN LATERAL (
        SELECT policy.payment_limit, policy.purchase_sales_cap
        FROM vouchers_wallet wallet JOIN vouchers_currencypolicy policy ON policy.currency_id = wallet.currency_id
        WHERE wallet.municipality_id = p_municipality AND wallet.id = p_wallet
          AND policy.valid_from <= (p_at AT TIME ZONE 'Asia/Seoul')::date
        ORDER BY policy.valid_from DESC LIMIT 1) policy ON true
    WHERE shop.municipality_id = p_municipality AND shop.code = p_shop;
    IF v_shop.id IS NULL OR (v_shop.qr_id IS NULL AND p_terminal IS NOT NULL) THEN
        PERFORM ledger.refuse('merchant_unknown');
    ELSIF v_shop.retired_at IS NOT NULL THEN
        PERFORM ledger.refuse('qr_retired');
    ELSIF v_shop.status <> 'active' THEN
        PERFORM ledger.refuse('merchant_not_active');
    END IF;
    v_discount := CASE WHEN v_shop.rate IS NULL THEN 0 ELSE trunc(p_price * v_shop.rate / 100)::bigint END;
    v_paid := ledger.pay(p_municipality, p_id, p_wallet, v_shop.id, p_price - v_discount, v_shop.payment_limit,
                         v_shop.category_id, v_shop.annual_sales, p_partner, p_order, p_at,
                         p_channel, v_discount, v_shop.purchase_sales_cap);
    INSERT INTO vouchers_outbox (municipality_id, event_id, at) VALUES (p_municipality, p_id, p_at);
    RETURN (v_shop.id, v_shop.name, p_price - v_discount, v_discount, v_paid.business_date, v_paid.drawn)::payments.taken;
END $$;

CREATE FUNCTION payments.pay(
    p_municipality varchar, p_partner uuid, p_key text, p_fingerprint bytea, p_wallet uuid, p_merchant_code text,
    p_terminal text, p_amount bigint, p_order text, p_at timestamptz, p_sale uuid DEFAULT NULL,
    OUT payment_id uuid, OUT replayed boolean, OUT merchant_name varchar, OUT business_date date, OUT discount bigint,
    OUT drawn text
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- One payment at a shop's QR, of p_amount won as the shop asks: at the fixed one of a terminal, or at that of one sale.
-- What follows `replayed` is empty when it was.
DECLARE
    v_id    uuid := ledger.id_at(p_at);
    v_seen  record;
    v_taken payments.taken;
BEGIN
    v_seen := partners.remember(p_municipality, p_partner, p_key, p_fingerprint, v_id, p_at);
    payment_id := v_seen.result_id;
    replayed := v_seen.replayed;
    IF NOT replayed THEN
        IF p_sale IS NOT NULL THEN
            PERFORM payments.spend_sale_qr(p_municipality, p_sale, v_id, p_at);
        END IF;
        v_taken := payments.take(p_municipality, v_id, p_wallet, p_merchant_code, p_terminal, p_amount,
                                 CASE WHEN p_sale IS NULL THEN 'static_qr' ELSE 'dynamic_qr' END, p_partner, p_order, p_at);
        merchant_name := v_taken.merchant_name;
        business_date := v_taken.business_date;
        discount := v_taken.discount;
        drawn := v_taken.drawn;
    END IF;
END $$;

CREATE FUNCTION payments.give_back(p_municipality varchar, p_id uuid, p_payment uuid, p_amount bigint, p_at timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
-- What every way of cancelling ends in: the money, and the notice of it. Called like payments.take.
BEGIN
    PERFORM ledger.refund(p_municipality, p_id, p_payment, p_amount, p_at);
    INSERT INTO vouchers_outbox (municipality_id, event_id, at) VALUES (p_municipality, p_id, p_at);
END $$;

CREATE FUNCTION payments.cancel(
    p_municipality varchar, p_partner uuid, p_key text, p_fingerprint bytea, p_payment uuid, p_amount bigint,
    p_at timestamptz, OUT refund_id uuid, OUT replayed boolean
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Cancels p_amount won of a payment of the same partner; NULL cancels what is left.
DECLARE
    v_id uuid := ledger.id_at(p_at);
BEGIN
    SELECT * INTO refund_id, replayed FROM partners.remember(p_municipality, p_partner, p_key, p_fingerprint, v_id, p_at);
    IF replayed THEN
        RETURN;
    END IF;
    refund_id := v_id;
    IF NOT EXISTS (SELECT FROM vouchers_payment
                   WHERE municipality_id = p_municipality AND id = p_payment AND partner_id = p_partner) THEN
        PERFORM ledger.refuse('payment_unknown');
    END IF;
    PERFORM payments.give_back(p_municipality, v_id, p_payment, p_amount, p_at);
END $$;

-- What an answer tells. VOLATILE, so that they see what the same statement has just written.

CREATE TYPE payments.told AS (
    id uuid, order_id text, wallet_id uuid, merchant_code varchar, merchant_name varchar, channel text, amount bigint,
    discount bigint, cancelled bigint, drawn text, business_date date, paid_at timestamptz);

CREATE FUNCTION payments.told(p_payment vouchers_payment) RETURNS payments.told
LANGUAGE sql VOLATILE SET search_path = public, pg_temp AS $$
    -- A payment as its partner may know it. Amounts are those of the price: what was paid, and what the shop took off.
    SELECT p_payment.id, p_payment.order_id, p_payment.wallet_id, shop.code, shop.name, p_payment.channel::text,
           p_payment.amount + p_payment.discount, p_payment.discount, p_payment.refunded + p_payment.discount_returned,
           (SELECT string_agg(concat_ws('|', lot.kind, coalesce(lot.programme_id::text, ''), line.amount), ' ' ORDER BY line.line)
            FROM vouchers_transfer line
            JOIN vouchers_lot lot ON lot.municipality_id = line.municipality_id AND lot.id = line.debit_lot_id
            WHERE line.municipality_id = p_payment.municipality_id AND line.journal_id = p_payment.id),
           p_payment.business_date, p_payment.at
    FROM merchants_merchant shop WHERE shop.id = p_payment.merchant_id
$$;

CREATE FUNCTION payments.payment(p_municipality varchar, p_partner uuid, p_payment uuid, p_shop text DEFAULT NULL)
RETURNS SETOF payments.told LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp ROWS 1 AS $$
-- A payment as it stands now: one that this partner took, or with p_shop one at that shop of its app, whoever took it. No
-- row: there is none.
DECLARE
    v_shop uuid;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    IF p_shop IS NOT NULL THEN
        v_shop := (payments.shop_of(p_municipality, p_partner, p_shop)).id;
    END IF;
    RETURN QUERY
    SELECT told.* FROM vouchers_payment p, LATERAL payments.told(p) told
    WHERE p.municipality_id = p_municipality AND p.id = p_payment
      AND CASE WHEN p_shop IS NULL THEN p.partner_id = p_partner ELSE p.merchant_id = v_shop END;
END $$;

CREATE FUNCTION payments.programmes_in(p_municipality varchar, p_drawn text) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
-- The name of the programme of each part that was drawn, in their order; NULL where it came from none.
BEGIN
    RETURN ARRAY(
        SELECT programme.name::text
        FROM string_to_table(p_drawn, ' ') WITH ORDINALITY AS part (told, n)
        LEFT JOIN allowances_programme programme
          ON programme.municipality_id = p_municipality AND programme.id = nullif(split_part(part.told, '|', 2), '')::uuid
        WHERE part.told <> ''
        ORDER BY part.n);
END $$;

CREATE FUNCTION payments.payment_in_full(
    p_municipality varchar, p_partner uuid, p_payment uuid, OUT payment payments.told, OUT programmes text[],
    OUT cashback jsonb
) RETURNS SETOF record LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp ROWS 1 AS $$
-- A payment of this partner with everything about it: also the programmes' names, and the cashback.
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    RETURN QUERY
    SELECT told, payments.programmes_in(p_municipality, told.drawn), payments.cashback(p_municipality, told.id)
    FROM payments.payment(p_municipality, p_partner, p_payment) told;
END $$;

CREATE FUNCTION payments.payments_of_order(p_municipality varchar, p_partner uuid, p_order text)
RETURNS SETOF payments.told LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- The payments of this partner for one order, newest first and at most 100: for when an answer was lost.
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    RETURN QUERY
    SELECT told.*
    FROM (SELECT * FROM vouchers_payment
          WHERE municipality_id = p_municipality AND partner_id = p_partner AND order_id = p_order
          ORDER BY id DESC LIMIT 100) p, LATERAL payments.told(p::vouchers_payment) told
    ORDER BY told.id DESC;
END $$;

CREATE FUNCTION payments.cancellation(
    p_municipality varchar, p_partner uuid, p_cancellation uuid, p_shop text DEFAULT NULL)
RETURNS TABLE (cancellation_id uuid, cancelled_now bigint, discount_now bigint, cancelled_on date,
               cancelled_at timestamptz, payment payments.told)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp ROWS 1 AS $$
-- A cancellation, in terms of the price, and its payment as payments.payment tells it.
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    RETURN QUERY
    SELECT c.id, c.amount + c.discount, c.discount, j.business_date, j.at, told
    FROM vouchers_cancellation c
    JOIN vouchers_journal j ON j.municipality_id = c.municipality_id AND j.id = c.id,
    LATERAL payments.payment(p_municipality, p_partner, c.payment_id, p_shop) told
    WHERE c.municipality_id = p_municipality AND c.id = p_cancellation;
END $$;
