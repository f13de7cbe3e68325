-- What shops have settled goes to the bank, which pays all of it the same day.

CREATE TEMP TABLE batch ON COMMIT DROP AS
SELECT code, currency, maker, checker, partner, first_citizen, payouts.make_batch(code::varchar, currency, %(through)s,
       %(day)s, 100, '{}', maker, %(at)s) AS id
FROM city
WHERE EXISTS (SELECT FROM merchants_settlementline line
              WHERE line.municipality_id = city.code AND line.business_date > %(since)s AND line.payable > 0);
SELECT count(payouts.approve(code::varchar, batch.id, made.digest, checker, %(at)s))
FROM batch JOIN merchants_payoutbatch made ON made.municipality_id = code AND made.id = batch.id;
SELECT count(payouts.send(code::varchar, id, 'pain.001', NULL, sha256(''), maker, %(at)s)) FROM batch;
SELECT count(payouts.record(code::varchar, uuidv7(), 'pain.002', 'pain002.xml', sha256(id::text::bytea), NULL, NULL, NULL, NULL,
                            NULL, NULL, NULL, NULL, ids, keys, outcomes, reasons, mend, nothing, maker, %(paid_at)s))
FROM batch, LATERAL (SELECT array_agg(id::text ORDER BY line) AS ids, array_agg(id ORDER BY line) AS keys,
                            array_agg('paid'::text) AS outcomes, array_agg(''::text) AS reasons, array_agg(false) AS mend,
                            array_agg(NULL::bigint) AS nothing
                     FROM merchants_payout WHERE municipality_id = code AND batch_id = batch.id) line;
INSERT INTO vouchers_bankline (municipality_id, id, currency_id, statement_id, row, day, clock, amount, balance, ordinal, memo)
SELECT code, pg_temp.key(pg_temp.ms(%(paid_at)s), first_citizen), currency, statement.id, 1, %(day)s, '17:00', -made.amount, 0, 1,
       '가맹점 정산'
FROM batch JOIN merchants_payoutbatch made ON made.municipality_id = code AND made.id = batch.id
JOIN vouchers_bankstatement statement ON statement.municipality_id = code;
INSERT INTO vouchers_bankmatch (municipality_id, id, currency_id, line_id, journal_id, amount, line_day, business_date,
                                matched_at)
SELECT code, uuidv7(), currency, pg_temp.key(pg_temp.ms(%(paid_at)s), first_citizen), journal.id, -made.amount, %(day)s, %(day)s,
       %(paid_at)s
FROM batch JOIN merchants_payoutbatch made ON made.municipality_id = code AND made.id = batch.id
JOIN vouchers_journal journal ON journal.municipality_id = code AND journal.reference = batch.id AND journal.kind = 'payout_paid';
