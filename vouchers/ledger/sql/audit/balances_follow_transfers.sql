-- The kept sums of every account that has a balance are the sums of their movements. Figure: won credited to them.
WITH side AS (
    SELECT municipality_id, debit_account_id AS account_id, amount AS debit, 0 AS credit FROM vouchers_transfer
    UNION ALL
    SELECT municipality_id, credit_account_id, 0, amount FROM vouchers_transfer
), moved AS (
    SELECT side.municipality_id, side.account_id, sum(side.debit) AS debits, sum(side.credit) AS credits
    FROM side JOIN vouchers_account account
      ON account.municipality_id = side.municipality_id AND account.id = side.account_id
    WHERE account.kind NOT IN ('wallet', 'merchant_pending', 'deposit')
    GROUP BY side.municipality_id, side.account_id
)
SELECT coalesce(sum(balance.credits), 0)::bigint AS figure,
       coalesce(sum(abs(coalesce(balance.debits, 0) - coalesce(moved.debits, 0))
                    + abs(coalesce(balance.credits, 0) - coalesce(moved.credits, 0))), 0)::bigint AS difference
FROM vouchers_balance balance
FULL JOIN moved ON moved.municipality_id = balance.municipality_id AND moved.account_id = balance.account_id
