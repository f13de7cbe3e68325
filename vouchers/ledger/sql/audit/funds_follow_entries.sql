-- What came to each fund for benefits and left it again at the bank is what officials entered. Figure: won of all funds.
WITH moved AS (
    SELECT account.municipality_id, account.owner_id AS fund_id,
           sum(CASE WHEN transfer.credit_account_id = account.id THEN transfer.amount ELSE -transfer.amount END) AS amount
    FROM vouchers_journal journal
    JOIN vouchers_transfer transfer
      ON transfer.municipality_id = journal.municipality_id AND transfer.journal_id = journal.id
    JOIN vouchers_account account ON account.municipality_id = transfer.municipality_id
     AND account.id IN (transfer.credit_account_id, transfer.debit_account_id) AND account.kind = 'benefit'
    WHERE journal.kind = 'endow'
    GROUP BY 1, 2
), entered AS (
    SELECT municipality_id, fund_id, sum(amount) AS amount FROM vouchers_fundentry GROUP BY 1, 2
)
SELECT coalesce(sum(moved.amount), 0)::bigint AS figure,
       coalesce(sum(abs(coalesce(moved.amount, 0) - coalesce(entered.amount, 0))), 0)::bigint AS difference
FROM moved FULL JOIN entered USING (municipality_id, fund_id)
