-- Somebody who was left out of the list that this file mends is in it again.
WITH left_out AS (
    SELECT DISTINCT person
    FROM (SELECT DISTINCT ON (c.row_number) c.person, c.kind
          FROM allowances_batch b
          JOIN allowances_rowcorrection c ON c.municipality_id = b.municipality_id AND c.batch_id = b.mended_from_id
          WHERE b.id = %(batch)s AND c.field = 'row'
          ORDER BY c.row_number, c.id DESC) newest
    WHERE kind = 'leave_out'
)
INSERT INTO allowances_batchproblem (municipality_id, batch_id, row_number, field, code, is_warning)
SELECT r.municipality_id, r.batch_id, r.row_number, 'row', 'left_out_before', true
FROM left_out
JOIN allowances_batchrow r ON concat_ws('|', r.name, r.birth_date, r.phone) = left_out.person
WHERE r.municipality_id = %(municipality)s AND r.batch_id = %(batch)s AND left_out.person <> ''
