-- 모의 적용: what terms would have cost on a past month's payments, by the very functions that reckon payments.

CREATE FUNCTION incentives.simulate(
    p_municipality varchar, p_terms_id uuid, p_day date, p_so_far jsonb DEFAULT '{}'
) RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- One day of the replay. The caller goes from a month's first day to its last in one transaction and hands over what the day
-- before returned; the last day returns the result. `done` of `total` payments of the month have been looked at.
--
-- Each member begins the month at the beginning of the bands and caps. A payment counts with what it drew from the terms'
-- kinds of money less what its cancellations gave back of it until now; shops are taken as they are today, halts are left
-- out. The months of the year before it use up the budget of the year. A tier's cost is its part of what its fund gives for
-- each payment; won lost by rounding fall to the dearest tier of the fund. What reckon reads of members is written under a
-- policy that does not exist, and is gone again when the month ends.
DECLARE
    v_terms    vouchers_benefitterms;
    v_currency uuid;
    v_month    date := date_trunc('month', p_day)::date;
    v_end      timestamptz := (date_trunc('month', p_day::timestamp) + interval '1 month') AT TIME ZONE 'Asia/Seoul';
    v_items    incentives.item[];
    v_factor   integer := coalesce((p_so_far ->> 'factor')::integer, 10000);
    v_year     bigint := (p_so_far ->> 'year')::bigint;
    v_total    bigint := (p_so_far ->> 'total')::bigint;
    v_done     bigint := coalesce((p_so_far ->> 'done')::bigint, 0);
    v_used     bigint := coalesce((p_so_far ->> 'cost')::bigint, 0);
    v_payments bigint := coalesce((p_so_far ->> 'payments')::bigint, 0);
    v_ended    date := (p_so_far ->> 'ended')::date;
    v_parts    jsonb := coalesce(p_so_far -> 'funds', '{}');
    v_tiers    jsonb := coalesce(p_so_far -> 'tiers', '{}');
    v_days     jsonb := coalesce(p_so_far -> 'days', '[]');
    v_day      record;
    v_step     record;
    v_made     record;
    v_given    bigint;
    v_capped   bigint;
    v_members  bigint;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    SELECT t.* INTO v_terms FROM vouchers_benefitterms t WHERE t.municipality_id = p_municipality AND t.id = p_terms_id;
    SELECT currency_id INTO v_currency FROM vouchers_benefitpolicy
    WHERE municipality_id = p_municipality AND id = v_terms.policy_id AND kind = 'cashback';
    IF v_currency IS NULL THEN
        PERFORM ledger.refuse('benefit_trial_of_payments_only');
    END IF;
    IF p_so_far = '{}' THEN
        SELECT coalesce(sum(used), 0)::bigint INTO v_year FROM vouchers_benefitmonth
        WHERE municipality_id = p_municipality AND policy_id = v_terms.policy_id AND month < v_month
          AND date_trunc('year', month) = date_trunc('year', v_month);
        SELECT count(*) INTO v_total FROM vouchers_payment p
        WHERE p.municipality_id = p_municipality AND p.currency_id = v_currency
          AND p.id >= ledger.uuid_floor(v_month::timestamp AT TIME ZONE 'Asia/Seoul') AND p.id < ledger.uuid_floor(v_end);
    END IF;
    v_terms.policy_id := coalesce((p_so_far ->> 'policy')::uuid, uuidv7());

    WITH paid AS MATERIALIZED (
        SELECT p.id, p.wallet_id, p.merchant_id, p.refunded FROM vouchers_payment p
        WHERE p.municipality_id = p_municipality AND p.currency_id = v_currency
          AND p.id >= ledger.uuid_floor(p_day::timestamp AT TIME ZONE 'Asia/Seoul')
          AND p.id < ledger.uuid_floor((p_day + 1)::timestamp AT TIME ZONE 'Asia/Seoul')
    ), corporate AS MATERIALIZED (
        SELECT id FROM vouchers_wallet
        WHERE municipality_id = p_municipality AND corporation_id IS NOT NULL AND NOT v_terms.for_corporations
    ), event AS (
        SELECT id AS payment_id, id AS journal_id, 1 AS sign FROM paid
        UNION ALL
        SELECT paid.id, c.id, -1 FROM paid JOIN vouchers_cancellation c
          ON c.municipality_id = p_municipality AND c.payment_id = paid.id WHERE paid.refunded > 0
    ), counted AS (
        SELECT event.payment_id, sum(event.sign * t.amount)::bigint AS base
        FROM event
        JOIN vouchers_transfer t ON t.municipality_id = p_municipality AND t.journal_id = event.journal_id
        JOIN vouchers_lot lot ON lot.municipality_id = p_municipality AND lot.id = coalesce(t.debit_lot_id, t.credit_lot_id)
        WHERE lot.kind = ANY (v_terms.base_kinds) GROUP BY 1
    ), numbered AS (
        SELECT row_number() OVER (ORDER BY paid.id)::integer AS n, paid.*, counted.base, shop.annual_sales,
               shop.category_id, (SELECT d.name FROM vouchers_dong d WHERE d.id = shop.dong_id) AS dong
        FROM paid JOIN counted ON counted.payment_id = paid.id
        JOIN merchants_merchant shop ON shop.id = paid.merchant_id AND shop.municipality_id = p_municipality
        WHERE counted.base > 0 AND paid.wallet_id NOT IN (SELECT id FROM corporate)
    )
    SELECT (SELECT count(*) FROM paid) AS looked_at,
           coalesce(array_agg(ROW(n, 0, id, id, wallet_id, v_terms.policy_id, v_terms.id, v_month, false, false, base,
                                  annual_sales, dong, category_id)::incentives.item ORDER BY n), '{}') AS items
    INTO v_day FROM numbered;
    v_items := v_day.items;
    v_done := v_done + v_day.looked_at;
    v_payments := v_payments + cardinality(v_items);
    WHILE v_items <> '{}' LOOP
        v_step := incentives.step_of(v_terms, v_used, v_year + v_used);
        v_factor := least(v_factor, v_step.factor);
        IF v_factor = 0 THEN
            v_ended := coalesce(v_ended, p_day);
            EXIT;
        END IF;
        v_made := incentives.reckon(p_municipality, v_terms, v_month, v_items, v_factor,
                                    least(v_step.ahead, v_step.room), v_step.room);
        WITH counted AS (
            SELECT item.*, o.given, o.counted, o.funds, o.amounts, coalesce(member.spent, 0)
                   + (sum(o.counted) OVER (PARTITION BY o.wallet_id ORDER BY o.n) - o.counted)::bigint AS before
            FROM unnest(v_made.outcomes) o JOIN unnest(v_items) item ON item.n = o.n
            LEFT JOIN vouchers_membermonth member
              ON member.municipality_id = p_municipality AND member.wallet_id = o.wallet_id
             AND member.policy_id = v_terms.policy_id AND member.month = v_month
        ), part AS (
            SELECT counted.n, counted.funds, counted.amounts, tier.id AS tier, tier.fund_id, tier.rate * incentives.in_band(
                       counted.before, counted.before + counted.counted, tier.spend_above, tier.spend_up_to,
                       v_terms.spend_cap) AS share
            FROM counted JOIN vouchers_benefittier tier
              ON tier.terms_id = p_terms_id AND incentives.fits(tier, counted.sales, counted.dong, counted.category)
            WHERE counted.given > 0
        ), total AS (
            SELECT key::uuid AS tier, (value ->> 'won')::numeric AS won, (value ->> 'payments')::bigint AS payments
            FROM jsonb_each(v_tiers)
            UNION ALL
            SELECT tier, sum(coalesce(amounts[array_position(funds, fund_id)], 0) * share / whole), count(*)
            FROM (SELECT part.*, sum(share) OVER (PARTITION BY n, fund_id) AS whole FROM part) p
            WHERE share > 0 GROUP BY tier
        )
        SELECT coalesce(jsonb_object_agg(s.tier, jsonb_build_object('won', s.won, 'payments', s.payments)), '{}') INTO v_tiers
        FROM (SELECT tier, sum(won) AS won, sum(payments) AS payments FROM total GROUP BY tier) s;
        INSERT INTO vouchers_membermonth AS kept (municipality_id, id, wallet_id, policy_id, month, spent, benefit)
        SELECT p_municipality, uuidv7(), o.wallet_id, v_terms.policy_id, v_month, sum(o.counted), sum(o.given)
        FROM unnest(v_made.outcomes) o GROUP BY o.wallet_id HAVING sum(o.counted) > 0
        ON CONFLICT ON CONSTRAINT membermonth_once
        DO UPDATE SET spent = kept.spent + excluded.spent, benefit = kept.benefit + excluded.benefit;
        SELECT coalesce(jsonb_object_agg(s.fund, s.won), '{}') INTO v_parts
        FROM (SELECT fund, sum(won)::bigint AS won
              FROM (SELECT key AS fund, value::bigint AS won FROM jsonb_each_text(v_parts)
                    UNION ALL
                    SELECT part.fund::text, part.won
                    FROM unnest(v_made.outcomes) o, unnest(o.funds, o.amounts) AS part (fund, won)) p
              GROUP BY fund) s;
        SELECT coalesce(sum(given), 0) INTO v_given FROM unnest(v_made.outcomes);
        v_used := v_used + v_given;
        EXIT WHEN v_made.cut IS NULL;
        IF (incentives.step_of(v_terms, v_used, v_year + v_used)).factor = 0 THEN
            v_ended := coalesce(v_ended, p_day);
        END IF;
        v_items := ARRAY(SELECT i FROM unnest(v_items) i WHERE i.n > v_made.cut ORDER BY i.n);
    END LOOP;
    v_days := v_days || to_jsonb(v_used);

    IF (p_day + 1)::timestamp AT TIME ZONE 'Asia/Seoul' < v_end THEN
        RETURN jsonb_build_object(
            'policy', v_terms.policy_id, 'factor', v_factor, 'year', v_year, 'total', v_total, 'done', v_done,
            'cost', v_used, 'payments', v_payments, 'ended', v_ended, 'funds', v_parts, 'tiers', v_tiers, 'days', v_days);
    END IF;
    SELECT count(*), count(*) FILTER (WHERE spent >= v_terms.spend_cap OR benefit >= v_terms.benefit_cap)
    INTO v_members, v_capped FROM vouchers_membermonth
    WHERE municipality_id = p_municipality AND policy_id = v_terms.policy_id AND month = v_month;
    DELETE FROM vouchers_membermonth
    WHERE municipality_id = p_municipality AND policy_id = v_terms.policy_id AND month = v_month;
    SELECT coalesce(jsonb_object_agg(s.tier, jsonb_build_object(
               'won', floor(s.won) + CASE WHEN s.dearest = 1 THEN coalesce((v_parts ->> s.fund_id::text)::bigint, 0) - s.floors
                                          ELSE 0 END,
               'payments', s.payments)), '{}')
    INTO v_tiers
    FROM (SELECT cost.*, tier.fund_id, sum(floor(won)) OVER (PARTITION BY tier.fund_id) AS floors,
                 row_number() OVER (PARTITION BY tier.fund_id ORDER BY won DESC, tier.id) AS dearest
          FROM (SELECT key AS tier, (value ->> 'won')::numeric AS won, (value ->> 'payments')::bigint AS payments
                FROM jsonb_each(v_tiers)) cost
          JOIN vouchers_benefittier tier ON tier.id = cost.tier::uuid) s;
    RETURN jsonb_build_object(
        'cost', v_used, 'payments', v_payments, 'total', v_total, 'done', v_done, 'members', v_members, 'capped', v_capped,
        'funds', v_parts, 'tiers', v_tiers, 'budget', least(v_terms.budget_month, v_terms.budget_year - v_year),
        'ended', v_ended, 'days', v_days);
END $$;
