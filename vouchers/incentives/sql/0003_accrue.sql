-- Cashback: what payments earn and cancellations reverse, reckoned set by set in the order of the events.
--
-- Nothing here runs while somebody pays: payments.follow_up calls it later, one call at a time for a municipality, so it
-- may read a state, reckon a thousand events on it and write the next state.
--
-- * Counted is what a payment drew from the kinds of money that the terms name, at a shop that some tier fits, while the
--   policy is neither halted nor stopped; of a corporation nothing, unless the terms say so. Bands and caps go by what
--   counted in the member's month so far.
-- * share of a fund = Σ rate × (counted part in the tier's band) × step, in 1/10^8 won; benefit = the shares' sum, rounded
--   down, then at most what caps and budgets leave. Each fund bears its share rounded down; the terms' own fund the rest.
-- * A cancellation leaves of each fund's part floor(part × counted won left ÷ counted won), whatever came before.
-- * A budget's step holds from the event after the one that reached it. The event that reaches the whole budget gets what
--   is left of it, and nothing is given from then on: until the next month, or until an official restarts the policy.

CREATE TYPE incentives.event AS (
    event_id uuid, payment_id uuid, currency_id uuid, wallet_id uuid, merchant_id uuid, at timestamptz, is_refund boolean
);
-- An event under one policy. `base`: won that count by their kind, of a refund those given back. Events of one `part`
-- are reckoned at once: no payment in it follows a refund of the same member.
CREATE TYPE incentives.item AS (
    n integer, part integer, event_id uuid, payment_id uuid, wallet_id uuid, policy_id uuid, terms_id uuid, month date,
    is_refund boolean, halted boolean, base bigint, sales bigint, dong text, category text
);
-- What came of it: won counted (of a refund: no longer counted, negative), won given or (negative) reversed, by fund.
CREATE TYPE incentives.outcome AS (
    n integer, event_id uuid, payment_id uuid, wallet_id uuid, is_refund boolean, counted bigint, given bigint,
    funds uuid[], amounts bigint[]
);
CREATE TYPE incentives.delta AS (wallet_id uuid, policy_id uuid, month date, fund_id uuid, amount bigint);

CREATE FUNCTION incentives.items(p_municipality varchar, p_events incentives.event[]) RETURNS incentives.item[]
LANGUAGE sql STABLE SET search_path = public, pg_temp SET enable_nestloop = off AS $$
    -- Each event under each policy that concerns it, with the facts that tiers ask for. Nobody knows beforehand how many
    -- events there are, so sets are joined by hash whatever the planner expects, and tables are looked into row by row.
    WITH event AS MATERIALIZED (
        SELECT e.*, (e.at AT TIME ZONE 'Asia/Seoul')::date AS day FROM unnest(p_events) e
    ), terms AS MATERIALIZED (
        SELECT d.currency_id, d.day, t.id AS terms_id, t.policy_id, t.base_kinds, t.for_corporations
        FROM (SELECT DISTINCT currency_id, day FROM event WHERE NOT is_refund) d,
             LATERAL incentives.terms_on(p_municipality, d.currency_id, 'cashback', d.day) t
    ), corporate AS MATERIALIZED (               -- few, and with an index of their own
        SELECT id FROM vouchers_wallet WHERE municipality_id = p_municipality AND corporation_id IS NOT NULL
    ), paid AS MATERIALIZED (
        SELECT event.*, terms.terms_id, terms.policy_id,
               CASE WHEN corporate.id IS NULL OR terms.for_corporations THEN terms.base_kinds ELSE '{}' END AS base_kinds,
               date_trunc('month', event.day)::date AS month
        FROM event JOIN terms USING (currency_id, day) LEFT JOIN corporate ON corporate.id = event.wallet_id
        WHERE NOT event.is_refund
    ), concerned AS MATERIALIZED (
        SELECT event_id, payment_id, wallet_id, merchant_id, at, is_refund, terms_id, policy_id, base_kinds, month FROM paid
        UNION ALL
        SELECT event.event_id, event.payment_id, event.wallet_id, event.merchant_id, event.at, true, row.terms_id,
               row.policy_id, terms.base_kinds, row.month
        FROM event
        JOIN LATERAL (
            SELECT c.terms_id, c.policy_id, c.month FROM vouchers_cashback c
            WHERE c.municipality_id = p_municipality AND c.payment_id = event.payment_id
            UNION ALL
            SELECT paid.terms_id, paid.policy_id, paid.month FROM paid WHERE paid.payment_id = event.payment_id
        ) row ON true
        JOIN vouchers_benefitterms terms ON terms.id = row.terms_id
        WHERE event.is_refund
    ), moved AS MATERIALIZED (
        SELECT event_id, kind, sum(amount)::bigint AS amount
        FROM (SELECT event.event_id, t.amount, (
                  SELECT lot.kind FROM vouchers_lot lot
                  WHERE lot.municipality_id = p_municipality AND lot.id = t.lot_id) AS kind
              FROM event, LATERAL (
                  SELECT t.amount, coalesce(t.debit_lot_id, t.credit_lot_id) AS lot_id FROM vouchers_transfer t
                  WHERE t.municipality_id = p_municipality AND t.journal_id = event.event_id OFFSET 0) t) m
        GROUP BY 1, 2
    ), fact AS MATERIALIZED (
        SELECT c.event_id, c.policy_id, coalesce(sum(moved.amount) FILTER (WHERE moved.kind = ANY (c.base_kinds)), 0)::bigint AS base
        FROM concerned c LEFT JOIN moved USING (event_id) GROUP BY 1, 2
    ), halted AS MATERIALIZED (
        SELECT halt.* FROM vouchers_benefithalt halt
        WHERE halt.policy_id IN (SELECT policy_id FROM terms)
    ), numbered AS (
        SELECT c.*, fact.base, shop.annual_sales, shop.dong, shop.category_id,
               EXISTS (SELECT FROM halted h WHERE h.policy_id = c.policy_id AND h.begins_at <= c.at
                         AND (h.ended_at IS NULL OR c.at < h.ended_at)) AS halted,
               row_number() OVER (ORDER BY greatest(c.event_id, c.payment_id), c.is_refund, c.event_id, c.policy_id)::integer AS n
        FROM concerned c JOIN fact USING (event_id, policy_id)
        CROSS JOIN LATERAL (
            SELECT m.annual_sales, m.category_id, (SELECT d.name FROM vouchers_dong d WHERE d.id = m.dong_id) AS dong
            FROM merchants_merchant m WHERE m.id = c.merchant_id AND m.municipality_id = p_municipality OFFSET 0) shop
    ), marked AS (
        SELECT numbered.*, (NOT is_refund AND coalesce(lag(is_refund) OVER (PARTITION BY wallet_id, policy_id, month ORDER BY n),
                                                       false))::integer AS begins
        FROM numbered
    )
    SELECT array_agg(ROW(n, part, event_id, payment_id, wallet_id, policy_id, terms_id, month, is_refund, halted, base,
                         annual_sales, dong, category_id)::incentives.item ORDER BY n)
    FROM (SELECT marked.*, (sum(begins) OVER (ORDER BY n))::integer AS part FROM marked) marked
$$;

CREATE FUNCTION incentives.reckon(
    p_municipality varchar, p_terms vouchers_benefitterms, p_month date, p_items incentives.item[], p_factor integer,
    p_limit bigint, p_room bigint, OUT outcomes incentives.outcome[], OUT cut integer
) LANGUAGE sql STABLE SET search_path = public, pg_temp SET enable_nestloop = off AS $$
    -- What the items earn at one step of the budget, up to and with the item (cut) at which the given won reach p_limit;
    -- that one gets at most what p_room leaves. NULL: none does.
    WITH item AS MATERIALIZED (
        SELECT * FROM unnest(p_items)
    ), fit AS MATERIALIZED (
        SELECT item.n, tier.fund_id, tier.rate, tier.spend_above, tier.spend_up_to
        FROM item JOIN vouchers_benefittier tier ON tier.terms_id = p_terms.id
        WHERE p_factor > 0 AND NOT item.is_refund AND NOT item.halted AND item.base > 0
          AND incentives.fits(tier, item.sales, item.dong, item.category)
    ), counted AS MATERIALIZED (
        SELECT item.n, item.payment_id, item.wallet_id, item.base, coalesce(member.state[2], 0) AS benefit,
               (coalesce(member.state[1], 0) - item.base
                + sum(item.base) OVER (PARTITION BY item.wallet_id ORDER BY item.n))::bigint AS before
        FROM item JOIN (
            SELECT w.wallet_id, (
                SELECT ARRAY[m.spent, m.benefit] FROM vouchers_membermonth m
                WHERE m.municipality_id = p_municipality AND m.wallet_id = w.wallet_id
                  AND m.policy_id = p_terms.policy_id AND m.month = p_month) AS state
            FROM (SELECT DISTINCT wallet_id FROM item) w
        ) member USING (wallet_id)
        WHERE item.n IN (SELECT n FROM fit)
    ), share AS MATERIALIZED (
        SELECT n, fit.fund_id, sum(fit.rate::bigint * p_factor * incentives.in_band(
                   counted.before, counted.before + counted.base, fit.spend_above, fit.spend_up_to, p_terms.spend_cap)) AS parts
        FROM counted JOIN fit USING (n) GROUP BY n, fit.fund_id
    ), award AS MATERIALIZED (
        SELECT n, payment_id, wallet_id, base, won AS whole,
               CASE WHEN p_terms.benefit_cap IS NULL THEN won ELSE
                   least(greatest(p_terms.benefit_cap - benefit, 0), reached)
                   - least(greatest(p_terms.benefit_cap - benefit, 0), reached - won) END AS won
        FROM (SELECT counted.*, sums.won, (sum(sums.won) OVER (PARTITION BY counted.wallet_id ORDER BY n))::bigint AS reached
              FROM counted JOIN (SELECT n, div(sum(parts), 100000000)::bigint AS won FROM share GROUP BY n) sums USING (n)) s
    ), split AS MATERIALIZED (
        SELECT n, fund_id, (div(parts, 100000000)::bigint * award.won / award.whole)::bigint AS won
        FROM share JOIN award USING (n) WHERE award.won > 0 AND fund_id <> p_terms.own_fund_id
    ), earned AS MATERIALIZED (
        SELECT award.n, array_agg(all_funds.fund_id ORDER BY all_funds.fund_id) AS funds,
               array_agg(all_funds.won ORDER BY all_funds.fund_id) AS amounts
        FROM award JOIN (
            SELECT n, fund_id, won FROM split WHERE won > 0
            UNION ALL
            SELECT n, p_terms.own_fund_id, award.won - coalesce(others.won, 0)
            FROM award LEFT JOIN (SELECT n, sum(won)::bigint AS won FROM split GROUP BY n) others USING (n)
        ) all_funds USING (n)
        WHERE award.won > 0 AND all_funds.won > 0 GROUP BY award.n
    ), source AS MATERIALIZED (
        SELECT c.payment_id, c.base, c.base_left, c.funds, c.amounts
        FROM vouchers_cashback c
        WHERE c.municipality_id = p_municipality AND c.policy_id = p_terms.policy_id
          AND c.payment_id = ANY (ARRAY(SELECT payment_id FROM item WHERE is_refund))
        UNION ALL
        SELECT award.payment_id, award.base, award.base, coalesce(earned.funds, '{}'), coalesce(earned.amounts, '{}')
        FROM award LEFT JOIN earned USING (n)
    ), refund AS MATERIALIZED (
        SELECT item.n, source.base, source.funds, source.amounts,
               greatest(source.base_left - before, 0) AS left_before,
               greatest(source.base_left - before - item.base, 0) AS left_after
        FROM (SELECT item.*, (sum(base) OVER (PARTITION BY payment_id ORDER BY n) - base)::bigint AS before
              FROM item WHERE is_refund) item
        JOIN source USING (payment_id) WHERE source.base > 0
    ), reversed AS MATERIALIZED (
        SELECT refund.n, sum(back.won)::bigint AS won, array_agg(back.fund) FILTER (WHERE back.won > 0) AS funds,
               array_agg(-back.won) FILTER (WHERE back.won > 0) AS amounts
        FROM refund, LATERAL (
            SELECT part.fund, part.amount * left_before / base - part.amount * left_after / base AS won
            FROM unnest(refund.funds, refund.amounts) AS part (fund, amount)) back
        GROUP BY refund.n
    ), running AS MATERIALIZED (
        SELECT item.*, coalesce(award.won, 0) AS won, award.whole, coalesce(award.base, 0) AS counts,
               reversed.won AS reversed, reversed.funds AS back_funds, reversed.amounts AS back_amounts,
               refund.left_after - refund.left_before AS uncounted,
               (sum(coalesce(award.won, 0) - coalesce(reversed.won, 0)) OVER (ORDER BY item.n))::bigint AS reached
        FROM item LEFT JOIN award USING (n) LEFT JOIN reversed USING (n) LEFT JOIN refund USING (n)
    ), stop AS MATERIALIZED (
        SELECT min(n) AS n FROM running WHERE won > 0 AND reached >= p_limit
    ), last AS MATERIALIZED (                    -- the item at which the limit is reached, cut to what is left
        SELECT running.n, running.whole, least(running.won, greatest(p_room - (running.reached - running.won), 0)) AS won
        FROM running JOIN stop USING (n)
    ), last_split AS MATERIALIZED (
        SELECT fund_id, (div(parts, 100000000)::bigint * last.won / last.whole)::bigint AS won
        FROM share JOIN last USING (n) WHERE fund_id <> p_terms.own_fund_id
    ), last_parts AS (
        SELECT array_agg(fund_id ORDER BY fund_id) AS funds, array_agg(won ORDER BY fund_id) AS amounts
        FROM (SELECT fund_id, won FROM last_split
              UNION ALL
              SELECT p_terms.own_fund_id, last.won - coalesce((SELECT sum(won) FROM last_split), 0)::bigint FROM last) p
        WHERE won > 0
    )
    SELECT array_agg(ROW(
               running.n, running.event_id, running.payment_id, running.wallet_id, running.is_refund,
               CASE WHEN running.is_refund THEN coalesce(running.uncounted, 0) ELSE running.counts END,
               CASE WHEN running.is_refund THEN -coalesce(running.reversed, 0)
                    WHEN running.n = last.n THEN last.won ELSE running.won END,
               coalesce(CASE WHEN running.is_refund THEN running.back_funds
                             WHEN running.n = last.n THEN last_parts.funds ELSE earned.funds END, '{}'),
               coalesce(CASE WHEN running.is_refund THEN running.back_amounts
                             WHEN running.n = last.n THEN last_parts.amounts ELSE earned.amounts END, '{}')
           )::incentives.outcome ORDER BY running.n),
           (SELECT n FROM stop)
    FROM running LEFT JOIN earned USING (n) LEFT JOIN last USING (n) CROSS JOIN last_parts
    WHERE running.n <= coalesce((SELECT n FROM stop), running.n)
$$;

CREATE FUNCTION incentives.step_of(
    p_terms vouchers_benefitterms, p_month bigint, p_year bigint, OUT factor integer, OUT ahead bigint, OUT room bigint
) LANGUAGE plpgsql IMMUTABLE AS $$
-- Where a budget stands that has given p_month and p_year won: the step's factor, how many won are left until the next
-- step (NULL: none comes), and until the end (NULL: there is no budget).
BEGIN
    room := least(p_terms.budget_month - p_month, p_terms.budget_year - p_year);
    factor := 10000;
    IF room IS NULL THEN
        RETURN;
    END IF;
    FOR i IN 1 .. cardinality(p_terms.step_percents) LOOP
        ahead := least(div(p_terms.budget_month::numeric * p_terms.step_percents[i] + 99, 100)::bigint - p_month,
                       div(p_terms.budget_year::numeric * p_terms.step_percents[i] + 99, 100)::bigint - p_year);
        EXIT WHEN ahead > 0;
        factor := least(factor, p_terms.step_factors[i]);
        ahead := NULL;
    END LOOP;
    IF room <= 0 THEN
        factor := 0;
    END IF;
END $$;

CREATE FUNCTION incentives.accrue(p_municipality varchar, p_events incentives.event[], p_at timestamptz)
RETURNS incentives.delta[] LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
-- Writes what the events earn and reverse, and returns the difference for each member and fund.
DECLARE
    v_items  incentives.item[] := incentives.items(p_municipality, p_events);
    v_deltas incentives.delta[] := '{}';
    v_group  record;
    v_terms  vouchers_benefitterms;
    v_rest   incentives.item[];
    v_state  vouchers_benefitmonth;
    v_year   bigint;
    v_step   record;
    v_factor integer;
    v_made   record;
    v_given  bigint;
BEGIN
    FOR v_group IN
        SELECT i.terms_id, i.month, i.part, terms.valid_from, array_agg(i ORDER BY i.n) AS items
        FROM unnest(v_items) i JOIN vouchers_benefitterms terms ON terms.id = i.terms_id
        GROUP BY 1, 2, 3, 4 ORDER BY i.month, terms.valid_from, i.terms_id, i.part
    LOOP
        SELECT * INTO v_terms FROM vouchers_benefitterms WHERE id = v_group.terms_id;
        v_rest := v_group.items;
        INSERT INTO vouchers_benefitmonth (municipality_id, policy_id, month, used, factor)
        VALUES (p_municipality, v_terms.policy_id, v_group.month, 0, 10000) ON CONFLICT DO NOTHING;
        LOOP
            SELECT * INTO v_state FROM vouchers_benefitmonth
            WHERE municipality_id = p_municipality AND policy_id = v_terms.policy_id AND month = v_group.month;
            SELECT coalesce(sum(used), 0) INTO v_year FROM vouchers_benefitmonth
            WHERE municipality_id = p_municipality AND policy_id = v_terms.policy_id
              AND date_trunc('year', month) = date_trunc('year', v_group.month);
            v_step := incentives.step_of(v_terms, v_state.used, v_year);
            v_factor := least(v_state.factor, v_step.factor);
            IF v_factor < v_state.factor THEN
                PERFORM incentives.step(p_municipality, v_terms.policy_id, v_group.month, v_rest[1].event_id, v_state.used,
                                        v_factor, NULL, '', p_at);
            END IF;
            v_made := incentives.reckon(p_municipality, v_terms, v_group.month, v_rest, v_factor,
                                        least(v_step.ahead, v_step.room), v_step.room);
            v_given := incentives.write(p_municipality, v_terms, v_group.month, v_factor, v_made.outcomes);
            v_deltas := v_deltas || ARRAY(
                SELECT ROW(o.wallet_id, v_terms.policy_id, v_group.month, part.fund, sum(part.amount))::incentives.delta
                FROM unnest(v_made.outcomes) o, unnest(o.funds, o.amounts) AS part (fund, amount)
                GROUP BY o.wallet_id, part.fund);
            EXIT WHEN v_made.cut IS NULL;
            SELECT * INTO v_state FROM vouchers_benefitmonth
            WHERE municipality_id = p_municipality AND policy_id = v_terms.policy_id AND month = v_group.month;
            v_step := incentives.step_of(v_terms, v_state.used, v_year + v_given);
            IF v_step.factor < v_state.factor THEN
                PERFORM incentives.step(
                    p_municipality, v_terms.policy_id, v_group.month,
                    (SELECT i.event_id FROM unnest(v_rest) i WHERE i.n = v_made.cut), v_state.used, v_step.factor, NULL, '', p_at);
            END IF;
            v_rest := ARRAY(SELECT i FROM unnest(v_rest) i WHERE i.n > v_made.cut ORDER BY i.n);
            EXIT WHEN v_rest = '{}';
        END LOOP;
    END LOOP;
    RETURN v_deltas;
END $$;

CREATE FUNCTION incentives.step(
    p_municipality varchar, p_policy uuid, p_month date, p_event uuid, p_used bigint, p_factor integer, p_official uuid,
    p_reason text, p_at timestamptz
) RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE vouchers_benefitmonth SET factor = p_factor
    WHERE municipality_id = p_municipality AND policy_id = p_policy AND month = p_month;
    INSERT INTO vouchers_benefitstep (municipality_id, id, policy_id, month, event_id, used, factor, official_id, reason, at)
    VALUES (p_municipality, uuidv7(), p_policy, p_month, p_event, p_used, p_factor, p_official, p_reason, p_at);
END $$;

CREATE FUNCTION incentives.write(
    p_municipality varchar, p_terms vouchers_benefitterms, p_month date, p_factor integer, p_outcomes incentives.outcome[]
) RETURNS bigint LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
-- Returns what was given, less what was reversed.
DECLARE
    v_given bigint;
BEGIN
    INSERT INTO vouchers_cashback (municipality_id, payment_id, policy_id, terms_id, wallet_id, month, base, base_left,
                                   factor, amount, funds, amounts, reversals)
    SELECT p_municipality, payment_id, p_terms.policy_id, p_terms.id, wallet_id, p_month, counted, counted, p_factor,
           given, funds, amounts, array_fill(0::bigint, ARRAY[cardinality(amounts)])
    FROM unnest(p_outcomes) WHERE NOT is_refund;
    UPDATE vouchers_cashback kept
    SET base_left = after.base_left, reversed = after.reversed, reversals = after.reversals
    FROM (SELECT c.payment_id, c.base_left + back.counted AS base_left,
                 (SELECT array_agg(a - a * (c.base_left + back.counted) / c.base ORDER BY k)
                  FROM unnest(c.amounts) WITH ORDINALITY AS p (a, k)) AS reversals,
                 (SELECT coalesce(sum(a - a * (c.base_left + back.counted) / c.base), 0) FROM unnest(c.amounts) a) AS reversed
          FROM (SELECT payment_id, sum(counted)::bigint AS counted FROM unnest(p_outcomes)
                WHERE is_refund AND counted < 0 GROUP BY payment_id) back
          JOIN vouchers_cashback c
            ON c.municipality_id = p_municipality AND c.payment_id = back.payment_id AND c.policy_id = p_terms.policy_id) after
    WHERE kept.municipality_id = p_municipality AND kept.payment_id = after.payment_id AND kept.policy_id = p_terms.policy_id;

    WITH member AS MATERIALIZED (
        SELECT wallet_id, sum(counted)::bigint AS counted, sum(given)::bigint AS given
        FROM unnest(p_outcomes) GROUP BY wallet_id HAVING bool_or(counted <> 0)
    ), known AS (
        UPDATE vouchers_membermonth kept SET spent = kept.spent + member.counted, benefit = kept.benefit + member.given
        FROM member
        WHERE kept.municipality_id = p_municipality AND kept.wallet_id = member.wallet_id
          AND kept.policy_id = p_terms.policy_id AND kept.month = p_month
        RETURNING kept.wallet_id
    )
    INSERT INTO vouchers_membermonth (municipality_id, id, wallet_id, policy_id, month, spent, benefit)
    SELECT p_municipality, uuidv7(), wallet_id, p_terms.policy_id, p_month, counted, given
    FROM member WHERE wallet_id NOT IN (SELECT wallet_id FROM known);

    MERGE INTO vouchers_benefitday kept             -- an insert on conflict would check a negative sum before it is added
    USING (SELECT least(greatest((uuid_extract_timestamp(payment_id) AT TIME ZONE 'Asia/Seoul')::date, p_month),
                        (p_month + interval '1 month - 1 day')::date) AS day, sum(given)::bigint AS given
           FROM unnest(p_outcomes) GROUP BY 1 HAVING sum(given) <> 0) made
    ON kept.municipality_id = p_municipality AND kept.policy_id = p_terms.policy_id AND kept.day = made.day
    WHEN MATCHED THEN UPDATE SET used = kept.used + made.given
    WHEN NOT MATCHED THEN INSERT (municipality_id, policy_id, day, used)
        VALUES (p_municipality, p_terms.policy_id, made.day, made.given);
    UPDATE vouchers_benefitmonth SET used = used + (SELECT coalesce(sum(given), 0) FROM unnest(p_outcomes))
    WHERE municipality_id = p_municipality AND policy_id = p_terms.policy_id AND month = p_month;
    SELECT coalesce(sum(given), 0) INTO v_given FROM unnest(p_outcomes);
    RETURN v_given;
END $$;

CREATE FUNCTION incentives.post(
    p_municipality varchar, p_deltas incentives.delta[], p_at timestamptz, p_limit integer DEFAULT 1000,
    OUT wallet_ids uuid[], OUT amounts bigint[]
) LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
-- Moves the money: what is due to members from their funds, with what has been waiting for a fund's money; what was
-- reversed back to the funds. What a lot has not got any more stays as the member's debt to the fund, and the next credit
-- of that fund is less by it. What a fund has not got waits. Returns the wallets that were credited, and how much.
DECLARE
    v_currency record;
    v_taken    bigint[];
BEGIN
    wallet_ids := '{}';
    amounts := '{}';
    FOR v_currency IN
        WITH waiting AS (
            SELECT due.wallet_id, due.fund_id
            FROM vouchers_benefitdue due
            WHERE due.municipality_id = p_municipality AND due.amount > 0
              AND due.amount <= incentives.free(p_municipality, due.fund_id)
            ORDER BY due.fund_id, due.month_id LIMIT p_limit
        ), change AS MATERIALIZED (
            SELECT d.wallet_id, d.fund_id, member.id AS month_id, sum(d.amount)::bigint AS amount
            FROM unnest(p_deltas) d JOIN vouchers_membermonth member
              ON member.municipality_id = p_municipality AND member.wallet_id = d.wallet_id
             AND member.policy_id = d.policy_id AND member.month = d.month
            GROUP BY 1, 2, 3
        ), part AS (
            SELECT * FROM change
            UNION ALL
            SELECT due.wallet_id, due.fund_id, due.month_id, due.amount
            FROM (SELECT wallet_id, fund_id FROM change UNION SELECT wallet_id, fund_id FROM waiting) p
            JOIN vouchers_benefitdue due ON due.municipality_id = p_municipality AND due.wallet_id = p.wallet_id
             AND due.fund_id = p.fund_id
        ), pair AS (
            SELECT wallet_id, fund_id, month_id, sum(amount)::bigint AS amount FROM part GROUP BY 1, 2, 3
        )
        SELECT fund.currency_id, array_agg(pair.wallet_id ORDER BY wallet_id, fund_id, month_id) AS wallets,
               array_agg(pair.fund_id ORDER BY wallet_id, fund_id, month_id) AS funds,
               array_agg(pair.month_id ORDER BY wallet_id, fund_id, month_id) AS months,
               array_agg(pair.amount ORDER BY wallet_id, fund_id, month_id) AS amounts
        FROM pair JOIN vouchers_benefitfund fund ON fund.id = pair.fund_id
        GROUP BY fund.currency_id
    LOOP
        PERFORM 1 FROM vouchers_wallet
        WHERE municipality_id = p_municipality AND id = ANY (v_currency.wallets) ORDER BY id FOR NO KEY UPDATE;
        v_currency.amounts := incentives.take(p_municipality, v_currency.currency_id, v_currency.wallets, v_currency.funds,
                                              v_currency.months, v_currency.amounts, p_at);
        v_currency.amounts := incentives.set_off(v_currency.wallets, v_currency.funds, v_currency.amounts);
        v_taken := incentives.give(p_municipality, v_currency.currency_id, v_currency.wallets, v_currency.funds,
                                   v_currency.months, v_currency.amounts, p_at);
        DELETE FROM vouchers_benefitdue due
        USING unnest(v_currency.wallets, v_currency.funds, v_currency.months, v_currency.amounts, v_taken)
              AS i (wallet_id, fund_id, month_id, due, given)
        WHERE due.municipality_id = p_municipality AND due.wallet_id = i.wallet_id AND due.fund_id = i.fund_id
          AND due.month_id = i.month_id AND i.due = i.given;
        INSERT INTO vouchers_benefitdue AS kept (municipality_id, wallet_id, fund_id, month_id, amount)
        SELECT p_municipality, i.wallet_id, i.fund_id, i.month_id, i.due - i.given
        FROM unnest(v_currency.wallets, v_currency.funds, v_currency.months, v_currency.amounts, v_taken)
             AS i (wallet_id, fund_id, month_id, due, given)
        WHERE i.due <> i.given
        ON CONFLICT ON CONSTRAINT benefitdue_pkey DO UPDATE SET amount = excluded.amount;
        SELECT wallet_ids || coalesce(array_agg(s.wallet_id), '{}'), post.amounts || coalesce(array_agg(s.given), '{}')
        INTO wallet_ids, amounts
        FROM (SELECT i.wallet_id, sum(i.given)::bigint AS given
              FROM unnest(v_currency.wallets, v_taken) AS i (wallet_id, given)
              GROUP BY 1 HAVING sum(i.given) > 0) s;
    END LOOP;
END $$;

CREATE FUNCTION incentives.set_off(p_wallets uuid[], p_funds uuid[], p_amounts bigint[]) RETURNS bigint[]
LANGUAGE sql IMMUTABLE AS $$
    -- What a member is due of a fund and what he owes it, of different months, set off against each other in their order.
    SELECT array_agg(CASE WHEN a > 0 THEN a - least(a, greatest(-debts - (dues_so_far - a), 0))
                          ELSE a + least(-a, greatest(dues + (debts_so_far - a), 0)) END ORDER BY n)
    FROM (SELECT i.a, i.n,
                 (sum(least(i.a, 0)) OVER pair)::bigint AS debts, (sum(greatest(i.a, 0)) OVER pair)::bigint AS dues,
                 (sum(least(i.a, 0)) OVER so_far)::bigint AS debts_so_far,
                 (sum(greatest(i.a, 0)) OVER so_far)::bigint AS dues_so_far
          FROM unnest(p_wallets, p_funds, p_amounts) WITH ORDINALITY AS i (wallet, fund, a, n)
          WINDOW pair AS (PARTITION BY i.wallet, i.fund), so_far AS (PARTITION BY i.wallet, i.fund ORDER BY i.n)) s
$$;

CREATE FUNCTION incentives.free(p_municipality varchar, p_fund uuid) RETURNS bigint LANGUAGE sql STABLE AS $$
    -- What a fund has left.
    SELECT coalesce(sum(balance.credits - balance.debits - balance.reserved), 0)::bigint
    FROM vouchers_account account JOIN vouchers_balance balance
      ON balance.municipality_id = account.municipality_id AND balance.account_id = account.id
    WHERE account.municipality_id = p_municipality AND account.kind = 'benefit' AND account.owner_id = p_fund
$$;

CREATE FUNCTION incentives.take(
    p_municipality varchar, p_currency uuid, p_wallets uuid[], p_funds uuid[], p_months uuid[], p_amounts bigint[],
    p_at timestamptz
) RETURNS bigint[] LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
-- Takes the negative amounts back from the lots; returns the amounts with what was taken added.
DECLARE
    v_back  record;
    v_taken bigint[];
BEGIN
    SELECT array_agg(wallet ORDER BY n) AS wallets, array_agg(fund ORDER BY n) AS funds, array_agg(month ORDER BY n) AS months,
           array_agg(-amount ORDER BY n) AS amounts, array_agg(n ORDER BY n) AS places
    INTO v_back
    FROM unnest(p_wallets, p_funds, p_months, p_amounts) WITH ORDINALITY AS i (wallet, fund, month, amount, n)
    WHERE amount < 0;
    IF v_back.places IS NULL THEN
        RETURN p_amounts;
    END IF;
    v_taken := ledger.take_back_benefits(p_municipality, ledger.id_at(p_at), p_currency, 'cashback', v_back.funds,
                                         v_back.wallets, v_back.months, v_back.amounts, p_at);
    FOR i IN 1 .. cardinality(v_taken) LOOP
        p_amounts[v_back.places[i]] := p_amounts[v_back.places[i]] + v_taken[i];
    END LOOP;
    RETURN p_amounts;
END $$;

CREATE FUNCTION incentives.give(
    p_municipality varchar, p_currency uuid, p_wallets uuid[], p_funds uuid[], p_months uuid[], p_amounts bigint[],
    p_at timestamptz
) RETURNS bigint[] LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
-- Credits the positive amounts as far as each fund's money goes, in their order; returns what was given of each.
DECLARE
    v_given bigint[] := array_fill(0::bigint, ARRAY[cardinality(p_amounts)]);
    v_due   record;
BEGIN
    PERFORM 1 FROM vouchers_account account JOIN vouchers_balance balance
      ON balance.municipality_id = account.municipality_id AND balance.account_id = account.id
    WHERE account.municipality_id = p_municipality AND account.kind = 'benefit' AND account.owner_id = ANY (p_funds)
    ORDER BY balance.account_id FOR NO KEY UPDATE OF balance;
    WITH due AS (
        SELECT i.*, sum(i.amount) OVER (PARTITION BY i.fund ORDER BY i.n) AS reached
        FROM unnest(p_wallets, p_funds, p_months, p_amounts) WITH ORDINALITY AS i (wallet, fund, month, amount, n)
        WHERE i.amount > 0
    ), fund AS MATERIALIZED (
        SELECT f.id, incentives.free(p_municipality, f.id) AS free FROM (SELECT DISTINCT unnest(p_funds) AS id) f
    ), source AS MATERIALIZED (
        SELECT DISTINCT member.policy_id, member.month FROM unnest(p_months) m
        JOIN vouchers_membermonth member ON member.municipality_id = p_municipality AND member.id = m
    ), terms AS MATERIALIZED (
        SELECT source.policy_id, source.month, t.usage_rule_id, incentives.expiry(source.month, t.validity_months) AS expires_at
        FROM source JOIN LATERAL (
            SELECT * FROM vouchers_benefitterms t
            WHERE t.policy_id = source.policy_id AND t.state = 'published'
              AND t.valid_from < source.month + interval '1 month'
            ORDER BY t.valid_from DESC LIMIT 1) t ON true
    )
    SELECT array_agg(due.wallet ORDER BY due.n) AS wallets, array_agg(due.fund ORDER BY due.n) AS funds,
           array_agg(due.month ORDER BY due.n) AS months, array_agg(due.amount ORDER BY due.n) AS amounts,
           array_agg(terms.expires_at ORDER BY due.n) AS expiries, array_agg(terms.usage_rule_id ORDER BY due.n) AS rules,
           array_agg(due.n ORDER BY due.n) AS places
    INTO v_due
    FROM due JOIN fund ON fund.id = due.fund
    JOIN vouchers_membermonth member ON member.municipality_id = p_municipality AND member.id = due.month
    JOIN terms ON terms.policy_id = member.policy_id AND terms.month = member.month
    WHERE due.reached <= fund.free;
    IF v_due.places IS NOT NULL THEN
        PERFORM ledger.credit_benefits(p_municipality, ledger.id_at(p_at), p_currency, 'cashback', 'incentive', v_due.funds,
                                       v_due.wallets, v_due.months, v_due.amounts, v_due.expiries, v_due.rules, p_at);
        FOR i IN 1 .. cardinality(v_due.places) LOOP
            v_given[v_due.places[i]] := v_due.amounts[i];
        END LOOP;
    END IF;
    RETURN v_given;
END $$;

CREATE FUNCTION incentives.restart(
    p_municipality varchar, p_policy uuid, p_month date, p_official uuid, p_reason text, p_at timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- An official lets a month go on that its budget has stopped or stepped down, at the step that the budget of the terms in
-- force leaves now.
DECLARE
    v_terms vouchers_benefitterms;
    v_state vouchers_benefitmonth;
    v_step  record;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    PERFORM payments.only_one_follows_up(p_municipality);
    SELECT * INTO v_state FROM vouchers_benefitmonth
    WHERE municipality_id = p_municipality AND policy_id = p_policy AND month = p_month;
    SELECT t.* INTO v_terms FROM vouchers_benefitterms t
    WHERE t.municipality_id = p_municipality AND t.policy_id = p_policy AND t.state = 'published'
      AND t.valid_from <= (p_at AT TIME ZONE 'Asia/Seoul')::date
    ORDER BY t.valid_from DESC LIMIT 1;
    v_step := incentives.step_of(v_terms, v_state.used, (
        SELECT coalesce(sum(used), 0)::bigint FROM vouchers_benefitmonth
        WHERE municipality_id = p_municipality AND policy_id = p_policy
          AND date_trunc('year', month) = date_trunc('year', p_month)));
    IF v_state.factor IS NULL OR v_terms.id IS NULL OR v_state.factor = 10000 THEN
        PERFORM ledger.refuse('benefit_policy_runs');
    ELSIF v_step.factor <= v_state.factor THEN
        PERFORM ledger.refuse('benefit_budget_used_up');
    END IF;
    PERFORM incentives.step(p_municipality, p_policy, p_month, NULL, v_state.used, v_step.factor, p_official, p_reason, p_at);
END $$;

CREATE FUNCTION incentives.left_of(p_municipality varchar, p_fund uuid) RETURNS bigint LANGUAGE plpgsql STABLE
SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- What a fund has left, for officials.
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    RETURN incentives.free(p_municipality, p_fund);
END $$;
