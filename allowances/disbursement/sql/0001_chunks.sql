-- An approved list is posted in chunks: each is one transaction, exactly once, and only if its rows are still those
-- that were signed. The application role reads chunks; only the functions below write them.

CREATE TABLE allowances_disbursementchunk (
    municipality_id varchar(5) NOT NULL,
    batch_id        uuid NOT NULL,
    number          integer NOT NULL,
    first_row       integer NOT NULL,
    last_row        integer NOT NULL,
    rows            integer NOT NULL,
    amount          bigint NOT NULL,
    digest          text NOT NULL,
    journal_id      uuid,                        -- NULL though posted: no money moved, every row was stopped or cancelled
    posted_at       timestamptz,
    is_cancelled    boolean NOT NULL DEFAULT false,
    CONSTRAINT disbursementchunk_pkey PRIMARY KEY (municipality_id, batch_id, number),
    CONSTRAINT disbursementchunk_posted_whole CHECK (posted_at IS NOT NULL OR journal_id IS NULL AND NOT is_cancelled)
);

-- What of a list was not paid into a wallet or in cash, row by row; everything else follows from the row's chunk.
--   stopped  → returned            a death or a move-out came before the payment; the reservation is given back with the chunk
--   held     → credited | returned the chunk moved the money to the programme's account of unclaimed money: until the person
--                                  joins or the wallet is open again, or it goes back to the programme
--   returned at once               cancelled with the rest of the list
CREATE TABLE allowances_unpaidentitlement (
    municipality_id       varchar(5) NOT NULL,
    id                    uuid NOT NULL DEFAULT uuidv7(),
    batch_id              uuid NOT NULL,
    row_number            integer NOT NULL,
    entitlement_id        uuid NOT NULL,
    currency_id           uuid NOT NULL,
    amount                bigint NOT NULL,
    reason                text NOT NULL,         -- why it was not paid
    state                 text NOT NULL,
    citizen_id            uuid,
    wallet_id             uuid,                  -- that was credited
    person                text,                  -- who is no member yet: name|birth date|phone
    resident_number_index bytea,
    deadline              timestamptz,           -- who has joined before this moment gets it; NULL: no end is set
    journal_id            uuid,                  -- the chunk's
    ending                text,                  -- how it ended
    ended_at              timestamptz,
    ended_journal_id      uuid,
    CONSTRAINT unpaidentitlement_pkey PRIMARY KEY (municipality_id, id),
    CONSTRAINT unpaidentitlement_once UNIQUE (municipality_id, entitlement_id),
    CONSTRAINT unpaidentitlement_once_a_row UNIQUE (municipality_id, batch_id, row_number),
    CONSTRAINT unpaidentitlement_reason_known CHECK (reason IN (
        'not_a_member', 'no_wallet', 'wallet_closed', 'wallet_frozen', 'deceased', 'moved_out', 'cancelled')),
    CONSTRAINT unpaidentitlement_state_known CHECK (state IN ('stopped', 'held', 'credited', 'returned')),
    CONSTRAINT unpaidentitlement_ending_known CHECK (ending IN (
        'claimed', 'deadline', 'given_up', 'deceased', 'moved_out', 'cancelled')),
    CONSTRAINT unpaidentitlement_ended_whole CHECK (
        (state IN ('credited', 'returned')) = (ended_at IS NOT NULL) AND (ended_at IS NULL) = (ending IS NULL)),
    CONSTRAINT unpaidentitlement_held_by_journal CHECK (state = 'returned' OR (state = 'stopped') = (journal_id IS NULL)),
    CONSTRAINT unpaidentitlement_moved_twice CHECK (
        (ended_journal_id IS NOT NULL) = (journal_id IS NOT NULL AND ended_at IS NOT NULL)),
    CONSTRAINT unpaidentitlement_credited_whole CHECK (state <> 'credited' OR wallet_id IS NOT NULL)
);
CREATE INDEX unpaidentitlement_held_by_citizen ON allowances_unpaidentitlement (municipality_id, citizen_id)
    WHERE state = 'held';
CREATE INDEX unpaidentitlement_held_by_person ON allowances_unpaidentitlement (municipality_id, person)
    WHERE state = 'held';
CREATE INDEX unpaidentitlement_held_by_number ON allowances_unpaidentitlement (municipality_id, resident_number_index)
    WHERE state = 'held';
CREATE INDEX unpaidentitlement_held_by_deadline ON allowances_unpaidentitlement (municipality_id, deadline)
    WHERE state = 'held';

CREATE SCHEMA disbursement;

CREATE FUNCTION disbursement.refuse_posted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.posted_at IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'JT000', MESSAGE = 'batch_is_frozen';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER chunk_posted_is_final BEFORE UPDATE OR DELETE ON allowances_disbursementchunk
    FOR EACH ROW EXECUTE FUNCTION disbursement.refuse_posted();

CREATE FUNCTION disbursement.refuse_ended() RETURNS trigger LANGUAGE plpgsql AS $$
-- What has ended stays as it ended; only what was stopped before the payment can be taken back.
BEGIN
    IF TG_OP = 'DELETE' AND OLD.state <> 'stopped' OR OLD.ended_at IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'JT000', MESSAGE = 'batch_is_frozen';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER unpaid_ended_is_final BEFORE UPDATE OR DELETE ON allowances_unpaidentitlement
    FOR EACH ROW EXECUTE FUNCTION disbursement.refuse_ended();

CREATE FUNCTION disbursement.forget_stopped() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- A list that comes back from its approval line has no entitlements any more, and nothing to be stopped.
BEGIN
    DELETE FROM allowances_unpaidentitlement u
    USING (SELECT DISTINCT municipality_id, batch_id FROM gone) list
    WHERE u.municipality_id = list.municipality_id AND u.batch_id = list.batch_id;
    RETURN NULL;
END $$;
CREATE TRIGGER entitlement_gone AFTER DELETE ON allowances_entitlement
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION disbursement.forget_stopped();

CREATE FUNCTION disbursement.refuse_half_paid() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- A list is paid when its chunks are posted or cancelled, every one, and make up its total.
BEGIN
    IF (SELECT coalesce(sum(amount) FILTER (WHERE posted_at IS NOT NULL), 0)
        FROM allowances_disbursementchunk
        WHERE municipality_id = NEW.municipality_id AND batch_id = NEW.id) <> NEW.amount_total
       OR EXISTS (SELECT FROM allowances_disbursementchunk
                  WHERE municipality_id = NEW.municipality_id AND batch_id = NEW.id AND posted_at IS NULL)
    THEN
        RAISE EXCEPTION USING ERRCODE = 'JT000', MESSAGE = 'state_conflict';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER batch_paid_whole BEFORE UPDATE OF state ON allowances_batch
    FOR EACH ROW WHEN (OLD.state <> 'paid' AND NEW.state = 'paid') EXECUTE FUNCTION disbursement.refuse_half_paid();

CREATE FUNCTION disbursement.require_signed(p_municipality varchar, p_batch uuid) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
-- The list is being paid, and every step of its line, from the drafter to the payer, has signed its digest; nobody
-- twice, and whoever uploaded the list at most as its drafter.
DECLARE
    v_batch  allowances_batch;
    v_signed record;
BEGIN
    SELECT * INTO v_batch FROM allowances_batch WHERE municipality_id = p_municipality AND id = p_batch;
    IF v_batch.state IS DISTINCT FROM 'paying' THEN
        PERFORM ledger.refuse('state_conflict');
    END IF;
    SELECT bool_and(decision = 'signed' AND digest = v_batch.digest) AS whole,
           count(DISTINCT official_id) AS officials, count(*) AS steps,
           count(DISTINCT role) FILTER (WHERE role IN ('drafter', 'approver', 'payer')) AS roles,
           bool_or(official_id = v_batch.uploaded_by_id AND role <> 'drafter') AS by_uploader
    INTO v_signed
    FROM allowances_approvalstep WHERE batch_id = p_batch AND attempt = v_batch.attempt;
    IF v_signed.whole IS NOT TRUE OR v_signed.roles < 3 OR v_signed.officials <> v_signed.steps OR v_signed.by_uploader THEN
        PERFORM ledger.refuse('approval_incomplete');
    END IF;
END $$;

CREATE FUNCTION disbursement.plan(p_municipality varchar, p_batch uuid) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Makes the digest anew from the rows as they are now, refuses if it is not the one that was signed, and cuts the list
-- into its chunks unless that has been done. Returns how many chunks are still to be posted.
DECLARE
    v_batch allowances_batch;
    v_now   text;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    PERFORM disbursement.require_signed(p_municipality, p_batch);
    SELECT * INTO v_batch FROM allowances_batch WHERE municipality_id = p_municipality AND id = p_batch;
    WITH measured AS MATERIALIZED (
        SELECT * FROM approvals.measure(p_municipality, p_batch, (v_batch.terms ->> 'chunk_rows')::integer, 0, 2147483647)
    ), cut AS (
        INSERT INTO allowances_disbursementchunk
            (municipality_id, batch_id, number, first_row, last_row, rows, amount, digest)
        SELECT p_municipality, p_batch, m.number, m.first_row, m.last_row, m.rows, m.amount, m.digest FROM measured m
        ON CONFLICT (municipality_id, batch_id, number) DO NOTHING
    )
    SELECT approvals.seal(p_municipality, p_batch, sum(m.rows), sum(m.amount)::bigint,
                          array_agg(m.digest ORDER BY m.number)) INTO v_now
    FROM measured m;
    IF v_now IS DISTINCT FROM v_batch.digest THEN
        PERFORM ledger.refuse('digest_mismatch', jsonb_build_object('digest', v_batch.digest));
    END IF;
    RETURN (SELECT count(*) FROM allowances_disbursementchunk
            WHERE municipality_id = p_municipality AND batch_id = p_batch AND posted_at IS NULL);
END $$;

CREATE FUNCTION disbursement.hold_still(p_batch uuid) RETURNS void LANGUAGE sql VOLATILE AS $$
    -- Waits until no chunk of the list is being posted, and keeps others from being posted until the transaction's end.
    -- Whoever pauses, cancels or stops rows comes in between two chunks, and waits in a fair queue for it.
    SELECT pg_advisory_xact_lock(hashtextextended('disbursement.' || p_batch, 0))
$$;

CREATE FUNCTION disbursement.expiry(p_terms jsonb, p_day date, p_dong text DEFAULT NULL) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
    -- valid through a day that is set, or the one that lies validity_days (of the dong, if it has its own) after the day of
    -- payment, which itself is not counted (민법 제157조)
    SELECT (coalesce((p_terms ->> 'valid_until')::date,
                     p_day + coalesce(p_terms -> 'validity_by_dong' ->> p_dong, p_terms ->> 'validity_days')::integer)
            + 1)::timestamp AT TIME ZONE 'Asia/Seoul'
$$;

CREATE FUNCTION disbursement.deadline(p_terms jsonb, p_day date) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    -- Money is held through the day that lies claim_days after the day of payment, to its end in Seoul, and not longer than
    -- it would be valid where a day is set for that.
    SELECT (least((p_terms ->> 'valid_until')::date, p_day + (p_terms -> 'conditions' ->> 'claim_days')::integer)
            + 1)::timestamp AT TIME ZONE 'Asia/Seoul'
    WHERE p_terms -> 'conditions' ->> 'claim_days' IS NOT NULL
$$;

CREATE FUNCTION disbursement.sort_out(
    p_municipality varchar, p_batch uuid, p_first integer, p_last integer, p_currency uuid, p_journal uuid,
    p_terms jsonb, p_day date, p_stops boolean,
    OUT wallets uuid[], OUT sources uuid[], OUT amounts bigint[], OUT expiries timestamptz[],
    OUT held bigint, OUT cash bigint, OUT stopped bigint, OUT waiting bigint
) LANGUAGE sql VOLATILE SET search_path = public, pg_temp
SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_custom_plan AS $$
-- Parts a chunk into what goes to wallets (lists side by side, with each one's expiry where dongs differ), and the sums of what is held, paid in cash and stopped. What is
-- held is written down; `waiting` counts those of it whose person may have joined since the approval.
-- Only wallets that are not active are looked for, in the small index wallet_not_active. That the others are of this
-- currency, ledger.disburse sees to.
    WITH due AS MATERIALIZED (
        SELECT e.row_number, e.id, e.amount, e.citizen_id, e.wallet_id, d.dong,
               CASE WHEN u.id IS NOT NULL THEN 'stopped'
                    WHEN e.in_cash THEN 'cash'
                    WHEN e.person IS NOT NULL THEN 'not_a_member'
                    WHEN e.wallet_id IS NULL THEN 'no_wallet'
                    WHEN w.id IS NOT NULL THEN 'wallet_' || w.status END AS reason
        FROM allowances_entitlement e
        LEFT JOIN vouchers_wallet w
          ON w.municipality_id = e.municipality_id AND w.id = e.wallet_id AND w.status <> 'active'
        LEFT JOIN allowances_unpaidentitlement u
          ON p_stops AND u.municipality_id = e.municipality_id AND u.entitlement_id = e.id
        LEFT JOIN allowances_batchrow d
          ON p_terms -> 'validity_by_dong' <> '{}' AND d.municipality_id = e.municipality_id
         AND d.batch_id = e.batch_id AND d.row_number = e.row_number
        WHERE e.municipality_id = p_municipality AND e.batch_id = p_batch AND e.row_number BETWEEN p_first AND p_last
    ), kept AS (
        INSERT INTO allowances_unpaidentitlement
            (municipality_id, batch_id, row_number, entitlement_id, currency_id, amount, reason, state, citizen_id,
             person, resident_number_index, deadline, journal_id)
        SELECT p_municipality, p_batch, due.row_number, due.id, p_currency, due.amount, due.reason, 'held', due.citizen_id,
               CASE WHEN due.citizen_id IS NULL THEN approvals.person(r.name, r.birth_date, r.phone) END,
               CASE WHEN due.citizen_id IS NULL THEN r.resident_number_index END,
               disbursement.deadline(p_terms, p_day), p_journal
        FROM due JOIN allowances_batchrow r
          ON r.municipality_id = p_municipality AND r.batch_id = p_batch AND r.row_number = due.row_number
        WHERE due.reason NOT IN ('stopped', 'cash')
    )
    SELECT array_agg(wallet_id ORDER BY row_number) FILTER (WHERE reason IS NULL),
           array_agg(id ORDER BY row_number) FILTER (WHERE reason IS NULL),
           array_agg(amount ORDER BY row_number) FILTER (WHERE reason IS NULL),
           CASE WHEN p_terms -> 'validity_by_dong' <> '{}'
                THEN array_agg(disbursement.expiry(p_terms, p_day, dong) ORDER BY row_number)
                     FILTER (WHERE reason IS NULL) END,
           coalesce(sum(amount) FILTER (WHERE reason NOT IN ('stopped', 'cash')), 0)::bigint,
           coalesce(sum(amount) FILTER (WHERE reason = 'cash'), 0)::bigint,
           coalesce(sum(amount) FILTER (WHERE reason = 'stopped'), 0)::bigint,
           count(*) FILTER (WHERE reason IN ('not_a_member', 'no_wallet'))
    FROM due
$$;

CREATE FUNCTION disbursement.post_chunk(p_municipality varchar, p_batch uuid, p_number integer, p_at timestamptz)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Pays one chunk of a list whose approval line is complete; returns the rows settled now (0: they were before). Rows that
-- cannot be paid into a wallet hold nobody else up: their money is set aside for them in the same journal. The digest is
-- that of all rows.
DECLARE
    v_batch   record;
    v_chunk   allowances_disbursementchunk;
    v_now     record;
    v_due     record;
    v_journal uuid := ledger.id_at(p_at);
    v_day     date;
    v_moves   boolean;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('disbursement.' || p_batch, 0));
    SELECT * INTO v_chunk FROM allowances_disbursementchunk
    WHERE municipality_id = p_municipality AND batch_id = p_batch AND number = p_number FOR UPDATE;
    IF v_chunk.number IS NULL THEN
        PERFORM ledger.refuse('state_conflict');
    END IF;
    IF v_chunk.posted_at IS NOT NULL THEN
        RETURN 0;
    END IF;
    PERFORM disbursement.require_signed(p_municipality, p_batch);
    SELECT b.kind, b.digest, b.terms, (b.terms ->> 'currency_id')::uuid AS currency_id, c.programme_id INTO v_batch
    FROM allowances_batch b JOIN allowances_cycle c ON c.id = b.cycle_id
    WHERE b.municipality_id = p_municipality AND b.id = p_batch;
    SELECT m.rows, m.amount, m.digest INTO v_now
    FROM approvals.measure(p_municipality, p_batch, (v_batch.terms ->> 'chunk_rows')::integer,
                           v_chunk.first_row, v_chunk.last_row) m;
    IF (v_now.rows, v_now.amount, v_now.digest) IS DISTINCT FROM (v_chunk.rows, v_chunk.amount, v_chunk.digest) THEN
        PERFORM ledger.refuse('digest_mismatch', jsonb_build_object('digest', v_batch.digest));
    END IF;
    IF v_batch.kind = 'clawback' THEN
        v_moves := clawback.take(p_municipality, p_batch, v_chunk.first_row, v_chunk.last_row, v_journal, p_at);
        UPDATE allowances_disbursementchunk SET journal_id = CASE WHEN v_moves THEN v_journal END, posted_at = p_at
        WHERE municipality_id = p_municipality AND batch_id = p_batch AND number = p_number;
        RETURN v_chunk.rows;
    END IF;
    v_day := ledger.business_date(p_municipality, p_at);
    v_due := disbursement.sort_out(
        p_municipality, p_batch, v_chunk.first_row, v_chunk.last_row, v_batch.currency_id, v_journal,
        v_batch.terms, v_day,
        EXISTS (SELECT FROM allowances_unpaidentitlement
                WHERE municipality_id = p_municipality AND batch_id = p_batch
                  AND row_number BETWEEN v_chunk.first_row AND v_chunk.last_row));
    IF v_due.waiting > 0 THEN
        PERFORM disbursement.keep_joiners_out(p_municipality);   -- before any balance is locked
    END IF;
    v_moves := v_due.wallets IS NOT NULL OR v_due.held + v_due.cash > 0;
    IF v_moves THEN
        PERFORM ledger.disburse(p_municipality, v_journal, v_batch.currency_id, v_batch.programme_id, 'grant',
                                (v_batch.terms ->> 'usage_rule_id')::uuid, disbursement.expiry(v_batch.terms, v_day),
                                v_due.wallets, v_due.sources, v_due.amounts, p_at, v_due.held, v_due.cash,
                                v_due.expiries, (v_batch.terms ->> 'refund_grace_days')::integer);
    END IF;
    IF v_due.stopped > 0 THEN
        UPDATE allowances_unpaidentitlement SET state = 'returned', ending = reason, ended_at = p_at
        WHERE municipality_id = p_municipality AND batch_id = p_batch AND state = 'stopped'
          AND row_number BETWEEN v_chunk.first_row AND v_chunk.last_row;
        PERFORM disbursement.void_returned(p_municipality, p_batch, v_chunk.first_row, v_chunk.last_row);
        PERFORM ledger.reserve(p_municipality, v_batch.currency_id, v_batch.programme_id, -v_due.stopped);
    END IF;
    UPDATE allowances_disbursementchunk SET journal_id = CASE WHEN v_moves THEN v_journal END, posted_at = p_at
    WHERE municipality_id = p_municipality AND batch_id = p_batch AND number = p_number;
    IF v_due.waiting > 0 THEN
        BEGIN
            PERFORM disbursement.credit_list(p_municipality, p_batch, v_chunk.first_row, v_chunk.last_row, p_at);
        EXCEPTION WHEN unique_violation THEN
            NULL;   -- entitled by another list at this very moment: held until the daily job looks again
        END;
    END IF;
    RETURN v_chunk.rows;
END $$;

CREATE FUNCTION disbursement.void_returned(p_municipality varchar, p_batch uuid, p_first integer, p_last integer)
RETURNS void LANGUAGE sql VOLATILE SET search_path = public, pg_temp AS $$
    -- What went back to the programme claims nobody any more: another list may entitle them.
    UPDATE allowances_entitlement e SET void = true
    FROM allowances_unpaidentitlement u
    WHERE u.municipality_id = p_municipality AND u.batch_id = p_batch AND u.row_number BETWEEN p_first AND p_last
      AND u.state = 'returned' AND e.municipality_id = u.municipality_id AND e.id = u.entitlement_id AND NOT e.void
$$;

CREATE FUNCTION disbursement.cancel_rest(p_municipality varchar, p_batch uuid, p_at timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Gives up what is not posted yet of a paused list, or of one whose payment has failed: each row is kept as cancelled, the
-- reservation is released whole, and the list may be closed. Returns the won released; 0: nothing was left.
DECLARE
    v_batch  record;
    v_rest   bigint;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    PERFORM disbursement.hold_still(p_batch);
    SELECT b.kind, b.state, b.amount_total, b.terms, (b.terms ->> 'currency_id')::uuid AS currency_id, c.programme_id INTO v_batch
    FROM allowances_batch b JOIN allowances_cycle c ON c.id = b.cycle_id
    WHERE b.municipality_id = p_municipality AND b.id = p_batch;
    IF (v_batch.state IN ('paying', 'paused')) IS NOT TRUE THEN
        PERFORM ledger.refuse('state_conflict');
    END IF;
    -- a list that was paused before it was cut into chunks is one chunk
    INSERT INTO allowances_disbursementchunk
        (municipality_id, batch_id, number, first_row, last_row, rows, amount, digest)
    SELECT p_municipality, p_batch, 0, min(row_number), max(row_number), count(*), v_batch.amount_total, ''
    FROM allowances_entitlement
    WHERE municipality_id = p_municipality AND batch_id = p_batch
      AND NOT EXISTS (SELECT FROM allowances_disbursementchunk
                      WHERE municipality_id = p_municipality AND batch_id = p_batch)
    HAVING count(*) > 0;
    WITH rest AS (
        UPDATE allowances_disbursementchunk SET posted_at = p_at, is_cancelled = true
        WHERE municipality_id = p_municipality AND batch_id = p_batch AND posted_at IS NULL
        RETURNING first_row, last_row, amount
    ), row AS (
        INSERT INTO allowances_unpaidentitlement AS unpaid
            (municipality_id, batch_id, row_number, entitlement_id, currency_id, amount, reason, state, citizen_id,
             ending, ended_at)
        SELECT e.municipality_id, e.batch_id, e.row_number, e.id, v_batch.currency_id, e.amount, 'cancelled', 'returned',
               e.citizen_id, 'cancelled', p_at
        FROM rest JOIN allowances_entitlement e
          ON e.municipality_id = p_municipality AND e.batch_id = p_batch
         AND e.row_number BETWEEN rest.first_row AND rest.last_row
        ON CONFLICT (municipality_id, entitlement_id)
            DO UPDATE SET state = 'returned', ending = unpaid.reason, ended_at = p_at
    )
    SELECT coalesce(sum(amount), 0)::bigint INTO v_rest FROM rest;
    IF v_rest > 0 THEN
        PERFORM disbursement.void_returned(p_municipality, p_batch, 0, 2147483647);
    END IF;
    IF v_batch.kind = 'clawback' THEN
        PERFORM clawback.give_up(p_municipality, p_batch);   -- nothing was reserved, but claimed
    ELSIF v_rest > 0 THEN
        PERFORM ledger.reserve(p_municipality, v_batch.currency_id, v_batch.programme_id, -v_rest);
    END IF;
    RETURN v_rest;
END $$;
