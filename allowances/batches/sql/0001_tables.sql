-- Staged recipient lists. Filled by COPY and INSERT … SELECT, checked by set-based SQL, frozen by triggers.

CREATE TABLE allowances_batchrow (
    municipality_id       varchar(5) NOT NULL,
    batch_id              uuid NOT NULL,
    row_number            integer NOT NULL,      -- as Excel shows it
    name                  text,
    birth_date            date,
    phone                 text,
    dong                  text,
    resident_number_index bytea,
    amount                bigint,
    account_number_index  bytea,
    facts                 jsonb,                 -- what further columns tell, where the programme's conditions ask for it
    citizen_id            uuid,                  -- the member this row was matched to
    wallet_id             uuid,
    CONSTRAINT batchrow_pkey PRIMARY KEY (municipality_id, batch_id, row_number)
);

CREATE TABLE allowances_batchproblem (
    municipality_id varchar(5) NOT NULL,
    id              uuid NOT NULL DEFAULT uuidv7(),
    batch_id        uuid NOT NULL,
    row_number      integer NOT NULL,
    field           text NOT NULL,
    code            text NOT NULL,
    value           text NOT NULL DEFAULT '',    -- as written in the file; numbers that the law protects are masked
    params          jsonb NOT NULL DEFAULT '{}',
    is_warning      boolean NOT NULL DEFAULT false,
    acceptance_id   uuid,                        -- who took it upon themselves, and why: allowances_acceptance
    CONSTRAINT batchproblem_pkey PRIMARY KEY (municipality_id, id)
);
CREATE INDEX batchproblem_by_row ON allowances_batchproblem (municipality_id, batch_id, row_number);
CREATE INDEX batchproblem_by_kind ON allowances_batchproblem (municipality_id, batch_id, code, row_number);

-- Made at submission. One person, one cycle, one entitlement: whichever list comes second is refused. A tranche is paid
-- once in a lifetime. Top-ups and clawbacks have a sequence of their own each (0: the cycle's own payment).
CREATE TABLE allowances_entitlement (
    municipality_id varchar(5) NOT NULL,
    id              uuid NOT NULL DEFAULT uuidv7(),
    cycle_id        uuid NOT NULL,
    sequence        smallint NOT NULL DEFAULT 0,
    series_id       uuid,                        -- of a tranche: the programme through the years
    tranche         smallint,
    in_cash         boolean NOT NULL DEFAULT false,
    citizen_id      uuid,
    wallet_id       uuid,
    person          text,                        -- who is no member yet: name|birth date|phone
    batch_id        uuid NOT NULL,
    row_number      integer NOT NULL,
    amount          bigint NOT NULL,
    void            boolean NOT NULL DEFAULT false,   -- its money went back to the programme: it claims nobody any more
    CONSTRAINT entitlement_pkey PRIMARY KEY (municipality_id, id),
    CONSTRAINT entitlement_once_a_row UNIQUE (municipality_id, batch_id, row_number),
    CONSTRAINT entitlement_amount_positive CHECK (amount > 0),
    CONSTRAINT entitlement_names_somebody CHECK (citizen_id IS NOT NULL OR person IS NOT NULL)
);
CREATE UNIQUE INDEX entitlement_once_a_cycle ON allowances_entitlement
    (municipality_id, cycle_id, citizen_id, sequence) WHERE NOT void;
CREATE UNIQUE INDEX entitlement_once_a_cycle_by_person ON allowances_entitlement
    (municipality_id, cycle_id, sequence, person) WHERE citizen_id IS NULL AND NOT void;
CREATE INDEX entitlement_in_cash ON allowances_entitlement (municipality_id, batch_id, row_number) WHERE in_cash;
CREATE UNIQUE INDEX entitlement_once_a_tranche ON allowances_entitlement
    (municipality_id, series_id, tranche, citizen_id) WHERE tranche IS NOT NULL AND NOT void;

CREATE SCHEMA batches;

CREATE FUNCTION batches.refuse_unless(p_batches uuid[], p_states text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM public.allowances_batch WHERE id = ANY (p_batches) AND NOT state = ANY (p_states)) THEN
        RAISE EXCEPTION USING ERRCODE = 'JT000', MESSAGE = 'batch_is_frozen';
    END IF;
END $$;

CREATE FUNCTION batches.freeze_rows() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Rows and their problems may change only while the list is being read and checked; they go when it is given up.
BEGIN
    PERFORM batches.refuse_unless(ARRAY(SELECT DISTINCT batch_id FROM changed),
        CASE TG_OP WHEN 'DELETE' THEN '{reading,validating,refused,discarded}'::text[] ELSE '{reading,validating}' END);
    RETURN NULL;
END $$;

CREATE FUNCTION batches.freeze_problems() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- A problem may be accepted while the list waits to be submitted; nothing else of it may change then.
BEGIN
    PERFORM batches.refuse_unless(ARRAY(SELECT DISTINCT batch_id FROM changed), '{reading,validating,validated}');
    RETURN NULL;
END $$;

CREATE FUNCTION batches.freeze_entitlements() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Entitlements come into being at submission and go when the list comes back from its approval line.
BEGIN
    PERFORM batches.refuse_unless(ARRAY(SELECT DISTINCT batch_id FROM changed),
        CASE TG_OP WHEN 'INSERT' THEN '{submitting}'::text[] WHEN 'DELETE' THEN '{submitting,returned,withdrawn}'
                   END);
    RETURN NULL;
END $$;

CREATE FUNCTION batches.freeze_amended_entitlements() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Of an entitlement that was signed only two things ever change, and only by the functions that pay: whoever was no
-- member becomes one, and what was not paid becomes void.
BEGIN
    PERFORM batches.refuse_unless(ARRAY(SELECT DISTINCT batch_id FROM changed), '{paying,paused,paid}');
    IF EXISTS (
        SELECT FROM before b FULL JOIN changed c USING (municipality_id, id)
        WHERE (to_jsonb(b) - '{citizen_id,void}'::text[]) IS DISTINCT FROM (to_jsonb(c) - '{citizen_id,void}'::text[])
           OR b.void AND NOT c.void
           OR b.citizen_id IS DISTINCT FROM c.citizen_id AND (b.citizen_id IS NOT NULL OR b.person IS NULL)
    ) THEN
        RAISE EXCEPTION USING ERRCODE = 'JT000', MESSAGE = 'batch_is_frozen';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER batchrow_frozen_insert AFTER INSERT ON allowances_batchrow
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION batches.freeze_rows();
CREATE TRIGGER batchrow_frozen_update AFTER UPDATE ON allowances_batchrow
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION batches.freeze_rows();
CREATE TRIGGER batchrow_frozen_delete AFTER DELETE ON allowances_batchrow
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION batches.freeze_rows();
CREATE TRIGGER batchproblem_frozen_insert AFTER INSERT ON allowances_batchproblem
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION batches.freeze_rows();
CREATE TRIGGER batchproblem_frozen_update AFTER UPDATE ON allowances_batchproblem
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION batches.freeze_problems();
CREATE TRIGGER batchproblem_frozen_delete AFTER DELETE ON allowances_batchproblem
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION batches.freeze_rows();
CREATE TRIGGER entitlement_frozen_insert AFTER INSERT ON allowances_entitlement
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION batches.freeze_entitlements();
CREATE TRIGGER entitlement_frozen_update AFTER UPDATE ON allowances_entitlement
    REFERENCING OLD TABLE AS before NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION batches.freeze_amended_entitlements();
CREATE TRIGGER entitlement_frozen_delete AFTER DELETE ON allowances_entitlement
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION batches.freeze_entitlements();

CREATE FUNCTION batches.guard_state() RETURNS trigger LANGUAGE plpgsql AS $$
-- The state machine of a list; code that skips a step is refused whatever it is.
BEGIN
    IF OLD.state <> NEW.state AND NOT (OLD.state || '>' || NEW.state) = ANY ('{
        uploaded>inspected, uploaded>reading, uploaded>refused, uploaded>discarded,
        inspected>reading, inspected>refused, inspected>discarded,
        reading>validating, reading>refused, reading>discarded,
        validating>validated, validating>reading, validating>refused, validating>discarded,
        validated>reading, validated>submitting, validated>discarded,
        submitting>submitted, submitting>validated,
        submitted>returned, submitted>withdrawn, submitted>approved, approved>returned,
        returned>submitting, returned>discarded, withdrawn>submitting, withdrawn>discarded,
        approved>scheduled, approved>paying, scheduled>paying, scheduled>approved, scheduled>returned,
        paying>paused, paused>paying, paying>paid, paused>paid}'::text[])
    THEN
        RAISE EXCEPTION USING ERRCODE = 'JT000', MESSAGE = 'state_conflict';
    END IF;
    IF NEW.state IN ('submitted', 'approved', 'scheduled', 'paying', 'paused', 'paid') AND OLD.state <> 'submitting'
       AND (OLD.digest, OLD.amount_total, OLD.terms, OLD.cycle_id, OLD.kind, OLD.parent_id, OLD.sequence)
           IS DISTINCT FROM
           (NEW.digest, NEW.amount_total, NEW.terms, NEW.cycle_id, NEW.kind, NEW.parent_id, NEW.sequence)
    THEN
        RAISE EXCEPTION USING ERRCODE = 'JT000', MESSAGE = 'batch_is_frozen';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER batch_state_guarded BEFORE UPDATE ON allowances_batch
    FOR EACH ROW EXECUTE FUNCTION batches.guard_state();
