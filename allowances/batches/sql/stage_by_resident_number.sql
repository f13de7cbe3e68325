-- As stage.sql, for programmes that a statute lets process resident numbers: the number finds the member, and where
-- it is empty name, birth date and phone do.
INSERT INTO allowances_batchrow (municipality_id, batch_id, row_number, name, birth_date, phone, dong,
                                 resident_number_index, account_number_index, amount, facts, citizen_id, wallet_id)
SELECT %(municipality)s, %(batch)s, s.row_number, s.name, s.birth_date, s.phone, s.dong, s.resident_number_index,
       s.account_number_index, coalesce(s.amount, %(default_amount)s), s.facts, coalesce(numbered.id, named.id), wallet.id
FROM batch_staging s
LEFT JOIN vouchers_citizen numbered
       ON numbered.municipality_id = %(municipality)s AND numbered.resident_number_index = s.resident_number_index
LEFT JOIN vouchers_citizen named
       ON named.municipality_id = %(municipality)s
      AND named.phone = s.phone AND named.birth_date = s.birth_date AND named.name = s.name
LEFT JOIN vouchers_wallet wallet
       ON wallet.municipality_id = %(municipality)s
      AND wallet.citizen_id = coalesce(numbered.id, named.id) AND wallet.currency_id = %(currency)s
