-- The amounts of rows that were matched to a member only by a check (a changed name), where the file does not say them.
UPDATE allowances_batchrow late SET amount = known.amount
FROM (
    SELECT r.row_number, ({amount})::bigint AS amount
    FROM allowances_batchrow r
    JOIN vouchers_citizen c ON c.municipality_id = r.municipality_id AND c.id = r.citizen_id
    {joins}
    WHERE r.municipality_id = %(municipality)s AND r.batch_id = %(batch)s AND r.amount IS NULL
      AND NOT EXISTS (SELECT FROM allowances_batchproblem p
                      WHERE p.municipality_id = r.municipality_id AND p.batch_id = r.batch_id
                        AND p.row_number = r.row_number AND p.field = 'amount' AND NOT p.is_warning)
) known
WHERE late.municipality_id = %(municipality)s AND late.batch_id = %(batch)s AND late.row_number = known.row_number
