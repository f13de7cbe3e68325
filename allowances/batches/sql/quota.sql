-- First come, first served: the rows beyond the quota, by the day of application and then as they stand in the list, after
-- those whom other lists have entitled.
SELECT place.row_number, 'row' AS field, 'quota_reached' AS code, '' AS value,
       jsonb_build_object('quota', %(quota)s::bigint, 'place', place.number + taken.people) AS params
FROM (
    SELECT r.row_number, row_number() OVER (ORDER BY (r.facts ->> 'applied_on')::date NULLS LAST, r.row_number) AS number
    FROM allowances_batchrow r
    WHERE r.municipality_id = %(municipality)s AND r.batch_id = %(batch)s
      AND r.row_number NOT IN (
          SELECT p.row_number FROM allowances_batchproblem p
          WHERE p.municipality_id = %(municipality)s AND p.batch_id = %(batch)s AND NOT p.is_warning
            AND p.acceptance_id IS NULL AND p.code <> 'quota_reached')
) place
CROSS JOIN (
    SELECT count(*) AS people FROM allowances_entitlement e
    WHERE e.municipality_id = %(municipality)s AND e.cycle_id = ANY (%(quota_rounds)s) AND e.batch_id <> %(batch)s
      AND e.sequence = 0 AND NOT e.void
) taken
WHERE place.number + taken.people > %(quota)s
