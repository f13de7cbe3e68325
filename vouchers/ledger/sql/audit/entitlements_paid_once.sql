-- Every entitlement of a posted chunk became one lot in its wallet, of its amount, and nothing else did: at once, or later
-- out of the money held for it; never one that was stopped, cancelled, returned or paid in cash. Figure: won paid out.
WITH due AS (
    SELECT entitlement.municipality_id, coalesce(unpaid.wallet_id, entitlement.wallet_id) AS wallet_id,
           entitlement.id AS source_id, entitlement.amount
    FROM allowances_disbursementchunk chunk
    JOIN allowances_batch batch ON batch.municipality_id = chunk.municipality_id AND batch.id = chunk.batch_id
    JOIN allowances_entitlement entitlement
      ON entitlement.municipality_id = chunk.municipality_id AND entitlement.batch_id = chunk.batch_id
     AND entitlement.row_number BETWEEN chunk.first_row AND chunk.last_row
    LEFT JOIN allowances_unpaidentitlement unpaid
      ON unpaid.municipality_id = entitlement.municipality_id AND unpaid.entitlement_id = entitlement.id
    WHERE chunk.posted_at IS NOT NULL AND batch.kind <> 'clawback'
      AND NOT entitlement.in_cash AND (unpaid.id IS NULL OR unpaid.state = 'credited')
), paid AS (
    SELECT municipality_id, wallet_id, source_id, granted AS amount FROM vouchers_lot WHERE kind = 'grant'
)
SELECT coalesce(sum(paid.amount), 0)::bigint AS figure,
       coalesce(sum(abs(coalesce(paid.amount, 0) - coalesce(due.amount, 0))), 0)::bigint AS difference
FROM paid FULL JOIN due USING (municipality_id, wallet_id, source_id)
