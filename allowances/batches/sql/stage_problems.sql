-- What could not be read of single cells.
INSERT INTO allowances_batchproblem (municipality_id, batch_id, row_number, field, code, value, is_warning)
SELECT %(municipality)s, %(batch)s, row_number, field, code, value, code = ANY (%(warnings)s)
FROM problem_staging
