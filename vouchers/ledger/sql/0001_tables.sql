-- The ledger's tables. Only the functions of schema ledger (0003) write them; nothing in journal or transfer is ever
-- changed or removed. Money is bigint won. Keys begin with municipality_id, so the tables can be spread by it.

CREATE SCHEMA ledger;

-- Domains, where a CHECK on the table would say the same: a table's CHECK is parsed anew by every statement that writes
-- to it, a domain's once per session. On the payment path that is a tenth of the time.
CREATE DOMAIN ledger.won AS bigint CONSTRAINT amount_positive CHECK (VALUE > 0);
CREATE DOMAIN ledger.journal_kind AS text
    CONSTRAINT journal_kind_known CHECK (VALUE IN (
        'fund', 'divert', 'allot', 'disburse', 'claim', 'release', 'pay', 'refund', 'settle', 'claw_back', 'expire', 'repay',
        'top_up', 'top_up_cancel', 'receive', 'cash_out', 'cash_paid', 'gift', 'endow', 'cashback', 'points', 'exchange', 'fee',
        'adjust', 'payout', 'payout_paid', 'payout_returned'));
CREATE DOMAIN ledger.lot_kind AS text
    CONSTRAINT lot_kind_known CHECK (VALUE IN ('grant', 'purchase', 'incentive', 'point'));
CREATE DOMAIN ledger.days AS smallint CONSTRAINT days_positive CHECK (VALUE > 0);

CREATE TABLE vouchers_account (
    municipality_id varchar(5) NOT NULL,
    id              uuid NOT NULL,
    currency_id     uuid NOT NULL,
    kind            text NOT NULL,
    owner_id        uuid,
    CONSTRAINT account_pkey PRIMARY KEY (municipality_id, id),
    CONSTRAINT account_owner_once UNIQUE NULLS NOT DISTINCT (municipality_id, owner_id, currency_id, kind),
    CONSTRAINT account_kind_known
        CHECK (kind IN ('bank', 'budget', 'programme', 'unclaimed', 'cash', 'wallet', 'deposit', 'benefit',
                        'refund_payable', 'merchant_pending', 'merchant_settled', 'payout_transit', 'operating'))
);

-- Accounts that are drawn on under a lock. Wallets have lots instead; a shop's pending money is derived.
CREATE TABLE vouchers_balance (
    municipality_id varchar(5) NOT NULL,
    account_id      uuid NOT NULL,
    debits          bigint NOT NULL DEFAULT 0,
    credits         bigint NOT NULL DEFAULT 0,
    reserved        bigint NOT NULL DEFAULT 0,
    returned        bigint NOT NULL DEFAULT 0,   -- of the credits, what came back from recipients
    floor           bigint,                      -- NULL: may stand in debit: the bank, and operating by fees given back
    CONSTRAINT balance_pkey PRIMARY KEY (municipality_id, account_id),
    CONSTRAINT balance_never_below_floor CHECK (floor IS NULL OR credits - debits - reserved >= floor),
    CONSTRAINT balance_sums_not_negative CHECK (debits >= 0 AND credits >= 0 AND reserved >= 0 AND returned BETWEEN 0 AND credits)
) WITH (fillfactor = 50);

-- One row is one business event that is not a payment. A payment is its own journal: its row says all that a journal
-- would, and its id is the journal_id of its movements. Both together are the view vouchers_event.
CREATE TABLE vouchers_journal (
    municipality_id varchar(5) NOT NULL,
    id              uuid NOT NULL,               -- uuidv7 of `at`: the idempotency key, and the partition
    currency_id     uuid NOT NULL,
    kind            ledger.journal_kind NOT NULL,
    business_date   date NOT NULL,
    at              timestamptz NOT NULL,
    request_hash    bytea NOT NULL,
    reference       uuid,                        -- refund: the payment; disburse, allot: the programme; fund: the line
    CONSTRAINT journal_pkey PRIMARY KEY (municipality_id, id)
) PARTITION BY RANGE (id);
CREATE INDEX journal_by_reference ON vouchers_journal (municipality_id, reference) WHERE reference IS NOT NULL;

-- One row is one movement of money, so an unbalanced ledger cannot be written.
CREATE TABLE vouchers_transfer (
    municipality_id   varchar(5) NOT NULL,
    journal_id        uuid NOT NULL,
    line              integer NOT NULL,
    debit_account_id  uuid NOT NULL,
    credit_account_id uuid NOT NULL,
    debit_lot_id      uuid,
    credit_lot_id     uuid,
    amount            ledger.won NOT NULL,
    business_date     date NOT NULL,
    spent             boolean,                   -- true: a payment. NULL: everything else
    CONSTRAINT transfer_pkey PRIMARY KEY (municipality_id, journal_id, line),
    CONSTRAINT transfer_between_two_accounts CHECK (debit_account_id <> credit_account_id)
) PARTITION BY RANGE (journal_id);
-- What a wallet or shop paid or earned is found through vouchers_payment, so payments need not stand in these indexes:
-- a fifth of the time of a payment. A query that means movements between accounts without lots says that both are NULL;
-- what came into or left a wallet otherwise than by payment is found by the two indexes below, in the order of time.
CREATE INDEX transfer_by_debit ON vouchers_transfer (municipality_id, debit_account_id, business_date)
    WHERE debit_lot_id IS NULL;
CREATE INDEX transfer_by_credit ON vouchers_transfer (municipality_id, credit_account_id, business_date)
    WHERE debit_lot_id IS NULL AND credit_lot_id IS NULL;
CREATE INDEX transfer_into_wallet ON vouchers_transfer (credit_account_id, journal_id) WHERE credit_lot_id IS NOT NULL;
CREATE INDEX transfer_out_of_wallet ON vouchers_transfer (debit_account_id, journal_id)
    WHERE debit_lot_id IS NOT NULL AND spent IS NULL;

-- `remaining` stands in no index, so that spending is a heap-only update.
CREATE TABLE vouchers_lot (
    municipality_id varchar(5) NOT NULL,
    id              uuid NOT NULL,
    wallet_id       uuid NOT NULL,
    kind            ledger.lot_kind NOT NULL,
    source_id       uuid NOT NULL,               -- the entitlement, purchase, … this money comes from
    programme_id    uuid,
    usage_rule_id   uuid,                        -- NULL: every shop
    granted         ledger.won NOT NULL,
    remaining       bigint NOT NULL,
    held            bigint NOT NULL DEFAULT 0,
    expired         bigint NOT NULL DEFAULT 0,   -- what went back to the programme when its time had run out
    expires_at      timestamptz,                 -- NULL: never
    created_at      timestamptz NOT NULL,
    grace_days      ledger.days,                 -- how long money can be spent again that a refund brings after expires_at
    lapsed_at       timestamptz,                 -- expires_at as it was before a refund moved it so; NULL: none has
    CONSTRAINT lot_pkey PRIMARY KEY (municipality_id, id),
    CONSTRAINT lot_source_once UNIQUE (municipality_id, wallet_id, source_id),
    CONSTRAINT lot_never_overdrawn CHECK (held >= 0 AND remaining >= held AND expired >= 0 AND remaining + expired <= granted)
) WITH (fillfactor = 80);
CREATE INDEX lot_by_expiry ON vouchers_lot (municipality_id, expires_at, id) WHERE expires_at IS NOT NULL;

-- The fence of the day close: money that arrives later belongs to a later business day.
CREATE TABLE vouchers_businessclose (
    municipality_id varchar(5) NOT NULL,
    closed_through  date NOT NULL,
    CONSTRAINT businessclose_pkey PRIMARY KEY (municipality_id)
);

CREATE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'ledger_is_immutable' USING ERRCODE = 'JT001';
END $$;
-- The partitions get triggers of the same names (0002): one on the parent does not fire for a statement that names a
-- partition.
CREATE TRIGGER journal_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON vouchers_journal
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER transfer_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON vouchers_transfer
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER lot_is_never_removed BEFORE DELETE OR TRUNCATE ON vouchers_lot
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER balance_is_never_removed BEFORE DELETE OR TRUNCATE ON vouchers_balance
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER account_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON vouchers_account
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
