-- What stood in the bank at the end of each closed day, and the reconciliation of all of them.

INSERT INTO vouchers_bankday (municipality_id, currency_id, statement_id, day, balance)
SELECT sums.municipality_id, sums.currency_id, statement.id, sums.business_date, -sums.balance
FROM city JOIN vouchers_dailysum sums ON sums.municipality_id = city.code AND sums.kind = 'bank'
JOIN vouchers_bankstatement statement ON statement.municipality_id = city.code;
SELECT count(reconciliation.review(code::varchar, currency, '-infinity')) FROM city;
SELECT count(dashboard.sum_day(code::varchar, %(today)s, %(at)s)) FROM city;
