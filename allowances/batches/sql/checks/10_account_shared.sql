-- One bank account in three rows or more: a guardian of several children, or somebody who collects for others.
WITH shared AS (
    SELECT account_number_index, count(*) AS rows, min(row_number) AS first_row
    FROM allowances_batchrow
    WHERE municipality_id = %(municipality)s AND batch_id = %(batch)s AND account_number_index IS NOT NULL
    GROUP BY account_number_index
    HAVING count(*) > 2
)
INSERT INTO allowances_batchproblem (municipality_id, batch_id, row_number, field, code, params, is_warning)
SELECT r.municipality_id, r.batch_id, r.row_number, 'account_number', 'account_shared',
       jsonb_build_object('rows', shared.rows, 'first_row', shared.first_row), true
FROM shared
JOIN allowances_batchrow r USING (account_number_index)
WHERE r.municipality_id = %(municipality)s AND r.batch_id = %(batch)s
