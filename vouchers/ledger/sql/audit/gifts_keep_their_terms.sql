-- Given money keeps its kind, expiry and usage rule, and the new lot names the one it came from. Figure: won given.
SELECT coalesce(sum(transfer.amount), 0)::bigint AS figure,
       coalesce(sum(transfer.amount) FILTER (WHERE (
           received.source_id = given.id AND received.kind = given.kind AND received.wallet_id = transfer.credit_account_id
           AND given.wallet_id = transfer.debit_account_id AND received.expires_at IS NOT DISTINCT FROM given.expires_at
           AND received.usage_rule_id IS NOT DISTINCT FROM given.usage_rule_id AND given.kind <> 'grant'
           AND (given.expires_at > journal.at) IS NOT FALSE) IS NOT TRUE), 0)::bigint AS difference
FROM vouchers_journal journal
JOIN vouchers_transfer transfer
  ON transfer.municipality_id = journal.municipality_id AND transfer.journal_id = journal.id
LEFT JOIN vouchers_lot given
  ON given.municipality_id = transfer.municipality_id AND given.id = transfer.debit_lot_id
LEFT JOIN vouchers_lot received
  ON received.municipality_id = transfer.municipality_id AND received.id = transfer.credit_lot_id
WHERE journal.kind = 'gift'
