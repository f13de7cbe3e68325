-- What each event moved to or from unclaimed money and cash is what the lists say of the rows that were held, claimed,
-- given back or paid in cash; and each posted chunk is the sum of its rows. Figure: won held for people now.
WITH moved AS (
    SELECT transfer.municipality_id, transfer.journal_id, account.kind,
           sum(CASE WHEN account.id = transfer.credit_account_id THEN transfer.amount ELSE -transfer.amount END) AS amount
    FROM vouchers_account account
    JOIN vouchers_transfer transfer
      ON transfer.municipality_id = account.municipality_id
     AND account.id IN (transfer.credit_account_id, transfer.debit_account_id)
    WHERE account.kind IN ('unclaimed', 'cash')
    GROUP BY transfer.municipality_id, transfer.journal_id, account.kind
), row AS (
    SELECT entitlement.municipality_id, chunk.batch_id, chunk.number, chunk.journal_id, chunk.is_cancelled,
           entitlement.amount, entitlement.in_cash AND unpaid.id IS NULL AS in_cash
    FROM allowances_disbursementchunk chunk
    JOIN allowances_batch batch ON batch.municipality_id = chunk.municipality_id AND batch.id = chunk.batch_id
    JOIN allowances_entitlement entitlement
      ON entitlement.municipality_id = chunk.municipality_id AND entitlement.batch_id = chunk.batch_id
     AND entitlement.row_number BETWEEN chunk.first_row AND chunk.last_row
    LEFT JOIN allowances_unpaidentitlement unpaid
      ON unpaid.municipality_id = entitlement.municipality_id AND unpaid.entitlement_id = entitlement.id
    WHERE chunk.posted_at IS NOT NULL AND batch.kind <> 'clawback'
), said AS (
    SELECT municipality_id, journal_id, kind, sum(amount) AS amount
    FROM (
        SELECT municipality_id, journal_id, 'unclaimed' AS kind, amount
        FROM allowances_unpaidentitlement WHERE journal_id IS NOT NULL
        UNION ALL
        SELECT municipality_id, ended_journal_id, 'unclaimed', -amount
        FROM allowances_unpaidentitlement WHERE ended_journal_id IS NOT NULL
        UNION ALL
        SELECT municipality_id, journal_id, 'cash', amount FROM row WHERE in_cash AND NOT is_cancelled
    ) line
    GROUP BY municipality_id, journal_id, kind
), chunk AS (
    SELECT chunk.amount, coalesce(sum(row.amount), 0) AS rows
    FROM allowances_disbursementchunk chunk
    JOIN allowances_batch batch ON batch.municipality_id = chunk.municipality_id AND batch.id = chunk.batch_id
    LEFT JOIN row ON row.municipality_id = chunk.municipality_id AND row.batch_id = chunk.batch_id
                 AND row.number = chunk.number
    WHERE chunk.posted_at IS NOT NULL AND batch.kind <> 'clawback'
    GROUP BY chunk.municipality_id, chunk.batch_id, chunk.number, chunk.amount
)
SELECT (SELECT coalesce(sum(amount), 0) FROM allowances_unpaidentitlement WHERE state = 'held')::bigint AS figure,
       ((SELECT coalesce(sum(abs(coalesce(moved.amount, 0) - coalesce(said.amount, 0))), 0)
         FROM moved FULL JOIN said USING (municipality_id, journal_id, kind))
        + (SELECT coalesce(sum(abs(amount - rows)), 0) FROM chunk))::bigint AS difference
