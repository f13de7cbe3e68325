-- The ledger as it is now: made from a migrated database, to be read and not to be run.
-- `manage.py schema_snapshot` writes it anew; a test compares it with what the migrations make.
-- Without monthly partitions (ledger.ensure_partitions), privileges and row-level security (config/database/security.py).

CREATE SCHEMA ledger;

CREATE DOMAIN ledger.channel AS text
	CONSTRAINT channel_known CHECK ((VALUE = ANY (ARRAY['static_qr'::text, 'dynamic_qr'::text, 'cpm'::text, 'card'::text, 'online'::text])));

CREATE DOMAIN ledger.days AS smallint
	CONSTRAINT days_positive CHECK ((VALUE > 0));

CREATE DOMAIN ledger.journal_kind AS text
	CONSTRAINT journal_kind_known CHECK ((VALUE = ANY (ARRAY['fund'::text, 'divert'::text, 'allot'::text, 'disburse'::text, 'claim'::text, 'release'::text, 'pay'::text, 'refund'::text, 'settle'::text, 'claw_back'::text, 'expire'::text, 'repay'::text, 'top_up'::text, 'top_up_cancel'::text, 'receive'::text, 'cash_out'::text, 'cash_paid'::text, 'gift'::text, 'endow'::text, 'cashback'::text, 'points'::text, 'exchange'::text, 'fee'::text, 'adjust'::text, 'payout'::text, 'payout_paid'::text, 'payout_returned'::text])));

CREATE DOMAIN ledger.lot_kind AS text
	CONSTRAINT lot_kind_known CHECK ((VALUE = ANY (ARRAY['grant'::text, 'purchase'::text, 'incentive'::text, 'point'::text])));

CREATE DOMAIN ledger.won AS bigint
	CONSTRAINT amount_positive CHECK ((VALUE > 0));

CREATE TYPE ledger.paid AS (
	business_date date,
	drawn text
);

CREATE TABLE public.vouchers_account (
    municipality_id character varying(5) NOT NULL,
    id uuid NOT NULL,
    currency_id uuid NOT NULL,
    kind text NOT NULL,
    owner_id uuid,
    CONSTRAINT account_kind_known CHECK ((kind = ANY (ARRAY['bank'::text, 'budget'::text, 'programme'::text, 'unclaimed'::text, 'cash'::text, 'wallet'::text, 'deposit'::text, 'benefit'::text, 'refund_payable'::text, 'merchant_pending'::text, 'merchant_settled'::text, 'payout_transit'::text, 'operating'::text])))
);

ALTER TABLE ONLY public.vouchers_account
    ADD CONSTRAINT account_owner_once UNIQUE NULLS NOT DISTINCT (municipality_id, owner_id, currency_id, kind);

ALTER TABLE ONLY public.vouchers_account
    ADD CONSTRAINT account_pkey PRIMARY KEY (municipality_id, id);

CREATE TABLE public.vouchers_balance (
    municipality_id character varying(5) NOT NULL,
    account_id uuid NOT NULL,
    debits bigint DEFAULT 0 NOT NULL,
    credits bigint DEFAULT 0 NOT NULL,
    reserved bigint DEFAULT 0 NOT NULL,
    returned bigint DEFAULT 0 NOT NULL,
    floor bigint,
    CONSTRAINT balance_never_below_floor CHECK (((floor IS NULL) OR (((credits - debits) - reserved) >= floor))),
    CONSTRAINT balance_sums_not_negative CHECK (((debits >= 0) AND (credits >= 0) AND (reserved >= 0) AND ((returned >= 0) AND (returned <= credits))))
)
WITH (fillfactor='50');

ALTER TABLE ONLY public.vouchers_balance
    ADD CONSTRAINT balance_pkey PRIMARY KEY (municipality_id, account_id);

CREATE TABLE public.vouchers_journal (
    municipality_id character varying(5) NOT NULL,
    id uuid NOT NULL,
    currency_id uuid NOT NULL,
    kind ledger.journal_kind NOT NULL,
    business_date date NOT NULL,
    at timestamp with time zone NOT NULL,
    request_hash bytea NOT NULL,
    reference uuid
)
PARTITION BY RANGE (id);

ALTER TABLE ONLY public.vouchers_journal
    ADD CONSTRAINT journal_pkey PRIMARY KEY (municipality_id, id);

CREATE INDEX journal_by_allotment ON ONLY public.vouchers_journal USING btree (municipality_id, reference) WHERE ((kind)::text = 'allot'::text);

CREATE INDEX journal_by_reference ON ONLY public.vouchers_journal USING btree (municipality_id, reference) WHERE (reference IS NOT NULL);

CREATE TABLE public.vouchers_transfer (
    municipality_id character varying(5) NOT NULL,
    journal_id uuid NOT NULL,
    line integer NOT NULL,
    debit_account_id uuid NOT NULL,
    credit_account_id uuid NOT NULL,
    debit_lot_id uuid,
    credit_lot_id uuid,
    amount ledger.won NOT NULL,
    business_date date NOT NULL,
    spent boolean,
    CONSTRAINT transfer_between_two_accounts CHECK ((debit_account_id <> credit_account_id))
)
PARTITION BY RANGE (journal_id);

ALTER TABLE ONLY public.vouchers_transfer
    ADD CONSTRAINT transfer_pkey PRIMARY KEY (municipality_id, journal_id, line);

CREATE INDEX transfer_by_credit ON ONLY public.vouchers_transfer USING btree (municipality_id, credit_account_id, business_date) WHERE ((debit_lot_id IS NULL) AND (credit_lot_id IS NULL));

CREATE INDEX transfer_by_debit ON ONLY public.vouchers_transfer USING btree (municipality_id, debit_account_id, business_date) WHERE (debit_lot_id IS NULL);

CREATE INDEX transfer_into_wallet ON ONLY public.vouchers_transfer USING btree (credit_account_id, journal_id) WHERE (credit_lot_id IS NOT NULL);

CREATE INDEX transfer_out_of_wallet ON ONLY public.vouchers_transfer USING btree (debit_account_id, journal_id) WHERE ((debit_lot_id IS NOT NULL) AND (spent IS NULL));

CREATE TABLE public.vouchers_lot (
    municipality_id character varying(5) NOT NULL,
    id uuid NOT NULL,
    wallet_id uuid NOT NULL,
    kind ledger.lot_kind NOT NULL,
    source_id uuid NOT NULL,
    programme_id uuid,
    usage_rule_id uuid,
    granted ledger.won NOT NULL,
    remaining bigint NOT NULL,
    held bigint DEFAULT 0 NOT NULL,
    expired bigint DEFAULT 0 NOT NULL,
    expires_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    grace_days ledger.days,
    lapsed_at timestamp with time zone,
    CONSTRAINT lot_never_overdrawn CHECK (((held >= 0) AND (remaining >= held) AND (expired >= 0) AND ((remaining + expired) <= (granted)::bigint)))
)
WITH (fillfactor='80');

ALTER TABLE ONLY public.vouchers_lot
    ADD CONSTRAINT lot_pkey PRIMARY KEY (municipality_id, id);

ALTER TABLE ONLY public.vouchers_lot
    ADD CONSTRAINT lot_source_once UNIQUE (municipality_id, wallet_id, source_id);

CREATE INDEX lot_by_expiry ON public.vouchers_lot USING btree (municipality_id, expires_at, id) WHERE (expires_at IS NOT NULL);

CREATE TABLE public.vouchers_businessclose (
    municipality_id character varying(5) NOT NULL,
    closed_through date NOT NULL
);

ALTER TABLE ONLY public.vouchers_businessclose
    ADD CONSTRAINT businessclose_pkey PRIMARY KEY (municipality_id);

CREATE FUNCTION ledger.account(p_municipality character varying, p_currency uuid, p_kind text, p_owner uuid) RETURNS uuid
    LANGUAGE plpgsql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    v_id uuid;
BEGIN
    SELECT id INTO v_id FROM vouchers_account
    WHERE municipality_id = p_municipality AND currency_id = p_currency AND kind = p_kind
      AND owner_id IS NOT DISTINCT FROM p_owner;
    IF v_id IS NULL THEN
        PERFORM ledger.refuse('account_unknown', jsonb_build_object('kind', p_kind));
    END IF;
    RETURN v_id;
END $$;

CREATE FUNCTION ledger.allot(p_municipality character varying, p_id uuid, p_currency uuid, p_line uuid, p_programme uuid, p_amount bigint, p_at timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
-- A line's money goes to a programme that spends it (재배정); with a negative amount what is neither paid nor reserved
-- for a list comes back.
DECLARE
    v_line      uuid;
    v_programme uuid;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    v_line := ledger.account(p_municipality, p_currency, 'budget', p_line);
    v_programme := ledger.account(p_municipality, p_currency, 'programme', p_programme);
    PERFORM ledger.move_budget(
        p_municipality, p_id, p_currency, 'allot', p_programme, CASE WHEN p_amount < 0 THEN v_programme ELSE v_line END,
        CASE WHEN p_amount < 0 THEN v_line ELSE v_programme END, abs(p_amount), p_at);
END $$;

CREATE FUNCTION ledger.business_date(p_municipality character varying, p_at timestamp with time zone) RETURNS date
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    v_closed date;
BEGIN
    PERFORM ledger.enter(p_municipality);
    SELECT closed_through INTO v_closed FROM vouchers_businessclose WHERE municipality_id = p_municipality;
    RETURN ledger.day_of(p_at, v_closed);
END $$;

CREATE FUNCTION ledger.cancel_top_up(p_municipality character varying, p_id uuid, p_currency uuid, p_source uuid, p_wallet uuid, p_lots uuid[], p_funds uuid[], p_amounts bigint[], p_at timestamp with time zone) RETURNS date
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    -- Undoes a top-up of which nothing was used (청약철회): the money is owed to the citizen, benefits return to their funds.
    SELECT ledger.take_out(p_municipality, p_id, p_currency, 'top_up_cancel', p_source, p_wallet, p_lots, p_funds, p_amounts,
                           true, p_at)
$$;

CREATE FUNCTION ledger.cash_out(p_municipality character varying, p_id uuid, p_currency uuid, p_wallet uuid, p_lots uuid[], p_funds uuid[], p_amounts bigint[], p_at timestamp with time zone) RETURNS date
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    -- Refunds what is left of bought money (잔액 환불): the paid part is owed to the citizen, the benefit part returns.
    SELECT ledger.take_out(p_municipality, p_id, p_currency, 'cash_out', p_wallet, p_wallet, p_lots, p_funds, p_amounts,
                           false, p_at)
$$;

CREATE FUNCTION ledger.cash_paid(p_municipality character varying, p_id uuid, p_currency uuid, p_reference uuid, p_amount bigint, p_at timestamp with time zone) RETURNS date
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    -- The bank has paid a refund out of the operating account.
    SELECT ledger.post_at_bank(p_municipality, p_id, p_currency, 'cash_paid', 'refund_payable', 'bank', p_reference, p_amount,
                               p_at, 'refund_payable_short')
$$;

CREATE FUNCTION ledger.charge(p_municipality character varying, p_id uuid, p_currency uuid, p_kind text, p_reference uuid, p_merchants uuid[], p_amounts bigint[], p_at timestamp with time zone) RETURNS date
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
-- One event: p_amounts[n] won go from the shop p_merchants[n] to the operating account; below zero, from there to the shop.
-- Adjustments give no more than the operating account has. A fee is given back whatever it has: no close waits for money.
DECLARE
    v_date      date;
    v_operating uuid;
    v_pending   uuid[];
    v_given     bigint;
    v_taken     bigint;
    v_available bigint;
BEGIN
    v_date := ledger.business_date(p_municipality, p_at);
    IF (cardinality(p_amounts) > 0 AND 0 <> ALL (p_amounts)) IS NOT TRUE THEN
        PERFORM ledger.refuse('amount_not_positive');
    END IF;
    v_operating := ledger.open_account(p_municipality, p_currency, 'operating', NULL);
    SELECT array_agg(account.id ORDER BY i.line) INTO v_pending
    FROM unnest(p_merchants) WITH ORDINALITY AS i (merchant_id, line)
    JOIN vouchers_account account
      ON account.municipality_id = p_municipality AND account.currency_id = p_currency
     AND account.owner_id = i.merchant_id AND account.kind = 'merchant_pending';
    IF cardinality(v_pending) IS DISTINCT FROM cardinality(p_amounts) THEN
        PERFORM ledger.refuse('account_unknown', '{"kind": "merchant_pending"}');
    END IF;
    IF NOT ledger.open_journal(p_municipality, p_id, p_currency, p_kind,
            sha256(convert_to(concat_ws('|', p_reference, p_merchants, p_amounts), 'UTF8')), p_at, v_date, p_reference) THEN
        RETURN v_date;
    END IF;
    SELECT coalesce(sum(amount) FILTER (WHERE amount > 0), 0)::bigint, coalesce(-sum(amount) FILTER (WHERE amount < 0), 0)::bigint
    INTO v_taken, v_given FROM unnest(p_amounts) AS amount;
    SELECT credits - debits + v_taken INTO v_available FROM vouchers_balance
    WHERE municipality_id = p_municipality AND account_id = v_operating FOR NO KEY UPDATE;
    IF p_kind = 'adjust' AND v_given > v_available THEN
        PERFORM ledger.refuse('operating_short', jsonb_build_object('available', v_available, 'needed', v_given));
    END IF;
    INSERT INTO vouchers_transfer (municipality_id, journal_id, line, debit_account_id, credit_account_id, amount, business_date)
    SELECT p_municipality, p_id, i.line, CASE WHEN i.amount > 0 THEN i.pending ELSE v_operating END,
           CASE WHEN i.amount > 0 THEN v_operating ELSE i.pending END, abs(i.amount), v_date
    FROM unnest(v_pending, p_amounts) WITH ORDINALITY AS i (pending, amount, line);
    UPDATE vouchers_balance SET debits = debits + v_given, credits = credits + v_taken
    WHERE municipality_id = p_municipality AND account_id = v_operating;
    RETURN v_date;
END $$;

CREATE FUNCTION ledger.claim(p_municipality character varying, p_id uuid, p_currency uuid, p_programme uuid, p_usage_rule uuid, p_expiries timestamp with time zone[], p_wallets uuid[], p_sources uuid[], p_amounts bigint[], p_at timestamp with time zone, p_grace_days integer DEFAULT NULL::integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
-- Credits held money to wallets: a lot and a transfer each. Returns the sum in won. A source that was paid into the wallet
-- before breaks the constraint lot_source_once, whoever asks.
DECLARE
    v_unclaimed uuid;
    v_date      date;
    v_total     bigint;
BEGIN
    v_date := ledger.business_date(p_municipality, p_at);
    v_unclaimed := ledger.account(p_municipality, p_currency, 'unclaimed', p_programme);
    SELECT sum(a) INTO v_total FROM unnest(p_amounts) a;
    IF v_total IS NULL THEN
        PERFORM ledger.refuse('amount_not_positive');
    END IF;
    IF NOT ledger.open_journal(p_municipality, p_id, p_currency, 'claim',
            sha256(convert_to(concat_ws('|', p_programme, p_wallets, p_sources, p_amounts), 'UTF8')),
            p_at, v_date, p_programme) THEN
        RETURN v_total;
    END IF;
    PERFORM ledger.grant_lots(p_municipality, p_id, p_currency, v_unclaimed, 'grant', p_programme, p_usage_rule, NULL, p_expiries,
                              p_grace_days, p_wallets, p_sources, p_amounts, v_date, p_at);
    UPDATE vouchers_balance SET debits = debits + v_total
    WHERE municipality_id = p_municipality AND account_id = v_unclaimed;
    RETURN v_total;
END $$;

CREATE FUNCTION ledger.claw_back(p_municipality character varying, p_id uuid, p_currency uuid, p_programme uuid, p_wallets uuid[], p_sources uuid[], p_amounts bigint[], p_at timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    AS $$
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

CREATE FUNCTION ledger.credit_benefits(p_municipality character varying, p_id uuid, p_currency uuid, p_kind text, p_lot_kind text, p_funds uuid[], p_wallets uuid[], p_sources uuid[], p_amounts bigint[], p_expiries timestamp with time zone[], p_usage_rules uuid[], p_at timestamp with time zone, p_reserved boolean DEFAULT false) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

CREATE FUNCTION ledger.day_after(p_at timestamp with time zone, p_days integer) RETURNS timestamp with time zone
    LANGUAGE sql IMMUTABLE
    AS $$
    -- The end of the day in Seoul that lies p_days days after p_at's.
    SELECT ((p_at AT TIME ZONE 'Asia/Seoul')::date + p_days + 1)::timestamp AT TIME ZONE 'Asia/Seoul'
$$;

CREATE FUNCTION ledger.day_of(p_at timestamp with time zone, p_closed_through date) RETURNS date
    LANGUAGE sql STABLE
    AS $$
    -- The day that money moved at p_at belongs to: its day in Seoul, or the first day still open.
    SELECT greatest((p_at AT TIME ZONE 'Asia/Seoul')::date, p_closed_through + 1)
$$;

CREATE FUNCTION ledger.disburse(p_municipality character varying, p_id uuid, p_currency uuid, p_programme uuid, p_kind text, p_usage_rule uuid, p_expires_at timestamp with time zone, p_wallets uuid[], p_sources uuid[], p_amounts bigint[], p_at timestamp with time zone, p_held bigint DEFAULT 0, p_cash bigint DEFAULT 0, p_expiries timestamp with time zone[] DEFAULT NULL::timestamp with time zone[], p_grace_days integer DEFAULT NULL::integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
-- Pays many wallets out of a programme's reserved budget: a lot and a transfer each, one balance update in all. What is
-- kept for people without a wallet (p_held) and what the bank pays in cash (p_cash) moves in one sum each, to accounts of
-- the programme's own. p_expiries goes before p_expires_at where wallets differ. What a refund brings back after that can be
-- spent again for p_grace_days (NULL: it returns to the programme).
-- Returns the sum in won.
DECLARE
    v_programme uuid;
    v_date      date;
    v_total     bigint;
BEGIN
    v_date := ledger.business_date(p_municipality, p_at);
    v_programme := ledger.account(p_municipality, p_currency, 'programme', p_programme);
    SELECT coalesce(sum(a), 0) + p_held + p_cash INTO v_total FROM unnest(p_amounts) a;
    IF (p_held >= 0 AND p_cash >= 0 AND (p_amounts <> '{}' OR v_total > 0)) IS NOT TRUE THEN
        PERFORM ledger.refuse('amount_not_positive');
    END IF;
    IF NOT ledger.open_journal(p_municipality, p_id, p_currency, 'disburse',
            sha256(convert_to(concat_ws('|', p_programme, p_wallets, p_sources, p_amounts, nullif(p_held, 0), nullif(p_cash, 0)),
                              'UTF8')),
            p_at, v_date, p_programme) THEN
        RETURN v_total;
    END IF;
    PERFORM ledger.grant_lots(p_municipality, p_id, p_currency, v_programme, p_kind, p_programme, p_usage_rule, p_expires_at,
                              p_expiries, p_grace_days, p_wallets, p_sources, p_amounts, v_date, p_at);
    UPDATE vouchers_balance SET debits = debits + v_total, reserved = reserved - v_total
    WHERE municipality_id = p_municipality AND account_id = v_programme;
    IF p_held > 0 THEN
        PERFORM ledger.set_aside(p_municipality, p_id, p_currency, p_programme, 'unclaimed', p_held, v_date);
    END IF;
    IF p_cash > 0 THEN
        PERFORM ledger.set_aside(p_municipality, p_id, p_currency, p_programme, 'cash', p_cash, v_date);
    END IF;
    RETURN v_total;
END $$;

CREATE FUNCTION ledger.divert(p_municipality character varying, p_id uuid, p_currency uuid, p_from_line uuid, p_to_line uuid, p_amount bigint, p_at timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
-- Money of one line becomes another's (전용, 변경사용, 다음 연도로 이월).
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    PERFORM ledger.move_budget(
        p_municipality, p_id, p_currency, 'divert', p_from_line,
        ledger.account(p_municipality, p_currency, 'budget', p_from_line),
        ledger.account(p_municipality, p_currency, 'budget', p_to_line), p_amount, p_at);
END $$;

CREATE FUNCTION ledger.endow(p_municipality character varying, p_id uuid, p_currency uuid, p_fund uuid, p_amount bigint, p_at timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

CREATE FUNCTION ledger.ensure_partitions(p_from date, p_until date) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
-- Creates the monthly partitions that are missing from p_from's month to p_until's month; returns how many.
-- Months are those of Asia/Seoul, so a business date and its partition agree. Payments go on meanwhile: attaching a
-- table takes a lock that lets others write, where CREATE TABLE … PARTITION OF would stop them.
DECLARE
    v_table text;
    v_part  text;
    v_trigger text;
    v_month date;
    v_made  integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('ledger.ensure_partitions'));
    FOREACH v_table IN ARRAY ARRAY['vouchers_journal', 'vouchers_transfer', 'vouchers_payment', 'vouchers_cashback'] LOOP
        v_month := date_trunc('month', p_from)::date;
        WHILE v_month <= p_until LOOP
            v_part := v_table || to_char(v_month, '_YYYY_MM');
            IF to_regclass(quote_ident(v_part)) IS NULL THEN
                EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', v_part, v_table);
                EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', v_table, v_part,
                    ledger.uuid_floor(v_month::timestamp AT TIME ZONE 'Asia/Seoul'),
                    ledger.uuid_floor((v_month + interval '1 month')::timestamp AT TIME ZONE 'Asia/Seoul'));
                -- The parent's trigger of statements, which does not fire for a statement that names the partition.
                SELECT replace(pg_get_triggerdef(oid), ' ON public.' || v_table || ' ', format(' ON %I ', v_part))
                INTO STRICT v_trigger FROM pg_trigger
                WHERE tgrelid = v_table::regclass AND tgname = replace(v_table, 'vouchers_', '') || '_is_immutable';
                EXECUTE v_trigger;
                v_made := v_made + 1;
            END IF;
            v_month := (v_month + interval '1 month')::date;
        END LOOP;
    END LOOP;
    RETURN v_made;
END $$;

CREATE FUNCTION ledger.enter(p_municipality character varying) RETURNS xid8
    LANGUAGE plpgsql
    AS $$
-- What every posting does first. The transaction gets its xid before it reads the fence, so whoever closes a day can
-- wait for exactly those transactions that may have read the fence as it was before (ledger.transactions_ended).
-- With one snapshot for the whole transaction that would not hold, so no other isolation level is let in.
BEGIN
    IF (p_municipality = ANY (string_to_array(current_setting('app.municipalities', true), ','))) IS NOT TRUE THEN
        PERFORM ledger.refuse('out_of_scope');
    END IF;
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        PERFORM ledger.refuse('isolation_not_read_committed');
    END IF;
    RETURN pg_current_xact_id();
END $$;

CREATE FUNCTION ledger.expire(p_municipality character varying, p_until timestamp with time zone, p_limit integer, p_at timestamp with time zone, OUT lots integer, OUT amount bigint, OUT looked_at integer) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    AS $$
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

CREATE FUNCTION ledger.fence(p_municipality character varying, p_date date) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
-- Closes the books up to and including p_date: money that moves from now on belongs to a later day.
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    INSERT INTO vouchers_businessclose AS fence (municipality_id, closed_through) VALUES (p_municipality, p_date)
    ON CONFLICT (municipality_id) DO UPDATE SET closed_through = greatest(fence.closed_through, excluded.closed_through);
END $$;

CREATE FUNCTION ledger.fits(p_id uuid, p_date date) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
    -- Whether an id lies where the close of that day looks for it: from a day before (a request from before the fence
    -- that is posted after it) until the day's end, with a minute for the rounding of ids.
    SELECT coalesce(uuid_extract_timestamp(p_id) AT TIME ZONE 'Asia/Seoul'
                    BETWEEN p_date - 1 AND p_date + 1 + interval '1 minute', false)
$$;

CREATE FUNCTION ledger.fund(p_municipality character varying, p_id uuid, p_currency uuid, p_line uuid, p_amount bigint, p_at timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
-- Money reaches the operating bank account for a line of the budget (본예산, 증액, 이월 …); with a negative amount it
-- leaves again (감액, 불용 …), as far as neither a programme nor another line has got it.
DECLARE
    v_bank uuid;
    v_line uuid;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    v_bank := ledger.account(p_municipality, p_currency, 'bank', NULL);
    v_line := ledger.account(p_municipality, p_currency, 'budget', p_line);
    PERFORM ledger.move_budget(
        p_municipality, p_id, p_currency, 'fund', p_line, CASE WHEN p_amount < 0 THEN v_line ELSE v_bank END,
        CASE WHEN p_amount < 0 THEN v_bank ELSE v_line END, abs(p_amount), p_at);
END $$;

CREATE FUNCTION ledger.gift(p_municipality character varying, p_id uuid, p_from uuid, p_to uuid, p_amount bigint, p_kinds text[], p_partner uuid, p_at timestamp with time zone) RETURNS date
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
-- Moves p_amount won of these kinds of money between two wallets of one currency, soonest expiry first, and returns the
-- business date. The wallet that gives belongs to the app of p_partner or to none; the one that gets may be anybody's.
DECLARE
    v_date   date;
    v_from   vouchers_wallet;
    v_to     vouchers_wallet;
    v_hash   bytea := sha256(convert_to(concat_ws('|', p_from, p_to, p_amount), 'UTF8'));
    v_free   bigint;
BEGIN
    v_date := ledger.business_date(p_municipality, p_at);
    IF (p_amount > 0) IS NOT TRUE THEN
        PERFORM ledger.refuse('amount_not_positive');
    ELSIF p_from = p_to THEN
        PERFORM ledger.refuse('gift_to_oneself');
    END IF;
    PERFORM 1 FROM vouchers_wallet
    WHERE municipality_id = p_municipality AND id IN (p_from, p_to) ORDER BY id FOR NO KEY UPDATE;
    SELECT * INTO v_from FROM vouchers_wallet WHERE municipality_id = p_municipality AND id = p_from;
    SELECT * INTO v_to FROM vouchers_wallet WHERE municipality_id = p_municipality AND id = p_to;
    IF v_from.id IS NULL OR v_from.partner_id <> p_partner THEN
        PERFORM ledger.refuse('wallet_unknown');
    ELSIF v_from.corporation_id IS NOT NULL THEN
        PERFORM ledger.refuse('gift_from_corporation');
    ELSIF v_to.corporation_id IS NOT NULL THEN
        PERFORM ledger.refuse('receiver_unknown');
    ELSIF v_to.currency_id IS DISTINCT FROM v_from.currency_id THEN
        PERFORM ledger.refuse('receiver_unknown');
    ELSIF NOT ledger.open_journal(p_municipality, p_id, v_from.currency_id, 'gift', v_hash, p_at, v_date, p_to) THEN
        RETURN ledger.posted_on(p_municipality, p_id, 'gift', v_hash);
    ELSIF v_from.status <> 'active' THEN
        PERFORM ledger.refuse('wallet_not_active');
    ELSIF v_to.status <> 'active' THEN
        PERFORM ledger.refuse('receiver_unknown');
    ELSIF NOT ledger.fits(p_id, v_date) THEN
        PERFORM ledger.refuse('time_out_of_range');
    END IF;
    SELECT coalesce(sum(remaining - held), 0) INTO v_free FROM vouchers_lot
    WHERE municipality_id = p_municipality AND wallet_id = p_from AND kind = ANY (p_kinds) AND remaining > held
      AND (expires_at IS NULL OR expires_at > p_at);
    IF v_free < p_amount THEN
        PERFORM ledger.refuse('gift_exceeds_balance', jsonb_build_object('available', v_free));
    END IF;
    WITH candidate AS (
        SELECT lot.id, lot.remaining - lot.held AS free, lot.kind, lot.usage_rule_id, lot.expires_at,
               row_number() OVER forwards AS line,
               coalesce(sum(lot.remaining - lot.held)
                   OVER (forwards ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::bigint AS before
        FROM vouchers_lot lot
        WHERE lot.municipality_id = p_municipality AND lot.wallet_id = p_from AND lot.kind = ANY (p_kinds)
          AND lot.remaining > lot.held AND (lot.expires_at IS NULL OR lot.expires_at > p_at)
        WINDOW forwards AS (ORDER BY lot.expires_at, lot.id)
    ), taken AS (
        UPDATE vouchers_lot lot SET remaining = lot.remaining - least(candidate.free, p_amount - candidate.before)
        FROM candidate
        WHERE lot.municipality_id = p_municipality AND lot.id = candidate.id AND candidate.before < p_amount
        RETURNING candidate.*, least(candidate.free, p_amount - candidate.before) AS won
    ), given AS (
        INSERT INTO vouchers_lot AS kept (municipality_id, id, wallet_id, kind, source_id, usage_rule_id, granted,
                                          remaining, expires_at, created_at)
        SELECT p_municipality, uuidv7(), p_to, kind, id, usage_rule_id, won, won, expires_at, p_at FROM taken
        ON CONFLICT ON CONSTRAINT lot_source_once DO UPDATE
            SET granted = kept.granted + excluded.granted, remaining = kept.remaining + excluded.remaining
        RETURNING kept.id, kept.source_id
    )
    INSERT INTO vouchers_transfer (municipality_id, journal_id, line, debit_account_id, credit_account_id, debit_lot_id,
                                   credit_lot_id, amount, business_date)
    SELECT p_municipality, p_id, taken.line, p_from, p_to, taken.id, given.id, taken.won, v_date
    FROM taken JOIN given ON given.source_id = taken.id;
    RETURN v_date;
END $$;

CREATE FUNCTION ledger.grant_lots(p_municipality character varying, p_id uuid, p_currency uuid, p_from uuid, p_kind text, p_programme uuid, p_usage_rule uuid, p_expires_at timestamp with time zone, p_expiries timestamp with time zone[], p_grace_days integer, p_wallets uuid[], p_sources uuid[], p_amounts bigint[], p_date date, p_at timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    AS $$
-- Moves p_amounts from an account into new lots, a transfer each. Locks no wallet: a new lot concerns nobody else. Each
-- wallet is looked up by its key: a hash join would read every wallet of the city for each chunk of a list.
DECLARE
    v_posted bigint;
BEGIN
    WITH item AS MATERIALIZED (
        SELECT uuidv7() AS lot_id, i.wallet_id, i.source_id, i.amount, i.line::integer,
               coalesce(i.expires_at, p_expires_at) AS expires_at
        FROM unnest(p_wallets, p_sources, p_amounts, p_expiries)
             WITH ORDINALITY AS i (wallet_id, source_id, amount, expires_at, line)
    ), made AS (
        INSERT INTO vouchers_lot (municipality_id, id, wallet_id, kind, source_id, programme_id, usage_rule_id,
                                  granted, remaining, expires_at, created_at, grace_days)
        SELECT p_municipality, lot_id, wallet_id, p_kind, source_id, p_programme, p_usage_rule,
               amount, amount, expires_at, p_at, p_grace_days
        FROM item
    ), posted AS (
        INSERT INTO vouchers_transfer (municipality_id, journal_id, line, debit_account_id, credit_account_id,
                                       credit_lot_id, amount, business_date)
        SELECT p_municipality, p_id, item.line, p_from, wallet.id, item.lot_id, item.amount, p_date
        FROM item JOIN vouchers_wallet wallet
          ON wallet.id = item.wallet_id AND wallet.municipality_id = p_municipality
         AND wallet.currency_id = p_currency
        RETURNING amount
    )
    SELECT coalesce(sum(amount), 0) INTO v_posted FROM posted;
    IF v_posted <> (SELECT coalesce(sum(a), 0) FROM unnest(p_amounts) a) THEN
        PERFORM ledger.refuse('wallet_unknown');
    END IF;
END $$;

CREATE FUNCTION ledger.hold_settled(p_municipality character varying, p_currency uuid, p_merchants uuid[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
-- Nobody else moves what these shops have settled until the transaction ends. NULL: of all shops.
BEGIN
    PERFORM 1
    FROM vouchers_account account
    JOIN vouchers_balance balance
      ON balance.municipality_id = account.municipality_id AND balance.account_id = account.id
    WHERE account.municipality_id = p_municipality AND account.currency_id = p_currency
      AND account.kind = 'merchant_settled' AND (p_merchants IS NULL OR account.owner_id = ANY (p_merchants))
    ORDER BY account.id FOR NO KEY UPDATE OF balance;
END $$;

CREATE FUNCTION ledger.id_at(p_at timestamp with time zone) RETURNS uuid
    LANGUAGE sql
    AS $$
    SELECT uuidv7(p_at - clock_timestamp())
$$;

CREATE FUNCTION ledger.in_transit(p_municipality character varying, p_deposit uuid) RETURNS bigint
    LANGUAGE plpgsql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    -- Money reported and not yet seen at the bank: what the last day that is summed up ended with, which nothing can change
    -- any more, and what has moved since. Read alone it may be old; whoever receives holds the bank's balance.
    RETURN (WITH summed AS MATERIALIZED (
        SELECT max(sums.business_date) AS through FROM vouchers_dailysum sums WHERE sums.municipality_id = p_municipality
    )
    SELECT (coalesce((SELECT -sums.balance FROM summed JOIN vouchers_dailysum sums ON sums.business_date = summed.through
                      JOIN vouchers_account account
                        ON account.municipality_id = sums.municipality_id AND account.currency_id = sums.currency_id
                       AND account.kind = sums.kind
                      WHERE sums.municipality_id = p_municipality AND account.id = p_deposit), 0)
          + coalesce((SELECT sum(t.amount) FROM vouchers_transfer t
                      WHERE t.municipality_id = p_municipality AND t.debit_account_id = p_deposit AND t.debit_lot_id IS NULL
                        AND t.business_date > coalesce((SELECT through FROM summed), '-infinity')), 0)
          - coalesce((SELECT sum(t.amount) FROM vouchers_transfer t
                      WHERE t.municipality_id = p_municipality AND t.credit_account_id = p_deposit
                        AND t.debit_lot_id IS NULL AND t.credit_lot_id IS NULL
                        AND t.business_date > coalesce((SELECT through FROM summed), '-infinity')), 0))::bigint);
END $$;

CREATE FUNCTION ledger.link_wallet(p_municipality character varying, p_wallet uuid, p_partner uuid) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
-- The wallet belongs to the app of p_partner from now on; returns the partner it belonged to, NULL: to none. Payments
-- that hold the wallet end first.
DECLARE
    v_before uuid;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    IF NOT EXISTS (SELECT FROM vouchers_partner WHERE municipality_id = p_municipality AND id = p_partner) THEN
        PERFORM ledger.refuse('partner_unknown');
    END IF;
    UPDATE vouchers_wallet SET partner_id = p_partner
    WHERE municipality_id = p_municipality AND id = p_wallet
    RETURNING OLD.partner_id INTO v_before;
    IF NOT FOUND THEN
        PERFORM ledger.refuse('wallet_unknown');
    END IF;
    RETURN v_before;
END $$;

CREATE FUNCTION ledger.move_balances(p_municipality character varying, p_accounts uuid[], p_debits bigint[], p_credits bigint[], p_refusal text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
-- Adds to the kept sums of accounts that have any. An account that would fall below its floor refuses with p_refusal.
DECLARE
    v_short record;
BEGIN
    PERFORM 1 FROM vouchers_balance
    WHERE municipality_id = p_municipality AND account_id = ANY (p_accounts) ORDER BY account_id FOR NO KEY UPDATE;
    SELECT balance.credits - balance.debits - balance.reserved - balance.floor AS available, item.debit AS needed
    INTO v_short
    FROM (SELECT i.account_id, sum(i.debit)::bigint AS debit, sum(i.credit)::bigint AS credit
          FROM unnest(p_accounts, p_debits, p_credits) AS i (account_id, debit, credit) GROUP BY i.account_id) item
    JOIN vouchers_balance balance ON balance.municipality_id = p_municipality AND balance.account_id = item.account_id
    WHERE balance.credits + item.credit - balance.debits - item.debit - balance.reserved < balance.floor
    LIMIT 1;
    IF FOUND THEN
        PERFORM ledger.refuse(p_refusal, jsonb_build_object('available', v_short.available, 'needed', v_short.needed));
    END IF;
    UPDATE vouchers_balance balance
    SET debits = balance.debits + item.debit, credits = balance.credits + item.credit
    FROM (SELECT i.account_id, sum(i.debit)::bigint AS debit, sum(i.credit)::bigint AS credit
          FROM unnest(p_accounts, p_debits, p_credits) AS i (account_id, debit, credit) GROUP BY i.account_id) item
    WHERE balance.municipality_id = p_municipality AND balance.account_id = item.account_id;
END $$;

CREATE FUNCTION ledger.move_budget(p_municipality character varying, p_id uuid, p_currency uuid, p_kind text, p_reference uuid, p_from uuid, p_to uuid, p_amount bigint, p_at timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
-- Moves p_amount won from one account to another, whole or not at all.
DECLARE
    v_date date := ledger.business_date(p_municipality, p_at);
    v_kind text;
    v_free bigint;
BEGIN
    IF (p_amount > 0) IS NOT TRUE THEN
        PERFORM ledger.refuse('amount_not_positive');
    END IF;
    IF NOT ledger.open_journal(p_municipality, p_id, p_currency, p_kind,
            sha256(convert_to(concat_ws('|', p_from, p_to, p_amount), 'UTF8')), p_at, v_date, p_reference) THEN
        RETURN;
    END IF;
    PERFORM 1 FROM vouchers_balance balance JOIN vouchers_account account
      ON account.municipality_id = balance.municipality_id AND account.id = balance.account_id
    WHERE balance.municipality_id = p_municipality AND balance.account_id IN (p_from, p_to)
    ORDER BY (account.kind = 'bank'), balance.account_id
    FOR NO KEY UPDATE OF balance;
    SELECT account.kind, balance.credits - balance.debits - balance.reserved INTO v_kind, v_free
    FROM vouchers_balance balance JOIN vouchers_account account
      ON account.municipality_id = balance.municipality_id AND account.id = balance.account_id
    WHERE balance.municipality_id = p_municipality AND balance.account_id = p_from;
    IF v_kind <> 'bank' AND p_amount > v_free THEN
        PERFORM ledger.refuse(CASE v_kind WHEN 'budget' THEN 'budget_line_exceeded' WHEN 'benefit' THEN 'benefit_fund_short'
                                          ELSE 'budget_exceeded' END,
                              jsonb_build_object('available', v_free, 'needed', p_amount));
    END IF;
    INSERT INTO vouchers_transfer (municipality_id, journal_id, line, debit_account_id, credit_account_id, amount, business_date)
    VALUES (p_municipality, p_id, 1, p_from, p_to, p_amount, v_date);
    UPDATE vouchers_balance
    SET debits = debits + CASE account_id WHEN p_from THEN p_amount ELSE 0 END,
        credits = credits + CASE account_id WHEN p_to THEN p_amount ELSE 0 END
    WHERE municipality_id = p_municipality AND account_id IN (p_from, p_to);
END $$;

CREATE FUNCTION ledger.move_settled(p_municipality character varying, p_id uuid, p_currency uuid, p_kind text, p_other text, p_out boolean, p_reference uuid, p_merchants uuid[], p_amounts bigint[], p_at timestamp with time zone) RETURNS date
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
-- One event: line n moves p_amounts[n] won from what the shop p_merchants[n] has settled to the currency's own account
-- p_other (p_out), or from there back to the shop.
DECLARE
    v_date    date;
    v_other   uuid;
    v_settled uuid[];
    v_total   bigint;
    v_none    bigint[];
    v_hash    bytea := sha256(convert_to(concat_ws('|', p_reference, p_merchants, p_amounts), 'UTF8'));
BEGIN
    v_date := ledger.business_date(p_municipality, p_at);
    IF (cardinality(p_amounts) > 0 AND cardinality(p_merchants) = cardinality(p_amounts) AND 0 < ALL (p_amounts)) IS NOT TRUE THEN
        PERFORM ledger.refuse('amount_not_positive');
    END IF;
    v_other := ledger.open_account(p_municipality, p_currency, p_other, NULL);
    SELECT array_agg(account.id ORDER BY i.line) INTO v_settled
    FROM unnest(p_merchants) WITH ORDINALITY AS i (merchant_id, line)
    JOIN vouchers_account account
      ON account.municipality_id = p_municipality AND account.currency_id = p_currency
     AND account.owner_id = i.merchant_id AND account.kind = 'merchant_settled';
    IF cardinality(v_settled) IS DISTINCT FROM cardinality(p_merchants) THEN
        PERFORM ledger.refuse('account_unknown', '{"kind": "merchant_settled"}');
    END IF;
    IF NOT ledger.open_journal(p_municipality, p_id, p_currency, p_kind, v_hash, p_at, v_date, p_reference) THEN
        RETURN ledger.posted_on(p_municipality, p_id, p_kind, v_hash);
    END IF;
    IF NOT ledger.fits(p_id, v_date) THEN
        PERFORM ledger.refuse('time_out_of_range');
    END IF;
    INSERT INTO vouchers_transfer (municipality_id, journal_id, line, debit_account_id, credit_account_id, amount, business_date)
    SELECT p_municipality, p_id, i.line, CASE WHEN p_out THEN i.settled ELSE v_other END,
           CASE WHEN p_out THEN v_other ELSE i.settled END, i.amount, v_date
    FROM unnest(v_settled, p_amounts) WITH ORDINALITY AS i (settled, amount, line);
    SELECT sum(amount)::bigint, array_agg(0::bigint) INTO v_total, v_none FROM unnest(p_amounts) AS amount;
    PERFORM ledger.move_balances(p_municipality, v_settled, CASE WHEN p_out THEN p_amounts ELSE v_none END,
                                 CASE WHEN p_out THEN v_none ELSE p_amounts END, 'settled_short');
    PERFORM ledger.move_balances(p_municipality, ARRAY[v_other], ARRAY[CASE WHEN p_out THEN 0 ELSE v_total END],
                                 ARRAY[CASE WHEN p_out THEN v_total ELSE 0 END], 'transit_short');
    RETURN v_date;
END $$;

CREATE FUNCTION ledger.municipalities() RETURNS SETOF character varying
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    -- Runs before any scope is known: the region codes that hold a ledger, and nothing else.
    SELECT code FROM vouchers_municipality m
    WHERE EXISTS (SELECT FROM vouchers_account WHERE municipality_id = m.code)
$$;

CREATE FUNCTION ledger.note_returns(p_municipality character varying, p_journal uuid) RETURNS void
    LANGUAGE sql
    SET search_path TO 'public', 'pg_temp'
    AS $$
    -- Called by what has just taken money out of lots and may have given some of it to funds.
    INSERT INTO vouchers_lotreturn (municipality_id, lot_id, journal_id, account_id, amount)
    SELECT t.municipality_id, t.debit_lot_id, t.journal_id, t.credit_account_id, sum(t.amount)
    FROM vouchers_transfer t JOIN vouchers_account account
      ON account.municipality_id = t.municipality_id AND account.id = t.credit_account_id AND account.kind = 'benefit'
    WHERE t.municipality_id = p_municipality AND t.journal_id = p_journal AND t.debit_lot_id IS NOT NULL
    GROUP BY 1, 2, 3, 4
$$;

CREATE FUNCTION ledger.open_account(p_municipality character varying, p_currency uuid, p_kind text, p_owner uuid) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
-- Opens the account of an owner once; a second call returns the same account. Wallets open with open_wallets.
DECLARE
    v_id uuid;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    IF p_kind = 'wallet' THEN
        PERFORM ledger.refuse('account_unknown', jsonb_build_object('kind', p_kind));
    END IF;
    INSERT INTO vouchers_account (municipality_id, id, currency_id, kind, owner_id)
    VALUES (p_municipality, uuidv7(), p_currency, p_kind, p_owner)
    ON CONFLICT ON CONSTRAINT account_owner_once DO NOTHING;
    v_id := ledger.account(p_municipality, p_currency, p_kind, p_owner);
    IF p_kind NOT IN ('merchant_pending', 'deposit') THEN   -- theirs is the sum of their movements
        INSERT INTO vouchers_balance (municipality_id, account_id, floor)
        VALUES (p_municipality, v_id, CASE WHEN p_kind IN ('bank', 'operating') THEN NULL ELSE 0 END)
        ON CONFLICT (municipality_id, account_id) DO NOTHING;
    END IF;
    RETURN v_id;
END $$;

CREATE FUNCTION ledger.open_corporate_wallet(p_municipality character varying, p_currency uuid, p_corporation uuid, p_partner uuid DEFAULT NULL::uuid, OUT wallet_id uuid, OUT opened boolean) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
-- The wallet of a corporation in a currency, and whether this very call opened it, with its account of the same id. A new
-- one belongs to the app of p_partner; NULL: to none. One that is there stays as it is.
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    IF p_partner IS NOT NULL
       AND NOT EXISTS (SELECT FROM vouchers_partner WHERE municipality_id = p_municipality AND id = p_partner) THEN
        PERFORM ledger.refuse('partner_unknown');
    END IF;
    INSERT INTO vouchers_wallet (municipality_id, corporation_id, currency_id, status, partner_id)
    SELECT p_municipality, corporation.id, currency.id, 'active', p_partner
    FROM vouchers_corporation corporation JOIN vouchers_currency currency
      ON currency.municipality_id = corporation.municipality_id AND currency.id = p_currency
    WHERE corporation.municipality_id = p_municipality AND corporation.id = p_corporation
    ON CONFLICT (corporation_id, currency_id) WHERE corporation_id IS NOT NULL DO NOTHING
    RETURNING id INTO wallet_id;
    opened := wallet_id IS NOT NULL;
    IF opened THEN
        INSERT INTO vouchers_account (municipality_id, id, currency_id, kind, owner_id)
        VALUES (p_municipality, wallet_id, p_currency, 'wallet', wallet_id);
    ELSE
        SELECT id INTO wallet_id FROM vouchers_wallet
        WHERE municipality_id = p_municipality AND corporation_id = p_corporation AND currency_id = p_currency;
        IF wallet_id IS NULL THEN
            PERFORM ledger.refuse('wallet_unknown');
        END IF;
    END IF;
END $$;

CREATE FUNCTION ledger.open_journal(p_municipality character varying, p_id uuid, p_currency uuid, p_kind text, p_hash bytea, p_at timestamp with time zone, p_business_date date, p_reference uuid) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
-- True: the event is new. False: it has been posted before with the same parameters. A duplicate in flight waits
-- here for the first one's end, before any balance is locked.
BEGIN
    INSERT INTO vouchers_journal (municipality_id, id, currency_id, kind, business_date, at, request_hash, reference)
    VALUES (p_municipality, p_id, p_currency, p_kind, p_business_date, p_at, p_hash, p_reference)
    ON CONFLICT (municipality_id, id) DO NOTHING;
    IF NOT FOUND THEN
        PERFORM ledger.posted_on(p_municipality, p_id, p_kind, p_hash);
        RETURN false;
    END IF;
    -- A payment of the same id that is posted at this very moment fails at transfer_pkey, or this event does.
    IF EXISTS (SELECT FROM vouchers_payment WHERE municipality_id = p_municipality AND id = p_id) THEN
        PERFORM ledger.refuse('journal_conflict');
    END IF;
    RETURN true;
END $$;

CREATE FUNCTION ledger.open_wallets(p_municipality character varying, p_currency uuid, p_citizens uuid[], p_partner uuid DEFAULT NULL::uuid) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
-- Opens the wallets that these citizens do not have yet, each with its account of the same id; returns how many. New
-- wallets belong to the app of p_partner; NULL: to none, so every partner may act on them.
DECLARE
    v_made integer;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    WITH made AS (
        INSERT INTO vouchers_wallet (municipality_id, citizen_id, currency_id, status, partner_id)
        SELECT p_municipality, c.id, p_currency, 'active', p_partner
        FROM vouchers_citizen c
        WHERE c.municipality_id = p_municipality AND c.id = ANY (p_citizens)
        ORDER BY c.id                            -- two calls that share citizens must not wait for each other
        ON CONFLICT ON CONSTRAINT wallet_once DO NOTHING
        RETURNING id
    )
    INSERT INTO vouchers_account (municipality_id, id, currency_id, kind, owner_id)
    SELECT p_municipality, id, p_currency, 'wallet', id FROM made;
    GET DIAGNOSTICS v_made = ROW_COUNT;
    RETURN v_made;
END $$;

CREATE FUNCTION ledger.operate(p_municipality character varying, p_id uuid, p_currency uuid, p_reference uuid, p_amount bigint, p_at timestamp with time zone) RETURNS date
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
-- Money of the municipality's own reaches the bank for adjustments; below zero, fees that it has earned leave the bank.
DECLARE
    v_operating uuid;
    v_available bigint;
BEGIN
    PERFORM ledger.enter(p_municipality);
    v_operating := ledger.open_account(p_municipality, p_currency, 'operating', NULL);
    SELECT credits - debits INTO v_available FROM vouchers_balance
    WHERE municipality_id = p_municipality AND account_id = v_operating FOR NO KEY UPDATE;
    IF -p_amount > v_available THEN
        PERFORM ledger.refuse('operating_short', jsonb_build_object('available', v_available, 'needed', -p_amount));
    END IF;
    RETURN ledger.post_at_bank(
        p_municipality, p_id, p_currency, 'adjust', CASE WHEN p_amount > 0 THEN 'bank' ELSE 'operating' END,
        CASE WHEN p_amount > 0 THEN 'operating' ELSE 'bank' END, p_reference, abs(p_amount), p_at, 'operating_short');
END $$;

CREATE FUNCTION ledger.pay(p_municipality character varying, p_id uuid, p_wallet uuid, p_merchant uuid, p_amount bigint, p_limit bigint, p_category text, p_annual_sales bigint, p_partner uuid, p_order text, p_at timestamp with time zone, p_channel text DEFAULT 'static_qr'::text, p_discount bigint DEFAULT 0, p_purchase_cap bigint DEFAULT NULL::bigint) RETURNS ledger.paid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
-- Moves p_amount won from a wallet to a shop and returns the business date it counts for, and what was drawn in its order:
-- 'kind|programme|won' for each lot, parted by spaces (a text, because this is the cheapest to build and to read).
-- The wallet belongs to the app of p_partner or to none: to every other partner it is unknown, unless its holder let
-- somebody else ask by showing a token, by a card, or by confirming an order.
-- Lots that admit this shop are drawn soonest expiry first, purchased money last. p_limit is the highest amount of
-- one payment (NULL: none); the shop's category and annual sales decide which lots it may take. Bought money, and the
-- incentive on it, is refused where annual sales exceed p_purchase_cap (NULL: nowhere); an allowance has its own rule.
-- p_discount is what the shop takes off the price by itself: told here, moved nowhere.
-- The hot path is plain statements: one that does it all with WITH costs twice as much to set up. The payment is its
-- own journal (vouchers_event). Its id is minted in the transaction that records the request's idempotency key, so it is
-- not asked for here whether it exists: a second payment of the same id breaks the primary key (journal_conflict), and
-- sparing ON CONFLICT spares a tenth of the time.
DECLARE
    v_xid      xid8 := ledger.enter(p_municipality);
    v_currency uuid;
    v_status   text;
    v_app      uuid;
    v_pending  uuid;
    v_date     date;
    v_refusal  text;
    v_lot      record;
    v_drawn    bigint;
    v_taken    bigint := 0;
    v_line     integer := 0;
    v_told     text := '';
BEGIN
    SELECT wallet.currency_id, wallet.status, wallet.partner_id, pending.id, ledger.day_of(p_at, fence.closed_through)
    INTO v_currency, v_status, v_app, v_pending, v_date
    FROM vouchers_wallet wallet
    LEFT JOIN vouchers_account pending
      ON pending.municipality_id = wallet.municipality_id AND pending.currency_id = wallet.currency_id
     AND pending.kind = 'merchant_pending' AND pending.owner_id = p_merchant
    LEFT JOIN vouchers_businessclose fence ON fence.municipality_id = wallet.municipality_id
    WHERE wallet.municipality_id = p_municipality AND wallet.id = p_wallet
    FOR NO KEY UPDATE OF wallet;
    v_refusal := CASE
        WHEN (p_amount > 0) IS NOT TRUE THEN 'amount_not_positive'
        WHEN v_currency IS NULL OR (v_app <> p_partner AND p_channel IN ('static_qr', 'dynamic_qr')) THEN 'wallet_unknown'
        WHEN v_pending IS NULL THEN 'merchant_not_active'
        WHEN v_status <> 'active' THEN 'wallet_not_active'
        WHEN p_amount > p_limit THEN 'payment_limit_exceeded'
        WHEN NOT ledger.fits(p_id, v_date) THEN 'time_out_of_range'
    END;
    IF v_refusal IS NOT NULL THEN
        PERFORM ledger.refuse(v_refusal, jsonb_strip_nulls(jsonb_build_object('limit', p_limit)));
    END IF;
    INSERT INTO vouchers_payment (municipality_id, id, currency_id, wallet_id, merchant_id, partner_id, order_id, amount,
                                  business_date, at, channel, discount)
    VALUES (p_municipality, p_id, v_currency, p_wallet, p_merchant, p_partner, p_order, p_amount, v_date, p_at,
            p_channel, p_discount);
    FOR v_lot IN
        SELECT lot.id, lot.remaining - lot.held AS free, lot.kind, lot.programme_id
        FROM vouchers_lot lot
        LEFT JOIN vouchers_usagerule usage
          ON usage.id = lot.usage_rule_id
        WHERE lot.municipality_id = p_municipality AND lot.wallet_id = p_wallet
          AND lot.remaining > lot.held
          AND (lot.expires_at IS NULL OR lot.expires_at > p_at)
          AND NOT (p_annual_sales > p_purchase_cap IS TRUE AND lot.kind IN ('purchase', 'incentive'))
          AND (usage.id IS NULL OR (
                  (usage.allowed_categories = '{}' OR p_category = ANY (usage.allowed_categories))
              AND NOT p_category = ANY (usage.denied_categories)
              AND (usage.annual_sales_cap IS NULL OR p_annual_sales <= usage.annual_sales_cap)
              AND CASE WHEN usage.allowed_dongs = '{}' THEN true ELSE EXISTS (
                      SELECT FROM merchants_merchant shop JOIN vouchers_dong d ON d.id = shop.dong_id
                      WHERE shop.municipality_id = p_municipality AND shop.id = p_merchant
                        AND d.name = ANY (usage.allowed_dongs)) END))
        ORDER BY (lot.kind = 'purchase'), lot.expires_at, lot.id
    LOOP
        v_line := v_line + 1;
        v_drawn := least(v_lot.free, p_amount - v_taken);
        v_taken := v_taken + v_drawn;
        v_told := v_told || v_lot.kind || '|' || coalesce(v_lot.programme_id::text, '') || '|' || v_drawn || ' ';
        UPDATE vouchers_lot SET remaining = remaining - v_drawn WHERE municipality_id = p_municipality AND id = v_lot.id;
        INSERT INTO vouchers_transfer (municipality_id, journal_id, line, debit_account_id, credit_account_id,
                                       debit_lot_id, amount, business_date, spent)
        VALUES (p_municipality, p_id, v_line, p_wallet, v_pending, v_lot.id, v_drawn, v_date, true);
        EXIT WHEN v_taken = p_amount;
    END LOOP;
    IF v_taken < p_amount THEN
        PERFORM ledger.refuse('insufficient_funds', jsonb_build_object('available', v_taken));
    END IF;
    RETURN (v_date, v_told)::ledger.paid;
END $$;

CREATE FUNCTION ledger.payout(p_municipality character varying, p_id uuid, p_currency uuid, p_merchants uuid[], p_amounts bigint[], p_at timestamp with time zone) RETURNS date
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    -- What shops have settled is put on its way to them.
    SELECT ledger.move_settled(p_municipality, p_id, p_currency, 'payout', 'payout_transit', true, NULL, p_merchants,
                               p_amounts, p_at)
$$;

CREATE FUNCTION ledger.payout_paid(p_municipality character varying, p_id uuid, p_currency uuid, p_reference uuid, p_amount bigint, p_at timestamp with time zone) RETURNS date
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    -- The bank has paid shops out of the operating account.
    SELECT ledger.post_at_bank(p_municipality, p_id, p_currency, 'payout_paid', 'payout_transit', 'bank', p_reference,
                               p_amount, p_at, 'transit_short')
$$;

CREATE FUNCTION ledger.payout_returned(p_municipality character varying, p_id uuid, p_currency uuid, p_from_bank boolean, p_reference uuid, p_merchants uuid[], p_amounts bigint[], p_at timestamp with time zone) RETURNS date
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    -- The shops did not get it: it was never paid, or it came back to the operating account.
    SELECT ledger.move_settled(p_municipality, p_id, p_currency, 'payout_returned',
                               CASE WHEN p_from_bank THEN 'bank' ELSE 'payout_transit' END, false, p_reference, p_merchants,
                               p_amounts, p_at)
$$;

CREATE FUNCTION ledger.post_at_bank(p_municipality character varying, p_id uuid, p_currency uuid, p_kind text, p_debit text, p_credit text, p_reference uuid, p_amount bigint, p_at timestamp with time zone, p_refusal text) RETURNS date
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
-- One movement between the operating account and another of the currency's own. No more is received than is in transit: the
-- bank's balance is locked before that is read, so that receives wait for each other and top-ups for none.
DECLARE
    v_date    date;
    v_debit   uuid;
    v_credit  uuid;
    v_transit bigint;
    v_hash    bytea := sha256(convert_to(concat_ws('|', p_reference, p_amount), 'UTF8'));
BEGIN
    v_date := ledger.business_date(p_municipality, p_at);
    v_debit := ledger.account(p_municipality, p_currency, p_debit, NULL);
    v_credit := ledger.account(p_municipality, p_currency, p_credit, NULL);
    IF (p_amount > 0) IS NOT TRUE THEN
        PERFORM ledger.refuse('amount_not_positive');
    END IF;
    IF NOT ledger.open_journal(p_municipality, p_id, p_currency, p_kind, v_hash, p_at, v_date, p_reference) THEN
        RETURN ledger.posted_on(p_municipality, p_id, p_kind, v_hash);
    END IF;
    IF NOT ledger.fits(p_id, v_date) THEN
        PERFORM ledger.refuse('time_out_of_range');
    END IF;
    IF p_credit = 'deposit' THEN
        PERFORM 1 FROM vouchers_balance
        WHERE municipality_id = p_municipality AND account_id = v_debit FOR NO KEY UPDATE;
        v_transit := ledger.in_transit(p_municipality, v_credit);
        IF p_amount > v_transit THEN
            PERFORM ledger.refuse('deposit_short', jsonb_build_object('available', v_transit, 'needed', p_amount));
        END IF;
    END IF;
    INSERT INTO vouchers_transfer (municipality_id, journal_id, line, debit_account_id, credit_account_id, amount, business_date)
    VALUES (p_municipality, p_id, 1, v_debit, v_credit, p_amount, v_date);
    PERFORM ledger.move_balances(p_municipality, ARRAY[v_debit, v_credit], ARRAY[p_amount, 0], ARRAY[0, p_amount], p_refusal);
    RETURN v_date;
END $$;

CREATE FUNCTION ledger.posted_on(p_municipality character varying, p_id uuid, p_kind text, p_hash bytea) RETURNS date
    LANGUAGE plpgsql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$
-- The business date of an event that was posted before with the same parameters; NULL: there is none.
DECLARE
    v_before record;
BEGIN
    SELECT kind, request_hash, business_date INTO v_before
    FROM vouchers_event WHERE municipality_id = p_municipality AND id = p_id;
    IF FOUND AND (v_before.kind, v_before.request_hash) IS DISTINCT FROM (p_kind, p_hash) THEN
        PERFORM ledger.refuse('journal_conflict');
    END IF;
    RETURN v_before.business_date;
END $$;

CREATE FUNCTION ledger.receive(p_municipality character varying, p_id uuid, p_currency uuid, p_reference uuid, p_amount bigint, p_at timestamp with time zone) RETURNS date
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    -- The bank statement shows money that the funding bank had reported before.
    SELECT ledger.post_at_bank(p_municipality, p_id, p_currency, 'receive', 'bank', 'deposit', p_reference, p_amount,
                               p_at, 'account_unknown')
$$;

CREATE FUNCTION ledger.refund(p_municipality character varying, p_id uuid, p_payment uuid, p_amount bigint, p_at timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
-- Gives p_amount won of a payment's price (NULL: all that is left) back to the very lots it came from, last drawn first,
-- and returns the money given back. Never more than was paid, lot by lot. What comes back to a lot after its time has run
-- out returns to its programme or funds with the next sweep; or, where the lot has grace_days, the lot lives again through
-- the day that lies so many days after the refund, with nothing in it but what refunds have brought: what else was left in
-- it returns at once. Only payments that were made in the lot's own time begin or lengthen such a grace period, or paying
-- and cancelling in turns would go on for ever. A shop's pending money may go below zero; the next day close carries that. Of what is left of the price the shop goes on bearing its share, rounded down, so
-- parts add up to the whole in whatever steps it is given back.
DECLARE
    v_payment vouchers_payment;
    v_since   uuid;
    v_pending uuid;
    v_date    date;
    v_left    bigint;
    v_amount  bigint;
    v_discount bigint;
    v_posted  bigint;
    v_lapsed  uuid[];
BEGIN
    PERFORM ledger.enter(p_municipality);
    SELECT * INTO v_payment FROM vouchers_payment
    WHERE municipality_id = p_municipality AND id = p_payment FOR NO KEY UPDATE;
    IF v_payment.id IS NULL THEN
        PERFORM ledger.refuse('payment_unknown');
    END IF;
    IF p_amount <= 0 THEN
        PERFORM ledger.refuse('amount_not_positive');
    END IF;
    v_since := ledger.uuid_floor(v_payment.at - interval '2 days');   -- a refund fits a business date, so not earlier
    -- the wallet before the journal, as in pay
    PERFORM 1 FROM vouchers_wallet
    WHERE municipality_id = p_municipality AND id = v_payment.wallet_id FOR NO KEY UPDATE;
    v_date := ledger.business_date(p_municipality, p_at);
    IF NOT ledger.open_journal(p_municipality, p_id, v_payment.currency_id, 'refund',
            sha256(convert_to(concat_ws('|', p_payment, coalesce(p_amount::text, 'all')), 'UTF8')),
            p_at, v_date, p_payment) THEN
        SELECT sum(amount) INTO v_posted FROM vouchers_transfer
        WHERE municipality_id = p_municipality AND journal_id = p_id;
        RETURN v_posted;
    END IF;
    v_left := v_payment.amount - v_payment.refunded + v_payment.discount - v_payment.discount_returned;
    v_amount := coalesce(p_amount, v_left);
    IF v_amount = 0 OR v_amount > v_left THEN
        PERFORM ledger.refuse('refund_exceeds_payment', jsonb_build_object('refundable', v_left));
    END IF;
    v_discount := v_payment.discount - v_payment.discount_returned
        - div(v_payment.discount::numeric * (v_left - v_amount), v_payment.amount + v_payment.discount)::bigint;
    v_amount := v_amount - v_discount;
    IF v_amount = 0 THEN                         -- this won of the price was borne by the shop, not by the wallet
        PERFORM ledger.refuse('refund_below_discount');
    END IF;
    IF NOT ledger.fits(p_id, v_date) THEN
        PERFORM ledger.refuse('time_out_of_range');
    END IF;
    v_pending := ledger.account(p_municipality, v_payment.currency_id, 'merchant_pending', v_payment.merchant_id);
    v_lapsed := ARRAY(SELECT lot.id
                      FROM vouchers_transfer t JOIN vouchers_lot lot ON lot.municipality_id = t.municipality_id AND lot.id = t.debit_lot_id
                      WHERE t.municipality_id = p_municipality AND t.journal_id = p_payment AND lot.expires_at <= p_at
                        AND lot.grace_days IS NOT NULL AND v_payment.at < coalesce(lot.lapsed_at, lot.expires_at));
    IF v_lapsed <> '{}' THEN
        PERFORM ledger.return_expired(p_municipality, v_lapsed, ARRAY[v_payment.wallet_id], p_at, v_date, p_at);
    END IF;
    WITH returned AS (
        SELECT t.credit_lot_id AS lot_id, sum(t.amount)::bigint AS amount
        FROM vouchers_journal j JOIN vouchers_transfer t
          ON t.municipality_id = j.municipality_id AND t.journal_id = j.id
        WHERE j.municipality_id = p_municipality AND j.reference = p_payment AND j.kind = 'refund'
          AND j.id > v_since                     -- spares the partitions of the years before
        GROUP BY t.credit_lot_id
    ), candidate AS (
        SELECT t.debit_lot_id AS lot_id, t.amount - coalesce(r.amount, 0) AS free,
               row_number() OVER backwards AS line,
               coalesce(sum(t.amount - coalesce(r.amount, 0))
                   OVER (backwards ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::bigint AS before
        FROM vouchers_transfer t LEFT JOIN returned r ON r.lot_id = t.debit_lot_id
        WHERE t.municipality_id = p_municipality AND t.journal_id = p_payment
          AND t.amount > coalesce(r.amount, 0)
        WINDOW backwards AS (ORDER BY t.line DESC)
    ), given AS (
        UPDATE vouchers_lot lot
        SET remaining = lot.remaining + least(candidate.free, v_amount - candidate.before),
            lapsed_at = CASE WHEN lot.id = ANY (v_lapsed) THEN coalesce(lot.lapsed_at, lot.expires_at) ELSE lot.lapsed_at END,
            expires_at = CASE WHEN lot.id = ANY (v_lapsed) OR v_payment.at < lot.lapsed_at
                              THEN greatest(lot.expires_at, ledger.day_after(p_at, lot.grace_days)) ELSE lot.expires_at END
        FROM candidate
        WHERE lot.municipality_id = p_municipality AND lot.id = candidate.lot_id
          AND candidate.before < v_amount
        RETURNING lot.id, candidate.line, least(candidate.free, v_amount - candidate.before) AS amount
    ), posted AS (
        INSERT INTO vouchers_transfer (municipality_id, journal_id, line, debit_account_id, credit_account_id,
                                       credit_lot_id, amount, business_date)
        SELECT p_municipality, p_id, line, v_pending, v_payment.wallet_id, id, amount, v_date FROM given
        RETURNING amount
    )
    SELECT coalesce(sum(amount), 0) INTO v_posted FROM posted;
    IF v_posted <> v_amount THEN
        PERFORM ledger.refuse('refund_exceeds_payment', jsonb_build_object('refundable', v_left));
    END IF;
    -- What comes back when its time has run out, or is about to, is looked at by the next sweep in any case.
    INSERT INTO vouchers_lateexpiry (municipality_id, lot_id)
    SELECT p_municipality, lot.id
    FROM vouchers_transfer t JOIN vouchers_lot lot ON lot.municipality_id = t.municipality_id AND lot.id = t.credit_lot_id
    WHERE t.municipality_id = p_municipality AND t.journal_id = p_id
      AND lot.kind <> 'purchase' AND lot.expires_at <= p_at + interval '1 hour'
    ON CONFLICT (municipality_id, lot_id) DO NOTHING;
    INSERT INTO vouchers_cancellation (municipality_id, id, payment_id, amount, discount, at)
    VALUES (p_municipality, p_id, p_payment, v_amount, v_discount, p_at);
    UPDATE vouchers_payment SET refunded = refunded + v_amount, discount_returned = discount_returned + v_discount
    WHERE municipality_id = p_municipality AND id = p_payment;
    RETURN v_amount;
END $$;

CREATE FUNCTION ledger.refuse(p_code text, p_params jsonb DEFAULT '{}'::jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'JT000', MESSAGE = p_code, DETAIL = p_params::text;
END $$;

CREATE FUNCTION ledger.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'ledger_is_immutable' USING ERRCODE = 'JT001';
END $$;

CREATE FUNCTION ledger.refuse_refund() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'more is given back of a payment than was paid'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'payment_refunded_within_amount';
END $$;

CREATE FUNCTION ledger.release(p_municipality character varying, p_id uuid, p_currency uuid, p_programme uuid, p_amount bigint, p_at timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
-- Returns held money that nobody gets any more to its programme, where it is free to be spent.
DECLARE
    v_programme uuid;
    v_unclaimed uuid;
    v_date      date;
BEGIN
    v_date := ledger.business_date(p_municipality, p_at);
    v_programme := ledger.account(p_municipality, p_currency, 'programme', p_programme);
    v_unclaimed := ledger.account(p_municipality, p_currency, 'unclaimed', p_programme);
    IF p_amount IS NULL OR p_amount <= 0 THEN
        PERFORM ledger.refuse('amount_not_positive');
    END IF;
    IF NOT ledger.open_journal(p_municipality, p_id, p_currency, 'release',
            sha256(convert_to(concat_ws('|', p_programme, p_amount), 'UTF8')), p_at, v_date, p_programme) THEN
        RETURN;
    END IF;
    INSERT INTO vouchers_transfer (municipality_id, journal_id, line, debit_account_id, credit_account_id, amount, business_date)
    VALUES (p_municipality, p_id, 1, v_unclaimed, v_programme, p_amount, v_date);
    PERFORM ledger.return_to(p_municipality, v_programme, p_amount);
    UPDATE vouchers_balance SET debits = debits + p_amount
    WHERE municipality_id = p_municipality AND account_id = v_unclaimed;
END $$;

CREATE FUNCTION ledger.repay(p_municipality character varying, p_id uuid, p_currency uuid, p_programme uuid, p_amount bigint, p_at timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

CREATE FUNCTION ledger.require_benefits(p_kind text, p_amounts bigint[], p_lengths integer[]) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    AS $$
BEGIN
    IF p_kind NOT IN ('cashback', 'points') THEN
        PERFORM ledger.refuse('account_unknown', jsonb_build_object('kind', p_kind));
    ELSIF coalesce(cardinality(p_amounts), 0) = 0 OR (0 < ALL (p_amounts)) IS NOT TRUE
       OR cardinality(p_amounts) <> ALL (p_lengths) THEN
        PERFORM ledger.refuse('amount_not_positive');
    END IF;
END $$;

CREATE FUNCTION ledger.require_scope(p_municipality character varying) RETURNS void
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    IF (p_municipality = ANY (string_to_array(current_setting('app.municipalities', true), ','))) IS NOT TRUE THEN
        PERFORM ledger.refuse('out_of_scope');
    END IF;
END $$;

CREATE FUNCTION ledger.reserve(p_municipality character varying, p_currency uuid, p_programme uuid, p_amount bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
-- Sets budget aside (or, with a negative amount, gives it back). The whole amount or nothing.
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    PERFORM ledger.reserve_of(p_municipality, ledger.account(p_municipality, p_currency, 'programme', p_programme), p_amount,
                              'budget_exceeded');
END $$;

CREATE FUNCTION ledger.reserve_benefits(p_municipality character varying, p_currency uuid, p_fund uuid, p_amount bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
-- Sets a fund's money aside for what was promised (or, with a negative amount, lets go of it). The whole amount or nothing.
BEGIN
    PERFORM ledger.reserve_of(p_municipality, ledger.account(p_municipality, p_currency, 'benefit', p_fund), p_amount,
                              'benefit_fund_short');
END $$;

CREATE FUNCTION ledger.reserve_of(p_municipality character varying, p_account uuid, p_amount bigint, p_refusal text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
-- Sets money of an account aside, so that nobody else spends it (or, with a negative amount, lets go of it): the whole
-- amount or, with p_refusal, nothing.
DECLARE
    v_free bigint;
BEGIN
    SELECT credits - debits - reserved INTO v_free FROM vouchers_balance
    WHERE municipality_id = p_municipality AND account_id = p_account FOR NO KEY UPDATE;
    IF p_amount > v_free THEN
        PERFORM ledger.refuse(p_refusal, jsonb_build_object('available', v_free, 'needed', p_amount));
    END IF;
    UPDATE vouchers_balance SET reserved = reserved + p_amount
    WHERE municipality_id = p_municipality AND account_id = p_account;
END $$;

CREATE FUNCTION ledger.return_expired(p_municipality character varying, p_lots uuid[], p_wallets uuid[], p_until timestamp with time zone, p_date date, p_at timestamp with time zone, OUT lots integer, OUT amount bigint) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    AS $$
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

CREATE FUNCTION ledger.return_to(p_municipality character varying, p_account uuid, p_amount bigint) RETURNS void
    LANGUAGE sql
    SET search_path TO 'public', 'pg_temp'
    AS $$
    UPDATE vouchers_balance SET credits = credits + p_amount, returned = returned + p_amount
    WHERE municipality_id = p_municipality AND account_id = p_account
$$;

CREATE FUNCTION ledger.set_aside(p_municipality character varying, p_journal uuid, p_currency uuid, p_programme uuid, p_kind text, p_amount bigint, p_date date) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
-- Within a disbursement, moves a sum from the programme to its account of unclaimed money or of cash, which is opened when
-- it is needed first. The programme's own balance is the caller's.
DECLARE
    v_account uuid := ledger.open_account(p_municipality, p_currency, p_kind, p_programme);
BEGIN
    INSERT INTO vouchers_transfer (municipality_id, journal_id, line, debit_account_id, credit_account_id, amount, business_date)
    SELECT p_municipality, p_journal, coalesce(max(line), 0) + 1,
           ledger.account(p_municipality, p_currency, 'programme', p_programme), v_account, p_amount, p_date
    FROM vouchers_transfer WHERE municipality_id = p_municipality AND journal_id = p_journal;
    UPDATE vouchers_balance SET credits = credits + p_amount
    WHERE municipality_id = p_municipality AND account_id = v_account;
END $$;

CREATE FUNCTION ledger.settle(p_municipality character varying, p_id uuid, p_currency uuid, p_merchants uuid[], p_amounts bigint[], p_at timestamp with time zone, p_kind text DEFAULT 'settle'::text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
-- Moves each shop's amount from its pending to its settled account; returns the sum in won. p_kind is 'settle' at the close
-- of a day and 'exchange' before it.
DECLARE
    v_date   date;
    v_total  bigint;
    v_posted bigint;
BEGIN
    v_date := ledger.business_date(p_municipality, p_at);
    SELECT coalesce(sum(a), 0) INTO v_total FROM unnest(p_amounts) a;
    IF NOT ledger.open_journal(p_municipality, p_id, p_currency, p_kind,
            sha256(convert_to(concat_ws('|', p_merchants, p_amounts), 'UTF8')), p_at, v_date, NULL) THEN
        RETURN v_total;
    END IF;
    WITH item AS (
        SELECT pending.id AS pending_id, settled.id AS settled_id, i.amount, i.line::integer
        FROM unnest(p_merchants, p_amounts) WITH ORDINALITY AS i (merchant_id, amount, line)
        JOIN vouchers_account pending
          ON pending.municipality_id = p_municipality AND pending.currency_id = p_currency
         AND pending.owner_id = i.merchant_id AND pending.kind = 'merchant_pending'
        JOIN vouchers_account settled
          ON settled.municipality_id = p_municipality AND settled.currency_id = p_currency
         AND settled.owner_id = i.merchant_id AND settled.kind = 'merchant_settled'
    ), credited AS (
        UPDATE vouchers_balance balance SET credits = balance.credits + item.amount
        FROM item
        WHERE balance.municipality_id = p_municipality AND balance.account_id = item.settled_id
    ), posted AS (
        INSERT INTO vouchers_transfer (municipality_id, journal_id, line, debit_account_id, credit_account_id,
                                       amount, business_date)
        SELECT p_municipality, p_id, line, pending_id, settled_id, amount, v_date FROM item
        RETURNING amount
    )
    SELECT coalesce(sum(amount), 0) INTO v_posted FROM posted;
    IF v_posted <> v_total THEN
        PERFORM ledger.refuse('account_unknown', '{"kind": "merchant_settled"}');
    END IF;
    RETURN v_total;
END $$;

CREATE FUNCTION ledger.take_back_benefits(p_municipality character varying, p_id uuid, p_currency uuid, p_kind text, p_funds uuid[], p_wallets uuid[], p_sources uuid[], p_amounts bigint[], p_at timestamp with time zone) RETURNS bigint[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

CREATE FUNCTION ledger.take_out(p_municipality character varying, p_id uuid, p_currency uuid, p_kind text, p_reference uuid, p_wallet uuid, p_lots uuid[], p_funds uuid[], p_amounts bigint[], p_whole boolean, p_at timestamp with time zone) RETURNS date
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
-- Takes money out of lots of one wallet: line n takes p_amounts[n] won from p_lots[n] for the fund p_funds[n], or where
-- that is NULL for the citizen, to be paid by the bank. Benefits never go to the citizen. p_whole: each lot must be as it
-- was made, and is emptied.
DECLARE
    v_date     date;
    v_payable  uuid;
    v_accounts uuid[];
    v_hash     bytea := sha256(convert_to(concat_ws('|', p_wallet, p_lots,
                   array_to_string(p_funds, ',', 'citizen'), p_amounts), 'UTF8'));
BEGIN
    v_date := ledger.business_date(p_municipality, p_at);
    PERFORM 1 FROM vouchers_wallet
    WHERE municipality_id = p_municipality AND id = p_wallet AND currency_id = p_currency FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        PERFORM ledger.refuse('wallet_unknown');
    ELSIF (cardinality(p_amounts) > 0 AND 0 < ALL (p_amounts)) IS NOT TRUE THEN
        PERFORM ledger.refuse('amount_not_positive');
    END IF;
    v_payable := ledger.open_account(p_municipality, p_currency, 'refund_payable', NULL);
    v_accounts := ARRAY(
        SELECT CASE WHEN fund IS NULL THEN v_payable ELSE ledger.account(p_municipality, p_currency, 'benefit', fund) END
        FROM unnest(p_funds) WITH ORDINALITY AS f (fund, line) ORDER BY line);
    IF NOT ledger.open_journal(p_municipality, p_id, p_currency, p_kind, v_hash, p_at, v_date, p_reference) THEN
        RETURN ledger.posted_on(p_municipality, p_id, p_kind, v_hash);
    END IF;
    IF NOT ledger.fits(p_id, v_date) THEN
        PERFORM ledger.refuse('time_out_of_range');
    END IF;
    IF EXISTS (
        SELECT FROM (SELECT i.lot_id, sum(i.amount) AS amount, bool_or(i.fund IS NULL) AS to_citizen
                     FROM unnest(p_lots, p_funds, p_amounts) AS i (lot_id, fund, amount) GROUP BY i.lot_id) item
        LEFT JOIN vouchers_lot lot
          ON lot.municipality_id = p_municipality AND lot.id = item.lot_id AND lot.wallet_id = p_wallet
        WHERE (lot.remaining - lot.held >= item.amount
               AND (lot.kind = 'purchase' OR lot.kind = 'incentive' AND NOT item.to_citizen)
               AND (NOT p_whole OR lot.granted = item.amount)) IS NOT TRUE
    ) THEN
        PERFORM ledger.refuse('lot_not_refundable');
    END IF;
    UPDATE vouchers_lot lot SET remaining = lot.remaining - item.amount
    FROM (SELECT i.lot_id, sum(i.amount)::bigint AS amount
          FROM unnest(p_lots, p_amounts) AS i (lot_id, amount) GROUP BY i.lot_id) item
    WHERE lot.municipality_id = p_municipality AND lot.id = item.lot_id;
    INSERT INTO vouchers_transfer (municipality_id, journal_id, line, debit_account_id, credit_account_id, debit_lot_id,
                                   amount, business_date)
    SELECT p_municipality, p_id, i.line, p_wallet, i.account_id, i.lot_id, i.amount, v_date
    FROM unnest(p_lots, v_accounts, p_amounts) WITH ORDINALITY AS i (lot_id, account_id, amount, line);
    PERFORM ledger.note_returns(p_municipality, p_id);
    PERFORM ledger.move_balances(p_municipality, v_accounts, array_fill(0::bigint, ARRAY[cardinality(v_accounts)]),
                                 p_amounts, 'account_unknown');
    RETURN v_date;
END $$;

CREATE FUNCTION ledger.top_up(p_municipality character varying, p_id uuid, p_currency uuid, p_wallet uuid, p_source uuid, p_paid bigint, p_funds uuid[], p_benefits bigint[], p_usage_rule uuid, p_benefit_rule uuid, p_expires_at timestamp with time zone, p_benefit_expires_at timestamp with time zone, p_at timestamp with time zone, OUT business_date date, OUT purchase_lot uuid, OUT incentive_lot uuid) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
-- p_paid won that the funding bank has reported become a lot of purchased money with the source p_source; what each fund
-- adds, one lot of incentive for all of them, with the event itself as its source (NULL: nobody adds anything).
DECLARE
    v_wallet  record;
    v_deposit uuid;
    v_funds   uuid[];
    v_total   bigint;
BEGIN
    business_date := ledger.business_date(p_municipality, p_at);
    SELECT currency_id, status INTO v_wallet FROM vouchers_wallet
    WHERE municipality_id = p_municipality AND id = p_wallet FOR NO KEY UPDATE;
    IF v_wallet.currency_id IS DISTINCT FROM p_currency THEN
        PERFORM ledger.refuse('wallet_unknown');
    ELSIF (p_paid > 0 AND cardinality(p_funds) = cardinality(p_benefits) AND 0 < ALL (p_benefits)) IS NOT TRUE THEN
        PERFORM ledger.refuse('amount_not_positive');
    END IF;
    v_deposit := ledger.open_account(p_municipality, p_currency, 'deposit', NULL);
    v_funds := ARRAY(SELECT ledger.account(p_municipality, p_currency, 'benefit', fund)
                     FROM unnest(p_funds) WITH ORDINALITY AS f (fund, line) ORDER BY line);
    IF NOT ledger.open_journal(p_municipality, p_id, p_currency, 'top_up',
            sha256(convert_to(concat_ws('|', p_wallet, p_source, p_paid, p_funds, p_benefits), 'UTF8')),
            p_at, business_date, p_source) THEN
        business_date := ledger.posted_on(p_municipality, p_id, 'top_up',
            sha256(convert_to(concat_ws('|', p_wallet, p_source, p_paid, p_funds, p_benefits), 'UTF8')));
        SELECT id INTO purchase_lot FROM vouchers_lot
        WHERE municipality_id = p_municipality AND wallet_id = p_wallet AND source_id = p_source;
        SELECT id INTO incentive_lot FROM vouchers_lot
        WHERE municipality_id = p_municipality AND wallet_id = p_wallet AND source_id = p_id;
        RETURN;
    END IF;
    IF v_wallet.status <> 'active' THEN
        PERFORM ledger.refuse('wallet_not_active');
    ELSIF NOT ledger.fits(p_id, business_date) THEN
        PERFORM ledger.refuse('time_out_of_range');
    END IF;
    purchase_lot := uuidv7();
    INSERT INTO vouchers_lot (municipality_id, id, wallet_id, kind, source_id, usage_rule_id, granted, remaining,
                              expires_at, created_at)
    VALUES (p_municipality, purchase_lot, p_wallet, 'purchase', p_source, p_usage_rule, p_paid, p_paid, p_expires_at, p_at);
    INSERT INTO vouchers_transfer (municipality_id, journal_id, line, debit_account_id, credit_account_id, credit_lot_id,
                                   amount, business_date)
    VALUES (p_municipality, p_id, 1, v_deposit, p_wallet, purchase_lot, p_paid, business_date);
    IF p_funds = '{}' THEN
        RETURN;
    END IF;
    incentive_lot := uuidv7();
    v_total := (SELECT sum(a) FROM unnest(p_benefits) a);
    INSERT INTO vouchers_lot (municipality_id, id, wallet_id, kind, source_id, usage_rule_id, granted, remaining,
                              expires_at, created_at)
    VALUES (p_municipality, incentive_lot, p_wallet, 'incentive', p_id, p_benefit_rule, v_total, v_total,
            p_benefit_expires_at, p_at);
    INSERT INTO vouchers_transfer (municipality_id, journal_id, line, debit_account_id, credit_account_id, credit_lot_id,
                                   amount, business_date)
    SELECT p_municipality, p_id, 1 + i.line, i.fund, p_wallet, incentive_lot, i.amount, business_date
    FROM unnest(v_funds, p_benefits) WITH ORDINALITY AS i (fund, amount, line);
    PERFORM ledger.move_balances(p_municipality, v_funds, p_benefits, array_fill(0::bigint, ARRAY[cardinality(v_funds)]),
                                 'benefit_fund_short');
END $$;

CREATE FUNCTION ledger.transactions_ended(p_before xid8) RETURNS boolean
    LANGUAGE sql
    AS $$
    -- Whether none of them runs any more. xmin is the oldest xid that does.
    SELECT pg_snapshot_xmin(pg_current_snapshot()) >= p_before
$$;

CREATE FUNCTION ledger.transactions_now() RETURNS xid8
    LANGUAGE sql
    AS $$
    -- Every transaction that may have read an older fence has an xid below this one. Call it in a transaction of its
    -- own, after the fence's commit: then this xid is given out later than theirs. (The snapshot's xmax would not do:
    -- it lies just above the last transaction that has *ended*, and others with higher xids may be running.)
    SELECT pg_current_xact_id()
$$;

CREATE FUNCTION ledger.uuid_floor(p_at timestamp with time zone) RETURNS uuid
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
    -- the smallest uuidv7 of that millisecond, and the bound of a partition
    SELECT (lpad(to_hex((extract(epoch FROM p_at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

CREATE TRIGGER account_is_immutable BEFORE DELETE OR UPDATE OR TRUNCATE ON public.vouchers_account FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

CREATE TRIGGER balance_is_never_removed BEFORE DELETE OR TRUNCATE ON public.vouchers_balance FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

CREATE TRIGGER journal_is_immutable BEFORE DELETE OR UPDATE OR TRUNCATE ON public.vouchers_journal FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

CREATE TRIGGER lot_is_never_removed BEFORE DELETE OR TRUNCATE ON public.vouchers_lot FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

CREATE TRIGGER transfer_is_immutable BEFORE DELETE OR UPDATE OR TRUNCATE ON public.vouchers_transfer FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
