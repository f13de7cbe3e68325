-- No payment took money that had expired when it was made. Figure: won spent from money that expires.
SELECT coalesce(sum(transfer.amount), 0)::bigint AS figure,
       coalesce(sum(transfer.amount) FILTER (WHERE payment.at >= lot.expires_at), 0)::bigint AS difference
FROM vouchers_transfer transfer
JOIN vouchers_lot lot ON lot.municipality_id = transfer.municipality_id AND lot.id = transfer.debit_lot_id
JOIN vouchers_payment payment
  ON payment.municipality_id = transfer.municipality_id AND payment.id = transfer.journal_id
WHERE lot.expires_at IS NOT NULL
