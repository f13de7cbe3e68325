-- One day: money is bought, seen at the bank and spent.

CREATE TEMP TABLE today ON COMMIT DROP AS
SELECT bought.*, pg_temp.key(at_ms, citizen) AS id, pg_temp.key(pg_temp.ms(%(day)s::timestamp AT TIME ZONE 'Asia/Seoul'), first_citizen)
           AS line
FROM bought JOIN city USING (code) WHERE day = %(day)s;
INSERT INTO vouchers_topup (municipality_id, id, currency_id, wallet_id, partner_id, order_id, buyer, kind, amount, paid,
                            benefit_base, funds, benefits, returned, expires_at, state, at, deadline, depositor_id,
                            deposit_reference, completed_at, journal_id, purchase_lot_id, received_line_id)
SELECT code, id, currency, pg_temp.wallet(citizen), partner, 'C' || citizen, 'individual', 'plain', amount, amount, 0, '{}',
       '{}', '{}', to_timestamp(at_ms / 1000.0) + interval '5 years', 'completed', to_timestamp(at_ms / 1000.0),
       to_timestamp(at_ms / 1000.0) + interval '1 day', partner, 'D' || citizen, to_timestamp(at_ms / 1000.0), id,
       pg_temp.lot(citizen), CASE WHEN %(closes)s THEN line END
FROM today;
INSERT INTO vouchers_journal (municipality_id, id, currency_id, kind, business_date, at, request_hash, reference)
SELECT code, id, currency, 'top_up', day, to_timestamp(at_ms / 1000.0), sha256(''), id FROM today;
INSERT INTO vouchers_lot (municipality_id, id, wallet_id, kind, source_id, granted, remaining, expires_at, created_at)
SELECT code, pg_temp.lot(citizen), pg_temp.wallet(citizen), 'purchase', id, amount, amount - spent,
       to_timestamp(at_ms / 1000.0) + interval '5 years', to_timestamp(at_ms / 1000.0)
FROM today;
INSERT INTO vouchers_transfer (municipality_id, journal_id, line, debit_account_id, credit_account_id, credit_lot_id, amount,
                               business_date)
SELECT code, today.id, 1, deposit.id, pg_temp.wallet(citizen), pg_temp.lot(citizen), amount, day
FROM today JOIN vouchers_account deposit
  ON deposit.municipality_id = today.code AND deposit.kind = 'deposit' AND deposit.owner_id IS NULL
 AND deposit.currency_id = today.currency;

CREATE TEMP TABLE used ON COMMIT DROP AS
SELECT *, pg_temp.key(at_ms, n) AS id FROM pg_temp.paid(%(day)s, %(day)s) ORDER BY code, at_ms;
INSERT INTO vouchers_payment (municipality_id, id, currency_id, wallet_id, merchant_id, partner_id, order_id, amount,
                              business_date, at, channel)
SELECT code, id, currency, pg_temp.wallet(citizen), pg_temp.shop(shop), partner, 'P' || n, amount, day,
       to_timestamp(at_ms / 1000.0), channel
FROM used;
INSERT INTO vouchers_transfer (municipality_id, journal_id, line, debit_account_id, credit_account_id, debit_lot_id, amount,
                               business_date, spent)
SELECT code, id, 1, pg_temp.wallet(citizen), pg_temp.pending(shop), pg_temp.lot(citizen), amount, day, true FROM used;
