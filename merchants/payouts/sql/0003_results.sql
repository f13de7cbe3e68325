-- What the bank says of payouts, each of which it may say again, in any file and in any order.

CREATE FUNCTION payouts.record(
    p_municipality varchar, p_result uuid, p_kind text, p_file_name text, p_digest bytea, p_account text, p_sequence bigint,
    p_first_day date, p_last_day date, p_opening bigint, p_closing bigint, p_gap text, p_gap_amount bigint, p_ids text[],
    p_payouts uuid[], p_outcomes text[], p_reasons text[], p_mend boolean[], p_amounts bigint[], p_official uuid,
    p_at timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan AS $$
-- Line n speaks of the payout p_payouts[n] (NULL: of none that is known):
--   paid      it left the operating account
--   rejected  it never did: its money is settled again
--   returned  it did, and came back: its money is settled again
--   noted     nothing that moves money
-- What was said before is repeated and changes nothing. What cannot be after what was said before, or speaks of another
-- amount, is a conflict: it is told, and moves nothing.
DECLARE
    v_due    record;
    v_event  uuid;
    v_back   uuid[] := '{}';
    v_events uuid[] := '{}';
BEGIN
    PERFORM payouts.hold(p_municipality);
    IF EXISTS (SELECT FROM merchants_payoutresult WHERE municipality_id = p_municipality AND digest = p_digest) THEN
        PERFORM ledger.refuse('payout_result_known');
    END IF;
    FOR v_due IN
        SELECT payout.currency_id, array_agg(DISTINCT payout.merchant_id) AS merchants FROM merchants_payout payout
        WHERE payout.municipality_id = p_municipality AND payout.id = ANY (p_payouts)
        GROUP BY payout.currency_id ORDER BY payout.currency_id
    LOOP
        PERFORM ledger.hold_settled(p_municipality, v_due.currency_id, v_due.merchants);
    END LOOP;
    -- Of several lines that say the same of a payout, the first one counts that tells its amount; of a payment and its return, both do.
    WITH said AS (
        SELECT i.*, payout.id AS known, payout.state, payout.paid_at, batch.sent_at,
               payout.amount <> coalesce(i.amount, payout.amount) AS differs,
               row_number() OVER (PARTITION BY payout.id, i.outcome, payout.amount <> coalesce(i.amount, payout.amount)
                                  ORDER BY i.line) AS nth,
               bool_or(i.outcome IN ('paid', 'returned')) OVER (PARTITION BY payout.id) AS left_bank
        FROM unnest(p_ids, p_payouts, p_outcomes, p_reasons, p_amounts)
             WITH ORDINALITY AS i (said_id, payout_id, outcome, reason, amount, line)
        LEFT JOIN merchants_payout payout ON payout.municipality_id = p_municipality AND payout.id = i.payout_id
        LEFT JOIN merchants_payoutbatch batch ON batch.municipality_id = p_municipality AND batch.id = payout.batch_id
    )
    INSERT INTO merchants_payoutresultline (municipality_id, result_id, line, said_id, payout_id, outcome, reason, amount, effect)
    SELECT p_municipality, p_result, line, left(said_id, 70), known, outcome, left(reason, 35), amount,
           CASE WHEN known IS NULL OR sent_at IS NULL THEN 'unknown'
                WHEN outcome = 'noted' THEN 'noted'
                WHEN differs THEN 'conflict'
                WHEN nth > 1 THEN 'repeated'
                WHEN outcome = 'paid' THEN
                    CASE WHEN state = 'listed' THEN 'applied' WHEN paid_at IS NOT NULL THEN 'repeated' ELSE 'conflict' END
                WHEN outcome = 'returned' THEN
                    CASE WHEN state IN ('listed', 'paid') THEN 'applied' WHEN paid_at IS NOT NULL THEN 'repeated' ELSE 'conflict' END
                ELSE  -- rejected
                    CASE WHEN left_bank OR paid_at IS NOT NULL THEN 'conflict'
                         WHEN state = 'listed' THEN 'applied' ELSE 'repeated' END
           END
    FROM said;
    -- Paid, also where only the return is told: one movement at the bank for each batch.
    FOR v_due IN
        SELECT payout.batch_id, payout.currency_id, sum(payout.amount)::bigint AS amount, array_agg(payout.id) AS payouts
        FROM merchants_payout payout
        WHERE payout.municipality_id = p_municipality AND payout.state = 'listed'
          AND payout.id IN (SELECT line.payout_id FROM merchants_payoutresultline line
                            WHERE line.municipality_id = p_municipality AND line.result_id = p_result
                              AND line.effect = 'applied' AND line.outcome IN ('paid', 'returned'))
        GROUP BY payout.batch_id, payout.currency_id ORDER BY payout.batch_id
    LOOP
        v_event := ledger.id_at(p_at);
        PERFORM ledger.payout_paid(p_municipality, v_event, v_due.currency_id, v_due.batch_id, v_due.amount, p_at);
        UPDATE merchants_payout SET state = 'paid', paid_at = p_at, paid_journal_id = v_event
        WHERE municipality_id = p_municipality AND id = ANY (v_due.payouts);
    END LOOP;
    -- Not paid: together for each batch, out of what was on its way. Come back: each for itself, as the bank shows it.
    FOR v_due IN
        SELECT payout.batch_id, payout.currency_id, payout.paid_at IS NOT NULL AS from_bank,
               array_agg(payout.id ORDER BY payout.line) AS payouts,
               array_agg(payout.merchant_id ORDER BY payout.line) AS merchants,
               array_agg(payout.amount ORDER BY payout.line) AS amounts
        FROM merchants_payout payout
        WHERE payout.municipality_id = p_municipality AND payout.state IN ('listed', 'paid')
          AND payout.id IN (SELECT line.payout_id FROM merchants_payoutresultline line
                            WHERE line.municipality_id = p_municipality AND line.result_id = p_result
                              AND line.effect = 'applied' AND line.outcome IN ('rejected', 'returned'))
        GROUP BY payout.batch_id, payout.currency_id, payout.paid_at IS NOT NULL,
                 CASE WHEN payout.paid_at IS NOT NULL THEN payout.id END
        ORDER BY from_bank, payout.batch_id
    LOOP
        v_event := ledger.id_at(p_at);
        PERFORM ledger.payout_returned(p_municipality, v_event, v_due.currency_id, v_due.from_bank, v_due.batch_id,
                                       v_due.merchants, v_due.amounts, p_at);
        v_back := v_back || v_due.payouts;
        v_events := v_events || array_fill(v_event, ARRAY[cardinality(v_due.payouts)]);
    END LOOP;
    UPDATE merchants_payout payout
    SET state = 'returned', returned_at = p_at, returned_journal_id = back.event, reason = said.reason,
        needs_mending = p_mend[said.line]
    FROM unnest(v_back, v_events) AS back (payout_id, event)
    JOIN merchants_payoutresultline said
      ON said.municipality_id = p_municipality AND said.result_id = p_result AND said.payout_id = back.payout_id
     AND said.effect = 'applied' AND said.outcome IN ('rejected', 'returned')
    WHERE payout.municipality_id = p_municipality AND payout.id = back.payout_id;
    UPDATE merchants_payoutbatch batch SET state = 'done', done_at = p_at
    WHERE batch.municipality_id = p_municipality AND batch.state = 'sent'
      AND NOT EXISTS (SELECT FROM merchants_payout payout
                      WHERE payout.municipality_id = p_municipality AND payout.batch_id = batch.id AND payout.state = 'listed');
    INSERT INTO merchants_payoutresult (municipality_id, id, kind, file_name, digest, uploaded_by_id, uploaded_at, paid,
        returned, repeated, noted, unknown, conflicts, account, sequence, first_day, last_day, opening, closing, gap, gap_amount)
    SELECT p_municipality, p_result, p_kind, p_file_name, p_digest, p_official, p_at,
           count(*) FILTER (WHERE effect = 'applied' AND outcome = 'paid'),
           count(*) FILTER (WHERE effect = 'applied' AND outcome <> 'paid'),
           count(*) FILTER (WHERE effect = 'repeated'), count(*) FILTER (WHERE effect = 'noted'),
           count(*) FILTER (WHERE effect = 'unknown'), count(*) FILTER (WHERE effect = 'conflict'),
           p_account, p_sequence, p_first_day, p_last_day, p_opening, p_closing, p_gap, p_gap_amount
    FROM merchants_payoutresultline WHERE municipality_id = p_municipality AND result_id = p_result;
END $$;
