-- Deposits of top-ups that were reported (충전 입금) and now stand in a statement: they are in transit no more.

CREATE FUNCTION reconciliation.unclaimed(p_municipality varchar, p_currency uuid) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
-- What is in transit and no top-up waits for any more: lines that paid a part of their top-ups have left it.
BEGIN
    RETURN coalesce((SELECT ledger.in_transit(p_municipality, account.id) FROM vouchers_account account
                     WHERE account.municipality_id = p_municipality AND account.currency_id = p_currency
                       AND account.kind = 'deposit' AND account.owner_id IS NULL), 0)
         - coalesce((SELECT sum(t.paid) FROM vouchers_topup t
                     WHERE t.municipality_id = p_municipality AND t.currency_id = p_currency
                       AND t.completed_at IS NOT NULL AND t.received_line_id IS NULL), 0)::bigint;
END $$;

CREATE FUNCTION reconciliation.deposits_of(
    p_municipality varchar, p_line uuid, p_chosen uuid[], OUT top_ups uuid[], OUT paid bigint, OUT unclaimed bigint
) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Which top-ups a line of the bank is taken for: of p_chosen those that wait, or where that is NULL the oldest that wait,
-- as many as it pays beyond what is unclaimed. paid is their sum.
DECLARE
    v_line vouchers_bankline;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    SELECT * INTO v_line FROM vouchers_bankline WHERE municipality_id = p_municipality AND id = p_line;
    unclaimed := reconciliation.unclaimed(p_municipality, v_line.currency_id);
    SELECT coalesce(array_agg(waiting.id ORDER BY waiting.completed_at, waiting.id), '{}'), coalesce(sum(waiting.paid), 0)
    INTO top_ups, paid
    FROM (SELECT t.id, t.completed_at, t.paid, sum(t.paid) OVER (ORDER BY t.completed_at, t.id) - t.paid AS before
          FROM vouchers_topup t
          WHERE t.municipality_id = p_municipality AND t.currency_id = v_line.currency_id AND t.completed_at IS NOT NULL
            AND t.received_line_id IS NULL AND (p_chosen IS NULL OR t.id = ANY (p_chosen))) waiting
    WHERE p_chosen IS NOT NULL OR waiting.before < v_line.amount - deposits_of.unclaimed;
END $$;

CREATE FUNCTION reconciliation.receive_line(
    p_municipality varchar, p_line uuid, p_top_ups uuid[], p_official uuid, p_at timestamptz
) RETURNS date LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Posts a line of the bank as money that was reported before, and matches it to that; once for each line. Returns the first
-- day that this changes. p_top_ups: those it is known to be, which no other line can be any more. A line may pay less than
-- they come to: what it leaves is unclaimed, and a line that pays more must find the rest there. So all that waits is in
-- transit, always.
DECLARE
    v_line  vouchers_bankline;
    v_id    uuid := ledger.id_at(p_at);
    v_date  date;
    v_count bigint;
    v_paid  bigint;
    v_free  bigint;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    SELECT * INTO v_line FROM vouchers_bankline WHERE municipality_id = p_municipality AND id = p_line;
    PERFORM reconciliation.hold(p_municipality, v_line.currency_id);
    IF EXISTS (SELECT FROM vouchers_bankmatch match WHERE match.line_id = p_line AND match.undone_at IS NULL)
       OR EXISTS (SELECT FROM vouchers_journal journal
                  WHERE journal.municipality_id = p_municipality AND journal.reference = p_line AND journal.kind = 'receive') THEN
        PERFORM ledger.refuse('match_conflict');
    END IF;
    WITH marked AS (
        UPDATE vouchers_topup SET received_line_id = p_line
        WHERE municipality_id = p_municipality AND currency_id = v_line.currency_id AND id = ANY (p_top_ups)
          AND completed_at IS NOT NULL AND received_line_id IS NULL
        RETURNING paid
    )
    SELECT count(*), coalesce(sum(paid), 0) INTO v_count, v_paid FROM marked;
    IF v_count <> cardinality(p_top_ups) THEN
        PERFORM ledger.refuse('match_conflict');
    ELSIF v_line.amount > v_paid THEN
        v_free := reconciliation.unclaimed(p_municipality, v_line.currency_id);
        IF v_line.amount > v_free THEN
            PERFORM ledger.refuse('line_not_covered', jsonb_build_object('line', v_line.amount, 'covered', v_free));
        END IF;
    END IF;
    v_date := ledger.receive(p_municipality, v_id, v_line.currency_id, p_line, v_line.amount, p_at);
    INSERT INTO vouchers_bankmatch (municipality_id, id, currency_id, line_id, journal_id, amount, line_day, business_date,
                                    matched_by_id, matched_at)
    VALUES (p_municipality, uuidv7(), v_line.currency_id, p_line, v_id, v_line.amount, v_line.day, v_date, p_official, p_at);
    RETURN least(v_line.day, v_date);
END $$;

CREATE FUNCTION reconciliation.receive_reported(
    p_municipality varchar, p_currency uuid, p_at timestamptz, OUT first date, OUT received integer
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Receives every open line that is reported deposits: those whose bank reference stands in its text, or else all that one
-- partner reported on one day that is over, at most a week apart. What could be several of these is left to an official.
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
            WHERE day < (p_at AT TIME ZONE 'Asia/Seoul')::date
            GROUP BY depositor_id, day HAVING sum(paid) = v_line.amount
        )
        SELECT coalesce((SELECT ids FROM named), (SELECT ids FROM daily WHERE choices = 1)) INTO v_top_ups;
        CONTINUE WHEN v_top_ups IS NULL;
        first := least(first, reconciliation.receive_line(p_municipality, v_line.id, v_top_ups, NULL, p_at));
        received := received + 1;
    END LOOP;
END $$;
