-- What remains of each lot is what came in less what went out. Figure: won in wallets.
WITH side AS (
    SELECT municipality_id, credit_lot_id AS lot_id, amount FROM vouchers_transfer WHERE credit_lot_id IS NOT NULL
    UNION ALL
    SELECT municipality_id, debit_lot_id, -amount FROM vouchers_transfer WHERE debit_lot_id IS NOT NULL
), moved AS (
    SELECT municipality_id, lot_id, sum(amount) AS amount FROM side GROUP BY municipality_id, lot_id
)
SELECT coalesce(sum(lot.remaining), 0)::bigint AS figure,
       coalesce(sum(abs(coalesce(lot.remaining, 0) - coalesce(moved.amount, 0))), 0)::bigint AS difference
FROM vouchers_lot lot FULL JOIN moved ON moved.municipality_id = lot.municipality_id AND moved.lot_id = lot.id
