-- No payment took money that had expired when it was made. Figure: won spent from money that expires.
SELECT coalesce(sum(transfer.amount), 0)::bigint AS figure,
       coalesce(sum(transfer.amount) FILTER (WHERE journal.at >= lot.expires_at), 0)::bigint AS difference
FROM vouchers_transfer transfer
JOIN vouchers_lot lot ON lot.municipality_id = transfer.municipality_id AND lot.id = transfer.debit_lot_id
JOIN vouchers_journal journal
  ON journal.municipality_id = transfer.municipality_id AND journal.id = transfer.journal_id
WHERE lot.expires_at IS NOT NULL AND journal.kind = 'pay'
