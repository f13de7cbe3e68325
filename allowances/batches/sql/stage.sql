-- From the temporary table that COPY filled to the list's rows, each matched to the member it names.
-- default_amount stands in where the file has no amount column.
INSERT INTO allowances_batchrow (municipality_id, batch_id, row_number, name, birth_date, phone, dong,
                                 resident_number_index, account_number_index, amount, facts, citizen_id, wallet_id)
SELECT %(municipality)s, %(batch)s, s.row_number, s.name, s.birth_date, s.phone, s.dong, s.resident_number_index,
       s.account_number_index, coalesce(s.amount, %(default_amount)s), s.facts, citizen.id, wallet.id
FROM batch_staging s
LEFT JOIN vouchers_citizen citizen
       ON citizen.municipality_id = %(municipality)s
      AND citizen.phone = s.phone AND citizen.birth_date = s.birth_date AND citizen.name = s.name
LEFT JOIN vouchers_wallet wallet
       ON wallet.municipality_id = %(municipality)s
      AND wallet.citizen_id = citizen.id AND wallet.currency_id = %(currency)s
