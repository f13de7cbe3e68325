-- Money that comes back to a programme or fund: taken from the lot it was paid into (환수), left over when its time ran out
-- (유효기간 경과), or paid back at the bank (납부). Every won of it counts in the account's balance.returned.

CREATE FUNCTION ledger.return_to(p_municipality varchar, p_account uuid, p_amount bigint) RETURNS void
LANGUAGE sql SET search_path = public, pg_temp AS $$
    UPDATE vouchers_balance SET credits = credits + p_amount, returned = returned + p_amount
    WHERE municipality_id = p_municipality AND account_id = p_account
$$;

CREATE FUNCTION ledger.claw_back(
    p_municipality varchar, p_id uuid, p_currency uuid, p_programme uuid, p_wallets uuid[], p_sources uuid[],
    p_amounts bigint[], p_at timestamptz
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
-- Takes money back from the lots that were paid from these sources: of each at most its amount, and no more than is left
-- and not held. Returns the sum in won, which may be 0; line n of the journal is what came of item n. Expired lots are
-- taken from as well. Name each source once. The wallets are locked first, in ascending order, so that payments,
-- refunds and sweeps of the same lots come before or after as a whole.
DECLARE
    v_programme uuid;
    v_date      date;
    v_taken     bigint;
BEGIN
    v_date := ledger.business_date(p_municipality, p_at);
    v_programme := ledger.account(p_municipality, p_currency, 'programme', p_programme);
    IF coalesce(array_length(p_amounts, 1), 0) = 0 OR (0 < ALL (p_amounts)) IS NOT TRUE THEN
        PERFORM ledger.refuse('amount_not_positive');
    END IF;
    PERFORM 1 FROM vouchers_wallet
    WHERE municipality_id = p_municipality AND id = ANY (p_wallets) ORDER BY id FOR NO KEY UPDATE;
    IF NOT ledger.open_journal(p_municipality, p_id, p_currency, 'claw_back',
            sha256(convert_to(concat_ws('|', p_programme, p_wallets, p_sources, p_amounts), 'UTF8')),
            p_at, v_date, p_programme) THEN
        RETURN (SELECT coalesce(sum(amount), 0) FROM vouchers_transfer
                WHERE municipality_id = p_municipality AND journal_id = p_id);
    END IF;
    WITH item AS MATERIALIZED (
        SELECT i.wallet_id, i.source_id, i.amount, i.line::integer
        FROM unnest(p_wallets, p_sources, p_amounts) WITH ORDINALITY AS i (wallet_id, source_id, amount, line)
    ), candidate AS MATERIALIZED (
        SELECT lot.id, lot.wallet_id, item.line, least(lot.remaining - lot.held, item.amount) AS amount
        FROM item JOIN vouchers_lot lot
          ON lot.municipality_id = p_municipality AND lot.wallet_id = item.wallet_id AND lot.source_id = item.source_id
        WHERE lot.remaining > lot.held AND lot.programme_id = p_programme
    ), taken AS (
        UPDATE vouchers_lot lot SET remaining = lot.remaining - candidate.amount
        FROM candidate
        WHERE lot.municipality_id = p_municipality AND lot.id = candidate.id
        RETURNING candidate.id, candidate.wallet_id, candidate.line, candidate.amount
    ), posted AS (
        INSERT INTO vouchers_transfer (municipality_id, journal_id, line, debit_account_id, credit_account_id,
                                       debit_lot_id, amount, business_date)
        SELECT p_municipality, p_id, line, wallet_id, v_programme, id, amount, v_date FROM taken
        RETURNING amount
    )
    SELECT coalesce(sum(amount), 0) INTO v_taken FROM posted;
    PERFORM ledger.return_to(p_municipality, v_programme, v_taken);
    RETURN v_taken;
END $$;

CREATE FUNCTION ledger.repay(
    p_municipality varchar, p_id uuid, p_currency uuid, p_programme uuid, p_amount bigint, p_at timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Money that a person owes a programme arrives at the operating bank account (환수금 납부).
DECLARE
    v_bank      uuid;
    v_programme uuid;
    v_date      date;
BEGIN
    v_date := ledger.business_date(p_municipality, p_at);
    v_bank := ledger.account(p_municipality, p_currency, 'bank', NULL);
    v_programme := ledger.account(p_municipality, p_currency, 'programme', p_programme);
    IF p_amount IS NULL OR p_amount <= 0 THEN
        PERFORM ledger.refuse('amount_not_positive');
    END IF;
    IF NOT ledger.open_journal(p_municipality, p_id, p_currency, 'repay',
            sha256(convert_to(concat_ws('|', p_programme, p_amount), 'UTF8')), p_at, v_date, p_programme) THEN
        RETURN;
    END IF;
    INSERT INTO vouchers_transfer (municipality_id, journal_id, line, debit_account_id, credit_account_id, amount, business_date)
    VALUES (p_municipality, p_id, 1, v_bank, v_programme, p_amount, v_date);
    PERFORM ledger.return_to(p_municipality, v_programme, p_amount);
    UPDATE vouchers_balance SET debits = debits + p_amount
    WHERE municipality_id = p_municipality AND account_id = v_bank;
END $$;

-- Expiry --------------------------------------------------------------------------------------------------------
--
-- A sweep goes once over the lots in the order of their expiry, step by step, and remembers how far it has come. What
-- lies behind it and still holds money (a refund came back later, or the wallet was busy) stands in vouchers_lateexpiry.

CREATE TABLE vouchers_expirymark (
    municipality_id varchar(5) NOT NULL,
    swept_until     timestamptz NOT NULL,        -- every lot up to this expiry and id has been looked at
    swept_lot       uuid NOT NULL,
    CONSTRAINT expirymark_pkey PRIMARY KEY (municipality_id)
);

CREATE TABLE vouchers_lateexpiry (
    municipality_id varchar(5) NOT NULL,
    lot_id          uuid NOT NULL,
    CONSTRAINT lateexpiry_pkey PRIMARY KEY (municipality_id, lot_id)
);

-- What funds got back out of a lot of theirs before its time ran out (캐시백 취소, 충전 취소, 환불): few among the movements
-- of a lot, and needed to tell whose money is left in it.
CREATE TABLE vouchers_lotreturn (
    municipality_id varchar(5) NOT NULL,
    lot_id          uuid NOT NULL,
    journal_id      uuid NOT NULL,
    account_id      uuid NOT NULL,               -- the fund's
    amount          ledger.won NOT NULL,
    CONSTRAINT lotreturn_pkey PRIMARY KEY (municipality_id, lot_id, journal_id, account_id)
);
CREATE TRIGGER lotreturn_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON vouchers_lotreturn
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

CREATE FUNCTION ledger.note_returns(p_municipality varchar, p_journal uuid) RETURNS void
LANGUAGE sql SET search_path = public, pg_temp AS $$
    -- Called by what has just taken money out of lots and may have given some of it to funds.
    INSERT INTO vouchers_lotreturn (municipality_id, lot_id, journal_id, account_id, amount)
    SELECT t.municipality_id, t.debit_lot_id, t.journal_id, t.credit_account_id, sum(t.amount)
    FROM vouchers_transfer t JOIN vouchers_account account
      ON account.municipality_id = t.municipality_id AND account.id = t.credit_account_id AND account.kind = 'benefit'
    WHERE t.municipality_id = p_municipality AND t.journal_id = p_journal AND t.debit_lot_id IS NOT NULL
    GROUP BY 1, 2, 3, 4
$$;

-- What one step returned to one programme or fund: a line of the sweep's report.
CREATE TABLE vouchers_expiryreturn (
    municipality_id varchar(5) NOT NULL,
    id              uuid NOT NULL,               -- the id of its journal
    currency_id     uuid NOT NULL,
    programme_id    uuid,
    fund_id         uuid,
    lots            integer NOT NULL,
    amount          ledger.won NOT NULL,
    business_date   date NOT NULL,
    at              timestamptz NOT NULL,
    CONSTRAINT expiryreturn_pkey PRIMARY KEY (municipality_id, id),
    CONSTRAINT expiryreturn_to_one CHECK (num_nonnulls(programme_id, fund_id) = 1)
);
CREATE INDEX expiryreturn_by_programme ON vouchers_expiryreturn (municipality_id, programme_id, business_date);
CREATE TRIGGER expiryreturn_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON vouchers_expiryreturn
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

CREATE FUNCTION ledger.return_expired(
    p_municipality varchar, p_lots uuid[], p_wallets uuid[], p_until timestamptz, p_date date, p_at timestamptz,
    OUT lots integer, OUT amount bigint
) LANGUAGE plpgsql SET search_path = public, pg_temp SET enable_hashjoin = off SET enable_mergejoin = off AS $$
-- Returns what is left in these lots, as far as they have expired at p_until, of granted money to its programmes and of
-- benefits to their funds, a journal each.
-- What several funds have paid into a lot goes back to each in proportion to what it has paid and not got back, rounded
-- down; what rounding leaves, to the one that has paid most. Money that was bought stays. The caller has locked p_wallets;
-- lots of others are passed over.
BEGIN
    WITH RECURSIVE due AS MATERIALIZED (
        SELECT lot.id, lot.wallet_id, lot.kind, lot.source_id, lot.programme_id, wallet.currency_id, lot.remaining - lot.held AS won
        FROM vouchers_lot lot
        JOIN vouchers_wallet wallet ON wallet.municipality_id = lot.municipality_id AND wallet.id = lot.wallet_id
        WHERE lot.municipality_id = p_municipality AND lot.id = ANY (p_lots) AND lot.wallet_id = ANY (p_wallets)
          AND lot.expires_at <= p_until          -- a refund may have given it a grace period before its wallet was locked
          AND lot.kind <> 'purchase' AND lot.remaining > lot.held
    ), chain AS (                                -- money that was given away comes from the giver's lot
        SELECT id, id AS lot_id, wallet_id, source_id FROM due WHERE kind <> 'grant'
        UNION ALL
        SELECT chain.id, giver.id, giver.wallet_id, giver.source_id
        FROM chain JOIN vouchers_lot giver ON giver.municipality_id = p_municipality AND giver.id = chain.source_id
    ), paid AS MATERIALIZED (
        SELECT due.id, account.id AS account_id, account.owner_id, sum(side.amount) AS net,
               sum(sum(side.amount)) OVER (PARTITION BY due.id) AS total,
               row_number() OVER (PARTITION BY due.id ORDER BY sum(side.amount) DESC, account.id) AS nth
        FROM chain due CROSS JOIN LATERAL (
            SELECT t.debit_account_id AS account_id, t.amount FROM vouchers_transfer t
            WHERE t.municipality_id = p_municipality AND t.credit_account_id = due.wallet_id AND t.debit_lot_id IS NULL
              AND t.credit_lot_id = due.lot_id
            UNION ALL
            SELECT r.account_id, -r.amount FROM vouchers_lotreturn r
            WHERE r.municipality_id = p_municipality AND r.lot_id = due.lot_id) side
        JOIN vouchers_account account
          ON account.municipality_id = p_municipality AND account.id = side.account_id AND account.kind = 'benefit'
        GROUP BY due.id, account.id, account.owner_id HAVING sum(side.amount) > 0
    ), item AS MATERIALIZED (
        SELECT due.id, due.wallet_id, due.currency_id, account.kind, account.owner_id, account.id AS account_id, due.won
        FROM due JOIN vouchers_account account
          ON account.municipality_id = p_municipality AND account.owner_id = due.programme_id
         AND account.currency_id = due.currency_id AND account.kind = 'programme'
        WHERE due.kind = 'grant'
        UNION ALL
        SELECT * FROM (
            SELECT due.id, due.wallet_id, due.currency_id, 'benefit', paid.owner_id, paid.account_id,
                   (trunc(due.won * paid.net / paid.total)
                    + CASE paid.nth WHEN 1 THEN due.won - sum(trunc(due.won * paid.net / paid.total)) OVER (PARTITION BY due.id)
                                    ELSE 0 END)::bigint AS won
            FROM due JOIN paid USING (id)) share
        WHERE share.won > 0
    ), emptied AS (
        UPDATE vouchers_lot lot SET remaining = lot.held, expired = lot.expired + item.won
        FROM (SELECT id, sum(won)::bigint AS won FROM item GROUP BY id) item
        WHERE lot.municipality_id = p_municipality AND lot.id = item.id
    ), event AS MATERIALIZED (
        SELECT ledger.id_at(p_at) AS id, sums.*
        FROM (SELECT item.currency_id, item.kind, item.owner_id, item.account_id, count(*)::integer AS lots,
                     sum(item.won)::bigint AS won
              FROM item GROUP BY 1, 2, 3, 4) sums
    ), journal AS (
        INSERT INTO vouchers_journal (municipality_id, id, currency_id, kind, business_date, at, request_hash, reference)
        SELECT p_municipality, id, currency_id, 'expire', p_date, p_at,
               sha256(convert_to(concat_ws('|', owner_id, event.lots, won), 'UTF8')), owner_id
        FROM event
    ), posted AS (
        INSERT INTO vouchers_transfer (municipality_id, journal_id, line, debit_account_id, credit_account_id,
                                       debit_lot_id, amount, business_date)
        SELECT p_municipality, event.id, row_number() OVER (PARTITION BY event.id ORDER BY item.id),
               item.wallet_id, event.account_id, item.id, item.won, p_date
        FROM item JOIN event ON event.account_id = item.account_id
    ), reported AS (
        INSERT INTO vouchers_expiryreturn (municipality_id, id, currency_id, programme_id, fund_id, lots, amount,
                                           business_date, at)
        SELECT p_municipality, id, currency_id, CASE kind WHEN 'programme' THEN owner_id END,
               CASE kind WHEN 'benefit' THEN owner_id END, event.lots, won, p_date, p_at
        FROM event
    ), held AS MATERIALIZED (
        SELECT balance.account_id FROM vouchers_balance balance
        WHERE balance.municipality_id = p_municipality AND balance.account_id IN (SELECT account_id FROM event)
        ORDER BY balance.account_id FOR NO KEY UPDATE
    ), returned AS (
        UPDATE vouchers_balance balance
        SET credits = balance.credits + event.won, returned = balance.returned + event.won
        FROM event JOIN held USING (account_id)
        WHERE balance.municipality_id = p_municipality AND balance.account_id = event.account_id
    )
    SELECT count(DISTINCT item.id)::integer, coalesce(sum(item.won), 0)::bigint
    INTO return_expired.lots, return_expired.amount FROM item;
END $$;

CREATE FUNCTION ledger.expire(
    p_municipality varchar, p_until timestamptz, p_limit integer, p_at timestamptz,
    OUT lots integer, OUT amount bigint, OUT looked_at integer
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
-- One step of a sweep: looks at the next p_limit lots that expired at p_until or before, and at as many of those that
-- came late, and returns what is left in them.
-- `looked_at` below p_limit: the sweep has come to its end. Choose p_until so long before now that no payment of an
-- earlier time can still be on its way. Each lot gives what it holds, so a step that is repeated finds nothing.
-- Wallets are locked as payments do it, but never waited for: who is busy comes later.
DECLARE
    v_until   timestamptz := least(p_until, p_at);
    v_date    date;
    v_mark    vouchers_expirymark;
    v_next    record;
    v_late    uuid[];
    v_lots    uuid[];
    v_wallets uuid[];
BEGIN
    v_date := ledger.business_date(p_municipality, p_at);
    INSERT INTO vouchers_expirymark (municipality_id, swept_until, swept_lot)
    VALUES (p_municipality, '1970-01-01 00:00:00+00', '00000000-0000-0000-0000-000000000000')
    ON CONFLICT (municipality_id) DO NOTHING;
    SELECT * INTO v_mark FROM vouchers_expirymark WHERE municipality_id = p_municipality FOR UPDATE;

    SELECT count(*)::integer AS seen, max(lot.expires_at) AS last,
           coalesce(array_agg(lot.id) FILTER (WHERE lot.kind <> 'purchase' AND lot.remaining > lot.held), '{}') AS lots,
           (array_agg(lot.id ORDER BY lot.expires_at DESC, lot.id DESC))[1] AS last_lot
    INTO v_next
    FROM (SELECT id, expires_at, kind, remaining, held FROM vouchers_lot
          WHERE municipality_id = p_municipality AND expires_at <= v_until
            AND (expires_at, id) > (v_mark.swept_until, v_mark.swept_lot)
          ORDER BY expires_at, id LIMIT p_limit) lot;
    v_late := ARRAY(SELECT late.lot_id FROM vouchers_lateexpiry late JOIN vouchers_lot lot
                      ON lot.municipality_id = late.municipality_id AND lot.id = late.lot_id
                    WHERE late.municipality_id = p_municipality AND lot.expires_at <= v_until
                    LIMIT p_limit);
    v_lots := v_next.lots || v_late;
    looked_at := greatest(v_next.seen, cardinality(v_late));
    v_wallets := ARRAY(
        SELECT id FROM vouchers_wallet
        WHERE municipality_id = p_municipality
          AND id IN (SELECT wallet_id FROM vouchers_lot WHERE municipality_id = p_municipality AND id = ANY (v_lots))
        FOR NO KEY UPDATE SKIP LOCKED);

    -- From here on every statement sees the locked wallets as they are.
    SELECT done.lots, done.amount INTO expire.lots, expire.amount
    FROM ledger.return_expired(p_municipality, v_lots, v_wallets, v_until, v_date, p_at) done;
    DELETE FROM vouchers_lateexpiry late USING vouchers_lot lot
    WHERE late.municipality_id = p_municipality AND late.lot_id = ANY (v_late)
      AND lot.municipality_id = p_municipality AND lot.id = late.lot_id AND lot.wallet_id = ANY (v_wallets);
    INSERT INTO vouchers_lateexpiry (municipality_id, lot_id)
    SELECT p_municipality, lot.id FROM vouchers_lot lot
    WHERE lot.municipality_id = p_municipality AND lot.id = ANY (v_next.lots) AND NOT lot.wallet_id = ANY (v_wallets)
    ON CONFLICT (municipality_id, lot_id) DO NOTHING;

    IF v_next.seen < p_limit THEN
        UPDATE vouchers_expirymark
        SET swept_until = greatest(swept_until, v_until), swept_lot = 'ffffffff-ffff-ffff-ffff-ffffffffffff'
        WHERE municipality_id = p_municipality AND swept_until < v_until;
    ELSE
        UPDATE vouchers_expirymark SET swept_until = v_next.last, swept_lot = v_next.last_lot
        WHERE municipality_id = p_municipality;
    END IF;
END $$;
