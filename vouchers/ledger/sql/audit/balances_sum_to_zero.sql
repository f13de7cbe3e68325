-- Every movement stands on two accounts that exist, so all balances together are zero. Figure: won moved.
WITH side AS (
    SELECT municipality_id, debit_account_id AS account_id, -amount AS amount FROM vouchers_transfer
    UNION ALL
    SELECT municipality_id, credit_account_id, amount FROM vouchers_transfer
)
SELECT coalesce(sum(side.amount) FILTER (WHERE side.amount > 0), 0)::bigint AS figure,
       coalesce(sum(abs(side.amount)) FILTER (WHERE account.id IS NULL), 0)::bigint
       + abs(coalesce(sum(side.amount), 0))::bigint AS difference
FROM side LEFT JOIN vouchers_account account
  ON account.municipality_id = side.municipality_id AND account.id = side.account_id
