-- A list that gives more names only people whom the list it adds to entitles, as members or as the persons they were.
WITH parent AS (
    SELECT e.citizen_id, e.person
    FROM allowances_batch b
    JOIN allowances_entitlement e
      ON e.municipality_id = b.municipality_id AND e.batch_id = b.parent_id AND NOT e.void
    WHERE b.municipality_id = %(municipality)s AND b.id = %(batch)s
)
INSERT INTO allowances_batchproblem (municipality_id, batch_id, row_number, field, code)
SELECT r.municipality_id, r.batch_id, r.row_number, 'row', 'not_in_parent'
FROM allowances_batchrow r
WHERE r.municipality_id = %(municipality)s AND r.batch_id = %(batch)s
  AND NOT EXISTS (SELECT FROM parent WHERE parent.citizen_id = r.citizen_id)
  AND NOT EXISTS (SELECT FROM parent WHERE parent.person = approvals.person(r.name, r.birth_date, r.phone))
  AND NOT EXISTS (SELECT FROM parent WHERE parent.person = 'number|' || encode(r.resident_number_index, 'hex'))
  AND NOT EXISTS (
      SELECT FROM allowances_batchproblem p
      WHERE p.municipality_id = r.municipality_id AND p.batch_id = r.batch_id AND p.row_number = r.row_number
        AND p.field IN ('name', 'birth_date', 'phone', 'resident_number', 'row') AND NOT p.is_warning)
