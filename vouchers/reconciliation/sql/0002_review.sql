-- The two sides of the daily reconciliation next to each other.

CREATE FUNCTION reconciliation.hold(p_municipality varchar, p_currency uuid) RETURNS void LANGUAGE sql AS $$
    -- Keeps the figures of a currency as they are until the transaction ends.
    SELECT pg_advisory_xact_lock(hashtext('reconciliation.review'), hashtext(p_municipality || p_currency::text))
$$;

CREATE FUNCTION reconciliation.movements(p_municipality varchar, p_currency uuid, p_from date, p_until date)
RETURNS TABLE (journal_id uuid, business_date date, amount bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    -- What moved on the operating bank account in the ledger, a row for each event: money in positive, money out negative.
    SELECT t.journal_id, t.business_date, sum(CASE bank.id WHEN t.debit_account_id THEN t.amount ELSE -t.amount END)::bigint
    FROM vouchers_account bank
    CROSS JOIN LATERAL (
        SELECT * FROM vouchers_transfer
        WHERE municipality_id = p_municipality AND debit_account_id = bank.id AND debit_lot_id IS NULL
          AND vouchers_transfer.business_date BETWEEN p_from AND p_until
        UNION ALL
        SELECT * FROM vouchers_transfer
        WHERE municipality_id = p_municipality AND credit_account_id = bank.id AND debit_lot_id IS NULL
          AND credit_lot_id IS NULL              -- money that leaves the bank comes into no wallet: read by transfer_by_credit
          AND vouchers_transfer.business_date BETWEEN p_from AND p_until) t
    WHERE bank.municipality_id = p_municipality AND bank.currency_id = p_currency AND bank.kind = 'bank'
      AND bank.owner_id IS NULL                  -- found by the key; a city has an account for each wallet
      AND bank.municipality_id = ANY (string_to_array(current_setting('app.municipalities', true), ','))
    GROUP BY 1, 2
$$;

CREATE FUNCTION reconciliation.review(p_municipality varchar, p_currency uuid, p_from date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Works out the figures of every closed day from p_from on, which is the first day that something has changed; returns how
-- many days these are. Each day adds to the day before it:
--   timing          what both sides have, one of them on a later day: the bank is ahead (+) or behind (−)
--   open_lines      lines of the bank that no movement of the ledger matches
--   open_movements  movements of the ledger that no line of the bank matches
-- A reconciliation begins with the first day of the first statement: what was before is in its opening balance.
DECLARE
    v_begin date;
    v_base  vouchers_dayreview;
    v_days  integer;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    PERFORM reconciliation.hold(p_municipality, p_currency);
    SELECT min(day) INTO v_begin FROM vouchers_bankday
    WHERE municipality_id = p_municipality AND currency_id = p_currency;
    -- Without the day before, everything is worked out; so also when an earlier statement moves the beginning.
    SELECT * INTO v_base FROM vouchers_dayreview
    WHERE municipality_id = p_municipality AND currency_id = p_currency AND business_date = p_from - 1
      AND v_begin < p_from;
    IF v_base.id IS NULL THEN
        p_from := '-infinity';
    END IF;
    WITH day AS (
        SELECT sums.business_date, -sum(sums.balance) FILTER (WHERE sums.kind = 'bank') AS ledger,
               (SELECT balance FROM vouchers_bankday bank
                WHERE bank.municipality_id = p_municipality AND bank.currency_id = p_currency
                  AND bank.day = sums.business_date
                ORDER BY bank.statement_id DESC LIMIT 1) AS bank
        FROM vouchers_dailysum sums
        WHERE sums.municipality_id = p_municipality AND sums.currency_id = p_currency AND sums.business_date >= p_from
        GROUP BY sums.business_date
    ), change AS (
        SELECT match.line_day AS business_date, match.amount AS timing, 0 AS lines, 0 AS movements
        FROM vouchers_bankmatch match
        WHERE match.municipality_id = p_municipality AND match.currency_id = p_currency AND match.undone_at IS NULL
          AND match.line_day >= p_from
        UNION ALL
        SELECT match.business_date, -match.amount, 0, 0
        FROM vouchers_bankmatch match
        WHERE match.municipality_id = p_municipality AND match.currency_id = p_currency AND match.undone_at IS NULL
          AND match.business_date >= p_from
        UNION ALL
        SELECT line.day, 0, line.amount, 0
        FROM vouchers_bankline line
        WHERE line.municipality_id = p_municipality AND line.currency_id = p_currency AND line.day >= p_from
          AND NOT EXISTS (SELECT FROM vouchers_bankmatch match WHERE match.line_id = line.id AND match.undone_at IS NULL)
        UNION ALL
        SELECT movement.business_date, 0, 0, movement.amount
        FROM reconciliation.movements(p_municipality, p_currency, greatest(p_from, v_begin), 'infinity') movement
        WHERE NOT EXISTS (SELECT FROM vouchers_bankmatch match
                          WHERE match.municipality_id = p_municipality AND match.journal_id = movement.journal_id
                            AND match.undone_at IS NULL)
    ), daily AS (
        SELECT business_date, sum(timing) AS timing, sum(lines) AS lines, sum(movements) AS movements
        FROM change GROUP BY business_date
    ), figures AS (
        SELECT day.business_date, day.bank, coalesce(day.ledger, 0)::bigint AS ledger,
               (coalesce(v_base.timing, 0) + sum(coalesce(daily.timing, 0)) OVER so_far)::bigint AS timing,
               (coalesce(v_base.open_lines, 0) + sum(coalesce(daily.lines, 0)) OVER so_far)::bigint AS lines,
               (coalesce(v_base.open_movements, 0) + sum(coalesce(daily.movements, 0)) OVER so_far)::bigint AS movements
        FROM day LEFT JOIN daily USING (business_date)
        WINDOW so_far AS (ORDER BY day.business_date)
    )
    INSERT INTO vouchers_dayreview AS review (municipality_id, id, currency_id, business_date, bank_balance, ledger_balance,
                                              timing, open_lines, open_movements, unexplained)
    SELECT p_municipality, uuidv7(), p_currency, business_date, bank, ledger, timing, lines, movements,
           bank - ledger - timing
    FROM figures
    ON CONFLICT ON CONSTRAINT day_review_once DO UPDATE
    SET bank_balance = excluded.bank_balance, ledger_balance = excluded.ledger_balance, timing = excluded.timing,
        open_lines = excluded.open_lines, open_movements = excluded.open_movements, unexplained = excluded.unexplained;
    GET DIAGNOSTICS v_days = ROW_COUNT;
    RETURN v_days;
END $$;

CREATE FUNCTION reconciliation.match_equal(
    p_municipality varchar, p_currency uuid, p_at timestamptz, OUT first date, OUT matched integer
) LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
-- Pairs lines of the bank with movements of the ledger of the same amount, at most a week apart: of equal ones the first
-- with the first, and so on. Returns the first day that this changes (NULL: nothing matched) and how many matched.
BEGIN
    PERFORM reconciliation.hold(p_municipality, p_currency);
    WITH line AS (
        SELECT line.id, line.day, line.amount,
               row_number() OVER (PARTITION BY line.amount ORDER BY line.day, line.id) AS nth
        FROM vouchers_bankline line
        WHERE line.municipality_id = p_municipality AND line.currency_id = p_currency
          AND NOT EXISTS (SELECT FROM vouchers_bankmatch match WHERE match.line_id = line.id AND match.undone_at IS NULL)
    ), bounds AS (
        SELECT min(day) - 7 AS since, max(day) + 7 AS until FROM line
    ), movement AS (
        SELECT movement.journal_id, movement.business_date, movement.amount,
               row_number() OVER (PARTITION BY movement.amount ORDER BY movement.business_date, movement.journal_id) AS nth
        FROM bounds CROSS JOIN LATERAL reconciliation.movements(p_municipality, p_currency, bounds.since, bounds.until) movement
        WHERE NOT EXISTS (SELECT FROM vouchers_bankmatch match
                          WHERE match.municipality_id = p_municipality AND match.journal_id = movement.journal_id
                            AND match.undone_at IS NULL)
          AND EXISTS (SELECT FROM line
                      WHERE line.amount = movement.amount AND abs(line.day - movement.business_date) <= 7)
    ), made AS (
        INSERT INTO vouchers_bankmatch (municipality_id, id, currency_id, line_id, journal_id, amount, line_day,
                                        business_date, matched_at)
        SELECT p_municipality, uuidv7(), p_currency, line.id, movement.journal_id, movement.amount, line.day,
               movement.business_date, p_at
        FROM line JOIN movement USING (amount, nth)
        WHERE abs(line.day - movement.business_date) <= 7
        RETURNING least(line_day, business_date) AS since
    )
    SELECT min(made.since), count(*) INTO match_equal.first, match_equal.matched FROM made;
END $$;
