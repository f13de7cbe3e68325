-- Each batch of payouts is still what was approved: its count, its control total and its digest are those of its rows, two
-- people made and approved it, and each event of the bank moved what its payouts say. Figure: won in batches.
WITH batch AS (
    SELECT batch.amount, batch.payouts, batch.digest, count(payout.id) AS rows, coalesce(sum(payout.amount), 0) AS total,
           sha256(convert_to(coalesce(string_agg(
               jsonb_build_array(payout.line, payout.id, payout.merchant_id, payout.bank, encode(payout.account_number, 'hex'),
                                 payout.holder, payout.amount)::text, E'\n' ORDER BY payout.line), ''), 'UTF8')) AS measured,
           batch.approved_by_id IS NOT DISTINCT FROM batch.made_by_id
               OR batch.sent_at IS NOT NULL AND batch.approved_by_id IS NULL AS one_person
    FROM merchants_payoutbatch batch
    LEFT JOIN merchants_payout payout
      ON payout.municipality_id = batch.municipality_id AND payout.batch_id = batch.id
    GROUP BY batch.municipality_id, batch.id
), event AS (
    SELECT sum(payout.amount)
           - coalesce((SELECT sum(transfer.amount) FROM vouchers_transfer transfer
                       WHERE transfer.municipality_id = payout.municipality_id AND transfer.journal_id = side.journal_id), 0)
           AS difference
    FROM merchants_payout payout,
         LATERAL (SELECT unnest(ARRAY[payout.journal_id, payout.paid_journal_id, payout.returned_journal_id]) AS journal_id) side
    WHERE side.journal_id IS NOT NULL
    GROUP BY payout.municipality_id, side.journal_id
)
SELECT (SELECT coalesce(sum(total), 0) FROM batch)::bigint AS figure,
       ((SELECT coalesce(sum(abs(amount - total) + abs(payouts - rows) + (digest <> measured)::integer + one_person::integer), 0)
         FROM batch)
        + (SELECT coalesce(sum(abs(difference)), 0) FROM event))::bigint AS difference
