-- What the payment API calls: one statement per request, idempotent by the partner's key.

CREATE SCHEMA payments;

CREATE FUNCTION payments.pay(
    p_municipality varchar, p_partner uuid, p_key text, p_fingerprint bytea, p_wallet uuid, p_merchant_code text,
    p_terminal text, p_amount bigint, p_order text, p_at timestamptz,
    OUT payment_id uuid, OUT replayed boolean, OUT merchant_name varchar, OUT business_date date
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- One payment at a shop's fixed QR: key, shop, limit of the day, money. The last two OUT parameters are empty when
-- replayed.
DECLARE
    v_id   uuid := ledger.id_at(p_at);
    v_shop record;
BEGIN
    SELECT * INTO payment_id, replayed FROM partners.remember(p_municipality, p_partner, p_key, p_fingerprint, v_id, p_at);
    IF replayed THEN
        RETURN;
    END IF;
    SELECT shop.id, shop.name, shop.status, shop.category_id, shop.annual_sales, qr.id AS qr_id, qr.retired_at,
           (SELECT policy.payment_limit
            FROM vouchers_wallet wallet JOIN vouchers_currencypolicy policy ON policy.currency_id = wallet.currency_id
            WHERE wallet.municipality_id = p_municipality AND wallet.id = p_wallet
              AND policy.valid_from <= (p_at AT TIME ZONE 'Asia/Seoul')::date
            ORDER BY policy.valid_from DESC LIMIT 1) AS payment_limit
    INTO v_shop
    FROM merchants_merchant shop
    JOIN merchants_merchantqr qr
      ON qr.municipality_id = shop.municipality_id AND qr.merchant_id = shop.id AND qr.terminal = p_terminal
    WHERE shop.municipality_id = p_municipality AND shop.code = p_merchant_code;
    IF v_shop.qr_id IS NULL THEN
        PERFORM ledger.refuse('merchant_unknown');
    ELSIF v_shop.retired_at IS NOT NULL THEN
        PERFORM ledger.refuse('qr_retired');
    ELSIF v_shop.status <> 'active' THEN
        PERFORM ledger.refuse('merchant_not_active');
    END IF;
    business_date := ledger.pay(p_municipality, v_id, p_wallet, v_shop.id, p_amount, v_shop.payment_limit,
                                v_shop.category_id, v_shop.annual_sales, p_partner, p_order, p_at);
    INSERT INTO vouchers_outbox (municipality_id, event_id, at) VALUES (p_municipality, v_id, p_at);
    payment_id := v_id;
    merchant_name := v_shop.name;
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
    PERFORM ledger.refund(p_municipality, v_id, p_payment, p_amount, p_at);
    INSERT INTO vouchers_outbox (municipality_id, event_id, at) VALUES (p_municipality, v_id, p_at);
END $$;

-- What an answer tells. VOLATILE, so that they see what the same statement has just written.

CREATE FUNCTION payments.payment(p_municipality varchar, p_partner uuid, p_payment uuid)
RETURNS TABLE (id uuid, order_id text, wallet_id uuid, merchant_code varchar, merchant_name varchar, amount bigint,
               cancelled bigint, business_date date, paid_at timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp ROWS 1 AS $$
-- A payment of this partner as it stands now. No row: there is none, or it is another partner's.
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    RETURN QUERY
    SELECT p.id, p.order_id, p.wallet_id, m.code, m.name, p.amount::bigint, p.refunded::bigint, p.business_date, p.at
    FROM vouchers_payment p JOIN merchants_merchant m ON m.id = p.merchant_id
    WHERE p.municipality_id = p_municipality AND p.id = p_payment AND p.partner_id = p_partner;
END $$;

CREATE FUNCTION payments.payments_of_order(p_municipality varchar, p_partner uuid, p_order text)
RETURNS TABLE (id uuid, order_id text, wallet_id uuid, merchant_code varchar, merchant_name varchar, amount bigint,
               cancelled bigint, business_date date, paid_at timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- The payments of this partner for one order, newest first and at most 100: for when an answer was lost.
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    RETURN QUERY
    SELECT p.id, p.order_id, p.wallet_id, m.code, m.name, p.amount::bigint, p.refunded::bigint, p.business_date, p.at
    FROM vouchers_payment p JOIN merchants_merchant m ON m.id = p.merchant_id
    WHERE p.municipality_id = p_municipality AND p.partner_id = p_partner AND p.order_id = p_order
    ORDER BY p.id DESC LIMIT 100;
END $$;

CREATE FUNCTION payments.cancellation(p_municipality varchar, p_partner uuid, p_cancellation uuid)
RETURNS TABLE (cancellation_id uuid, cancelled_now bigint, cancelled_on date, cancelled_at timestamptz,
               id uuid, order_id text, wallet_id uuid, merchant_code varchar, merchant_name varchar, amount bigint,
               cancelled bigint, business_date date, paid_at timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp ROWS 1 AS $$
-- A cancellation, and the payment as it stands now.
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    RETURN QUERY
    SELECT j.id, (SELECT sum(t.amount)::bigint FROM vouchers_transfer t
                  WHERE t.municipality_id = p_municipality AND t.journal_id = j.id),
           j.business_date, j.at, payment.*
    FROM vouchers_journal j, LATERAL payments.payment(p_municipality, p_partner, j.reference) payment
    WHERE j.municipality_id = p_municipality AND j.id = p_cancellation AND j.kind = 'refund';
END $$;
