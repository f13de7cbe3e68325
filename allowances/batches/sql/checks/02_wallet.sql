-- A member without a wallet in this currency is paid once it opens, if the programme holds money until then. A closed
-- wallet cannot be credited, a frozen one could be open again by the day of payment.
INSERT INTO allowances_batchproblem (municipality_id, batch_id, row_number, field, code, is_warning, params)
SELECT r.municipality_id, r.batch_id, r.row_number, 'row',
       CASE WHEN r.wallet_id IS NULL AND %(claim_days)s::integer IS NULL THEN 'wallet_missing'
            WHEN r.wallet_id IS NULL THEN 'wallet_missing_yet'
            WHEN w.status = 'closed' THEN 'wallet_closed'
            ELSE 'wallet_frozen' END,
       CASE WHEN r.wallet_id IS NULL THEN %(claim_days)s::integer IS NOT NULL ELSE w.status = 'frozen' END,
       CASE WHEN r.wallet_id IS NULL THEN jsonb_strip_nulls(jsonb_build_object('days', %(claim_days)s::integer))
            ELSE '{}' END
FROM allowances_batchrow r
LEFT JOIN vouchers_wallet w ON w.municipality_id = r.municipality_id AND w.id = r.wallet_id
WHERE r.municipality_id = %(municipality)s AND r.batch_id = %(batch)s AND r.citizen_id IS NOT NULL
  AND (r.wallet_id IS NULL OR w.status <> 'active')
