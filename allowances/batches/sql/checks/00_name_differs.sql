-- Somebody who changed their name: the telephone and birth date, or the resident number, are those of one member, the
-- name is not. The row is taken for that member and waits until somebody has looked at it. First of all checks, so that
-- the others see the member.
WITH renamed AS (
    SELECT r.row_number, (array_agg(c.id))[1] AS citizen_id
    FROM allowances_batchrow r
    JOIN vouchers_citizen c
      ON c.municipality_id = r.municipality_id AND c.phone = r.phone AND c.birth_date = r.birth_date
    WHERE r.municipality_id = %(municipality)s AND r.batch_id = %(batch)s
      AND r.citizen_id IS NULL AND r.name IS NOT NULL
    GROUP BY r.row_number
    HAVING count(*) = 1                          -- twins share a telephone
), taken AS (
    UPDATE allowances_batchrow r
    SET citizen_id = n.citizen_id, wallet_id = w.id
    FROM renamed n
    LEFT JOIN vouchers_wallet w
           ON w.municipality_id = %(municipality)s AND w.citizen_id = n.citizen_id AND w.currency_id = %(currency)s
    WHERE r.municipality_id = %(municipality)s AND r.batch_id = %(batch)s AND r.row_number = n.row_number
    RETURNING r.row_number, r.citizen_id
), other_name AS (
    SELECT row_number, citizen_id FROM taken
    UNION ALL
    SELECT r.row_number, r.citizen_id
    FROM allowances_batchrow r
    JOIN vouchers_citizen c ON c.municipality_id = r.municipality_id AND c.id = r.citizen_id
    WHERE r.municipality_id = %(municipality)s AND r.batch_id = %(batch)s
      AND r.resident_number_index IS NOT NULL AND c.resident_number_index = r.resident_number_index
      AND c.name <> r.name
)
INSERT INTO allowances_batchproblem (municipality_id, batch_id, row_number, field, code, params, is_warning)
SELECT %(municipality)s, %(batch)s, o.row_number, 'name', 'name_differs',
       jsonb_build_object('registered', batches.mask_name(c.name)), true
FROM other_name o
JOIN vouchers_citizen c ON c.municipality_id = %(municipality)s AND c.id = o.citizen_id
