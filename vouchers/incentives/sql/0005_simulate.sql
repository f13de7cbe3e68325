-- 모의 적용: what terms would have cost on a past month's payments, by the very functions that reckon payments.

CREATE FUNCTION incentives.simulate(p_municipality varchar, p_terms_id uuid, p_month date) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Replays the month day by day from the first payment on, with each member at the beginning of the bands and caps. A
-- payment counts with what it drew from the terms' kinds of money less what its cancellations gave back of it until now;
-- shops are taken as they are today, halts are left out. The months of the year before it use up the budget of the year.
-- What reckon reads of members is written under a policy that does not exist, and is gone again when this ends.
DECLARE
    v_terms    vouchers_benefitterms;
    v_currency uuid;
    v_day      date;
    v_items    incentives.item[];
    v_factor   integer := 10000;
    v_year     bigint;
    v_step     record;
    v_made     record;
    v_used     bigint := 0;
    v_given    bigint;
    v_payments bigint := 0;
    v_ended    date;
    v_capped   bigint;
    v_members  bigint;
    v_parts    jsonb := '{}';
    v_days     jsonb := '[]';
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    p_month := date_trunc('month', p_month)::date;
    SELECT t.* INTO v_terms FROM vouchers_benefitterms t WHERE t.municipality_id = p_municipality AND t.id = p_terms_id;
    SELECT currency_id INTO v_currency FROM vouchers_benefitpolicy
    WHERE municipality_id = p_municipality AND id = v_terms.policy_id AND kind = 'cashback';
    IF v_currency IS NULL THEN
        PERFORM ledger.refuse('benefit_trial_of_payments_only');
    END IF;
    SELECT coalesce(sum(used), 0)::bigint INTO v_year FROM vouchers_benefitmonth
    WHERE municipality_id = p_municipality AND policy_id = v_terms.policy_id AND month < p_month
      AND date_trunc('year', month) = date_trunc('year', p_month);
    v_terms.policy_id := uuidv7();
    FOR v_day IN SELECT d::date FROM generate_series(p_month::timestamp, p_month + interval '1 month - 1 day', interval '1 day') d LOOP
        WITH paid AS MATERIALIZED (
            SELECT p.id, p.wallet_id, p.merchant_id, p.refunded FROM vouchers_payment p
            WHERE p.municipality_id = p_municipality AND p.currency_id = v_currency
              AND p.id >= ledger.uuid_floor(v_day::timestamp AT TIME ZONE 'Asia/Seoul')
              AND p.id < ledger.uuid_floor((v_day + 1)::timestamp AT TIME ZONE 'Asia/Seoul')
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
            WHERE counted.base > 0
        )
        SELECT coalesce(array_agg(ROW(n, 0, id, id, wallet_id, v_terms.policy_id, v_terms.id, p_month, false, false, base,
                                      annual_sales, dong, category_id)::incentives.item ORDER BY n), '{}')
        INTO v_items FROM numbered;
        v_payments := v_payments + cardinality(v_items);
        WHILE v_items <> '{}' LOOP
            v_step := incentives.step_of(v_terms, v_used, v_year + v_used);
            v_factor := least(v_factor, v_step.factor);
            IF v_factor = 0 THEN
                v_ended := coalesce(v_ended, v_day);
                EXIT;
            END IF;
            v_made := incentives.reckon(p_municipality, v_terms, p_month, v_items, v_factor,
                                        least(v_step.ahead, v_step.room), v_step.room);
            INSERT INTO vouchers_membermonth AS kept (municipality_id, id, wallet_id, policy_id, month, spent, benefit)
            SELECT p_municipality, uuidv7(), o.wallet_id, v_terms.policy_id, p_month, sum(o.counted), sum(o.given)
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
                v_ended := coalesce(v_ended, v_day);
            END IF;
            v_items := ARRAY(SELECT i FROM unnest(v_items) i WHERE i.n > v_made.cut ORDER BY i.n);
        END LOOP;
        v_days := v_days || to_jsonb(v_used);
    END LOOP;
    SELECT count(*), count(*) FILTER (WHERE spent >= v_terms.spend_cap OR benefit >= v_terms.benefit_cap)
    INTO v_members, v_capped FROM vouchers_membermonth
    WHERE municipality_id = p_municipality AND policy_id = v_terms.policy_id AND month = p_month;
    DELETE FROM vouchers_membermonth
    WHERE municipality_id = p_municipality AND policy_id = v_terms.policy_id AND month = p_month;
    RETURN jsonb_build_object('cost', v_used, 'payments', v_payments, 'members', v_members, 'capped', v_capped,
                              'funds', v_parts, 'budget', least(v_terms.budget_month, v_terms.budget_year - v_year),
                              'ended', v_ended, 'days', v_days);
END $$;
