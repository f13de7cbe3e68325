-- The kernel: the only code that writes the ledger. One call is one business event.
--
-- * Every function runs as the owner and first checks that the caller's scope holds the municipality.
-- * `p_id` is minted by the caller (uuidv7 of `p_at`) and makes the event idempotent: the same id with the same
--   parameters does nothing a second time, with other parameters it is refused. A payment alone is refused either way.
-- * Lock order: payment that is given back → wallet → journal or new payment → balance rows. Nothing else is locked. A
--   shop's credits are plain inserts.
-- * Each statement must see what was committed before it began: READ COMMITTED only.
-- * Refusals: SQLSTATE JT…, MESSAGE = stable code, DETAIL = JSON parameters.

CREATE FUNCTION ledger.refuse(p_code text, p_params jsonb DEFAULT '{}') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'JT000', MESSAGE = p_code, DETAIL = p_params::text;
END $$;

CREATE FUNCTION ledger.require_scope(p_municipality varchar) RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF (p_municipality = ANY (string_to_array(current_setting('app.municipalities', true), ','))) IS NOT TRUE THEN
        PERFORM ledger.refuse('out_of_scope');
    END IF;
END $$;

CREATE FUNCTION ledger.enter(p_municipality varchar) RETURNS xid8 LANGUAGE plpgsql VOLATILE AS $$
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

CREATE FUNCTION ledger.id_at(p_at timestamptz) RETURNS uuid LANGUAGE sql VOLATILE AS $$
    SELECT uuidv7(p_at - clock_timestamp())
$$;

CREATE FUNCTION ledger.day_of(p_at timestamptz, p_closed_through date) RETURNS date LANGUAGE sql STABLE AS $$
    -- The day that money moved at p_at belongs to: its day in Seoul, or the first day still open.
    SELECT greatest((p_at AT TIME ZONE 'Asia/Seoul')::date, p_closed_through + 1)
$$;

CREATE FUNCTION ledger.day_after(p_at timestamptz, p_days integer) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$
    -- The end of the day in Seoul that lies p_days days after p_at's.
    SELECT ((p_at AT TIME ZONE 'Asia/Seoul')::date + p_days + 1)::timestamp AT TIME ZONE 'Asia/Seoul'
$$;

CREATE FUNCTION ledger.fits(p_id uuid, p_date date) RETURNS boolean LANGUAGE sql STABLE AS $$
    -- Whether an id lies where the close of that day looks for it: from a day before (a request from before the fence
    -- that is posted after it) until the day's end, with a minute for the rounding of ids.
    SELECT coalesce(uuid_extract_timestamp(p_id) AT TIME ZONE 'Asia/Seoul'
                    BETWEEN p_date - 1 AND p_date + 1 + interval '1 minute', false)
$$;

CREATE FUNCTION ledger.business_date(p_municipality varchar, p_at timestamptz) RETURNS date
LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
DECLARE
    v_closed date;
BEGIN
    PERFORM ledger.enter(p_municipality);
    SELECT closed_through INTO v_closed FROM vouchers_businessclose WHERE municipality_id = p_municipality;
    RETURN ledger.day_of(p_at, v_closed);
END $$;

CREATE FUNCTION ledger.posted_on(p_municipality varchar, p_id uuid, p_kind text, p_hash bytea) RETURNS date
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
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

CREATE FUNCTION ledger.open_journal(
    p_municipality varchar, p_id uuid, p_currency uuid, p_kind text, p_hash bytea, p_at timestamptz,
    p_business_date date, p_reference uuid
) RETURNS boolean LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
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

CREATE FUNCTION ledger.account(p_municipality varchar, p_currency uuid, p_kind text, p_owner uuid) RETURNS uuid
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
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

-- Accounts ------------------------------------------------------------------------------------------------------

CREATE FUNCTION ledger.open_account(p_municipality varchar, p_currency uuid, p_kind text, p_owner uuid) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
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

CREATE FUNCTION ledger.open_wallets(
    p_municipality varchar, p_currency uuid, p_citizens uuid[], p_partner uuid DEFAULT NULL
) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
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

CREATE FUNCTION ledger.open_corporate_wallet(
    p_municipality varchar, p_currency uuid, p_corporation uuid, p_partner uuid DEFAULT NULL,
    OUT wallet_id uuid, OUT opened boolean
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
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

CREATE FUNCTION ledger.link_wallet(p_municipality varchar, p_wallet uuid, p_partner uuid) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
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

-- Budget --------------------------------------------------------------------------------------------------------

CREATE FUNCTION ledger.reserve_of(p_municipality varchar, p_account uuid, p_amount bigint, p_refusal text) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
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

CREATE FUNCTION ledger.reserve(p_municipality varchar, p_currency uuid, p_programme uuid, p_amount bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Sets budget aside (or, with a negative amount, gives it back). The whole amount or nothing.
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    PERFORM ledger.reserve_of(p_municipality, ledger.account(p_municipality, p_currency, 'programme', p_programme), p_amount,
                              'budget_exceeded');
END $$;

CREATE FUNCTION ledger.set_aside(
    p_municipality varchar, p_journal uuid, p_currency uuid, p_programme uuid, p_kind text, p_amount bigint, p_date date
) RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
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

CREATE FUNCTION ledger.grant_lots(
    p_municipality varchar, p_id uuid, p_currency uuid, p_from uuid, p_kind text, p_programme uuid, p_usage_rule uuid,
    p_expires_at timestamptz, p_expiries timestamptz[], p_grace_days integer, p_wallets uuid[], p_sources uuid[],
    p_amounts bigint[], p_date date, p_at timestamptz
) RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp SET enable_hashjoin = off SET enable_mergejoin = off AS $$
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

CREATE FUNCTION ledger.disburse(
    p_municipality varchar, p_id uuid, p_currency uuid, p_programme uuid, p_kind text, p_usage_rule uuid,
    p_expires_at timestamptz, p_wallets uuid[], p_sources uuid[], p_amounts bigint[], p_at timestamptz,
    p_held bigint DEFAULT 0, p_cash bigint DEFAULT 0, p_expiries timestamptz[] DEFAULT NULL, p_grace_days integer DEFAULT NULL
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
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

-- Payments ------------------------------------------------------------------------------------------------------

CREATE TYPE ledger.paid AS (business_date date, drawn text);

CREATE FUNCTION ledger.pay(
    p_municipality varchar, p_id uuid, p_wallet uuid, p_merchant uuid, p_amount bigint, p_limit bigint,
    p_category text, p_annual_sales bigint, p_partner uuid, p_order text, p_at timestamptz,
    p_channel text DEFAULT 'static_qr', p_discount bigint DEFAULT 0, p_purchase_cap bigint DEFAULT NULL
) RETURNS ledger.paid LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
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

CREATE FUNCTION ledger.refund(
    p_municipality varchar, p_id uuid, p_payment uuid, p_amount bigint, p_at timestamptz
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
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

-- Settlement ----------------------------------------------------------------------------------------------------

CREATE FUNCTION ledger.fence(p_municipality varchar, p_date date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Closes the books up to and including p_date: money that moves from now on belongs to a later day.
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    INSERT INTO vouchers_businessclose AS fence (municipality_id, closed_through) VALUES (p_municipality, p_date)
    ON CONFLICT (municipality_id) DO UPDATE SET closed_through = greatest(fence.closed_through, excluded.closed_through);
END $$;

CREATE FUNCTION ledger.transactions_now() RETURNS xid8 LANGUAGE sql VOLATILE AS $$
    -- Every transaction that may have read an older fence has an xid below this one. Call it in a transaction of its
    -- own, after the fence's commit: then this xid is given out later than theirs. (The snapshot's xmax would not do:
    -- it lies just above the last transaction that has *ended*, and others with higher xids may be running.)
    SELECT pg_current_xact_id()
$$;

CREATE FUNCTION ledger.transactions_ended(p_before xid8) RETURNS boolean LANGUAGE sql VOLATILE AS $$
    -- Whether none of them runs any more. xmin is the oldest xid that does.
    SELECT pg_snapshot_xmin(pg_current_snapshot()) >= p_before
$$;

CREATE FUNCTION ledger.settle(
    p_municipality varchar, p_id uuid, p_currency uuid, p_merchants uuid[], p_amounts bigint[], p_at timestamptz,
    p_kind text DEFAULT 'settle'
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
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

CREATE FUNCTION ledger.municipalities() RETURNS SETOF varchar
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    -- Runs before any scope is known: the region codes that hold a ledger, and nothing else.
    SELECT code FROM vouchers_municipality m
    WHERE EXISTS (SELECT FROM vouchers_account WHERE municipality_id = m.code)
$$;
