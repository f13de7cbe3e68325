-- Where the dong in the list is unknown or not the registered one: take the registered one.
INSERT INTO allowances_rowcorrection (municipality_id, batch_id, row_number, field, kind, value, shown_before,
                                      shown_after, reason, official_id, at)
SELECT r.municipality_id, r.batch_id, r.row_number, 'dong', 'value', dong.name, coalesce(r.dong, ''), dong.name,
       %(reason)s, %(official)s, %(at)s
FROM (SELECT DISTINCT row_number FROM allowances_batchproblem
      WHERE municipality_id = %(municipality)s AND batch_id = %(batch)s AND code = %(code)s AND field = 'dong') found
JOIN allowances_batchrow r
  ON r.municipality_id = %(municipality)s AND r.batch_id = %(batch)s AND r.row_number = found.row_number
JOIN vouchers_citizen c ON c.municipality_id = r.municipality_id AND c.id = r.citizen_id
JOIN vouchers_dong dong ON dong.municipality_id = r.municipality_id AND dong.id = c.dong_id
WHERE r.dong IS DISTINCT FROM dong.name
ORDER BY r.row_number
