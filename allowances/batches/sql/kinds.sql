-- How many rows each kind of problem has, and how many of them nobody has accepted: what the result page begins with.
SELECT coalesce(jsonb_agg(jsonb_build_object('code', code, 'field', field, 'is_warning', is_warning, 'rows', total,
                                             'open', open)
                          ORDER BY is_warning, total DESC, field, code), '[]')
FROM (SELECT code, field, is_warning, count(DISTINCT row_number) AS total,
             count(DISTINCT row_number) FILTER (WHERE acceptance_id IS NULL) AS open
      FROM allowances_batchproblem
      WHERE municipality_id = %(municipality)s AND batch_id = %(batch)s
      GROUP BY code, field, is_warning) kind
