-- What the API of top-ups calls: one statement per request, idempotent by the partner's key.
-- Lock order: wallet → top-up → the ledger's own. Limits are counted under the wallet's lock, open requests among them, so
-- that no two requests at one moment pass a limit together.

CREATE SCHEMA top_ups;

CREATE FUNCTION top_ups.limit_on(p_currency uuid, p_buyer text, p_day date) RETURNS vouchers_purchaselimit
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
-- What holds for that kind of buyer on that day.
DECLARE
    v_limit vouchers_purchaselimit;
BEGIN
    SELECT * INTO v_limit FROM vouchers_purchaselimit
    WHERE currency_id = p_currency AND buyer = p_buyer AND valid_from <= p_day ORDER BY valid_from DESC LIMIT 1;
    IF v_limit.id IS NULL THEN
        PERFORM ledger.refuse('purchase_not_open');
    END IF;
    RETURN v_limit;
END $$;

CREATE FUNCTION top_ups.lock_wallet(
    p_municipality varchar, p_wallet uuid, p_partner uuid, OUT currency uuid, OUT buyer text, OUT status text, OUT app uuid
) LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
-- The wallet, locked. One of another partner's app is unknown; p_partner NULL: whoever asks may know every wallet.
BEGIN
    SELECT wallet.currency_id, CASE WHEN wallet.corporation_id IS NULL THEN 'individual' ELSE 'corporate' END,
           wallet.status, wallet.partner_id INTO currency, buyer, status, app
    FROM vouchers_wallet wallet
    WHERE wallet.municipality_id = p_municipality AND wallet.id = p_wallet FOR NO KEY UPDATE;
    IF currency IS NULL OR app <> p_partner THEN
        PERFORM ledger.refuse('wallet_unknown');
    END IF;
END $$;

CREATE FUNCTION top_ups.refuse_above(
    p_municipality varchar, p_wallet uuid, p_limit vouchers_purchaselimit, p_amount bigint, p_face bigint,
    p_top_up uuid, p_at timestamptz
) RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
-- Refuses what would pass a limit. A deposit (p_top_up) counts by its own day beside what was completed; a new request
-- (NULL) beside what was completed and what is still open, whose day is not known yet. What was cancelled counts for nothing.
DECLARE
    v_day  date := (p_at AT TIME ZONE 'Asia/Seoul')::date;
    v_sum  record;
    v_held bigint;
BEGIN
    SELECT coalesce(sum(amount) FILTER (WHERE completed_at IS NULL), 0) AS open,
           coalesce(sum(paid + benefit) FILTER (WHERE completed_at IS NULL), 0) AS open_face,
           coalesce(sum(amount) FILTER (WHERE day = v_day), 0) AS day,
           coalesce(sum(amount) FILTER (WHERE date_trunc('month', day) = date_trunc('month', v_day)), 0) AS month,
           coalesce(sum(amount) FILTER (WHERE date_trunc('year', day) = date_trunc('year', v_day)), 0) AS year
    INTO v_sum
    FROM (SELECT t.amount, t.paid, t.completed_at, (t.completed_at AT TIME ZONE 'Asia/Seoul')::date AS day,
                 coalesce((SELECT sum(b) FROM unnest(t.benefits) b), 0) AS benefit
          FROM vouchers_topup t
          WHERE t.municipality_id = p_municipality AND t.wallet_id = p_wallet
            AND (t.state = 'completed'
                 OR t.state = 'requested' AND t.deadline > p_at AND p_top_up IS NULL)) counted;
    IF v_sum.open + v_sum.day + p_amount > p_limit.per_day THEN
        PERFORM ledger.refuse('purchase_limit_day', jsonb_build_object(
            'limit', p_limit.per_day, 'available', greatest(p_limit.per_day - v_sum.open - v_sum.day, 0)));
    ELSIF v_sum.open + v_sum.month + p_amount > p_limit.per_month THEN
        PERFORM ledger.refuse('purchase_limit_month', jsonb_build_object(
            'limit', p_limit.per_month, 'available', greatest(p_limit.per_month - v_sum.open - v_sum.month, 0)));
    ELSIF v_sum.open + v_sum.year + p_amount > p_limit.per_year THEN
        PERFORM ledger.refuse('purchase_limit_year', jsonb_build_object(
            'limit', p_limit.per_year, 'available', greatest(p_limit.per_year - v_sum.open - v_sum.year, 0)));
    ELSIF p_limit.holding IS NOT NULL THEN
        SELECT coalesce(sum(lot.remaining), 0) INTO v_held FROM vouchers_lot lot
        WHERE lot.municipality_id = p_municipality AND lot.wallet_id = p_wallet
          AND (lot.expires_at IS NULL OR lot.expires_at > p_at)
          AND (p_limit.holding_counts_grants OR lot.kind <> 'grant');
        IF v_held + v_sum.open_face + p_face > p_limit.holding THEN
            PERFORM ledger.refuse('holding_limit', jsonb_build_object(
                'limit', p_limit.holding, 'available', greatest(p_limit.holding - v_held - v_sum.open_face, 0)));
        END IF;
    END IF;
END $$;

CREATE FUNCTION top_ups.told(p_top_up vouchers_topup, p_state text) RETURNS jsonb LANGUAGE sql STABLE AS $$
    -- What partners are told of a top-up: no personal data.
    SELECT jsonb_build_object(
        'top_up_id', p_top_up.id, 'state', p_state, 'order_id', p_top_up.order_id, 'wallet_id', p_top_up.wallet_id,
        'pays', p_top_up.paid,
        'gets', p_top_up.paid + coalesce((SELECT sum(b) FROM unnest(p_top_up.benefits) b), 0),
        'expires_at', p_top_up.deadline)
$$;

CREATE FUNCTION top_ups.funding_partners(p_municipality varchar) RETURNS uuid[]
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT coalesce(array_agg(id), '{}') FROM vouchers_partner
    WHERE municipality_id = p_municipality AND is_active AND 'deposits:write' = ANY (scopes)
$$;

CREATE FUNCTION top_ups.open(
    p_municipality varchar, p_id uuid, p_partner uuid, p_wallet uuid, p_amount bigint, p_order text, p_rule uuid,
    p_at timestamptz
) RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
-- A request: limits, benefit, deadline. What it offers stays as it is until its deadline.
DECLARE
    v_wallet  record;
    v_limit   vouchers_purchaselimit;
    v_day     date := (p_at AT TIME ZONE 'Asia/Seoul')::date;
    v_kind    text := 'plain';
    v_base    bigint := 0;
    v_month   bigint := 0;                       -- what counted before, and what it brought
    v_year    bigint := 0;
    v_brought bigint := 0;
    v_quote   record;
    v_benefit bigint;
    v_top_up  vouchers_topup;
BEGIN
    v_wallet := top_ups.lock_wallet(p_municipality, p_wallet, p_partner);
    IF v_wallet.status <> 'active' THEN
        PERFORM ledger.refuse('wallet_not_active');
    END IF;
    v_limit := top_ups.limit_on(v_wallet.currency, v_wallet.buyer, v_day);
    IF (p_amount >= v_limit.minimum) IS NOT TRUE THEN
        PERFORM ledger.refuse('top_up_below_minimum', jsonb_build_object('limit', v_limit.minimum));
    ELSIF p_amount % v_limit.unit <> 0 THEN
        PERFORM ledger.refuse('top_up_not_in_units', jsonb_build_object('limit', v_limit.unit));
    END IF;
    IF v_limit.takes_benefit THEN
        -- A currency gives a discount or an incentive: where terms of both hold, the discount. Never both on one won.
        v_kind := CASE WHEN EXISTS (SELECT FROM incentives.terms_on(p_municipality, v_wallet.currency, 'discount', v_day,
                                                                    v_wallet.buyer = 'corporate'))
                       THEN 'discount' ELSE 'top_up' END;
        SELECT coalesce(sum(benefit_base) FILTER (WHERE date_trunc('month', day) = date_trunc('month', v_day)), 0) AS month,
               coalesce(sum(benefit_base), 0) AS year,
               coalesce(sum(benefit) FILTER (WHERE date_trunc('month', day) = date_trunc('month', v_day)), 0) AS benefit
        INTO v_month, v_year, v_brought
        FROM (SELECT benefit_base, (coalesce(completed_at, p_at) AT TIME ZONE 'Asia/Seoul')::date AS day,
                     coalesce((SELECT sum(b) FROM unnest(t.benefits) b), 0) AS benefit
              FROM vouchers_topup t
              WHERE t.municipality_id = p_municipality AND t.wallet_id = p_wallet
                AND (t.state = 'completed' OR t.state = 'requested' AND t.deadline > p_at)) counted
        WHERE date_trunc('year', day) = date_trunc('year', v_day);
        v_base := greatest(least(p_amount, v_limit.benefit_per_month - v_month,
                                 v_limit.benefit_per_year - v_year), 0);
    END IF;
    SELECT coalesce(array_agg(fund_id ORDER BY fund_id), '{}') AS funds,
           coalesce(array_agg(benefit ORDER BY fund_id), '{}') AS benefits,
           min(expires_at) AS expires_at, (array_agg(usage_rule_id))[1] AS usage_rule_id
    INTO v_quote
    FROM (SELECT q.fund_id, sum(q.benefit)::bigint AS benefit, min(q.expires_at) AS expires_at,
                 (array_agg(q.usage_rule_id))[1] AS usage_rule_id
          FROM incentives.quote_top_up(p_municipality, v_wallet.currency,
                   CASE v_kind WHEN 'plain' THEN 'top_up' ELSE v_kind END, greatest(v_base, 1), p_at,
                   v_month, v_brought, v_wallet.buyer = 'corporate') q
          WHERE v_base > 0 AND q.benefit > 0
          GROUP BY q.fund_id) quote;
    v_benefit := coalesce((SELECT sum(b) FROM unnest(v_quote.benefits) b), 0);
    IF v_benefit = 0 THEN
        v_kind := 'plain';
        v_base := 0;
    ELSIF v_kind = 'discount' AND v_benefit >= p_amount THEN
        PERFORM ledger.refuse('amount_not_positive');
    END IF;
    PERFORM top_ups.refuse_above(p_municipality, p_wallet, v_limit, p_amount,
                                 p_amount + CASE WHEN v_kind = 'top_up' THEN v_benefit ELSE 0 END, NULL, p_at);
    INSERT INTO vouchers_topup (
        municipality_id, id, currency_id, wallet_id, partner_id, order_id, buyer, kind, amount, paid, benefit_base, funds,
        benefits, returned, usage_rule_id, benefit_rule_id, expires_at, benefit_expires_at, rule_id, state, at, deadline)
    VALUES (
        p_municipality, p_id, v_wallet.currency, p_wallet, p_partner, p_order, v_wallet.buyer, v_kind, p_amount,
        p_amount - CASE WHEN v_kind = 'discount' THEN v_benefit ELSE 0 END, v_base, v_quote.funds, v_quote.benefits,
        array_fill(0::bigint, ARRAY[cardinality(v_quote.funds)]), v_limit.usage_rule_id,
        coalesce(v_quote.usage_rule_id, v_limit.usage_rule_id),
        ((v_day + make_interval(months => v_limit.validity_months))::date + 1)::timestamp AT TIME ZONE 'Asia/Seoul',
        v_quote.expires_at, p_rule, 'requested', p_at, p_at + make_interval(mins => v_limit.expiry_minutes))
    RETURNING * INTO v_top_up;
    PERFORM webhooks.emit(p_municipality, 'top_up.requested', top_ups.funding_partners(p_municipality),
                          top_ups.told(v_top_up, 'requested'), p_at);
END $$;

CREATE FUNCTION top_ups.request(
    p_municipality varchar, p_partner uuid, p_key text, p_fingerprint bytea, p_wallet uuid, p_amount bigint, p_order text,
    p_at timestamptz, OUT top_up_id uuid, OUT replayed boolean
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Asks for a top-up of p_amount won: the face where the currency gives a discount, else the money to be paid.
DECLARE
    v_id uuid := ledger.id_at(p_at);
BEGIN
    SELECT * INTO top_up_id, replayed FROM partners.remember(p_municipality, p_partner, p_key, p_fingerprint, v_id, p_at);
    IF NOT replayed THEN
        PERFORM ledger.enter(p_municipality);
        PERFORM top_ups.open(p_municipality, v_id, p_partner, p_wallet, p_amount, p_order, NULL, p_at);
    END IF;
END $$;

CREATE FUNCTION top_ups.take_up(
    p_municipality varchar, p_partner uuid, p_key text, p_fingerprint bytea, p_top_up uuid, p_at timestamptz,
    OUT replayed boolean, OUT top_up vouchers_topup, OUT app uuid
) LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
-- How a request about a top-up begins: its key is recorded and, unless it was answered before, the wallet and the top-up are
-- locked in the order of all.
DECLARE
    v_wallet uuid;
BEGIN
    replayed := (partners.remember(p_municipality, p_partner, p_key, p_fingerprint, p_top_up, p_at)).replayed;
    IF replayed THEN
        RETURN;
    END IF;
    PERFORM ledger.enter(p_municipality);
    SELECT wallet_id INTO v_wallet FROM vouchers_topup WHERE municipality_id = p_municipality AND id = p_top_up;
    IF v_wallet IS NULL THEN
        PERFORM ledger.refuse('top_up_unknown');
    END IF;
    app := (top_ups.lock_wallet(p_municipality, v_wallet, NULL)).app;
    SELECT * INTO top_up FROM vouchers_topup
    WHERE municipality_id = p_municipality AND id = p_top_up FOR NO KEY UPDATE;
END $$;

CREATE FUNCTION top_ups.deposit(
    p_municipality varchar, p_partner uuid, p_key text, p_fingerprint bytea, p_top_up uuid, p_amount bigint,
    p_reference text, p_at timestamptz, OUT top_up_id uuid, OUT replayed boolean
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- The funding partner has got the money of a request. Whatever is refused here, the bank gives back to the buyer. The same
-- deposit told twice, under another key too, is one deposit.
DECLARE
    v_found  record;
    v_top_up vouchers_topup;
    v_limit  vouchers_purchaselimit;
    v_done   record;
    v_event  uuid := ledger.id_at(p_at);
BEGIN
    v_found := top_ups.take_up(p_municipality, p_partner, p_key, p_fingerprint, p_top_up, p_at);
    top_up_id := p_top_up;
    replayed := v_found.replayed;
    IF replayed THEN
        RETURN;
    END IF;
    v_top_up := v_found.top_up;
    IF v_top_up.completed_at IS NOT NULL AND v_top_up.depositor_id = p_partner
       AND v_top_up.deposit_reference = p_reference AND v_top_up.paid = p_amount THEN
        replayed := true;
        RETURN;
    ELSIF v_top_up.state = 'cancelled' THEN
        PERFORM ledger.refuse('top_up_cancelled');
    ELSIF v_top_up.state = 'completed' THEN
        PERFORM ledger.refuse('top_up_completed');
    ELSIF p_at > v_top_up.deadline THEN
        PERFORM ledger.refuse('top_up_expired');
    ELSIF p_amount <> v_top_up.paid THEN
        PERFORM ledger.refuse('deposit_differs', jsonb_build_object('amount', v_top_up.paid));
    END IF;
    v_limit := top_ups.limit_on(v_top_up.currency_id, v_top_up.buyer, (p_at AT TIME ZONE 'Asia/Seoul')::date);
    PERFORM top_ups.refuse_above(
        p_municipality, v_top_up.wallet_id, v_limit, v_top_up.amount,
        v_top_up.paid + coalesce((SELECT sum(b) FROM unnest(v_top_up.benefits) b), 0)::bigint, p_top_up, p_at);
    v_done := ledger.top_up(
        p_municipality, v_event, v_top_up.currency_id, v_top_up.wallet_id, p_top_up, v_top_up.paid, v_top_up.funds,
        v_top_up.benefits, v_top_up.usage_rule_id, v_top_up.benefit_rule_id, v_top_up.expires_at, v_top_up.benefit_expires_at, p_at);
    UPDATE vouchers_topup
    SET state = 'completed', completed_at = p_at, depositor_id = p_partner, deposit_reference = p_reference,
        journal_id = v_event, purchase_lot_id = v_done.purchase_lot, incentive_lot_id = v_done.incentive_lot
    WHERE municipality_id = p_municipality AND id = p_top_up;
    PERFORM webhooks.emit(p_municipality, 'top_up.completed', ARRAY[v_top_up.partner_id, v_found.app],
                          top_ups.told(v_top_up, 'completed'), p_at);
END $$;

CREATE FUNCTION top_ups.owe(
    p_municipality varchar, p_id uuid, p_currency uuid, p_wallet uuid, p_partner uuid, p_kind text, p_top_up uuid,
    p_amount bigint, p_benefit bigint, p_bank text, p_account bytea, p_holder text, p_at timestamptz
) RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
-- Money that the bank is to pay to the buyer's account.
BEGIN
    IF p_account IS NULL OR p_bank = '' THEN
        PERFORM ledger.refuse('refund_account_missing');
    END IF;
    INSERT INTO vouchers_topuprefund (municipality_id, id, currency_id, wallet_id, partner_id, kind, top_up_id, amount,
                                      benefit, account_bank, account_number, account_holder, at)
    VALUES (p_municipality, p_id, p_currency, p_wallet, p_partner, p_kind, p_top_up, p_amount, p_benefit, p_bank, p_account,
            p_holder, p_at);
END $$;

CREATE FUNCTION top_ups.cancel(
    p_municipality varchar, p_partner uuid, p_key text, p_fingerprint bytea, p_top_up uuid, p_bank text, p_account bytea,
    p_holder text, p_at timestamptz, OUT top_up_id uuid, OUT replayed boolean
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Takes a request back, or within the withdrawal period a top-up of which nothing was used (청약철회).
DECLARE
    v_found  record;
    v_top_up vouchers_topup;
    v_limit  vouchers_purchaselimit;
    v_until  date;
    v_event  uuid := ledger.id_at(p_at);
    v_lots   uuid[];
BEGIN
    v_found := top_ups.take_up(p_municipality, p_partner, p_key, p_fingerprint, p_top_up, p_at);
    top_up_id := p_top_up;
    replayed := v_found.replayed;
    IF replayed THEN
        RETURN;
    END IF;
    v_top_up := v_found.top_up;
    IF p_partner <> v_top_up.partner_id AND v_found.app IS DISTINCT FROM p_partner THEN
        PERFORM ledger.refuse('top_up_unknown');
    ELSIF v_top_up.state = 'cancelled' THEN
        PERFORM ledger.refuse('top_up_cancelled');
    ELSIF v_top_up.state = 'completed' THEN
        v_limit := top_ups.limit_on(v_top_up.currency_id, v_top_up.buyer, (v_top_up.completed_at AT TIME ZONE 'Asia/Seoul')::date);
        v_until := (v_top_up.completed_at AT TIME ZONE 'Asia/Seoul')::date + v_limit.withdrawal_days;
        IF (p_at AT TIME ZONE 'Asia/Seoul')::date > v_until THEN
            PERFORM ledger.refuse('withdrawal_period_over', jsonb_build_object('days', v_limit.withdrawal_days));
        ELSIF EXISTS (SELECT FROM vouchers_lot lot
                      WHERE lot.municipality_id = p_municipality
                        AND lot.id IN (v_top_up.purchase_lot_id, v_top_up.incentive_lot_id)
                        AND lot.remaining - lot.held < lot.granted) THEN
            PERFORM ledger.refuse('top_up_used');
        END IF;
        v_lots := ARRAY[v_top_up.purchase_lot_id]
               || array_fill(v_top_up.incentive_lot_id, ARRAY[cardinality(v_top_up.funds)]);
        PERFORM ledger.cancel_top_up(
            p_municipality, v_event, v_top_up.currency_id, p_top_up, v_top_up.wallet_id, v_lots,
            ARRAY[NULL::uuid] || v_top_up.funds, ARRAY[v_top_up.paid::bigint] || v_top_up.benefits, p_at);
        PERFORM top_ups.owe(
            p_municipality, v_event, v_top_up.currency_id, v_top_up.wallet_id, p_partner, 'cancellation', p_top_up,
            v_top_up.paid, coalesce((SELECT sum(b) FROM unnest(v_top_up.benefits) b), 0)::bigint, p_bank, p_account,
            p_holder, p_at);
    END IF;
    UPDATE vouchers_topup
    SET state = 'cancelled', cancelled_at = p_at,
        refunded = CASE WHEN completed_at IS NULL THEN 0 ELSE paid END,
        returned = CASE WHEN completed_at IS NULL THEN returned ELSE benefits END
    WHERE municipality_id = p_municipality AND id = p_top_up;
    PERFORM webhooks.emit(p_municipality, 'top_up.cancelled',
                          ARRAY[v_top_up.partner_id, v_found.app] || CASE WHEN v_top_up.completed_at IS NULL
                              THEN top_ups.funding_partners(p_municipality) ELSE '{}' END,
                          top_ups.told(v_top_up, 'cancelled'), p_at);
END $$;

-- Refund of the balance (잔액 환불) -----------------------------------------------------------------------------------
--
-- Of each top-up of which the ordinance's share is used, the paid part of what is left goes to the buyer. A benefit is
-- earned by use: of F won face with B won benefit, after U won were used, floor(B × U / F) were earned, and the rest goes
-- back to its funds, out of the benefit's own lot first.
-- What was given away (선물) is neither used nor held: paid money and benefit count less what was given of each, so the share
-- is used ÷ (topped up − given away), and the benefit that stayed is earned by what the buyer used. Given money is used at
-- its receiver's, whose lot no top-up of their own has made: it is never refunded there, or a gift would turn it into cash.

CREATE FUNCTION top_ups.left_of(p_municipality varchar, p_wallet uuid, p_at timestamptz)
RETURNS TABLE (top_up_id uuid, face bigint, used bigint, remaining bigint, needed bigint, refund bigint, back bigint,
               purchase_lot uuid, incentive_lot uuid, from_incentive bigint, reason text)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    -- What of each top-up is left, and what of that would be refunded now; `needed` won more must be used for that.
    WITH given AS MATERIALIZED (
        SELECT debit_lot_id AS lot, sum(amount)::bigint AS won FROM vouchers_transfer
        WHERE municipality_id = p_municipality AND debit_account_id = p_wallet AND debit_lot_id IS NOT NULL
          AND credit_lot_id IS NOT NULL AND spent IS NULL
        GROUP BY 1
    ), found AS (
        SELECT t.id, t.completed_at, t.currency_id, t.buyer, t.refunded,
               t.paid - coalesce((SELECT won FROM given WHERE lot = t.purchase_lot_id), 0) AS paid,
               coalesce((SELECT sum(b) FROM unnest(t.benefits) b), 0)::bigint
                   - coalesce((SELECT won FROM given WHERE lot = t.incentive_lot_id), 0) AS benefit,
               coalesce((SELECT sum(r) FROM unnest(t.returned) r), 0)::bigint + coalesce(incentive.expired, 0) AS returned,
               purchase.id AS purchase_lot, incentive.id AS incentive_lot,
               purchase.remaining - purchase.held AS money,
               coalesce(incentive.remaining - incentive.held, 0) AS extra,
               purchase.remaining + coalesce(incentive.remaining, 0) AS kept,
               coalesce(purchase.expires_at <= p_at, false) AS is_over
        FROM vouchers_topup t
        JOIN vouchers_lot purchase ON purchase.municipality_id = t.municipality_id AND purchase.id = t.purchase_lot_id
        LEFT JOIN vouchers_lot incentive ON incentive.municipality_id = t.municipality_id AND incentive.id = t.incentive_lot_id
        WHERE t.municipality_id = p_municipality AND t.wallet_id = p_wallet AND t.state = 'completed'
          AND purchase.remaining > purchase.held
    ), share AS (
        SELECT found.*, found.paid + found.benefit AS face,
               found.paid + found.benefit - found.kept - found.refunded - found.returned AS used,
               (SELECT l.refund_ratio FROM vouchers_purchaselimit l
                WHERE l.currency_id = found.currency_id AND l.buyer = found.buyer
                  AND l.valid_from <= (found.completed_at AT TIME ZONE 'Asia/Seoul')::date
                ORDER BY l.valid_from DESC LIMIT 1) AS ratio
        FROM found
    ), reckoned AS (
        SELECT share.*,
               greatest(div(share.face * share.ratio + 99, 100) - share.used, 0)::bigint AS needed,
               greatest(least(
                   greatest(share.extra, share.benefit - div(share.benefit * share.used, share.face) - share.returned),
                   share.benefit - share.returned, share.extra + share.money), 0)::bigint AS back
        FROM share
    )
    SELECT id, face, used, money + extra, needed, money - greatest(back - extra, 0), back, purchase_lot, incentive_lot,
           least(back, extra),
           CASE WHEN is_over THEN 'expired' WHEN needed > 0 THEN 'not_used_enough'
                WHEN money - greatest(back - extra, 0) <= 0 THEN 'benefit_only' END
    FROM reckoned ORDER BY id
$$;

CREATE FUNCTION top_ups.split_back(p_benefits bigint[], p_returned bigint[], p_back bigint) RETURNS bigint[]
LANGUAGE sql IMMUTABLE AS $$
    -- p_back won divided among funds by what each has not got back yet; the parts add up to p_back.
    SELECT coalesce(array_agg(coalesce(div(p_back * upto, nullif(whole, 0)) - div(p_back * (upto - rest), nullif(whole, 0)),
                                       0)::bigint ORDER BY line), '{}')
    FROM (SELECT b - r AS rest, line, sum(b - r) OVER (ORDER BY line) AS upto, sum(b - r) OVER () AS whole
          FROM unnest(p_benefits, p_returned) WITH ORDINALITY AS i (b, r, line)) share
$$;

CREATE FUNCTION top_ups.refund_balance(
    p_municipality varchar, p_partner uuid, p_key text, p_fingerprint bytea, p_wallet uuid, p_bank text, p_account bytea,
    p_holder text, p_at timestamptz, OUT refund_id uuid, OUT replayed boolean
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_id     uuid := ledger.id_at(p_at);
    v_wallet record;
    v_sum    record;
    v_lines  record;
BEGIN
    SELECT * INTO refund_id, replayed FROM partners.remember(p_municipality, p_partner, p_key, p_fingerprint, v_id, p_at);
    IF replayed THEN
        RETURN;
    END IF;
    PERFORM ledger.enter(p_municipality);
    v_wallet := top_ups.lock_wallet(p_municipality, p_wallet, p_partner);
    IF v_wallet.status <> 'active' THEN
        PERFORM ledger.refuse('wallet_not_active');
    END IF;
    SELECT coalesce(sum(refund) FILTER (WHERE reason IS NULL), 0)::bigint AS amount,
           coalesce(sum(back) FILTER (WHERE reason IS NULL), 0)::bigint AS benefit,
           coalesce(min(needed) FILTER (WHERE reason = 'not_used_enough'), 0)::bigint AS needed
    INTO v_sum FROM top_ups.left_of(p_municipality, p_wallet, p_at);
    IF v_sum.amount = 0 THEN
        IF v_sum.needed > 0 THEN
            PERFORM ledger.refuse('refund_too_early', jsonb_build_object('needed', v_sum.needed));
        END IF;
        PERFORM ledger.refuse('nothing_to_refund');
    END IF;
    WITH due AS MATERIALIZED (
        SELECT due.*, t.funds, t.returned, top_ups.split_back(t.benefits, t.returned, due.back) AS parts
        FROM top_ups.left_of(p_municipality, p_wallet, p_at) due
        JOIN vouchers_topup t ON t.municipality_id = p_municipality AND t.id = due.top_up_id
        WHERE due.reason IS NULL
    ), part AS (
        SELECT due.top_up_id, due.purchase_lot, due.incentive_lot, due.from_incentive, p.fund, p.won,
               sum(p.won) OVER (PARTITION BY due.top_up_id ORDER BY p.line) AS upto
        FROM due, LATERAL unnest(due.funds, due.parts) WITH ORDINALITY AS p (fund, won, line)
    ), line AS (
        SELECT purchase_lot AS lot, NULL::uuid AS fund, refund AS won, top_up_id FROM due
        UNION ALL
        SELECT incentive_lot, fund, least(upto, from_incentive) - least(upto - won, from_incentive), top_up_id FROM part
        UNION ALL
        SELECT purchase_lot, fund, won - (least(upto, from_incentive) - least(upto - won, from_incentive)), top_up_id FROM part
    ), moved AS (
        UPDATE vouchers_topup t
        SET refunded = t.refunded + due.refund,
            returned = ARRAY(SELECT r + p FROM unnest(t.returned, due.parts) WITH ORDINALITY AS i (r, p, n) ORDER BY n)
        FROM due WHERE t.municipality_id = p_municipality AND t.id = due.top_up_id
    )
    SELECT array_agg(lot ORDER BY top_up_id, fund NULLS FIRST, lot) AS lots,
           array_agg(fund ORDER BY top_up_id, fund NULLS FIRST, lot) AS funds,
           array_agg(won::bigint ORDER BY top_up_id, fund NULLS FIRST, lot) AS amounts
    INTO v_lines FROM line WHERE won > 0;
    PERFORM ledger.cash_out(p_municipality, v_id, v_wallet.currency, p_wallet, v_lines.lots, v_lines.funds, v_lines.amounts,
                            p_at);
    PERFORM top_ups.owe(p_municipality, v_id, v_wallet.currency, p_wallet, p_partner, 'balance', NULL, v_sum.amount,
                        v_sum.benefit, p_bank, p_account, p_holder, p_at);
END $$;

-- Paying refunds at the bank ----------------------------------------------------------------------------------------

CREATE FUNCTION top_ups.begin_payout(p_municipality varchar, p_at timestamptz, OUT payout_id uuid, OUT refunds bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Puts every refund that waits into a new bank file. Of two at one moment the second finds none left.
BEGIN
    PERFORM ledger.enter(p_municipality);
    payout_id := ledger.id_at(p_at);
    WITH waiting AS MATERIALIZED (
        SELECT r.id FROM vouchers_topuprefund r
        WHERE r.municipality_id = p_municipality AND r.paid_at IS NULL AND r.payout_id IS NULL
        ORDER BY r.id FOR NO KEY UPDATE
    ), taken AS (
        UPDATE vouchers_topuprefund r SET payout_id = begin_payout.payout_id, payout_at = p_at
        FROM waiting WHERE r.municipality_id = p_municipality AND r.id = waiting.id RETURNING r.id
    )
    SELECT count(*) INTO refunds FROM taken;
    IF refunds = 0 THEN
        PERFORM ledger.refuse('no_refund_waits');
    END IF;
END $$;

CREATE FUNCTION top_ups.take_from_payout(p_municipality varchar, p_refund uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- The bank did not pay it: it waits for the next file.
BEGIN
    PERFORM ledger.enter(p_municipality);
    UPDATE vouchers_topuprefund SET payout_id = NULL, payout_at = NULL
    WHERE municipality_id = p_municipality AND id = p_refund AND paid_at IS NULL AND payout_id IS NOT NULL;
    IF NOT FOUND THEN
        PERFORM ledger.refuse('refund_not_in_file');
    END IF;
END $$;

CREATE FUNCTION top_ups.finish_payout(
    p_municipality varchar, p_payout uuid, p_official uuid, p_at timestamptz, OUT refunds bigint, OUT amount bigint
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- The bank has paid the file: one movement for each currency in it.
DECLARE
    v_due   record;
    v_event uuid;
BEGIN
    PERFORM ledger.enter(p_municipality);
    PERFORM 1 FROM vouchers_topuprefund r
    WHERE r.municipality_id = p_municipality AND r.payout_id = p_payout AND r.paid_at IS NULL ORDER BY r.id FOR NO KEY UPDATE;
    refunds := 0;
    amount := 0;
    FOR v_due IN
        SELECT r.currency_id, sum(r.amount)::bigint AS won, count(*) AS count FROM vouchers_topuprefund r
        WHERE r.municipality_id = p_municipality AND r.payout_id = p_payout AND r.paid_at IS NULL
        GROUP BY r.currency_id ORDER BY r.currency_id
    LOOP
        v_event := ledger.id_at(p_at);
        PERFORM ledger.cash_paid(p_municipality, v_event, v_due.currency_id, p_payout, v_due.won, p_at);
        UPDATE vouchers_topuprefund r SET paid_at = p_at, paid_by_id = p_official, journal_id = v_event
        WHERE r.municipality_id = p_municipality AND r.payout_id = p_payout AND r.currency_id = v_due.currency_id
          AND r.paid_at IS NULL;
        refunds := refunds + v_due.count;
        amount := amount + v_due.won;
    END LOOP;
    IF refunds = 0 THEN
        PERFORM ledger.refuse('no_refund_waits');
    END IF;
    PERFORM webhooks.emit_many(
        p_municipality, 'refund.completed', array_agg(r.partner_id ORDER BY r.id),
        array_agg(jsonb_build_object('refund_id', r.id, 'state', 'paid', 'wallet_id', r.wallet_id,
                                     'top_up_id', r.top_up_id, 'amount', r.amount) ORDER BY r.id), p_at)
    FROM vouchers_topuprefund r
    WHERE r.municipality_id = p_municipality AND r.payout_id = p_payout AND r.paid_at = p_at;
END $$;

-- What an answer tells. VOLATILE, so that they see what the same statement has just written.

CREATE FUNCTION top_ups.top_up(p_municipality varchar, p_partner uuid, p_top_up uuid)
RETURNS TABLE (id uuid, state text, order_id text, wallet_id uuid, kind text, amount bigint, pays bigint, benefit bigint,
               gets bigint, payers jsonb, refunded bigint, requested_at timestamptz, expires_at timestamptz,
               completed_at timestamptz, cancelled_at timestamptz, refund_id uuid)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp ROWS 1 AS $$
-- A top-up as it stands: for the partner that asked, the one that confirmed its deposit, and the app of the wallet.
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    RETURN QUERY
    SELECT t.id, t.state, t.order_id, t.wallet_id, t.kind, t.amount::bigint, t.paid::bigint, total.won, t.paid + total.won,
           (SELECT coalesce(jsonb_agg(jsonb_build_object('name', fund.name, 'kind', fund.payer, 'amount', i.won) ORDER BY i.line), '[]')
            FROM unnest(t.funds, t.benefits) WITH ORDINALITY AS i (fund, won, line)
            JOIN vouchers_benefitfund fund ON fund.id = i.fund),
           t.refunded, t.at, t.deadline, t.completed_at, t.cancelled_at,
           (SELECT r.id FROM vouchers_topuprefund r
            WHERE r.municipality_id = t.municipality_id AND r.wallet_id = t.wallet_id AND r.top_up_id = t.id)
    FROM vouchers_topup t
    JOIN vouchers_wallet wallet ON wallet.municipality_id = t.municipality_id AND wallet.id = t.wallet_id,
    LATERAL (SELECT coalesce(sum(b), 0)::bigint AS won FROM unnest(t.benefits) b) total
    WHERE t.municipality_id = p_municipality AND t.id = p_top_up
      AND p_partner IN (t.partner_id, t.depositor_id, wallet.partner_id);
END $$;

CREATE FUNCTION top_ups.top_ups_of_order(p_municipality varchar, p_partner uuid, p_order text)
RETURNS TABLE (id uuid, state text, order_id text, wallet_id uuid, kind text, amount bigint, pays bigint, benefit bigint,
               gets bigint, payers jsonb, refunded bigint, requested_at timestamptz, expires_at timestamptz,
               completed_at timestamptz, cancelled_at timestamptz, refund_id uuid)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- The top-ups that this partner asked for under one order, newest first and at most 100: for when an answer was lost.
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    RETURN QUERY
    SELECT top_up.* FROM (SELECT t.id FROM vouchers_topup t
                          WHERE t.municipality_id = p_municipality AND t.partner_id = p_partner AND t.order_id = p_order
                          ORDER BY t.id DESC LIMIT 100) found,
           LATERAL top_ups.top_up(p_municipality, p_partner, found.id) top_up
    ORDER BY top_up.id DESC;
END $$;

CREATE FUNCTION top_ups.refund(p_municipality varchar, p_partner uuid, p_refund uuid, p_at timestamptz)
RETURNS TABLE (id uuid, wallet_id uuid, amount bigint, benefit bigint, requested_at timestamptz, paid_at timestamptz,
               kept jsonb)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp ROWS 1 AS $$
-- A refund, and why what is still in the wallet was not part of it.
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    RETURN QUERY
    SELECT r.id, r.wallet_id, r.amount::bigint, r.benefit, r.at, r.paid_at,
           (SELECT coalesce(jsonb_agg(jsonb_build_object('top_up_id', l.top_up_id, 'amount', l.remaining, 'reason',
                                                         coalesce(l.reason, 'refundable'), 'needed', l.needed)
                                      ORDER BY l.top_up_id), '[]')
            FROM top_ups.left_of(p_municipality, r.wallet_id, p_at) l)
    FROM vouchers_topuprefund r
    WHERE r.municipality_id = p_municipality AND r.id = p_refund AND r.partner_id = p_partner;
END $$;
