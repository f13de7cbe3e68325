-- What a payment says was given back is what its refunds moved. Figure: won given back.
WITH moved AS (
    SELECT journal.municipality_id, journal.reference AS payment_id, sum(transfer.amount) AS amount
    FROM vouchers_journal journal JOIN vouchers_transfer transfer
      ON transfer.municipality_id = journal.municipality_id AND transfer.journal_id = journal.id
    WHERE journal.kind = 'refund'
    GROUP BY journal.municipality_id, journal.reference
)
SELECT coalesce(sum(payment.refunded), 0)::bigint AS figure,
       coalesce(sum(abs(coalesce(payment.refunded, 0) - coalesce(moved.amount, 0))), 0)::bigint AS difference
FROM (SELECT municipality_id, id, refunded FROM vouchers_payment WHERE refunded <> 0) payment
FULL JOIN moved ON moved.municipality_id = payment.municipality_id AND moved.payment_id = payment.id
