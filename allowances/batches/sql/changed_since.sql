-- What a submitted list runs into that was not so when it was checked: how many of its entitled rows, by problem. What an
-- official has taken upon themselves stays accepted.
SELECT found.code, count(DISTINCT found.row_number)
FROM ({problems}) found
JOIN allowances_entitlement own
  ON own.municipality_id = %(municipality)s AND own.batch_id = %(batch)s AND own.row_number = found.row_number
WHERE NOT EXISTS (
    SELECT FROM allowances_batchproblem p
    WHERE p.municipality_id = %(municipality)s AND p.batch_id = %(batch)s AND p.row_number = found.row_number
      AND p.code = found.code AND p.acceptance_id IS NOT NULL)
GROUP BY found.code ORDER BY found.code
