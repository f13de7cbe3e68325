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
    journal_id      uuid,
    posted_at       timestamptz,
    CONSTRAINT disbursementchunk_pkey PRIMARY KEY (municipality_id, batch_id, number),
    CONSTRAINT disbursementchunk_posted_whole CHECK ((journal_id IS NULL) = (posted_at IS NULL))
);

CREATE SCHEMA disbursement;

CREATE FUNCTION disbursement.refuse_posted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.journal_id IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'JT000', MESSAGE = 'batch_is_frozen';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER chunk_posted_is_final BEFORE UPDATE OR DELETE ON allowances_disbursementchunk
    FOR EACH ROW EXECUTE FUNCTION disbursement.refuse_posted();

CREATE FUNCTION disbursement.refuse_half_paid() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- A list is paid when its chunks are posted, every one, and make up its total.
BEGIN
    IF (SELECT coalesce(sum(amount) FILTER (WHERE journal_id IS NOT NULL), 0)
        FROM allowances_disbursementchunk
        WHERE municipality_id = NEW.municipality_id AND batch_id = NEW.id) <> NEW.amount_total
       OR EXISTS (SELECT FROM allowances_disbursementchunk
                  WHERE municipality_id = NEW.municipality_id AND batch_id = NEW.id AND journal_id IS NULL)
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
            WHERE municipality_id = p_municipality AND batch_id = p_batch AND journal_id IS NULL);
END $$;

CREATE FUNCTION disbursement.post_chunk(p_municipality varchar, p_batch uuid, p_number integer, p_at timestamptz)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Pays one chunk of a list whose approval line is complete; returns the rows paid now (0: paid before).
DECLARE
    v_batch   record;
    v_chunk   allowances_disbursementchunk;
    v_now     record;
    v_items   record;
    v_journal uuid := ledger.id_at(p_at);
    v_expires timestamptz;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    SELECT * INTO v_chunk FROM allowances_disbursementchunk
    WHERE municipality_id = p_municipality AND batch_id = p_batch AND number = p_number FOR UPDATE;
    IF v_chunk.number IS NULL THEN
        PERFORM ledger.refuse('state_conflict');
    END IF;
    IF v_chunk.journal_id IS NOT NULL THEN
        RETURN 0;
    END IF;
    PERFORM disbursement.require_signed(p_municipality, p_batch);
    SELECT b.digest, b.terms, c.programme_id INTO v_batch
    FROM allowances_batch b JOIN allowances_cycle c ON c.id = b.cycle_id
    WHERE b.municipality_id = p_municipality AND b.id = p_batch;
    SELECT m.rows, m.amount, m.digest INTO v_now
    FROM approvals.measure(p_municipality, p_batch, (v_batch.terms ->> 'chunk_rows')::integer,
                           v_chunk.first_row, v_chunk.last_row) m;
    IF (v_now.rows, v_now.amount, v_now.digest) IS DISTINCT FROM (v_chunk.rows, v_chunk.amount, v_chunk.digest) THEN
        PERFORM ledger.refuse('digest_mismatch', jsonb_build_object('digest', v_batch.digest));
    END IF;
    SELECT array_agg(wallet_id ORDER BY row_number) AS wallets, array_agg(id ORDER BY row_number) AS sources,
           array_agg(amount ORDER BY row_number) AS amounts
    INTO v_items
    FROM allowances_entitlement
    WHERE municipality_id = p_municipality AND batch_id = p_batch
      AND row_number BETWEEN v_chunk.first_row AND v_chunk.last_row;
    -- valid through the day that lies validity_days after the day of payment, which itself is not counted (민법 제157조)
    v_expires := (ledger.business_date(p_municipality, p_at) + (v_batch.terms ->> 'validity_days')::integer + 1)::timestamp
                 AT TIME ZONE 'Asia/Seoul';
    PERFORM ledger.disburse(p_municipality, v_journal, (v_batch.terms ->> 'currency_id')::uuid, v_batch.programme_id,
                            'grant', (v_batch.terms ->> 'usage_rule_id')::uuid, v_expires,
                            v_items.wallets, v_items.sources, v_items.amounts, p_at);
    UPDATE allowances_disbursementchunk SET journal_id = v_journal, posted_at = p_at
    WHERE municipality_id = p_municipality AND batch_id = p_batch AND number = p_number;
    RETURN v_chunk.rows;
END $$;
