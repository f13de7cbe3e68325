-- Where the programme leaves the amount to the list: another amount than the same person got in the latest cycle before
-- this one that was paid, be it the last one of the year before.
WITH last_cycle AS (
    SELECT before.id
    FROM allowances_cycle this
    JOIN allowances_programme mine ON mine.id = this.programme_id
    JOIN allowances_programme earlier
      ON earlier.municipality_id = mine.municipality_id AND earlier.series_id = mine.series_id
    JOIN allowances_cycle before
      ON before.programme_id = earlier.id AND (earlier.fiscal_year, before.number) < (mine.fiscal_year, this.number)
    WHERE this.id = %(cycle)s AND %(own_amounts)s
      AND EXISTS (SELECT FROM allowances_batch paid
                  WHERE paid.cycle_id = before.id AND paid.kind = 'payment' AND paid.sequence = 0
                    AND paid.state IN ('approved', 'scheduled', 'paying', 'paused', 'paid'))
    ORDER BY earlier.fiscal_year DESC, before.number DESC
    LIMIT 1
)
INSERT INTO allowances_batchproblem (municipality_id, batch_id, row_number, field, code, value, params, is_warning)
SELECT r.municipality_id, r.batch_id, r.row_number, 'amount', 'amount_unlike_last_time', r.amount::text,
       jsonb_build_object('expected', e.amount), true
FROM last_cycle
JOIN allowances_entitlement e
  ON e.municipality_id = %(municipality)s AND e.cycle_id = last_cycle.id AND e.sequence = 0
JOIN allowances_batchrow r ON r.municipality_id = e.municipality_id AND r.citizen_id = e.citizen_id
WHERE r.municipality_id = %(municipality)s AND r.batch_id = %(batch)s AND r.amount <> e.amount
