-- What payouts say was taken from each shop, paid by the bank and given back is what moved for them, and what is on its way is
-- what no bank has answered for yet. Figure: won put on its way to shops.
WITH said AS (
    SELECT municipality_id, currency_id, merchant_id, 'taken' AS side, amount FROM merchants_payout
    UNION ALL
    SELECT municipality_id, currency_id, merchant_id, 'given back', amount FROM merchants_payout WHERE returned_at IS NOT NULL
    UNION ALL
    SELECT municipality_id, currency_id, NULL, 'paid', amount FROM merchants_payout WHERE paid_at IS NOT NULL
    UNION ALL
    SELECT municipality_id, currency_id, NULL, 'come back', amount FROM merchants_payout
    WHERE paid_at IS NOT NULL AND returned_at IS NOT NULL
    UNION ALL
    SELECT municipality_id, currency_id, NULL, 'on its way', amount FROM merchants_payout WHERE state IN ('queued', 'listed')
), movement AS (
    SELECT journal.municipality_id, journal.currency_id, journal.kind, debit.kind AS debit, credit.kind AS credit,
           coalesce(debit.owner_id, credit.owner_id) AS merchant_id, transfer.amount
    FROM vouchers_journal journal
    JOIN vouchers_transfer transfer
      ON transfer.municipality_id = journal.municipality_id AND transfer.journal_id = journal.id
    JOIN vouchers_account debit
      ON debit.municipality_id = transfer.municipality_id AND debit.id = transfer.debit_account_id
    JOIN vouchers_account credit
      ON credit.municipality_id = transfer.municipality_id AND credit.id = transfer.credit_account_id
    WHERE journal.kind IN ('payout', 'payout_paid', 'payout_returned')
), moved AS (
    SELECT municipality_id, currency_id, merchant_id, 'taken' AS side, amount FROM movement WHERE kind = 'payout'
    UNION ALL
    SELECT municipality_id, currency_id, merchant_id, 'given back', amount FROM movement WHERE kind = 'payout_returned'
    UNION ALL
    SELECT municipality_id, currency_id, NULL, 'paid', amount FROM movement WHERE kind = 'payout_paid'
    UNION ALL
    SELECT municipality_id, currency_id, NULL, 'come back', amount FROM movement
    WHERE kind = 'payout_returned' AND debit = 'bank'
    UNION ALL
    SELECT account.municipality_id, account.currency_id, NULL, 'on its way', (balance.credits - balance.debits)
    FROM vouchers_account account JOIN vouchers_balance balance
      ON balance.municipality_id = account.municipality_id AND balance.account_id = account.id
    WHERE account.kind = 'payout_transit'
), compared AS (
    SELECT side, coalesce(sum(amount) FILTER (WHERE source = 'said'), 0) AS said,
           coalesce(sum(amount) FILTER (WHERE source = 'moved'), 0) AS moved
    FROM (SELECT *, 'said' AS source FROM said UNION ALL SELECT *, 'moved' FROM moved) both_sides
    GROUP BY municipality_id, currency_id, merchant_id, side
)
SELECT coalesce(sum(moved) FILTER (WHERE side = 'taken'), 0)::bigint AS figure,
       coalesce(sum(abs(said - moved)), 0)::bigint AS difference
FROM compared
