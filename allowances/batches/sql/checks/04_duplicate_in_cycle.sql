-- Another list of the cycle that is being approved, or has been paid, claims the person already.
INSERT INTO allowances_batchproblem (municipality_id, batch_id, row_number, field, code, params)
SELECT r.municipality_id, r.batch_id, r.row_number, 'row', 'duplicate_in_cycle',
       jsonb_build_object('file_name', other.file_name, 'row', e.row_number)
FROM allowances_batchrow r
JOIN allowances_entitlement e
  ON e.municipality_id = r.municipality_id AND e.cycle_id = %(cycle)s AND e.citizen_id = r.citizen_id
JOIN allowances_batch other ON other.id = e.batch_id
WHERE r.municipality_id = %(municipality)s AND r.batch_id = %(batch)s
