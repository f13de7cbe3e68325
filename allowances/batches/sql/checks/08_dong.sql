-- Warnings only: the dong in the list is none of this municipality's, or not the one the member is registered in.
INSERT INTO allowances_batchproblem (municipality_id, batch_id, row_number, field, code, value, params, is_warning)
SELECT r.municipality_id, r.batch_id, r.row_number, 'dong',
       CASE WHEN named.id IS NULL THEN 'dong_unknown' ELSE 'dong_differs' END, r.dong,
       jsonb_build_object('registered', registered.name), true
FROM allowances_batchrow r
LEFT JOIN vouchers_dong named ON named.municipality_id = r.municipality_id AND named.name = r.dong
LEFT JOIN vouchers_citizen c ON c.municipality_id = r.municipality_id AND c.id = r.citizen_id
LEFT JOIN vouchers_dong registered ON registered.municipality_id = r.municipality_id AND registered.id = c.dong_id
WHERE r.municipality_id = %(municipality)s AND r.batch_id = %(batch)s AND r.dong IS NOT NULL
  AND (named.id IS NULL OR registered.id <> named.id)
