-- Citizens with a wallet each, and shops with a code and their accounts.

INSERT INTO vouchers_citizen (municipality_id, id, name, birth_date, phone, sex, dong_id, resident_since, status, account_bank,
                              created_at)
SELECT city.code, pg_temp.key(pg_temp.joined(n), n),
       words.family[1 + least(pg_temp.draw(n, 10, cardinality(words.family)), pg_temp.draw(n, 11, cardinality(words.family)))]
           || words.one[1 + pg_temp.draw(n, 12, cardinality(words.one))]
           || words.two[1 + pg_temp.draw(n, 13, cardinality(words.two))],
       %(begin)s::date - 19 * 365 - pg_temp.draw(n, 14, 70 * 365)::integer, '010' || lpad(n::text, 8, '0'),
       ('{male,female,male,female,""}'::text[])[1 + pg_temp.draw(n, 15, 5)],
       city.dongs[1 + pg_temp.draw(n, 16, cardinality(city.dongs))],
       %(begin)s::date - 730 - pg_temp.draw(n, 17, 9000)::integer,
       CASE pg_temp.draw(n, 18, 100) WHEN 0 THEN 'moved_out' WHEN 1 THEN 'deceased' ELSE 'active' END,
       '', to_timestamp(pg_temp.joined(n) / 1000.0)
FROM city, generate_series(first_citizen, first_citizen + citizens - 1) n,
     (SELECT %(family)s::text[] AS family, %(one)s::text[] AS one, %(two)s::text[] AS two) words;

INSERT INTO vouchers_wallet (municipality_id, id, citizen_id, currency_id, partner_id, status, created_at)
SELECT city.code, pg_temp.wallet(n), pg_temp.key(pg_temp.joined(n), n), city.currency, city.partner,
       CASE pg_temp.draw(n, 19, 500) WHEN 0 THEN 'frozen' ELSE 'active' END, to_timestamp(pg_temp.joined(n) / 1000.0)
FROM city, generate_series(first_citizen, first_citizen + citizens - 1) n;
INSERT INTO vouchers_account (municipality_id, id, currency_id, kind, owner_id)
SELECT city.code, pg_temp.wallet(n), city.currency, 'wallet', pg_temp.wallet(n)
FROM city, generate_series(first_citizen, first_citizen + citizens - 1) n;

INSERT INTO merchants_merchant (municipality_id, id, code, name, name_ascii, business_number, representative, category_id,
                                ksic_code, annual_sales, address, dong_id, phone, status, registered_on, account_bank,
                                account_number, account_number_index, account_holder, created_at)
SELECT city.code, pg_temp.shop(n), 'M' || lpad(n::text, 9, '0'),
       words.shop[1 + pg_temp.draw(n, 20, cardinality(words.shop))] || ' ' || kind.name || ' ' || n || '호점',
       'JANGTEO ' || kind.ascii || ' ' || n, lpad((n * 7919 %% 10000000000)::text, 10, '0'), who.name, kind.category, '56111',
       1000000 * (3 + pg_temp.draw(n, 21, 1500)), '경기도 ' || dong.name || ' ' || 1 + pg_temp.draw(n, 22, 99), dong.id,
       '031' || lpad(n::text, 7, '0'),
       CASE WHEN n - city.first_shop < city.shops * 15 / 16 OR city.shops < 16 THEN 'active'
            ELSE ('{applied,suspended,cancelled,closed}'::text[])[1 + pg_temp.draw(n, 23, 4)] END,
       to_timestamp(pg_temp.joined(n) / 1000.0)::date, '088',
       account.number, account.index, who.name, to_timestamp(pg_temp.joined(n) / 1000.0)
FROM account JOIN city ON account.shop >= city.first_shop AND account.shop < city.first_shop + city.shops,
     LATERAL (SELECT account.shop) drawn (n),
     (SELECT %(family)s::text[] AS family, %(one)s::text[] AS one, %(two)s::text[] AS two, %(shop)s::text[] AS shop) words,
     LATERAL (SELECT words.family[1 + pg_temp.draw(n, 24, cardinality(words.family))]
                     || words.one[1 + pg_temp.draw(n, 25, cardinality(words.one))]
                     || words.two[1 + pg_temp.draw(n, 26, cardinality(words.two))] AS name) who,
     LATERAL (SELECT k ->> 0 AS category, k ->> 1 AS name, k ->> 2 AS ascii
              FROM (SELECT %(kinds)s::jsonb -> (n %% jsonb_array_length(%(kinds)s::jsonb))::integer AS k) one) kind,
     LATERAL (SELECT id, name FROM vouchers_dong
              WHERE id = city.dongs[1 + pg_temp.draw(n, 27, cardinality(city.dongs))]) dong;
INSERT INTO merchants_merchantqr (municipality_id, id, merchant_id, terminal, payload, created_at)
SELECT city.code, pg_temp.shop(n), pg_temp.shop(n), 'T001', '', to_timestamp(pg_temp.joined(n) / 1000.0)
FROM city, generate_series(first_shop, first_shop + shops - 1) n;
INSERT INTO vouchers_account (municipality_id, id, currency_id, kind, owner_id)
SELECT city.code, account.id, city.currency, account.kind, pg_temp.shop(n)
FROM city, generate_series(first_shop, first_shop + shops - 1) n,
     LATERAL (VALUES (pg_temp.pending(n), 'merchant_pending'),
                     (pg_temp.key(pg_temp.joined(n) + 2, n), 'merchant_settled')) account (id, kind);
INSERT INTO vouchers_balance (municipality_id, account_id, floor)
SELECT city.code, pg_temp.key(pg_temp.joined(n) + 2, n), 0
FROM city, generate_series(first_shop, first_shop + shops - 1) n;

-- Everybody who pays has bought money once, some minutes before their first payment: what they spend and something more.
-- A deposit account has no balance row.
INSERT INTO vouchers_account (municipality_id, id, currency_id, kind, owner_id)
SELECT code, uuidv7(), currency, 'deposit', NULL FROM city;
CREATE TEMP TABLE bought AS
SELECT code, currency, partner, citizen, day, greatest(begins_ms, first_ms - 600000) AS at_ms, spent,
       10000 * (spent / 10000 + 1 + pg_temp.draw(citizen, 30, 20)) AS amount
FROM (SELECT code, currency, partner, citizen, min(day) AS day, min(at_ms) AS first_ms, sum(amount)::bigint AS spent
      FROM pg_temp.paid('-infinity', 'infinity') GROUP BY code, currency, partner, citizen) buyer
JOIN plan USING (code, day);
CREATE INDEX ON bought (day);
ANALYZE bought;
