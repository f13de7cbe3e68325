-- Each payment's amount is the sum that left the wallet for the shop under its number. Figure: won paid.
WITH moved AS (
    SELECT municipality_id, journal_id, sum(amount) AS amount
    FROM vouchers_transfer
    WHERE debit_lot_id IS NOT NULL
    GROUP BY municipality_id, journal_id
)
SELECT coalesce(sum(payment.amount), 0)::bigint AS figure,
       coalesce(sum(abs(coalesce(payment.amount, 0) - coalesce(moved.amount, 0))), 0)::bigint AS difference
FROM vouchers_payment payment
FULL JOIN moved ON moved.municipality_id = payment.municipality_id AND moved.journal_id = payment.id
