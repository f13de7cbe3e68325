-- How often and how much each member got in these cycles.
LEFT JOIN (
    SELECT e.citizen_id, count(*)::integer AS times, sum(e.amount)::bigint AS won
    FROM allowances_entitlement e
    WHERE e.municipality_id = {municipality} AND e.cycle_id = ANY ({cycles}) AND e.citizen_id IS NOT NULL
      AND e.batch_id <> {batch} AND NOT e.void
    GROUP BY e.citizen_id
) {alias} ON {alias}.citizen_id = c.id
