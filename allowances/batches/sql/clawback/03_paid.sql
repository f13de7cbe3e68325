-- Was this person paid, and is there as much left to be claimed? Rows whose identity could not be read have their own
-- problem already.
INSERT INTO allowances_batchproblem (municipality_id, batch_id, row_number, field, code, value, params)
SELECT r.municipality_id, r.batch_id, r.row_number, CASE WHEN payment.paid IS NULL THEN 'row' ELSE 'amount' END,
       CASE WHEN payment.paid IS NULL THEN 'clawback_not_paid'
            WHEN payment.free = 0 THEN 'clawback_nothing_left'
            ELSE 'clawback_exceeds' END,
       CASE WHEN payment.paid IS NULL THEN '' ELSE coalesce(r.amount::text, '') END,
       jsonb_strip_nulls(jsonb_build_object('paid', payment.paid, 'expected', payment.free))
FROM allowances_batchrow r
LEFT JOIN (SELECT row_number, sum(paid)::bigint AS paid, sum(free)::bigint AS free
           FROM clawback.payments(%(municipality)s, %(batch)s) GROUP BY row_number) payment USING (row_number)
WHERE r.municipality_id = %(municipality)s AND r.batch_id = %(batch)s
  AND (payment.paid IS NULL OR payment.free = 0 OR r.amount > payment.free)
  AND NOT EXISTS (
      SELECT FROM allowances_batchproblem p
      WHERE p.municipality_id = r.municipality_id AND p.batch_id = r.batch_id AND p.row_number = r.row_number
        AND p.field IN ('name', 'birth_date', 'phone', 'resident_number', 'row') AND NOT p.is_warning)
