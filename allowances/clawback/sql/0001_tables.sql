-- Clawbacks: which payments a list takes back, and what of it people still owe (반환금 채권). Only the functions of schema
-- clawback write these tables; the application role reads them.

CREATE SCHEMA clawback;

-- One row for each payment that was ever to be taken back. The claims of all lists, in approval or done, are counted here
-- under the row's lock, so together they never pass what was paid.
CREATE TABLE allowances_recovery (
    municipality_id varchar(5) NOT NULL,
    source_id       uuid NOT NULL,               -- the entitlement that was paid
    wallet_id       uuid,                        -- NULL: it was paid in cash
    paid            bigint NOT NULL,
    claimed         bigint NOT NULL DEFAULT 0,
    lapsed          bigint NOT NULL DEFAULT 0,   -- of the claims, what had gone back by expiry before it could be taken
    CONSTRAINT recovery_pkey PRIMARY KEY (municipality_id, source_id),
    CONSTRAINT recovery_within_paid CHECK (claimed BETWEEN 0 AND paid AND lapsed BETWEEN 0 AND claimed)
);

-- What a row of a clawback takes from which payment. Posted when `taken` is known.
CREATE TABLE allowances_clawbackitem (
    municipality_id varchar(5) NOT NULL,
    batch_id        uuid NOT NULL,
    row_number      integer NOT NULL,
    source_id       uuid NOT NULL,
    entitlement_id  uuid NOT NULL,               -- the clawback's own row, as it was signed
    wallet_id       uuid,
    amount          bigint NOT NULL,
    expired_before  bigint NOT NULL,             -- what had gone back by expiry when the claim was made
    taken           bigint,                      -- out of the lot
    lapsed          bigint,                      -- gone back by expiry between the claim and now
    CONSTRAINT clawbackitem_pkey PRIMARY KEY (municipality_id, batch_id, row_number, source_id),
    CONSTRAINT clawbackitem_amounts CHECK (amount > 0 AND taken >= 0 AND lapsed >= 0 AND taken + lapsed <= amount),
    CONSTRAINT clawbackitem_posted_whole CHECK ((taken IS NULL) = (lapsed IS NULL))
);
CREATE INDEX clawbackitem_by_source ON allowances_clawbackitem (municipality_id, source_id);

-- 반환금 채권: what could not be taken from the lots. Its id is the entitlement's.
CREATE TABLE allowances_receivable (
    municipality_id varchar(5) NOT NULL,
    id              uuid NOT NULL,
    batch_id        uuid NOT NULL,
    row_number      integer NOT NULL,
    programme_id    uuid NOT NULL,
    currency_id     uuid NOT NULL,
    citizen_id      uuid,
    decided         bigint NOT NULL,             -- 환수 결정액
    from_lots       bigint NOT NULL,
    lapsed          bigint NOT NULL,
    repaid          bigint NOT NULL DEFAULT 0,
    set_off         bigint NOT NULL DEFAULT 0,
    written_off     bigint NOT NULL DEFAULT 0,
    outstanding     bigint NOT NULL GENERATED ALWAYS AS
                    (decided - from_lots - lapsed - repaid - set_off - written_off) STORED,
    decided_at      timestamptz NOT NULL,
    due_on          date NOT NULL,
    CONSTRAINT receivable_pkey PRIMARY KEY (municipality_id, id),
    CONSTRAINT receivable_once_a_row UNIQUE (municipality_id, batch_id, row_number),
    CONSTRAINT receivable_never_overpaid CHECK (
        decided > 0 AND from_lots >= 0 AND lapsed >= 0 AND repaid >= 0 AND set_off >= 0 AND written_off >= 0
        AND decided - from_lots - lapsed - repaid - set_off - written_off >= 0)
);
CREATE INDEX receivable_by_citizen ON allowances_receivable (municipality_id, citizen_id);
CREATE INDEX receivable_open ON allowances_receivable (municipality_id, due_on, id) WHERE outstanding > 0;

-- 납부·상계·결손: append-only. The id of what moves money is its journal's.
CREATE TABLE allowances_receivableentry (
    municipality_id varchar(5) NOT NULL,
    id              uuid NOT NULL,
    receivable_id   uuid NOT NULL,
    kind            text NOT NULL,
    amount          ledger.won NOT NULL,
    paid_on         date NOT NULL,
    method          text NOT NULL DEFAULT '',
    document_number text NOT NULL DEFAULT '',
    reason          text NOT NULL DEFAULT '',
    official_id     uuid,                        -- NULL: set off by the system when a payment was cancelled
    at              timestamptz NOT NULL,
    CONSTRAINT receivableentry_pkey PRIMARY KEY (municipality_id, id),
    CONSTRAINT receivableentry_kind_known CHECK (kind IN ('repaid', 'set_off', 'written_off')),
    CONSTRAINT receivableentry_signed CHECK (kind = 'set_off' OR official_id IS NOT NULL),
    CONSTRAINT receivableentry_reasoned CHECK (kind <> 'written_off' OR reason <> '')
);
CREATE INDEX receivableentry_by_receivable ON allowances_receivableentry (municipality_id, receivable_id, id);
CREATE TRIGGER receivableentry_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON allowances_receivableentry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
