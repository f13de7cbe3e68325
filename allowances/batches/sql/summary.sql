-- Counts, the sum of what would be paid, and a fingerprint of the content that does not depend on the rows' order. Bad rows
-- are looked up in a hash, which is fast however wrong the planner's guess of their number is.
SELECT count(*)::integer AS rows_total,
       count(*) FILTER (WHERE is_bad)::integer AS rows_bad,
       coalesce(sum(amount) FILTER (WHERE NOT is_bad), 0)::bigint AS amount_total,
       encode(sha256(convert_to(concat_ws('|', count(*), sum(amount),
              sum(hashtextextended(content, 0)::numeric), sum(hashtextextended(content, 1)::numeric)), 'UTF8')), 'hex')
           AS content_sha256
FROM (SELECT row_number IN (
                 SELECT row_number FROM allowances_batchproblem
                 WHERE municipality_id = %(municipality)s AND batch_id = %(batch)s AND NOT is_warning
                   AND acceptance_id IS NULL) AS is_bad,
             amount, concat_ws('|', coalesce(name, ''), coalesce(birth_date::text, ''), coalesce(phone, ''),
                               coalesce(dong, ''), coalesce(amount::text, ''),
                               coalesce(encode(resident_number_index, 'hex'), ''),
                               coalesce(encode(account_number_index, 'hex'), ''), coalesce(facts::text, '')) AS content
      FROM allowances_batchrow
      WHERE municipality_id = %(municipality)s AND batch_id = %(batch)s) r
