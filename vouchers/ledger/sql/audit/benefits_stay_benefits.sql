-- Nobody gets a benefit or an allowance as cash: what is owed to citizens came out of lots of bought money, and left for
-- the bank alone. Figure: won ever owed to citizens.
WITH owed AS (
    SELECT t.amount, lot.kind
    FROM vouchers_account account
    JOIN vouchers_transfer t
      ON t.municipality_id = account.municipality_id AND t.credit_account_id = account.id
    LEFT JOIN vouchers_lot lot ON lot.municipality_id = t.municipality_id AND lot.id = t.debit_lot_id
    WHERE account.kind = 'refund_payable'
), left_for AS (
    SELECT t.amount, target.kind
    FROM vouchers_account account
    JOIN vouchers_transfer t
      ON t.municipality_id = account.municipality_id AND t.debit_account_id = account.id AND t.debit_lot_id IS NULL
    LEFT JOIN vouchers_account target ON target.municipality_id = t.municipality_id AND target.id = t.credit_account_id
    WHERE account.kind = 'refund_payable'
)
SELECT coalesce((SELECT sum(amount) FROM owed), 0)::bigint AS figure,
       (coalesce((SELECT sum(amount) FROM owed WHERE kind IS DISTINCT FROM 'purchase'), 0)
        + coalesce((SELECT sum(amount) FROM left_for WHERE kind IS DISTINCT FROM 'bank'), 0))::bigint AS difference
