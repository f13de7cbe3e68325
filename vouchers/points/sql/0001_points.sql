-- Points for what citizens do: what partners witnessed is taken in once, counted by rules that are data, and paid.
-- Activities, runs and what they earn are written by these functions only.

CREATE SCHEMA points;

-- Taking in -----------------------------------------------------------------------------------------------------

CREATE FUNCTION points.refusal(
    p_municipality varchar, p_kind uuid, p_citizen uuid, p_occurred_at timestamptz, p_amount bigint, p_quantity numeric,
    p_documents varchar[], p_id uuid, p_received_at timestamptz
) RETURNS text LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
-- Why an activity does not count; empty: it does. What is asked first is what whoever sent it can mend.
DECLARE
    v_day       date := (p_occurred_at AT TIME ZONE 'Asia/Seoul')::date;
    v_citizen   record;
    v_programme record;
    v_rule      record;
BEGIN
    SELECT programme.is_active, programme.late_days INTO v_programme
    FROM vouchers_activitykind kind JOIN vouchers_pointprogramme programme ON programme.id = kind.programme_id
    WHERE kind.id = p_kind;
    SELECT status, birth_date INTO v_citizen FROM vouchers_citizen
    WHERE municipality_id = p_municipality AND id = p_citizen;
    SELECT minimum_age, documents INTO v_rule FROM vouchers_pointrule
    WHERE kind_id = p_kind AND valid_from <= v_day ORDER BY valid_from DESC LIMIT 1;
    RETURN CASE
        WHEN NOT v_programme.is_active THEN 'programme_closed'
        WHEN p_occurred_at > p_received_at + interval '5 minutes' THEN 'in_future'
        WHEN v_day < (p_received_at AT TIME ZONE 'Asia/Seoul')::date - v_programme.late_days THEN 'too_late'
        WHEN v_rule.minimum_age IS NULL THEN 'no_rule'
        WHEN v_citizen.status IS NULL THEN 'wallet_unknown'
        WHEN v_citizen.status <> 'active' THEN v_citizen.status
        WHEN extract(year FROM age(v_day, v_citizen.birth_date)) < v_rule.minimum_age THEN 'too_young'
        WHEN NOT v_rule.documents <@ p_documents THEN 'documents_missing'
        WHEN EXISTS (
            SELECT FROM vouchers_activity other
            WHERE other.kind_id = p_kind AND other.citizen_id = p_citizen AND other.occurred_at = p_occurred_at
              AND other.day = v_day AND other.amount IS NOT DISTINCT FROM p_amount
              AND other.quantity IS NOT DISTINCT FROM p_quantity
              AND other.state IN ('accepted', 'counted') AND other.id IS DISTINCT FROM p_id) THEN 'duplicate'
        ELSE ''
    END;
END $$;

CREATE FUNCTION points.person(p_municipality varchar, p_person text) RETURNS uuid
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
-- The citizen that an activity names: by the wallet's number, or by name, birth date and telephone.
DECLARE
    v_parts text[] := string_to_array(p_person, '|');
    v_id    uuid;
BEGIN
    IF cardinality(v_parts) = 1 THEN
        SELECT citizen_id INTO v_id FROM vouchers_wallet
        WHERE municipality_id = p_municipality AND id = p_person::uuid;
    ELSE
        SELECT id INTO v_id FROM vouchers_citizen
        WHERE municipality_id = p_municipality AND name = v_parts[1] AND birth_date = v_parts[2]::date AND phone = v_parts[3];
    END IF;
    RETURN v_id;
END $$;

CREATE FUNCTION points.take_in(
    p_municipality varchar, p_partner uuid, p_upload uuid, p_items jsonb, p_at timestamptz
) RETURNS TABLE (line integer, activity_id uuid, outcome text, reason text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Takes activities in, each on its own, and says of every line what became of it:
--   accepted, rejected (with the reason)   it stands in the books now, or stood there before with the same content
--   refused: kind_unknown                  no such kind, or not one that this partner witnesses
--   refused: value_missing                 the rule counts an amount or a quantity, and there is none
--   refused: external_id_reused            the partner sent another content under this number, and that one was accepted
-- What was rejected may come again under its number, mended. Deliveries of a municipality take turns, so two of them
-- that hold the same activity neither deadlock nor both count it.
DECLARE
    v_item   record;
    v_before record;
    v_kind   record;
    v_reason text;
    v_hash   bytea;
    v_id     uuid;
    v_person uuid;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    PERFORM pg_advisory_xact_lock(hashtextextended('points.take_in|' || p_municipality, 0));
    FOR v_item IN
        SELECT item.ordinality::integer AS number, r.external_id, r.kind, r.person, r.occurred_at, r.amount,
               r.quantity::numeric(15, 3) AS quantity, coalesce(r.documents, '{}') AS documents, r.row_number
        FROM jsonb_array_elements(p_items) WITH ORDINALITY AS item (value, ordinality),
             jsonb_to_record(item.value) AS r (
                 external_id text, kind text, person text, occurred_at timestamptz, amount bigint, quantity numeric,
                 documents varchar[], row_number integer)
        ORDER BY item.ordinality
    LOOP
        line := v_item.number;
        activity_id := NULL;
        reason := '';
        v_hash := sha256(convert_to(concat_ws('|', v_item.kind, v_item.person, extract(epoch FROM v_item.occurred_at),
            coalesce(v_item.amount::text, '-'), coalesce(trim_scale(v_item.quantity)::text, '-'), v_item.documents), 'UTF8'));
        SELECT a.id, a.state, a.reason, a.content INTO v_before FROM vouchers_activity a
        WHERE a.municipality_id = p_municipality AND a.partner_id = p_partner AND a.external_id = v_item.external_id;
        IF v_before.id IS NOT NULL AND v_before.state <> 'rejected' THEN
            IF v_before.content = v_hash THEN
                activity_id := v_before.id;
                outcome := 'accepted';
            ELSE
                outcome := 'refused';
                reason := 'external_id_reused';
            END IF;
            RETURN NEXT;
            CONTINUE;
        END IF;
        SELECT kind.id,
               (SELECT rule.measure FROM vouchers_pointrule rule WHERE rule.kind_id = kind.id
                ORDER BY rule.valid_from <= (v_item.occurred_at AT TIME ZONE 'Asia/Seoul')::date DESC, rule.valid_from DESC
                LIMIT 1) AS measure
        INTO v_kind
        FROM vouchers_activitykind kind
        WHERE kind.municipality_id = p_municipality AND kind.code = v_item.kind
          AND EXISTS (SELECT FROM vouchers_pointwitness witness
                      WHERE witness.programme_id = kind.programme_id AND witness.partner_id = p_partner);
        IF v_kind.id IS NULL OR (v_kind.measure = 'amount' AND v_item.amount IS NULL)
           OR (v_kind.measure = 'quantity' AND v_item.quantity IS NULL) THEN
            outcome := 'refused';
            reason := CASE WHEN v_kind.id IS NULL THEN 'kind_unknown' ELSE 'value_missing' END;
            RETURN NEXT;
            CONTINUE;
        END IF;
        v_person := points.person(p_municipality, v_item.person);
        v_reason := points.refusal(p_municipality, v_kind.id, v_person, v_item.occurred_at, v_item.amount,
                                   v_item.quantity, v_item.documents, v_before.id, p_at);
        v_id := coalesce(v_before.id, uuidv7());
        INSERT INTO vouchers_activity AS a (
            municipality_id, id, partner_id, external_id, content, kind_id, person, citizen_id, occurred_at, day, amount,
            quantity, documents, state, reason, upload_id, row_number, received_at, withdrawal)
        VALUES (
            p_municipality, v_id, p_partner, v_item.external_id, v_hash, v_kind.id, v_item.person, v_person,
            v_item.occurred_at, (v_item.occurred_at AT TIME ZONE 'Asia/Seoul')::date, v_item.amount, v_item.quantity,
            v_item.documents, CASE v_reason WHEN '' THEN 'accepted' ELSE 'rejected' END, v_reason, p_upload,
            v_item.row_number, p_at, '')
        ON CONFLICT (id) DO UPDATE SET
            content = excluded.content, kind_id = excluded.kind_id, person = excluded.person,
            citizen_id = excluded.citizen_id, occurred_at = excluded.occurred_at, day = excluded.day,
            amount = excluded.amount, quantity = excluded.quantity, documents = excluded.documents,
            state = excluded.state, reason = excluded.reason, upload_id = excluded.upload_id,
            row_number = excluded.row_number, received_at = excluded.received_at;
        activity_id := v_id;
        outcome := CASE v_reason WHEN '' THEN 'accepted' ELSE 'rejected' END;
        reason := v_reason;
        RETURN NEXT;
    END LOOP;
END $$;

CREATE FUNCTION points.look_again(p_municipality varchar, p_activity uuid) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Examines a rejected activity once more, as of when it was received: its citizen may have joined, or a rule been mended.
DECLARE
    v_activity record;
    v_person   uuid;
    v_reason   text;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    PERFORM pg_advisory_xact_lock(hashtextextended('points.take_in|' || p_municipality, 0));
    SELECT * INTO v_activity FROM vouchers_activity
    WHERE municipality_id = p_municipality AND id = p_activity FOR UPDATE;
    IF v_activity.state IS DISTINCT FROM 'rejected' THEN
        PERFORM ledger.refuse('activity_not_rejected');
    END IF;
    v_person := points.person(p_municipality, v_activity.person);
    v_reason := points.refusal(p_municipality, v_activity.kind_id, v_person, v_activity.occurred_at, v_activity.amount,
                               v_activity.quantity, v_activity.documents, p_activity, v_activity.received_at);
    UPDATE vouchers_activity
    SET citizen_id = v_person, reason = v_reason, state = CASE v_reason WHEN '' THEN 'accepted' ELSE 'rejected' END
    WHERE municipality_id = p_municipality AND id = p_activity;
    RETURN v_reason;
END $$;

CREATE FUNCTION points.withdraw(
    p_municipality varchar, p_activity uuid, p_official uuid, p_reason text, p_at timestamptz
) RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- An activity that was wrong counts no more. What it has been paid is taken off the person's next points.
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    UPDATE vouchers_activity
    SET state = 'withdrawn', withdrawn_by_id = p_official, withdrawn_at = p_at, withdrawal = p_reason
    WHERE municipality_id = p_municipality AND id = p_activity AND state IN ('accepted', 'counted');
    IF NOT FOUND THEN
        PERFORM ledger.refuse('activity_not_accepted');
    END IF;
END $$;

-- Counting ------------------------------------------------------------------------------------------------------

CREATE FUNCTION points.grow(p_state bigint[], p_points bigint, p_cap bigint) RETURNS bigint[] LANGUAGE sql IMMUTABLE AS $$
    -- {sum, what it grew by last}: a sum that grows by p_points, but not above p_cap; a cap that has become lower takes
    -- nothing back.
    SELECT ARRAY[grown.sum, grown.sum - p_state[1]]
    FROM (SELECT greatest(p_state[1], least(p_state[1] + p_points, coalesce(p_cap, p_state[1] + p_points))) AS sum) grown
$$;
CREATE FUNCTION points.last_growth(p_state bigint[]) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT p_state[2]';
-- As a window: what each row adds to the sum under its cap.
CREATE AGGREGATE points.share(bigint, bigint) (
    sfunc = points.grow, stype = bigint[], initcond = '{0,0}', finalfunc = points.last_growth);

CREATE FUNCTION points.cap(p_owner uuid, p_period text, p_age integer) RETURNS bigint
LANGUAGE sql STABLE STRICT SET search_path = public, pg_temp AS $$
    -- The cap of a rule or of a programme's limits for that age.
    SELECT min(points) FROM vouchers_pointcap
    WHERE (rule_id = p_owner OR limits_id = p_owner) AND period = p_period
      AND p_age >= age_from AND p_age <= coalesce(age_until, 999)
$$;

CREATE FUNCTION points.earned(p_programme uuid, p_from date, p_until date, p_citizen uuid DEFAULT NULL)
RETURNS TABLE (activity_id uuid, repeat smallint, citizen_id uuid, counts_on date, raw bigint, points bigint, why text,
               cuts jsonb)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
-- What every activity of a programme earns that counts on a day from p_from until before p_until. p_from begins a year,
-- so that no cap is cut in two. The rule is that of the activity's day; where one activity is paid several times, each
-- time it counts a period later. Caps hold per person, those of the kind before those of the whole programme, the day's
-- first, then the week's, month's and year's: what a shorter cap leaves does not depend on longer periods, of which only
-- a part may be looked at. The rule's caps and, of the limits in force on the day on which it counts, the programme's:
-- the age on the activity's day says which. Who comes first in time takes first of what a cap leaves.
-- cuts: {cap: won it took off}.
WITH programme AS (
    SELECT id, CASE payout WHEN 'month' THEN interval '1 month' WHEN 'quarter' THEN interval '3 months'
                           ELSE interval '1 year' END AS step
    FROM vouchers_pointprogramme WHERE id = p_programme
), rule AS (
    SELECT rule.*, lead(rule.valid_from) OVER (PARTITION BY rule.kind_id ORDER BY rule.valid_from) AS replaced_on,
           ARRAY(SELECT DISTINCT cap.period FROM vouchers_pointcap cap WHERE cap.rule_id = rule.id) AS capped
    FROM vouchers_pointrule rule JOIN vouchers_activitykind kind ON kind.id = rule.kind_id
    WHERE kind.programme_id = p_programme
), limits AS (
    SELECT limits.id, limits.valid_from, lead(limits.valid_from) OVER (ORDER BY limits.valid_from) AS replaced_on,
           ARRAY(SELECT DISTINCT cap.period FROM vouchers_pointcap cap WHERE cap.limits_id = limits.id) AS capped
    FROM vouchers_pointlimits limits WHERE limits.programme_id = p_programme
), done AS (
    SELECT a.id, a.citizen_id, a.kind_id, a.occurred_at, a.amount, a.quantity, rule.measure, rule.points, rule.unit_size,
           rule.whole_units, rule.rate, rule.minimum_age, again.number::smallint AS repeat, counted.day,
           CASE WHEN 'week' = ANY (rule.capped || limits.capped) AND rule.week_of = 'monday' AND rule.payments = 1
                THEN date_trunc('week', a.day)::date ELSE counted.day END AS counts_on,
           CASE WHEN 'day' = ANY (rule.capped) THEN rule.id END AS kind_day,
           CASE WHEN 'day' = ANY (limits.capped) THEN limits.id END AS programme_day,
           CASE WHEN 'week' = ANY (rule.capped) THEN rule.id END AS kind_week,
           CASE WHEN 'week' = ANY (limits.capped) THEN limits.id END AS programme_week,
           CASE WHEN 'month' = ANY (rule.capped) THEN rule.id END AS kind_month,
           CASE WHEN 'month' = ANY (limits.capped) THEN limits.id END AS programme_month,
           CASE WHEN 'year' = ANY (rule.capped) THEN rule.id END AS kind_year,
           CASE WHEN 'year' = ANY (limits.capped) THEN limits.id END AS programme_year,
           extract(year FROM age(a.day, citizen.birth_date))::integer AS age,
           rule.first_of_day
               AND row_number() OVER (PARTITION BY a.citizen_id, a.kind_id, a.day, again.number ORDER BY a.occurred_at, a.id) > 1
               AS is_later,
           CASE rule.days WHEN 'all' THEN false
                WHEN 'weekdays' THEN extract(isodow FROM a.day) > 5
                ELSE extract(isodow FROM a.day) > 5
                     OR EXISTS (SELECT FROM vouchers_holiday h WHERE h.municipality_id = a.municipality_id AND h.day = a.day)
           END AS is_off
    FROM programme
    JOIN rule ON true
    JOIN vouchers_activity a
      ON a.kind_id = rule.kind_id AND a.day >= rule.valid_from AND a.day < coalesce(rule.replaced_on, 'infinity')
     AND a.state IN ('accepted', 'counted')
     AND a.day >= p_from - interval '6 days' - (rule.payments - 1) * programme.step
     AND a.day < p_until + interval '6 days'
     AND (p_citizen IS NULL OR a.citizen_id = p_citizen)
    JOIN vouchers_citizen citizen ON citizen.id = a.citizen_id
    CROSS JOIN LATERAL generate_series(0, rule.payments - 1) AS again (number)
    CROSS JOIN LATERAL (SELECT (a.day + again.number * programme.step)::date AS day) counted
    LEFT JOIN limits ON counted.day >= limits.valid_from AND counted.day < coalesce(limits.replaced_on, 'infinity')
), worth AS (
    SELECT done.*,
           CASE WHEN age < minimum_age THEN 'too_young' WHEN is_off THEN 'day_off' WHEN is_later THEN 'not_first'
                ELSE '' END AS no,
           CASE WHEN age < minimum_age OR is_off OR is_later THEN 0
                WHEN measure = 'event' THEN points
                WHEN measure = 'amount' THEN amount * rate / 10000
                WHEN whole_units THEN floor(quantity / unit_size)::bigint * points
                ELSE floor(quantity * points / unit_size)::bigint END AS raw
    FROM done
), by_kind_day AS (
    SELECT *, points.share(raw, points.cap(kind_day, 'day', age)) OVER w AS left_1
    FROM worth WINDOW w AS (PARTITION BY citizen_id, kind_id, day ORDER BY occurred_at, id, repeat)
), by_day AS (
    SELECT *, points.share(left_1, points.cap(programme_day, 'day', age)) OVER w AS left_2
    FROM by_kind_day WINDOW w AS (PARTITION BY citizen_id, day ORDER BY occurred_at, id, repeat)
), by_kind_week AS (
    SELECT *, points.share(left_2, points.cap(kind_week, 'week', age)) OVER w AS left_3
    FROM by_day WINDOW w AS (PARTITION BY citizen_id, kind_id, date_trunc('week', day) ORDER BY day, occurred_at, id, repeat)
), by_week AS (
    SELECT *, points.share(left_3, points.cap(programme_week, 'week', age)) OVER w AS left_4
    FROM by_kind_week WINDOW w AS (PARTITION BY citizen_id, date_trunc('week', day) ORDER BY day, occurred_at, id, repeat)
), by_kind_month AS (
    SELECT *, points.share(left_4, points.cap(kind_month, 'month', age)) OVER w AS left_5
    FROM by_week
    WINDOW w AS (PARTITION BY citizen_id, kind_id, date_trunc('month', counts_on) ORDER BY day, occurred_at, id, repeat)
), by_month AS (
    SELECT *, points.share(left_5, points.cap(programme_month, 'month', age)) OVER w AS left_6
    FROM by_kind_month
    WINDOW w AS (PARTITION BY citizen_id, date_trunc('month', counts_on) ORDER BY day, occurred_at, id, repeat)
), by_kind_year AS (
    SELECT *, points.share(left_6, points.cap(kind_year, 'year', age)) OVER w AS left_7
    FROM by_month
    WINDOW w AS (PARTITION BY citizen_id, kind_id, date_trunc('year', counts_on) ORDER BY day, occurred_at, id, repeat)
), by_year AS (
    SELECT *, points.share(left_7, points.cap(programme_year, 'year', age)) OVER w AS left_8
    FROM by_kind_year
    WINDOW w AS (PARTITION BY citizen_id, date_trunc('year', counts_on) ORDER BY day, occurred_at, id, repeat)
)
SELECT id, repeat, citizen_id, counts_on, raw, left_8,
       CASE WHEN no <> '' THEN no WHEN left_8 < raw THEN 'over_cap' ELSE '' END,
       CASE WHEN left_8 = raw THEN '{}' ELSE jsonb_strip_nulls(jsonb_build_object(
           'kind_day', nullif(raw - left_1, 0), 'programme_day', nullif(left_1 - left_2, 0),
           'kind_week', nullif(left_2 - left_3, 0), 'programme_week', nullif(left_3 - left_4, 0),
           'kind_month', nullif(left_4 - left_5, 0), 'programme_month', nullif(left_5 - left_6, 0),
           'kind_year', nullif(left_6 - left_7, 0), 'programme_year', nullif(left_7 - left_8, 0))) END
FROM by_year WHERE counts_on >= p_from AND counts_on < p_until
$$;

CREATE FUNCTION points.of_citizen(p_municipality varchar, p_citizen uuid, p_from date, p_until date)
RETURNS TABLE (programme varchar, kind varchar, kind_name varchar, activity_id uuid, occurred_at timestamptz,
               counts_on date, raw bigint, points bigint, why text, cuts jsonb, state varchar, paid bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- What a citizen earns by their activities that count in a period, activity by activity, and what of it has been paid.
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    RETURN QUERY
    SELECT programme.name, kind.code, kind.name, a.id, a.occurred_at, e.counts_on, e.raw, e.points, e.why, e.cuts, a.state,
           coalesce((SELECT sum(earning.points)::bigint
                     FROM vouchers_pointearning earning JOIN vouchers_pointrun run ON run.id = earning.run_id
                     WHERE earning.activity_id = a.id AND earning.repeat = e.repeat AND run.state = 'paid'), 0)
    FROM vouchers_pointprogramme programme
    CROSS JOIN LATERAL points.earned(programme.id, date_trunc('year', p_from)::date, p_until, p_citizen) e
    JOIN vouchers_activity a ON a.id = e.activity_id
    JOIN vouchers_activitykind kind ON kind.id = a.kind_id
    WHERE programme.municipality_id = p_municipality AND e.counts_on >= p_from
    ORDER BY a.occurred_at DESC, a.id DESC
    LIMIT 1000;
END $$;

-- Paying --------------------------------------------------------------------------------------------------------

CREATE FUNCTION points.compute(
    p_municipality varchar, p_programme uuid, p_from date, p_until date, p_official uuid, p_at timestamptz
) RETURNS uuid LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Computes, or computes anew while nobody has confirmed it, what a programme pays for a period: everything its
-- activities have earned by the period's end, less what earlier runs paid for them. So an activity that arrived late is
-- paid now, and what was withdrawn since is taken off. Whoever cannot be paid now keeps the points for a later run. What
-- caps took off is noted with the run that looked at the activity first.
DECLARE
    v_run      uuid;
    v_state    text;
    v_since    date;
    v_currency uuid;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    SELECT currency_id, date_trunc('year', p_from - late_days)::date INTO v_currency, v_since
    FROM vouchers_pointprogramme WHERE municipality_id = p_municipality AND id = p_programme FOR NO KEY UPDATE;
    IF v_currency IS NULL THEN
        PERFORM ledger.refuse('not_found');
    END IF;
    SELECT id, state INTO v_run, v_state FROM vouchers_pointrun
    WHERE programme_id = p_programme AND period_from = p_from FOR UPDATE;
    IF v_state <> 'draft' THEN
        PERFORM ledger.refuse('point_run_confirmed');
    END IF;
    IF v_run IS NULL THEN
        v_run := uuidv7();
        INSERT INTO vouchers_pointrun (municipality_id, id, programme_id, period_from, period_until, state, author_id,
                                       computed_at, failure, members, amount, held)
        VALUES (p_municipality, v_run, p_programme, p_from, p_until, 'draft', p_official, p_at, '', 0, 0, 0);
    END IF;
    DELETE FROM vouchers_pointearning WHERE run_id = v_run;
    DELETE FROM vouchers_pointcut WHERE run_id = v_run;
    DELETE FROM vouchers_pointpayment WHERE run_id = v_run;
    WITH now_ AS MATERIALIZED (
        SELECT * FROM points.earned(p_programme, v_since, p_until)
    ), cut AS (
        INSERT INTO vouchers_pointcut (municipality_id, run_id, activity_id, repeat, cap, citizen_id, points)
        SELECT p_municipality, v_run, now_.activity_id, now_.repeat, taken.cap, now_.citizen_id, taken.points::bigint
        FROM now_ CROSS JOIN LATERAL jsonb_each_text(now_.cuts) AS taken (cap, points)
        WHERE now_.counts_on >= p_from
           OR NOT EXISTS (SELECT FROM vouchers_pointcut earlier
                          WHERE earlier.activity_id = now_.activity_id AND earlier.repeat = now_.repeat)
    )
    INSERT INTO vouchers_pointearning (municipality_id, run_id, activity_id, repeat, citizen_id, counts_on, points, worth)
    SELECT p_municipality, v_run, coalesce(now_.activity_id, before.activity_id), coalesce(now_.repeat, before.repeat),
           coalesce(now_.citizen_id, before.citizen_id), coalesce(now_.counts_on, before.counts_on),
           coalesce(now_.points, 0) - coalesce(before.points, 0), coalesce(now_.points, 0)
    FROM now_
    FULL JOIN (
        SELECT earning.activity_id, earning.repeat, earning.citizen_id, max(earning.counts_on) AS counts_on,
               sum(earning.points)::bigint AS points
        FROM vouchers_pointearning earning JOIN vouchers_pointrun run ON run.id = earning.run_id
        WHERE run.programme_id = p_programme AND run.state <> 'draft' AND earning.counts_on >= v_since
        GROUP BY earning.activity_id, earning.repeat, earning.citizen_id
    ) before ON before.activity_id = now_.activity_id AND before.repeat = now_.repeat
    WHERE coalesce(now_.points, 0) <> coalesce(before.points, 0);
    INSERT INTO vouchers_pointpayment (municipality_id, run_id, citizen_id, wallet_id, earned, amount, state, reason, chunk)
    SELECT p_municipality, v_run, due.citizen_id, wallet.id, due.earned,
           CASE WHEN held.reason = '' THEN greatest(0, due.earned - debt.amount) ELSE 0 END,
           CASE WHEN held.reason <> '' THEN 'held' WHEN due.earned - debt.amount > 0 THEN 'due' ELSE 'set_off' END,
           held.reason, 0
    FROM (SELECT earning.citizen_id, sum(earning.points)::bigint AS earned FROM vouchers_pointearning earning
          WHERE earning.run_id = v_run GROUP BY earning.citizen_id) due
    JOIN vouchers_citizen citizen ON citizen.id = due.citizen_id
    LEFT JOIN vouchers_wallet wallet
      ON wallet.municipality_id = p_municipality AND wallet.citizen_id = due.citizen_id AND wallet.currency_id = v_currency
    CROSS JOIN LATERAL (
        SELECT CASE WHEN due.earned <= 0 THEN '' WHEN citizen.status <> 'active' THEN citizen.status
                    WHEN wallet.id IS NULL THEN 'no_wallet'
                    WHEN wallet.status <> 'active' THEN 'wallet_not_active' ELSE '' END AS reason) held
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(payment.amount - payment.earned), 0)::bigint AS amount
        FROM vouchers_pointpayment payment JOIN vouchers_pointrun run ON run.id = payment.run_id
        WHERE payment.citizen_id = due.citizen_id AND run.programme_id = p_programme AND run.state <> 'draft'
          AND payment.state IN ('due', 'paid', 'set_off')) debt;
    DELETE FROM vouchers_pointearning earning USING vouchers_pointpayment payment
    WHERE earning.run_id = v_run AND payment.run_id = v_run AND payment.citizen_id = earning.citizen_id
      AND payment.state = 'held';
    DELETE FROM vouchers_pointcut cut USING vouchers_pointpayment payment
    WHERE cut.run_id = v_run AND payment.run_id = v_run AND payment.citizen_id = cut.citizen_id AND payment.state = 'held';
    UPDATE vouchers_pointrun run
    SET author_id = p_official, computed_at = p_at, members = sums.members, amount = sums.amount, held = sums.held
    FROM (SELECT count(*) FILTER (WHERE state = 'due') AS members, coalesce(sum(amount), 0) AS amount,
                 count(*) FILTER (WHERE state = 'held') AS held
          FROM vouchers_pointpayment WHERE run_id = v_run) sums
    WHERE run.id = v_run;
    RETURN v_run;
END $$;
