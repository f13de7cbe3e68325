-- Who has died or moved away since gets no more.
INSERT INTO allowances_batchproblem (municipality_id, batch_id, row_number, field, code)
SELECT r.municipality_id, r.batch_id, r.row_number, 'row', c.status
FROM allowances_batchrow r
JOIN vouchers_citizen c ON c.municipality_id = r.municipality_id AND c.id = r.citizen_id
WHERE r.municipality_id = %(municipality)s AND r.batch_id = %(batch)s AND c.status <> 'active'
