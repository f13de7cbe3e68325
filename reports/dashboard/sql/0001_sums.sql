-- What the dashboard and the reports show, summed up day by day, so that a page reads some dozens of rows for each day, however many
-- payments there were. The ledger pays nothing for it: a job sums up the open days anew, each minute in which something
-- moved, and each closed day for the last time. A cancellation counts on its own day, so a closed day never changes.

CREATE SCHEMA dashboard;

CREATE TABLE reports_daysum (
    municipality_id varchar(5) NOT NULL,
    dimension       text NOT NULL,
    business_date   date NOT NULL,
    currency_id     uuid NOT NULL,
    event           text NOT NULL,               -- the kind of the journal; pay: a payment
    value           text NOT NULL,               -- slot: '09:20', from then on ten minutes; day: ''; '' elsewhere: not known
                                                 -- channel, discount, fee: 'cpm', 'online:' and the online channel
                                                 -- flow: 'in:grant', 'out:purchase', by way and kind of lot; 'outside:'
                                                 -- account: 'in:', 'out:' and the line, programme or fund
    movements       bigint NOT NULL,             -- payments, cancellations; otherwise movements of money
    amount          bigint NOT NULL,
    holding         bigint NOT NULL,             -- by how much the wallets hold more, or less
    CONSTRAINT daysum_pkey PRIMARY KEY (municipality_id, dimension, business_date, currency_id, event, value),
    CONSTRAINT daysum_dimension_known CHECK (dimension IN (
        'day', 'slot', 'category', 'dong', 'age', 'sex', 'home', 'channel', 'discount', 'fee', 'flow', 'account')),
    CONSTRAINT daysum_not_negative CHECK (movements > 0 AND amount >= 0)
) WITH (fillfactor = 80);

CREATE TABLE reports_summedday (
    municipality_id varchar(5) NOT NULL,
    business_date   date NOT NULL,
    summed_at       timestamptz NOT NULL,
    is_final        boolean NOT NULL,            -- closed: nothing can be added to it any more
    CONSTRAINT summedday_pkey PRIMARY KEY (municipality_id, business_date)
);
CREATE INDEX summedday_final ON reports_summedday (municipality_id, business_date) WHERE is_final;

CREATE FUNCTION dashboard.next_day(p_municipality varchar) RETURNS date
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    -- The first day that is not summed up for the last time: the day after the last such one, or the day of the first
    -- movement. A movement's day is that of its id or the next, so the first two days of ids hold the earliest.
    SELECT coalesce(
        (SELECT max(business_date) + 1 FROM reports_summedday WHERE municipality_id = p_municipality AND is_final),
        (SELECT min(t.business_date)
         FROM (SELECT journal_id FROM vouchers_transfer WHERE municipality_id = p_municipality
               ORDER BY journal_id LIMIT 1) first
         JOIN vouchers_transfer t ON t.municipality_id = p_municipality
          AND t.journal_id < ledger.uuid_floor(uuid_extract_timestamp(first.journal_id) + interval '2 days')))
$$;

CREATE FUNCTION dashboard.municipalities_due(p_at timestamptz) RETURNS SETOF varchar
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    -- Runs before any scope is known: region codes whose ledger has moved since its latest day was summed up, where a new
    -- day has begun, or where a closed day waits to be summed up for the last time; and nothing else. Ids begin with their
    -- time; five minutes more are looked at for what was still on its way to its commit.
    SELECT m.code FROM vouchers_municipality m
    LEFT JOIN LATERAL (SELECT business_date, summed_at FROM reports_summedday
                       WHERE municipality_id = m.code ORDER BY business_date DESC LIMIT 1) latest ON true
    CROSS JOIN LATERAL (SELECT coalesce(ledger.uuid_floor(latest.summed_at - interval '5 minutes'),
                                        '00000000-0000-0000-0000-000000000000') AS since) ids
    WHERE EXISTS (SELECT FROM vouchers_account WHERE municipality_id = m.code)
      AND (EXISTS (SELECT FROM vouchers_payment WHERE municipality_id = m.code AND id >= ids.since)
           OR EXISTS (SELECT FROM vouchers_journal WHERE municipality_id = m.code AND id >= ids.since)
           OR latest.business_date < (p_at AT TIME ZONE 'Asia/Seoul')::date
           OR EXISTS (SELECT FROM vouchers_dailysum daily
                      WHERE daily.municipality_id = m.code AND daily.business_date >= dashboard.next_day(m.code)))
$$;

CREATE FUNCTION dashboard.sum_day(p_municipality varchar, p_date date, p_at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Sums up a day as it is now; false: nothing can be added to it any more and it has been summed up since. It is for the last
-- time when the reconciliation has summed up its accounts (vouchers_dailysum: the day is closed and every transaction of
-- it has ended) and the days before it are done.
-- Payments are found by their ids as the day close finds them. What is not a payment may carry an id that was made some
-- hours before or after the time it counts for. What counts for a later day than it happened on, because its own was
-- closed, stands in the day's first ten minutes.
DECLARE
    v_first uuid := ledger.uuid_floor((p_date - 2)::timestamp AT TIME ZONE 'Asia/Seoul');
    v_from  uuid := ledger.uuid_floor((p_date - 1)::timestamp AT TIME ZONE 'Asia/Seoul');
    v_until uuid := ledger.uuid_floor((p_date + 1)::timestamp AT TIME ZONE 'Asia/Seoul' + interval '1 minute');
    v_last  uuid := ledger.uuid_floor((p_date + 3)::timestamp AT TIME ZONE 'Asia/Seoul');
    v_final boolean;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    PERFORM pg_advisory_xact_lock(hashtext('dashboard.sum_day'), hashtext(p_municipality));
    IF EXISTS (SELECT FROM reports_summedday
               WHERE municipality_id = p_municipality AND business_date = p_date AND is_final) THEN
        RETURN false;
    END IF;
    v_final := EXISTS (SELECT FROM vouchers_dailysum WHERE municipality_id = p_municipality AND business_date = p_date)
               AND p_date = dashboard.next_day(p_municipality);
    WITH used AS (
        SELECT 'pay' AS event, payment.currency_id, payment.wallet_id, payment.merchant_id, payment.amount,
               -payment.amount AS holding, payment.at, payment.channel, payment.id AS payment_id, payment.discount
        FROM vouchers_payment payment
        WHERE municipality_id = p_municipality AND business_date = p_date AND id >= v_from AND id < v_until
        UNION ALL
        SELECT 'refund', paid.currency_id, paid.wallet_id, paid.merchant_id, back.amount, back.amount, journal.at,
               paid.channel, paid.id, back.discount
        FROM vouchers_journal journal
        JOIN vouchers_cancellation back ON back.municipality_id = p_municipality AND back.id = journal.id
        JOIN vouchers_payment paid ON paid.municipality_id = p_municipality AND paid.id = back.payment_id
        WHERE journal.municipality_id = p_municipality AND journal.business_date = p_date AND journal.kind = 'refund'
          AND journal.id >= v_first AND journal.id < v_last
    ), told AS MATERIALIZED (
        SELECT used.event, used.currency_id, used.amount, used.holding, used.discount, bought.fee,
               dashboard.slot(used.at, p_date) AS slot, shop.category_id AS category,
               coalesce(shop.dong_id::text, '') AS dong,
               CASE WHEN wallet.corporation_id IS NOT NULL THEN 'corporation'
                    ELSE coalesce(dashboard.age_band(citizen.birth_date, p_date), '') END AS age,
               CASE WHEN wallet.corporation_id IS NOT NULL THEN 'corporation' ELSE coalesce(citizen.sex, '') END AS sex,
               CASE WHEN wallet.corporation_id IS NOT NULL THEN 'corporation'
                    ELSE coalesce(citizen.dong_id::text, '') END AS home,
               concat_ws(':', used.channel, bought.channel_id) AS channel
        FROM used
        JOIN merchants_merchant shop ON shop.municipality_id = p_municipality AND shop.id = used.merchant_id
        JOIN vouchers_wallet wallet ON wallet.municipality_id = p_municipality AND wallet.id = used.wallet_id
        LEFT JOIN vouchers_citizen citizen ON citizen.municipality_id = p_municipality AND citizen.id = wallet.citizen_id
        LEFT JOIN vouchers_onlineorder bought ON used.channel = 'online'
         AND bought.municipality_id = p_municipality AND bought.payment_id = used.payment_id
    ), moved AS MATERIALIZED (
        SELECT journal.kind AS event, journal.currency_id, dashboard.slot(journal.at, p_date) AS slot, t.amount,
               t.amount * ((t.credit_lot_id IS NOT NULL)::integer - (t.debit_lot_id IS NOT NULL)::integer) AS holding,
               CASE WHEN t.credit_lot_id IS NOT NULL AND t.debit_lot_id IS NOT NULL THEN 'within'
                    WHEN t.credit_lot_id IS NOT NULL THEN 'in' WHEN t.debit_lot_id IS NOT NULL THEN 'out'
                    ELSE 'outside' END || ':' || coalesce(lot.kind::text, '') AS flow,
               t.credit_lot_id IS NOT NULL OR t.debit_lot_id IS NOT NULL OR journal.kind IN ('settle', 'exchange')
               AS is_counted,
               CASE WHEN taken.id IS NOT NULL THEN 'out:' || taken.owner_id END AS taken,
               CASE WHEN given.id IS NOT NULL THEN 'in:' || given.owner_id END AS given
        FROM vouchers_journal journal
        JOIN vouchers_transfer t ON t.municipality_id = p_municipality AND t.journal_id = journal.id
        LEFT JOIN vouchers_lot lot ON lot.municipality_id = p_municipality
         AND lot.id = coalesce(t.credit_lot_id, t.debit_lot_id)
        LEFT JOIN vouchers_account taken ON taken.municipality_id = p_municipality AND taken.id = t.debit_account_id
         AND taken.kind IN ('budget', 'programme', 'benefit')
        LEFT JOIN vouchers_account given ON given.municipality_id = p_municipality AND given.id = t.credit_account_id
         AND given.kind IN ('budget', 'programme', 'benefit')
        WHERE journal.municipality_id = p_municipality AND journal.business_date = p_date
          AND journal.id >= v_first AND journal.id < v_last
    ), fresh AS MATERIALIZED (
        SELECT CASE grouping(slot, category, dong, age, sex, home, channel)
                    WHEN 127 THEN 'day' WHEN 63 THEN 'slot' WHEN 95 THEN 'category' WHEN 111 THEN 'dong'
                    WHEN 119 THEN 'age' WHEN 123 THEN 'sex' WHEN 125 THEN 'home' ELSE 'channel' END AS dimension,
               currency_id, event, coalesce(slot, category, dong, age, sex, home, channel, '') AS value,
               count(*) AS movements, sum(amount)::bigint AS amount, sum(holding)::bigint AS holding
        FROM told
        GROUP BY currency_id, event, GROUPING SETS ((), (slot), (category), (dong), (age), (sex), (home), (channel))
        UNION ALL                                -- what the shops bear of a price, and what channels are owed of it
        SELECT part.dimension, currency_id, event, channel, count(*), sum(part.amount)::bigint, 0
        FROM told CROSS JOIN LATERAL (VALUES ('discount', discount), ('fee', CASE event WHEN 'pay' THEN fee END))
             AS part (dimension, amount)
        WHERE part.amount > 0 GROUP BY 1, 2, 3, 4
        UNION ALL
        SELECT CASE grouping(slot) WHEN 1 THEN 'day' ELSE 'slot' END, currency_id, event, coalesce(slot, ''),
               count(*), sum(amount)::bigint, sum(holding)::bigint
        FROM moved WHERE is_counted AND event <> 'refund' GROUP BY currency_id, event, GROUPING SETS ((), (slot))
        UNION ALL
        SELECT 'flow', currency_id, event, flow, count(*), sum(amount)::bigint, sum(holding)::bigint
        FROM moved WHERE is_counted GROUP BY 2, 3, 4
        UNION ALL                                -- what left and came to each budget line, programme and fund
        SELECT 'account', currency_id, event, side.value, count(*), sum(amount)::bigint, 0
        FROM moved CROSS JOIN LATERAL (VALUES (taken), (given)) AS side (value)
        WHERE side.value IS NOT NULL GROUP BY 2, 3, 4
    ), gone AS (                                 -- a shop of another category since the last time, a birth date mended
        DELETE FROM reports_daysum kept
        WHERE municipality_id = p_municipality AND business_date = p_date
          AND dimension IN ('day', 'slot', 'category', 'dong', 'age', 'sex', 'home', 'channel', 'discount', 'fee', 'flow',
                            'account')
          AND NOT EXISTS (SELECT FROM fresh
                          WHERE (fresh.dimension, fresh.currency_id, fresh.event, fresh.value)
                              = (kept.dimension, kept.currency_id, kept.event, kept.value))
    )
    INSERT INTO reports_daysum AS kept (municipality_id, dimension, business_date, currency_id, event, value, movements,
                                        amount, holding)
    SELECT p_municipality, dimension, p_date, currency_id, event, value, movements, amount, holding FROM fresh
    ON CONFLICT ON CONSTRAINT daysum_pkey DO UPDATE
    SET movements = excluded.movements, amount = excluded.amount, holding = excluded.holding
    WHERE (kept.movements, kept.amount, kept.holding) <> (excluded.movements, excluded.amount, excluded.holding);
    INSERT INTO reports_summedday AS kept (municipality_id, business_date, summed_at, is_final)
    VALUES (p_municipality, p_date, p_at, v_final)
    ON CONFLICT ON CONSTRAINT summedday_pkey DO UPDATE SET summed_at = excluded.summed_at, is_final = excluded.is_final;
    RETURN true;
END $$;

CREATE FUNCTION dashboard.slot(p_at timestamptz, p_date date) RETURNS text LANGUAGE sql STABLE AS $$
    -- The ten minutes of the day in Seoul, by their beginning.
    SELECT CASE WHEN (p_at AT TIME ZONE 'Asia/Seoul')::date < p_date THEN '00:00'
                ELSE to_char(date_bin('10 minutes', p_at AT TIME ZONE 'Asia/Seoul', '2000-01-01'), 'HH24:MI') END
$$;

CREATE FUNCTION dashboard.age_band(p_birth date, p_date date) RETURNS text LANGUAGE sql STABLE AS $$
    -- 만 나이 by tens, '70' and more together.
    SELECT (least(70, greatest(0, extract(year FROM age(p_date, p_birth))::integer / 10 * 10)))::text
$$;
