-- What a SELECT of row_number, field, code, value and params finds, as problems of the list.
INSERT INTO allowances_batchproblem (municipality_id, batch_id, row_number, field, code, value, params)
SELECT %(municipality)s, %(batch)s, found.row_number, found.field, found.code, left(found.value, 100), found.params
FROM ({problems}) found
