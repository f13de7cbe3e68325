-- Leave out every row that has a problem of a kind which nobody accepted.
INSERT INTO allowances_rowcorrection (municipality_id, batch_id, row_number, field, kind, person, shown_before, reason,
                                      official_id, at)
SELECT %(municipality)s, %(batch)s, found.row_number, 'row', 'leave_out',
       concat_ws('|', r.name, r.birth_date, r.phone), coalesce(batches.mask_name(r.name), ''), %(reason)s, %(official)s, %(at)s
FROM (SELECT DISTINCT row_number FROM allowances_batchproblem
      WHERE municipality_id = %(municipality)s AND batch_id = %(batch)s AND code = %(code)s AND field = %(field)s
        AND acceptance_id IS NULL) found
LEFT JOIN allowances_batchrow r
       ON r.municipality_id = %(municipality)s AND r.batch_id = %(batch)s AND r.row_number = found.row_number
ORDER BY found.row_number
