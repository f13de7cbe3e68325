-- Every row says why.
INSERT INTO allowances_batchproblem (municipality_id, batch_id, row_number, field, code)
SELECT municipality_id, batch_id, row_number, 'clawback_reason', 'clawback_reason_missing'
FROM allowances_batchrow
WHERE municipality_id = %(municipality)s AND batch_id = %(batch)s
  AND coalesce(facts ->> 'clawback_reason', '') = ''
