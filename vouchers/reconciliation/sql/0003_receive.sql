-- Deposits of top-ups that were reported (충전 입금) and now stand in a statement: they are in transit no more.

CREATE FUNCTION reconciliation.receive_line(
    p_municipality varchar, p_line uuid, p_top_ups uuid[], p_official uuid, p_at timestamptz
) RETURNS date LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Posts a line of the bank as money that was reported before, and matches it to that; once for each line. Returns the first
-- day that this changes. p_top_ups: those it is known to be, which no other line can be any more.
DECLARE
    v_line vouchers_bankline;
    v_id   uuid := ledger.id_at(p_at);
    v_date date;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    SELECT * INTO v_line FROM vouchers_bankline WHERE municipality_id = p_municipality AND id = p_line;
    PERFORM reconciliation.hold(p_municipality, v_line.currency_id);
    IF EXISTS (SELECT FROM vouchers_bankmatch match WHERE match.line_id = p_line AND match.undone_at IS NULL)
       OR EXISTS (SELECT FROM vouchers_journal journal
                  WHERE journal.municipality_id = p_municipality AND journal.reference = p_line AND journal.kind = 'receive') THEN
        PERFORM ledger.refuse('match_conflict');
    END IF;
    v_date := ledger.receive(p_municipality, v_id, v_line.currency_id, p_line, v_line.amount, p_at);
    INSERT INTO vouchers_bankmatch (municipality_id, id, currency_id, line_id, journal_id, amount, line_day, business_date,
                                    matched_by_id, matched_at)
    VALUES (p_municipality, uuidv7(), v_line.currency_id, p_line, v_id, v_line.amount, v_line.day, v_date, p_official, p_at);
    UPDATE vouchers_topup SET received_line_id = p_line
    WHERE municipality_id = p_municipality AND id = ANY (p_top_ups) AND received_line_id IS NULL;
    RETURN least(v_line.day, v_date);
END $$;

CREATE FUNCTION reconciliation.receive_reported(
    p_municipality varchar, p_currency uuid, p_at timestamptz, OUT first date, OUT received integer
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Receives every open line that is reported deposits: those whose bank reference stands in its text, or else all that one
-- partner reported on one day, at most a week apart. What could be several of these is left to an official.
DECLARE
    v_line    record;
    v_top_ups uuid[];
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    PERFORM reconciliation.hold(p_municipality, p_currency);
    received := 0;
    FOR v_line IN
        SELECT line.id, line.day, line.amount, line.memo FROM vouchers_bankline line
        WHERE line.municipality_id = p_municipality AND line.currency_id = p_currency AND line.amount > 0
          AND line.day >= (SELECT min(t.completed_at AT TIME ZONE 'Asia/Seoul')::date - 7 FROM vouchers_topup t
                           WHERE t.municipality_id = p_municipality AND t.currency_id = p_currency
                             AND t.completed_at IS NOT NULL AND t.received_line_id IS NULL)
          AND NOT EXISTS (SELECT FROM vouchers_bankmatch match WHERE match.line_id = line.id AND match.undone_at IS NULL)
        ORDER BY line.day, line.id
    LOOP
        WITH waiting AS (
            SELECT t.id, t.paid, t.depositor_id, t.deposit_reference, (t.completed_at AT TIME ZONE 'Asia/Seoul')::date AS day
            FROM vouchers_topup t
            WHERE t.municipality_id = p_municipality AND t.currency_id = p_currency AND t.completed_at IS NOT NULL
              AND t.received_line_id IS NULL
              AND t.completed_at >= (v_line.day - 7)::timestamp AT TIME ZONE 'Asia/Seoul'
              AND t.completed_at < (v_line.day + 8)::timestamp AT TIME ZONE 'Asia/Seoul'
        ), named AS (
            SELECT array_agg(id) AS ids FROM waiting
            WHERE deposit_reference = ANY (regexp_split_to_array(v_line.memo, '[[:space:]·]+'))
            HAVING sum(paid) = v_line.amount
        ), daily AS (
            SELECT array_agg(id) AS ids, count(*) OVER () AS choices FROM waiting
            GROUP BY depositor_id, day HAVING sum(paid) = v_line.amount
        )
        SELECT coalesce((SELECT ids FROM named), (SELECT ids FROM daily WHERE choices = 1)) INTO v_top_ups;
        CONTINUE WHEN v_top_ups IS NULL OR v_line.amount > ledger.in_transit(
            p_municipality, ledger.account(p_municipality, p_currency, 'deposit', NULL));
        first := least(first, reconciliation.receive_line(p_municipality, v_line.id, v_top_ups, NULL, p_at));
        received := received + 1;
    END LOOP;
END $$;
