-- Counts, the sum of what would be paid, and a fingerprint of the content that does not depend on the rows' order.
SELECT count(*)::integer AS rows_total,
       count(*) FILTER (WHERE bad.row_number IS NOT NULL)::integer AS rows_bad,
       coalesce(sum(r.amount) FILTER (WHERE bad.row_number IS NULL), 0)::bigint AS amount_total,
       encode(sha256(convert_to(concat_ws('|', count(*), sum(r.amount),
              sum(hashtextextended(content, 0)::numeric), sum(hashtextextended(content, 1)::numeric)), 'UTF8')), 'hex')
           AS content_sha256
FROM (SELECT row_number, amount, concat_ws('|', coalesce(name, ''), coalesce(birth_date::text, ''), coalesce(phone, ''),
                                           coalesce(dong, ''), coalesce(amount::text, ''),
                                           coalesce(encode(resident_number_index, 'hex'), '')) AS content
      FROM allowances_batchrow
      WHERE municipality_id = %(municipality)s AND batch_id = %(batch)s) r
LEFT JOIN (SELECT DISTINCT row_number FROM allowances_batchproblem
           WHERE municipality_id = %(municipality)s AND batch_id = %(batch)s AND NOT is_warning
             AND acceptance_id IS NULL) bad USING (row_number)
