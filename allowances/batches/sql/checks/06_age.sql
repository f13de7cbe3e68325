-- Age in completed years on the cycle's reference date (만 나이, 행정기본법 제7조의2), against the programme's bounds.
WITH aged AS (
    SELECT row_number, birth_date, extract(year FROM age(%(reference_date)s::date, birth_date))::integer AS years
    FROM allowances_batchrow
    WHERE municipality_id = %(municipality)s AND batch_id = %(batch)s AND birth_date IS NOT NULL
)
INSERT INTO allowances_batchproblem (municipality_id, batch_id, row_number, field, code, value, params)
SELECT %(municipality)s, %(batch)s, row_number, 'birth_date',
       CASE WHEN years < %(age_min)s::integer THEN 'too_young' ELSE 'too_old' END, birth_date::text,
       jsonb_build_object('years', years, 'expected',
                          CASE WHEN years < %(age_min)s::integer THEN %(age_min)s::integer ELSE %(age_max)s::integer END)
FROM aged
WHERE years < %(age_min)s::integer OR years > %(age_max)s::integer
