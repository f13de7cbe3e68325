-- A member without a usable wallet in this currency cannot be credited.
INSERT INTO allowances_batchproblem (municipality_id, batch_id, row_number, field, code)
SELECT r.municipality_id, r.batch_id, r.row_number, 'row',
       CASE WHEN r.wallet_id IS NULL THEN 'wallet_missing' ELSE 'wallet_closed' END
FROM allowances_batchrow r
LEFT JOIN vouchers_wallet w ON w.municipality_id = r.municipality_id AND w.id = r.wallet_id
WHERE r.municipality_id = %(municipality)s AND r.batch_id = %(batch)s AND r.citizen_id IS NOT NULL
  AND (r.wallet_id IS NULL OR w.status = 'closed')
