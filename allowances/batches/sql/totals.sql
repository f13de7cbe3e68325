-- Rows that would not be paid, and what the others would be paid.
WITH bad AS (
    SELECT DISTINCT row_number FROM allowances_batchproblem
    WHERE municipality_id = %(municipality)s AND batch_id = %(batch)s AND NOT is_warning AND acceptance_id IS NULL
)
SELECT (SELECT count(*) FROM bad)::integer, coalesce(sum(r.amount), 0)::bigint
FROM allowances_batchrow r LEFT JOIN bad USING (row_number)
WHERE r.municipality_id = %(municipality)s AND r.batch_id = %(batch)s AND bad.row_number IS NULL
