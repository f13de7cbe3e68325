-- The ledger's side of the daily reconciliation: what moved on each kind of account, day by day.
--
-- A day is summed up once, when it is closed and nothing can be added to it any more; its rows are never changed. They
-- can be worked out again from the movements at any time, which the audit does (daily_sums_follow_transfers).

CREATE SCHEMA reconciliation;

CREATE TABLE vouchers_dailysum (
    municipality_id varchar(5) NOT NULL,
    currency_id     uuid NOT NULL,
    business_date   date NOT NULL,
    kind            text NOT NULL,
    debits          bigint NOT NULL,
    credits         bigint NOT NULL,
    balance         bigint NOT NULL,             -- credits less debits up to the end of that day
    CONSTRAINT dailysum_pkey PRIMARY KEY (municipality_id, currency_id, business_date, kind),
    CONSTRAINT dailysum_not_negative CHECK (debits >= 0 AND credits >= 0)
);
CREATE INDEX dailysum_by_day ON vouchers_dailysum (municipality_id, business_date);
CREATE TRIGGER dailysum_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON vouchers_dailysum
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

CREATE FUNCTION reconciliation.next_day(p_municipality varchar) RETURNS date
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    -- The first day that is not summed up yet: the day after the last one, or the day of the first movement. Ids begin
    -- with their time, and a movement's day is that of its id or the next, so the first two days hold the earliest.
    SELECT coalesce(
        (SELECT max(business_date) + 1 FROM vouchers_dailysum WHERE municipality_id = p_municipality),
        (SELECT min(t.business_date)
         FROM (SELECT journal_id FROM vouchers_transfer WHERE municipality_id = p_municipality
               ORDER BY journal_id LIMIT 1) first
         JOIN vouchers_transfer t ON t.municipality_id = p_municipality
          AND t.journal_id < ledger.uuid_floor(uuid_extract_timestamp(first.journal_id) + interval '2 days')))
$$;

CREATE FUNCTION reconciliation.sum_day(p_municipality varchar, p_date date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Sums up a closed day of all currencies; returns the number of its rows, 0 for a day that was summed up before. Days come
-- one after the other. The caller has waited for the transactions from before the fence (ledger.transactions_ended).
-- The day's movements are found by their ids, as the day close does it, with two days more on either side: what is not a
-- payment may carry an id that was made some hours before or after the time it counts for.
DECLARE
    v_next date;
    v_rows integer;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    PERFORM pg_advisory_xact_lock(hashtext('reconciliation.sum_day'), hashtext(p_municipality));
    IF NOT EXISTS (SELECT FROM vouchers_businessclose
                   WHERE municipality_id = p_municipality AND closed_through >= p_date) THEN
        PERFORM ledger.refuse('day_not_fenced');
    END IF;
    v_next := reconciliation.next_day(p_municipality);
    IF v_next IS NULL OR p_date < v_next THEN
        RETURN 0;
    ELSIF p_date > v_next THEN
        PERFORM ledger.refuse('day_out_of_order', jsonb_build_object('next', v_next));
    END IF;
    WITH movement AS (
        SELECT debit_account_id, credit_account_id, sum(amount)::bigint AS amount
        FROM vouchers_transfer
        WHERE municipality_id = p_municipality AND business_date = p_date
          AND journal_id >= ledger.uuid_floor((p_date - 2)::timestamp AT TIME ZONE 'Asia/Seoul')
          AND journal_id < ledger.uuid_floor((p_date + 3)::timestamp AT TIME ZONE 'Asia/Seoul')
        GROUP BY 1, 2
    ), side AS (
        SELECT debit_account_id AS account_id, amount AS debit, 0 AS credit FROM movement
        UNION ALL
        SELECT credit_account_id, 0, amount FROM movement
    ), today AS (
        SELECT account.currency_id, account.kind, sum(side.debit)::bigint AS debits, sum(side.credit)::bigint AS credits
        FROM side JOIN vouchers_account account
          ON account.municipality_id = p_municipality AND account.id = side.account_id
        GROUP BY 1, 2
    ), before AS (
        SELECT currency_id, kind, balance FROM vouchers_dailysum
        WHERE municipality_id = p_municipality AND business_date = p_date - 1
    )
    INSERT INTO vouchers_dailysum (municipality_id, currency_id, business_date, kind, debits, credits, balance)
    SELECT p_municipality, currency_id, p_date, kind, coalesce(debits, 0), coalesce(credits, 0),
           coalesce(before.balance, 0) + coalesce(credits, 0) - coalesce(debits, 0)
    FROM today FULL JOIN before USING (currency_id, kind);
    GET DIAGNOSTICS v_rows = ROW_COUNT;
    RETURN v_rows;
END $$;

-- A match is undone, and nothing else about it ever changes.
CREATE TRIGGER bankmatch_is_immutable
    BEFORE DELETE OR TRUNCATE OR UPDATE OF municipality_id, id, currency_id, line_id, journal_id, amount, line_day,
        business_date, matched_by_id, matched_at
    ON vouchers_bankmatch FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
