-- The amount against the programme: exactly the fixed amount, or at most the upper limit.
INSERT INTO allowances_batchproblem (municipality_id, batch_id, row_number, field, code, value, params)
SELECT municipality_id, batch_id, row_number, 'amount',
       CASE WHEN %(amount)s::bigint IS NOT NULL THEN 'amount_differs' ELSE 'amount_over_limit' END,
       amount::text, jsonb_build_object('expected', coalesce(%(amount)s::bigint, %(amount_max)s))
FROM allowances_batchrow
WHERE municipality_id = %(municipality)s AND batch_id = %(batch)s
  AND (amount <> %(amount)s::bigint OR amount > %(amount_max)s)
