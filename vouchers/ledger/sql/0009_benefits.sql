-- Benefits: money of funds (재원: 국비, 시·도비, 시·군비 …) that becomes money in wallets, and comes back from them.
--
-- * A fund holds its money in an account of kind benefit, never below zero by the CHECK on balances. An official endows
--   it from the bank; cashback, incentives and points draw on it.
-- * Many credits are one event: the wallets are locked in ascending order, then lots and movements are written, and each
--   fund's balance is touched once, at the end.

CREATE FUNCTION ledger.endow(
    p_municipality varchar, p_id uuid, p_currency uuid, p_fund uuid, p_amount bigint, p_at timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Money reaches the operating bank account for a fund; with a negative amount it leaves again, as far as it is not spent.
DECLARE
    v_bank uuid;
    v_fund uuid;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    v_bank := ledger.account(p_municipality, p_currency, 'bank', NULL);
    v_fund := ledger.account(p_municipality, p_currency, 'benefit', p_fund);
    PERFORM ledger.move_budget(
        p_municipality, p_id, p_currency, 'endow', p_fund, CASE WHEN p_amount < 0 THEN v_fund ELSE v_bank END,
        CASE WHEN p_amount < 0 THEN v_bank ELSE v_fund END, abs(p_amount), p_at);
END $$;

CREATE FUNCTION ledger.reserve_benefits(p_municipality varchar, p_currency uuid, p_fund uuid, p_amount bigint) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
-- Sets a fund's money aside for what was promised (or, with a negative amount, lets go of it). The whole amount or nothing.
BEGIN
    PERFORM ledger.reserve_of(p_municipality, ledger.account(p_municipality, p_currency, 'benefit', p_fund), p_amount,
                              'benefit_fund_short');
END $$;

CREATE FUNCTION ledger.require_benefits(p_kind text, p_amounts bigint[], p_lengths integer[]) RETURNS void
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF p_kind NOT IN ('cashback', 'points') THEN
        PERFORM ledger.refuse('account_unknown', jsonb_build_object('kind', p_kind));
    ELSIF coalesce(cardinality(p_amounts), 0) = 0 OR (0 < ALL (p_amounts)) IS NOT TRUE
       OR cardinality(p_amounts) <> ALL (p_lengths) THEN
        PERFORM ledger.refuse('amount_not_positive');
    END IF;
END $$;

CREATE FUNCTION ledger.credit_benefits(
    p_municipality varchar, p_id uuid, p_currency uuid, p_kind text, p_lot_kind text, p_funds uuid[], p_wallets uuid[],
    p_sources uuid[], p_amounts bigint[], p_expiries timestamptz[], p_usage_rules uuid[], p_at timestamptz,
    p_reserved boolean DEFAULT false
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Gives item n of the arrays: p_amounts[n] won of a fund to a wallet, into the wallet's lot of that source, which is made
-- at the first credit and grows with each later one (its expiry and usage rule stay as they were made). Several funds may
-- pay into one lot. Returns the sum in won; line n of the journal is item n. A fund that does not suffice refuses all.
-- p_reserved: the funds had set the money aside.
DECLARE
    v_date   date;
    v_total  bigint;
    v_posted bigint;
    v_funds  uuid[];
    v_sums   bigint[];
BEGIN
    v_date := ledger.business_date(p_municipality, p_at);
    PERFORM ledger.require_benefits(p_kind, p_amounts, ARRAY[cardinality(p_funds), cardinality(p_wallets),
        cardinality(p_sources), cardinality(p_expiries), cardinality(p_usage_rules)]);
    SELECT array_agg(fund), array_agg(amount), sum(amount) INTO v_funds, v_sums, v_total
    FROM (SELECT i.fund, sum(i.amount)::bigint AS amount FROM unnest(p_funds, p_amounts) AS i (fund, amount)
          GROUP BY i.fund) due;
    PERFORM 1 FROM vouchers_wallet
    WHERE municipality_id = p_municipality AND id = ANY (p_wallets) ORDER BY id FOR NO KEY UPDATE;
    IF NOT ledger.open_journal(p_municipality, p_id, p_currency, p_kind,
            sha256(convert_to(concat_ws('|', p_lot_kind, p_funds, p_wallets, p_sources, p_amounts), 'UTF8')),
            p_at, v_date, NULL) THEN
        RETURN v_total;
    ELSIF NOT ledger.fits(p_id, v_date) THEN
        PERFORM ledger.refuse('time_out_of_range');
    END IF;
    WITH item AS MATERIALIZED (
        SELECT i.fund_id, i.wallet_id, i.source_id, i.amount, i.expires_at, i.usage_rule_id, i.line::integer
        FROM unnest(p_funds, p_wallets, p_sources, p_amounts, p_expiries, p_usage_rules)
             WITH ORDINALITY AS i (fund_id, wallet_id, source_id, amount, expires_at, usage_rule_id, line)
    ), fund AS MATERIALIZED (
        SELECT account.owner_id AS fund_id, account.id FROM vouchers_account account
        WHERE account.municipality_id = p_municipality AND account.currency_id = p_currency
          AND account.kind = 'benefit' AND account.owner_id = ANY (p_funds)
    ), lot AS (
        INSERT INTO vouchers_lot AS kept (municipality_id, id, wallet_id, kind, source_id, usage_rule_id, granted,
                                          remaining, expires_at, created_at)
        SELECT p_municipality, uuidv7(), wallet_id, p_lot_kind, source_id, (array_agg(usage_rule_id ORDER BY line))[1],
               sum(amount), sum(amount), (array_agg(expires_at ORDER BY line))[1], p_at
        FROM item GROUP BY wallet_id, source_id
        ON CONFLICT ON CONSTRAINT lot_source_once DO UPDATE
            SET granted = kept.granted + excluded.granted, remaining = kept.remaining + excluded.remaining
            WHERE kept.kind = excluded.kind
        RETURNING kept.id, kept.wallet_id, kept.source_id
    ), posted AS (
        INSERT INTO vouchers_transfer (municipality_id, journal_id, line, debit_account_id, credit_account_id,
                                       credit_lot_id, amount, business_date)
        SELECT p_municipality, p_id, item.line, fund.id, wallet.id, lot.id, item.amount, v_date
        FROM item JOIN lot USING (wallet_id, source_id) JOIN fund USING (fund_id)
        JOIN vouchers_wallet wallet
          ON wallet.municipality_id = p_municipality AND wallet.id = item.wallet_id AND wallet.currency_id = p_currency
        RETURNING amount
    )
    SELECT coalesce(sum(amount), 0) INTO v_posted FROM posted;
    IF v_posted <> v_total THEN
        IF NOT EXISTS (SELECT FROM vouchers_wallet WHERE municipality_id = p_municipality AND id = ANY (p_wallets)
                       HAVING count(*) FILTER (WHERE currency_id = p_currency) =
                              (SELECT count(DISTINCT w) FROM unnest(p_wallets) w)) THEN
            PERFORM ledger.refuse('wallet_unknown');
        END IF;
        PERFORM ledger.refuse('account_unknown', '{"kind": "benefit"}');
    END IF;
    -- What grows after its time has run out, or is about to, is looked at by the next sweep in any case.
    INSERT INTO vouchers_lateexpiry (municipality_id, lot_id)
    SELECT DISTINCT p_municipality, lot.id
    FROM vouchers_transfer t JOIN vouchers_lot lot ON lot.municipality_id = t.municipality_id AND lot.id = t.credit_lot_id
    WHERE t.municipality_id = p_municipality AND t.journal_id = p_id AND lot.expires_at <= p_at + interval '1 hour'
    ON CONFLICT (municipality_id, lot_id) DO NOTHING;
    IF p_reserved THEN
        PERFORM ledger.reserve_of(p_municipality, due.account, -due.amount, 'benefit_fund_short')
        FROM (SELECT ledger.account(p_municipality, p_currency, 'benefit', fund) AS account, amount
              FROM unnest(v_funds, v_sums) AS f (fund, amount) ORDER BY account) due;
    END IF;
    PERFORM ledger.move_balances(p_municipality, ARRAY(
        SELECT ledger.account(p_municipality, p_currency, 'benefit', f) FROM unnest(v_funds) f),
        v_sums, array_fill(0::bigint, ARRAY[cardinality(v_funds)]), 'benefit_fund_short');
    RETURN v_total;
END $$;

CREATE FUNCTION ledger.take_back_benefits(
    p_municipality varchar, p_id uuid, p_currency uuid, p_kind text, p_funds uuid[], p_wallets uuid[], p_sources uuid[],
    p_amounts bigint[], p_at timestamptz
) RETURNS bigint[] LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Takes item n of the arrays back: at most p_amounts[n] won from the wallet's lot of that source to a fund, and no more
-- than is left and not held; items of one lot in their order. Expired lots are taken from as well. Returns what was taken
-- of each item, which may be 0; when nothing is left of any, nothing is posted. Line n of the journal is item n.
DECLARE
    v_date     date;
    v_accounts uuid[];
    v_taken    bigint[];
    v_total    bigint;
BEGIN
    v_date := ledger.business_date(p_municipality, p_at);
    PERFORM ledger.require_benefits(p_kind, p_amounts, ARRAY[cardinality(p_funds), cardinality(p_wallets),
        cardinality(p_sources)]);
    PERFORM 1 FROM vouchers_wallet
    WHERE municipality_id = p_municipality AND id = ANY (p_wallets) ORDER BY id FOR NO KEY UPDATE;
    v_accounts := ARRAY(SELECT ledger.account(p_municipality, p_currency, 'benefit', fund)
                        FROM unnest(p_funds) WITH ORDINALITY AS i (fund, n) ORDER BY n);
    WITH item AS MATERIALIZED (
        SELECT i.wallet_id, i.source_id, i.amount, i.line
        FROM unnest(p_wallets, p_sources, p_amounts) WITH ORDINALITY AS i (wallet_id, source_id, amount, line)
    ), share AS (
        SELECT item.line, item.amount, coalesce(lot.remaining - lot.held, 0) AS free,
               coalesce(sum(item.amount) OVER (PARTITION BY item.wallet_id, item.source_id ORDER BY item.line
                                               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
        FROM item LEFT JOIN vouchers_lot lot
          ON lot.municipality_id = p_municipality AND lot.wallet_id = item.wallet_id AND lot.source_id = item.source_id
    )
    SELECT array_agg(least(amount, greatest(free - before, 0))::bigint ORDER BY line),
           sum(least(amount, greatest(free - before, 0)))
    INTO v_taken, v_total FROM share;
    IF v_total = 0 AND NOT EXISTS (SELECT FROM vouchers_journal WHERE municipality_id = p_municipality AND id = p_id) THEN
        RETURN v_taken;
    END IF;
    IF NOT ledger.open_journal(p_municipality, p_id, p_currency, p_kind,
            sha256(convert_to(concat_ws('|', 'back', p_funds, p_wallets, p_sources, p_amounts), 'UTF8')),
            p_at, v_date, NULL) THEN
        RETURN (SELECT array_agg(coalesce(t.amount::bigint, 0) ORDER BY n)
                FROM generate_series(1, cardinality(p_amounts)) n
                LEFT JOIN vouchers_transfer t
                  ON t.municipality_id = p_municipality AND t.journal_id = p_id AND t.line = n);
    ELSIF NOT ledger.fits(p_id, v_date) THEN
        PERFORM ledger.refuse('time_out_of_range');
    END IF;
    WITH item AS MATERIALIZED (
        SELECT i.account_id, i.wallet_id, i.source_id, i.amount, i.line::integer
        FROM unnest(v_accounts, p_wallets, p_sources, v_taken)
             WITH ORDINALITY AS i (account_id, wallet_id, source_id, amount, line)
        WHERE i.amount > 0
    ), lot AS (
        UPDATE vouchers_lot lot SET remaining = lot.remaining - due.amount
        FROM (SELECT wallet_id, source_id, sum(amount)::bigint AS amount FROM item GROUP BY 1, 2) due
        WHERE lot.municipality_id = p_municipality AND lot.wallet_id = due.wallet_id AND lot.source_id = due.source_id
        RETURNING lot.id, lot.wallet_id, lot.source_id
    )
    INSERT INTO vouchers_transfer (municipality_id, journal_id, line, debit_account_id, credit_account_id, debit_lot_id,
                                   amount, business_date)
    SELECT p_municipality, p_id, item.line, item.wallet_id, item.account_id, lot.id, item.amount, v_date
    FROM item JOIN lot USING (wallet_id, source_id);
    PERFORM ledger.note_returns(p_municipality, p_id);
    PERFORM ledger.move_balances(p_municipality, v_accounts, array_fill(0::bigint, ARRAY[cardinality(v_accounts)]),
                                 v_taken, 'benefit_fund_short');
    RETURN v_taken;
END $$;
