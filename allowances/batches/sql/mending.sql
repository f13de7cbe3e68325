-- What officials changed and accepted of a list, in one fingerprint that its submission binds to.
WITH said AS (
    SELECT 1 AS part, id, concat_ws('|', row_number, field, kind, coalesce(value, ''), coalesce(encode(sealed, 'hex'), ''),
                                    reason, official_id, at) AS line
    FROM allowances_rowcorrection WHERE municipality_id = %(municipality)s AND batch_id = %(batch)s
    UNION ALL
    SELECT 2, id, concat_ws('|', code, field, coalesce(row_number, 0), rows, revoked, reason, official_id, at)
    FROM allowances_acceptance WHERE municipality_id = %(municipality)s AND batch_id = %(batch)s
    UNION ALL
    SELECT 3, id, concat_ws('|', acceptance_id, row_number, field, code, value, params)
    FROM allowances_acceptedproblem WHERE municipality_id = %(municipality)s AND batch_id = %(batch)s
)
SELECT count(*) FILTER (WHERE part = 1), count(*) FILTER (WHERE part = 2),
       encode(sha256(convert_to(coalesce(string_agg(line, E'\n' ORDER BY part, id), ''), 'UTF8')), 'hex')
FROM said
