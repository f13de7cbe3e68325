-- What a closed day says of each shop is what moved on that day, to the won. Figure: won paid on closed days.
WITH moved AS (
    SELECT municipality_id, account_id, business_date, sum(paid) AS paid, sum(refunded) AS refunded,
           sum(exchanged) AS exchanged
    FROM (
        SELECT municipality_id, credit_account_id AS account_id, business_date, amount AS paid, 0 AS refunded, 0 AS exchanged
        FROM vouchers_transfer WHERE debit_lot_id IS NOT NULL
        UNION ALL
        SELECT municipality_id, debit_account_id, business_date, 0, amount, 0
        FROM vouchers_transfer WHERE credit_lot_id IS NOT NULL
        UNION ALL
        SELECT journal.municipality_id, transfer.debit_account_id, journal.business_date, 0, 0, transfer.amount
        FROM vouchers_journal journal JOIN vouchers_transfer transfer
          ON transfer.municipality_id = journal.municipality_id AND transfer.journal_id = journal.id
        WHERE journal.kind = 'exchange'
    ) side
    GROUP BY municipality_id, account_id, business_date
), closed AS (
    SELECT municipality_id, currency_id, max(business_date) AS through FROM merchants_dayclose GROUP BY 1, 2
), earned AS (
    SELECT moved.municipality_id, account.currency_id, account.owner_id AS merchant_id, moved.business_date,
           moved.paid, moved.refunded, moved.exchanged
    FROM moved
    JOIN vouchers_account account
      ON account.municipality_id = moved.municipality_id AND account.id = moved.account_id
     AND account.kind = 'merchant_pending'
    JOIN closed ON closed.municipality_id = account.municipality_id AND closed.currency_id = account.currency_id
    WHERE moved.business_date <= closed.through
)
SELECT coalesce(sum(line.paid), 0)::bigint AS figure,
       coalesce(sum(abs(coalesce(line.paid, 0) - coalesce(earned.paid, 0))
                    + abs(coalesce(line.refunded, 0) - coalesce(earned.refunded, 0))
                    + abs(coalesce(line.exchanged, 0) - coalesce(earned.exchanged, 0))), 0)::bigint AS difference
FROM merchants_settlementline line
FULL JOIN earned USING (municipality_id, currency_id, merchant_id, business_date)
