-- The same for those who are no members.
LEFT JOIN (
    SELECT e.person, count(*)::integer AS times, sum(e.amount)::bigint AS won
    FROM allowances_entitlement e
    WHERE e.municipality_id = {municipality} AND e.cycle_id = ANY ({cycles}) AND e.person IS NOT NULL
      AND e.batch_id <> {batch} AND NOT e.void
    GROUP BY e.person
) {alias}_person ON {alias}_person.person = {person}
