-- What officials corrected in the page, put over what the file says: rows left out go, corrected cells take the newest
-- word about them, and what was wrong with those cells is forgotten.
DROP TABLE IF EXISTS correction_staging;
CREATE TEMP TABLE correction_staging AS
SELECT row_number,
       coalesce(bool_or(field = 'row' AND kind = 'leave_out'), false) AS is_left_out,
       coalesce(array_agg(field) FILTER (WHERE kind = 'value'), '{}') AS fields,
       coalesce(jsonb_object_agg(field, value) FILTER (WHERE kind = 'value' AND value IS NOT NULL), '{}') AS cells,
       jsonb_object_agg(field, value::jsonb)
           FILTER (WHERE kind = 'value' AND value IS NOT NULL AND field = ANY (%(facts)s)) AS facts,
       (array_agg(sealed) FILTER (WHERE kind = 'value' AND field = 'resident_number'))[1] AS resident_number_index,
       (array_agg(sealed) FILTER (WHERE kind = 'value' AND field = 'account_number'))[1] AS account_number_index
FROM (SELECT DISTINCT ON (row_number, field) row_number, field, kind, value, sealed
      FROM allowances_rowcorrection
      WHERE municipality_id = %(municipality)s AND batch_id = %(batch)s
      ORDER BY row_number, field, id DESC) newest
GROUP BY row_number;

ANALYZE correction_staging;

DELETE FROM batch_staging s USING correction_staging c WHERE c.row_number = s.row_number AND c.is_left_out;

DELETE FROM problem_staging p USING correction_staging c
WHERE c.row_number = p.row_number
  AND (c.is_left_out OR p.field = ANY (c.fields) OR (p.field = 'row' AND 'name' = ANY (c.fields)));

UPDATE batch_staging s
SET name = coalesce(c.cells ->> 'name', s.name),
    birth_date = coalesce((c.cells ->> 'birth_date')::date, s.birth_date),
    phone = coalesce(c.cells ->> 'phone', s.phone),
    dong = CASE WHEN c.cells ->> 'dong' IS NULL THEN s.dong ELSE nullif(c.cells ->> 'dong', '') END,
    amount = coalesce((c.cells ->> 'amount')::bigint, s.amount),
    resident_number_index = coalesce(c.resident_number_index, s.resident_number_index),
    account_number_index = coalesce(c.account_number_index, s.account_number_index),
    facts = CASE WHEN c.facts IS NULL THEN s.facts ELSE coalesce(s.facts, '{}') || c.facts END
FROM correction_staging c
WHERE c.row_number = s.row_number;

-- Of a row whose cells had shifted nothing was read: what was not corrected of it is missing.
INSERT INTO problem_staging (row_number, field, code, value)
SELECT s.row_number, needed.field, 'missing', ''
FROM correction_staging c
JOIN batch_staging s USING (row_number)
CROSS JOIN unnest(%(required)s::text[]) AS needed(field)
WHERE CASE needed.field WHEN 'name' THEN s.name IS NULL
                        WHEN 'birth_date' THEN s.birth_date IS NULL
                        WHEN 'phone' THEN s.phone IS NULL
                        WHEN 'resident_number' THEN s.resident_number_index IS NULL
                        WHEN 'amount' THEN s.amount IS NULL END
  AND NOT EXISTS (SELECT FROM problem_staging p
                  WHERE p.row_number = s.row_number AND p.field IN (needed.field, 'row'))
