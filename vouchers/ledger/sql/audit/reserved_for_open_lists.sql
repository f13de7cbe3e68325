-- The budget set aside is what the lists on their way still have to pay, rows that were stopped included until their chunk's turn. Figure: won set aside.
WITH list AS (
    SELECT batch.municipality_id, cycle.programme_id, batch.amount_total - coalesce(sum(chunk.amount), 0) AS amount
    FROM allowances_batch batch
    JOIN allowances_cycle cycle ON cycle.id = batch.cycle_id
    LEFT JOIN allowances_disbursementchunk chunk
      ON chunk.municipality_id = batch.municipality_id AND chunk.batch_id = batch.id AND chunk.posted_at IS NOT NULL
    WHERE batch.state IN ('submitted', 'approved', 'scheduled', 'paying', 'paused', 'paid') AND batch.kind <> 'clawback'
    GROUP BY batch.id, cycle.programme_id
), due AS (
    SELECT municipality_id, programme_id, sum(amount) AS amount FROM list GROUP BY municipality_id, programme_id
), kept AS (
    SELECT account.municipality_id, account.owner_id AS programme_id, balance.reserved AS amount
    FROM vouchers_balance balance JOIN vouchers_account account
      ON account.municipality_id = balance.municipality_id AND account.id = balance.account_id
    WHERE balance.reserved <> 0 AND account.kind <> 'benefit'
)
SELECT coalesce(sum(kept.amount), 0)::bigint AS figure,
       coalesce(sum(abs(coalesce(kept.amount, 0) - coalesce(due.amount, 0))), 0)::bigint AS difference
FROM kept FULL JOIN due USING (municipality_id, programme_id)
