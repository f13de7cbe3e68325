-- Rows that would not be paid, and what the others would be paid. NOT IN, because a hash of the bad rows is fast however
-- wrong the planner's guess of their number is.
WITH bad AS MATERIALIZED (
    SELECT DISTINCT row_number FROM allowances_batchproblem
    WHERE municipality_id = %(municipality)s AND batch_id = %(batch)s AND NOT is_warning AND acceptance_id IS NULL
)
SELECT (SELECT count(*) FROM bad)::integer, coalesce(sum(r.amount), 0)::bigint
FROM allowances_batchrow r
WHERE r.municipality_id = %(municipality)s AND r.batch_id = %(batch)s
  AND r.row_number NOT IN (SELECT row_number FROM bad)
