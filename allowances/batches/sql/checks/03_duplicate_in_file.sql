-- The same person twice in the file: every occurrence but the first, which is named. Members are compared as members,
-- others by name, birth date and phone.
WITH person AS (
    SELECT row_number, first_value(row_number) OVER occurrence AS first_row
    FROM allowances_batchrow
    WHERE municipality_id = %(municipality)s AND batch_id = %(batch)s AND citizen_id IS NOT NULL
    WINDOW occurrence AS (PARTITION BY citizen_id ORDER BY row_number)
    UNION ALL
    SELECT row_number, first_value(row_number) OVER occurrence
    FROM allowances_batchrow
    WHERE municipality_id = %(municipality)s AND batch_id = %(batch)s AND citizen_id IS NULL
      AND name IS NOT NULL AND birth_date IS NOT NULL AND phone IS NOT NULL
    WINDOW occurrence AS (PARTITION BY name, birth_date, phone ORDER BY row_number)
)
INSERT INTO allowances_batchproblem (municipality_id, batch_id, row_number, field, code, params)
SELECT %(municipality)s, %(batch)s, row_number, 'row', 'duplicate_in_file', jsonb_build_object('first_row', first_row)
FROM person
WHERE row_number <> first_row
