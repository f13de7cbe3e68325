-- The row's place among those of its household (or farm) in the list, after those entitled by other lists.
LEFT JOIN (
    SELECT listed.row_number,
           row_number() OVER (PARTITION BY listed.key ORDER BY listed.row_number) + coalesce(paid.people, 0) AS place
    FROM (SELECT q.row_number, {key_of_row} AS key
          FROM {rows} q
          LEFT JOIN vouchers_householdmember m ON m.municipality_id = {municipality} AND m.citizen_id = q.citizen_id) listed
    LEFT JOIN (
        SELECT {key_of_row} AS key, count(*) AS people
        FROM allowances_entitlement e
        JOIN allowances_batchrow q
          ON q.municipality_id = e.municipality_id AND q.batch_id = e.batch_id AND q.row_number = e.row_number
        LEFT JOIN vouchers_householdmember m ON m.municipality_id = {municipality} AND m.citizen_id = q.citizen_id
        WHERE e.municipality_id = {municipality} AND e.cycle_id = ANY ({cycles}) AND e.batch_id <> {batch} AND NOT e.void
        GROUP BY 1
    ) paid ON paid.key = listed.key
    WHERE listed.key IS NOT NULL
) {alias} ON {alias}.row_number = r.row_number
