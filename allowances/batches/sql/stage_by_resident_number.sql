-- As stage.sql, for programmes that a statute lets process resident numbers: the number finds the member, and where
-- it is empty name, birth date and phone do.
INSERT INTO allowances_batchrow (municipality_id, batch_id, row_number, name, birth_date, phone, dong,
                                 resident_number_index, account_number_index, facts, amount, citizen_id, wallet_id)
SELECT %(municipality)s, %(batch)s, r.row_number, r.name, r.birth_date, r.phone, r.dong, r.resident_number_index,
       r.account_number_index, r.facts,
       CASE WHEN r.amount IS NULL AND r.row_number NOT IN (SELECT row_number FROM problem_staging WHERE field = 'amount')
            THEN {amount} ELSE r.amount END,
       c.id, wallet.id
FROM batch_staging r
LEFT JOIN vouchers_citizen numbered
       ON numbered.municipality_id = %(municipality)s AND numbered.resident_number_index = r.resident_number_index
LEFT JOIN vouchers_citizen named
       ON named.municipality_id = %(municipality)s
      AND named.phone = r.phone AND named.birth_date = r.birth_date AND named.name = r.name
LEFT JOIN vouchers_citizen c
       ON c.municipality_id = %(municipality)s AND c.id = coalesce(numbered.id, named.id)
LEFT JOIN vouchers_wallet wallet
       ON wallet.municipality_id = %(municipality)s
      AND wallet.citizen_id = c.id AND wallet.currency_id = %(currency)s
{joins}
