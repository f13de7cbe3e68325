-- Rows of people who are entitled in a round of another programme that excludes this one (중복 지급 제한). Members are
-- compared as members, others by name, birth date and phone. One problem for each row and group.
SELECT DISTINCT ON (hit.row_number, hit.group_name) hit.row_number, 'row' AS field, 'excluded_by_group' AS code,
       '' AS value, jsonb_build_object('group', hit.group_name, 'basis', hit.basis, 'programme', hit.programme,
                                       'cycle', hit.cycle_name) AS params
FROM (
    SELECT r.row_number, x.group_name, x.basis, x.programme, x.cycle_name
    FROM jsonb_to_recordset(%(excluded_rounds)s::jsonb)
         AS x(cycle uuid, group_name text, basis text, programme text, cycle_name text)
    JOIN allowances_entitlement e ON e.municipality_id = %(municipality)s AND e.cycle_id = x.cycle AND NOT e.void
    JOIN allowances_batchrow r
      ON r.municipality_id = %(municipality)s AND r.batch_id = %(batch)s AND r.citizen_id = e.citizen_id
    UNION ALL
    SELECT r.row_number, x.group_name, x.basis, x.programme, x.cycle_name
    FROM jsonb_to_recordset(%(excluded_rounds)s::jsonb)
         AS x(cycle uuid, group_name text, basis text, programme text, cycle_name text)
    JOIN allowances_entitlement e
      ON e.municipality_id = %(municipality)s AND e.cycle_id = x.cycle AND e.person IS NOT NULL AND NOT e.void
    JOIN allowances_batchrow r
      ON r.municipality_id = %(municipality)s AND r.batch_id = %(batch)s
     AND e.person IN ('number|' || encode(r.resident_number_index, 'hex'), approvals.person(r.name, r.birth_date, r.phone))
     AND r.citizen_id IS DISTINCT FROM e.citizen_id
) hit
ORDER BY hit.row_number, hit.group_name, hit.cycle_name
