-- Money on its way from the operating account to shops (가맹점 이체). Written by the functions of schema payouts only.

CREATE SCHEMA payouts;

CREATE TABLE merchants_payoutbatch (
    municipality_id varchar(5) NOT NULL,
    id              uuid NOT NULL,               -- its digits are the MsgId, unique for ever
    currency_id     uuid NOT NULL,
    year            smallint NOT NULL,
    number          integer NOT NULL,
    state           text NOT NULL,
    through         date NOT NULL,               -- the last closed day whose money it takes
    pay_on          date NOT NULL,
    payouts         integer NOT NULL,
    amount          bigint NOT NULL,             -- the control total
    digest          bytea NOT NULL,              -- SHA-256 over the frozen rows
    made_by_id      uuid NOT NULL,
    made_at         timestamptz NOT NULL,
    approved_by_id  uuid,
    approved_at     timestamptz,
    sent_by_id      uuid,
    sent_at         timestamptz,
    sent_as         text,                        -- the form of the file: pain.001, or a bank's sheet
    sent_with       text,                        -- the columns of that sheet, as they were
    sent_digest     bytea,                       -- SHA-256 of the file
    cancelled_by_id uuid,
    cancelled_at    timestamptz,
    cancel_reason   text,
    done_at         timestamptz,
    CONSTRAINT payoutbatch_pkey PRIMARY KEY (municipality_id, id),
    CONSTRAINT payoutbatch_number_once UNIQUE (municipality_id, year, number),
    CONSTRAINT payoutbatch_holds_something CHECK (payouts > 0 AND amount > 0),
    CONSTRAINT payoutbatch_two_people CHECK (approved_by_id <> made_by_id),
    CONSTRAINT payoutbatch_steps CHECK (
        (approved_at IS NULL) = (approved_by_id IS NULL) AND (sent_at IS NULL) = (sent_by_id IS NULL)
        AND (sent_at IS NULL) = (sent_digest IS NULL) AND (cancelled_at IS NULL) = (cancelled_by_id IS NULL)
        AND (sent_at IS NULL OR approved_at IS NOT NULL AND cancelled_at IS NULL)
        AND CASE state WHEN 'made' THEN approved_at IS NULL AND cancelled_at IS NULL
                       WHEN 'approved' THEN approved_at IS NOT NULL AND sent_at IS NULL AND cancelled_at IS NULL
                       WHEN 'sent' THEN sent_at IS NOT NULL AND done_at IS NULL
                       WHEN 'done' THEN sent_at IS NOT NULL AND done_at IS NOT NULL
                       WHEN 'cancelled' THEN cancelled_at IS NOT NULL
                       ELSE false END)
);
CREATE INDEX payoutbatch_open ON merchants_payoutbatch (municipality_id, currency_id) WHERE state IN ('made', 'approved', 'sent');

-- One row is one sum that goes to one shop. Queued ones wait for a batch, which freezes where they go.
CREATE TABLE merchants_payout (
    municipality_id      varchar(5) NOT NULL,
    id                   uuid NOT NULL,          -- its digits are the EndToEndId
    currency_id          uuid NOT NULL,
    merchant_id          uuid NOT NULL,
    kind                 text NOT NULL,
    amount               bigint NOT NULL,
    state                text NOT NULL,
    journal_id           uuid NOT NULL,          -- settled → in transit
    at                   timestamptz NOT NULL,
    batch_id             uuid,
    line                 integer,
    bank                 varchar(3),
    account_number       bytea,                  -- sealed, as the shop's row has it
    account_number_index bytea,
    holder               varchar(60),
    paid_at              timestamptz,
    paid_journal_id      uuid,
    returned_at          timestamptz,
    returned_journal_id  uuid,
    reason               text,                   -- ISO 20022: AC04, AM04, …
    needs_mending        boolean NOT NULL DEFAULT false,
    mended_by_id         uuid,
    mended_at            timestamptz,
    mended_note          text,
    CONSTRAINT payout_pkey PRIMARY KEY (municipality_id, id),
    CONSTRAINT payout_amount_positive CHECK (amount > 0),
    CONSTRAINT payout_kind_known CHECK (kind IN ('settlement', 'exchange')),
    CONSTRAINT payout_line_once UNIQUE (municipality_id, batch_id, line),
    CONSTRAINT payout_steps CHECK (
        (paid_at IS NULL) = (paid_journal_id IS NULL) AND (returned_at IS NULL) = (returned_journal_id IS NULL)
        AND CASE state WHEN 'queued' THEN batch_id IS NULL AND paid_at IS NULL AND returned_at IS NULL
                       WHEN 'listed' THEN paid_at IS NULL AND returned_at IS NULL
                       WHEN 'paid' THEN paid_at IS NOT NULL AND returned_at IS NULL
                       WHEN 'returned' THEN returned_at IS NOT NULL AND reason IS NOT NULL
                       WHEN 'cancelled' THEN paid_at IS NULL AND returned_at IS NOT NULL
                       ELSE false END),
    CONSTRAINT payout_frozen_whole CHECK (
        batch_id IS NULL OR (line > 0 AND bank <> '' AND account_number IS NOT NULL AND holder <> '') IS TRUE),
    CONSTRAINT payout_mended_by_somebody CHECK (
        (mended_at IS NULL) = (mended_by_id IS NULL) AND (mended_at IS NULL OR needs_mending))
);
CREATE INDEX payout_by_merchant ON merchants_payout (municipality_id, merchant_id, id);
CREATE INDEX payout_queued ON merchants_payout (municipality_id, currency_id) WHERE state = 'queued';
CREATE INDEX payout_to_mend ON merchants_payout (municipality_id, merchant_id) WHERE needs_mending AND mended_at IS NULL;

CREATE FUNCTION payouts.refuse_thaw() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'ledger_is_immutable' USING ERRCODE = 'JT001';
END $$;
CREATE TRIGGER payout_is_frozen BEFORE UPDATE ON merchants_payout FOR EACH ROW
    WHEN ((OLD.municipality_id, OLD.id, OLD.currency_id, OLD.merchant_id, OLD.kind, OLD.amount, OLD.journal_id, OLD.at)
              IS DISTINCT FROM (NEW.municipality_id, NEW.id, NEW.currency_id, NEW.merchant_id, NEW.kind, NEW.amount, NEW.journal_id, NEW.at)
          OR OLD.batch_id IS NOT NULL
             AND (OLD.batch_id, OLD.line, OLD.bank, OLD.account_number, OLD.account_number_index, OLD.holder)
                 IS DISTINCT FROM (NEW.batch_id, NEW.line, NEW.bank, NEW.account_number, NEW.account_number_index, NEW.holder))
    EXECUTE FUNCTION payouts.refuse_thaw();
CREATE TRIGGER payout_is_never_removed BEFORE DELETE OR TRUNCATE ON merchants_payout
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER payoutbatch_is_never_removed BEFORE DELETE OR TRUNCATE ON merchants_payoutbatch
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

-- What the bank said: one row for each file, and one for each line of it that speaks of a payout.
CREATE TABLE merchants_payoutresult (
    municipality_id varchar(5) NOT NULL,
    id              uuid NOT NULL,
    kind            text NOT NULL,               -- pain.002, camt.053, sheet
    file_name       text NOT NULL,
    digest          bytea NOT NULL,
    uploaded_by_id  uuid NOT NULL,
    uploaded_at     timestamptz NOT NULL,
    paid            integer NOT NULL,
    returned        integer NOT NULL,
    repeated        integer NOT NULL,
    noted           integer NOT NULL,
    unknown         integer NOT NULL,
    conflicts       integer NOT NULL,
    account         text,                        -- camt.053: whose statement it is, and what it spans
    sequence        bigint,
    first_day       date,
    last_day        date,
    opening         bigint,
    closing         bigint,
    gap             text,                        -- what is missing, in a word: entries, balance, sequence
    gap_amount      bigint,
    CONSTRAINT payoutresult_pkey PRIMARY KEY (municipality_id, id),
    CONSTRAINT payoutresult_once UNIQUE (municipality_id, digest)
);
CREATE TABLE merchants_payoutresultline (
    municipality_id varchar(5) NOT NULL,
    id              uuid NOT NULL DEFAULT uuidv7(),
    result_id       uuid NOT NULL,
    line            integer NOT NULL,
    said_id         text NOT NULL,               -- the EndToEndId, or what the bank wrote in its place
    payout_id       uuid,
    outcome         text NOT NULL,               -- what the bank says: paid, rejected, returned, noted
    reason          text NOT NULL,
    amount          bigint,
    effect          text NOT NULL,               -- what came of it: applied, repeated, noted, unknown, conflict
    CONSTRAINT payoutresultline_pkey PRIMARY KEY (municipality_id, id),
    CONSTRAINT payoutresultline_once UNIQUE (municipality_id, result_id, line)
);
CREATE INDEX payoutresultline_by_payout ON merchants_payoutresultline (municipality_id, payout_id) WHERE payout_id IS NOT NULL;
CREATE TRIGGER payoutresult_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON merchants_payoutresult
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER payoutresultline_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON merchants_payoutresultline
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
