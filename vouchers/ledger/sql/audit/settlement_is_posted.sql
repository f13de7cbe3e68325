-- What the closed days owe each shop is what moved to its settled account. Figure: won settled.
WITH owed AS (
    SELECT municipality_id, currency_id, merchant_id, sum(payable) AS amount
    FROM merchants_settlementline GROUP BY municipality_id, currency_id, merchant_id
), settled AS (
    SELECT account.municipality_id, account.currency_id, account.owner_id AS merchant_id, sum(transfer.amount) AS amount
    FROM vouchers_journal journal
    JOIN vouchers_transfer transfer
      ON transfer.municipality_id = journal.municipality_id AND transfer.journal_id = journal.id
    JOIN vouchers_account account
      ON account.municipality_id = transfer.municipality_id AND account.id = transfer.credit_account_id
    WHERE journal.kind = 'settle' AND account.kind = 'merchant_settled'
    GROUP BY account.municipality_id, account.currency_id, account.owner_id
), shop AS (
    SELECT coalesce(owed.amount, 0) AS owed, coalesce(settled.amount, 0) AS settled
    FROM owed FULL JOIN settled USING (municipality_id, currency_id, merchant_id)
), day AS (
    SELECT close.payable, coalesce(sum(line.payable), 0) AS owed
    FROM merchants_dayclose close
    LEFT JOIN merchants_settlementline line USING (municipality_id, currency_id, business_date)
    GROUP BY close.municipality_id, close.id
)
SELECT (SELECT coalesce(sum(settled), 0) FROM shop)::bigint AS figure,
       ((SELECT coalesce(sum(abs(owed - settled)), 0) FROM shop)
        + (SELECT coalesce(sum(abs(payable - owed)), 0) FROM day))::bigint AS difference
