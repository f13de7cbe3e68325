-- Where a row says no amount, all that can be taken back, and where it says no reason, that of the whole list.
UPDATE allowances_batchrow r
SET amount = coalesce(r.amount, nullif(due.free, 0)),
    facts = CASE WHEN r.facts ->> 'clawback_reason' IS NULL AND detail.reason <> ''
                 THEN coalesce(r.facts, '{}') || jsonb_build_object('clawback_reason', detail.reason) ELSE r.facts END
FROM (SELECT mine.row_number, sum(p.free)::bigint AS free
      FROM allowances_batchrow mine
      LEFT JOIN clawback.payments(%(municipality)s, %(batch)s) p ON p.row_number = mine.row_number
      WHERE mine.municipality_id = %(municipality)s AND mine.batch_id = %(batch)s
        AND NOT EXISTS (
            SELECT FROM allowances_batchproblem problem
            WHERE problem.municipality_id = mine.municipality_id AND problem.batch_id = mine.batch_id
              AND problem.row_number = mine.row_number AND problem.field = 'amount' AND NOT problem.is_warning)
      GROUP BY mine.row_number) due
CROSS JOIN (SELECT reason FROM allowances_clawback WHERE municipality_id = %(municipality)s AND batch_id = %(batch)s) detail
WHERE r.municipality_id = %(municipality)s AND r.batch_id = %(batch)s AND r.row_number = due.row_number
  AND (r.amount IS NULL OR r.facts ->> 'clawback_reason' IS NULL)
