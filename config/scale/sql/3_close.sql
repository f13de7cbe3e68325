-- The evening of a day: the bank shows what was bought, and the day is closed and summed up by the functions that do it in
-- life.

INSERT INTO vouchers_bankline (municipality_id, id, currency_id, statement_id, row, day, clock, amount, balance, ordinal, memo)
SELECT code, line, currency, statement.id, 1, %(day)s, '23:00', amount, amount, 1, '충전 입금'
FROM (SELECT code, currency, first_citizen,
             pg_temp.key(pg_temp.ms(%(day)s::timestamp AT TIME ZONE 'Asia/Seoul'), first_citizen) AS line,
             sum(bought.amount)::bigint AS amount
      FROM bought JOIN city USING (code, currency) WHERE day = %(day)s GROUP BY 1, 2, 3) received
JOIN vouchers_bankstatement statement ON statement.municipality_id = code;
SELECT count(ledger.receive(line.municipality_id::varchar, pg_temp.key(pg_temp.ms(%(evening)s), city.first_citizen),
                            line.currency_id, line.id, line.amount, %(evening)s))
FROM vouchers_bankline line JOIN city ON city.code = line.municipality_id WHERE line.day = %(day)s AND line.amount > 0;
INSERT INTO vouchers_bankmatch (municipality_id, id, currency_id, line_id, journal_id, amount, line_day, business_date,
                                matched_at)
SELECT line.municipality_id, uuidv7(), line.currency_id, line.id,
       pg_temp.key(pg_temp.ms(%(evening)s), city.first_citizen), line.amount, line.day, line.day, %(evening)s
FROM vouchers_bankline line JOIN city ON city.code = line.municipality_id WHERE line.day = %(day)s AND line.amount > 0;
SELECT count(ledger.fence(code::varchar, %(day)s)) FROM city;
SELECT count(settlement.close_day(code::varchar, currency, %(day)s, %(night)s, %(pays_on)s)) FROM city;
SELECT count(reconciliation.sum_day(code::varchar, %(day)s)) FROM city;
SELECT count(dashboard.sum_day(code::varchar, %(day)s, %(night)s)) FROM city;
