-- When each member was last paid a tranche of the programme, whatever the year.
LEFT JOIN (
    SELECT e.citizen_id, max(y.reference_date) AS paid_on
    FROM allowances_entitlement e
    JOIN allowances_cycle y ON y.municipality_id = e.municipality_id AND y.id = e.cycle_id
    WHERE e.municipality_id = {municipality} AND e.series_id = {series} AND e.tranche = {tranche}
      AND e.citizen_id IS NOT NULL AND e.batch_id <> {batch} AND NOT e.void
    GROUP BY e.citizen_id
) {alias} ON {alias}.citizen_id = c.id
