-- What somebody accepted before and the checks found again, exactly as it was, is still accepted.
UPDATE allowances_batchproblem p
SET acceptance_id = a.acceptance_id
FROM allowances_acceptedproblem a
WHERE p.municipality_id = %(municipality)s AND p.batch_id = %(batch)s
  AND a.municipality_id = %(municipality)s AND a.batch_id = %(batch)s
  AND a.row_number = p.row_number AND a.field = p.field AND a.code = p.code AND a.value = p.value AND a.params = p.params
