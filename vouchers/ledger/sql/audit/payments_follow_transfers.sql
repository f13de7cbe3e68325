-- Each payment's amount is the sum that left the wallet for the shop under its number. Figure: won paid.
WITH moved AS (
    SELECT transfer.municipality_id, transfer.journal_id, sum(transfer.amount) AS amount
    FROM vouchers_transfer transfer
    JOIN vouchers_account account
      ON account.municipality_id = transfer.municipality_id AND account.id = transfer.credit_account_id
     AND account.kind = 'merchant_pending'
    WHERE transfer.debit_lot_id IS NOT NULL
    GROUP BY transfer.municipality_id, transfer.journal_id
)
SELECT coalesce(sum(payment.amount), 0)::bigint AS figure,
       coalesce(sum(abs(coalesce(payment.amount, 0) - coalesce(moved.amount, 0))), 0)::bigint AS difference
FROM vouchers_payment payment
FULL JOIN moved ON moved.municipality_id = payment.municipality_id AND moved.journal_id = payment.id
