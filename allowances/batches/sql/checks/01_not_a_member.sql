-- The row names nobody who is a member: an error, or a warning where the programme holds the money until they join. Rows
-- whose identity could not be read have their own problem already.
INSERT INTO allowances_batchproblem (municipality_id, batch_id, row_number, field, code, is_warning, params)
SELECT r.municipality_id, r.batch_id, r.row_number, 'row',
       CASE WHEN %(claim_days)s::integer IS NULL THEN 'not_a_member' ELSE 'not_a_member_yet' END,
       %(claim_days)s::integer IS NOT NULL,
       jsonb_strip_nulls(jsonb_build_object('days', %(claim_days)s::integer))
FROM allowances_batchrow r
WHERE r.municipality_id = %(municipality)s AND r.batch_id = %(batch)s AND r.citizen_id IS NULL
  AND NOT EXISTS (
      SELECT FROM allowances_batchproblem p
      WHERE p.municipality_id = r.municipality_id AND p.batch_id = r.batch_id AND p.row_number = r.row_number
        AND p.field IN ('name', 'birth_date', 'phone', 'resident_number', 'row') AND NOT p.is_warning)
