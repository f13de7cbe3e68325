-- An approved list is posted in chunks: each is one transaction, exactly once, and only if its rows are still those
-- that were signed.

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
    IF OLD.journal_id IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'JT000', MESSAGE = 'batch_is_frozen';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER chunk_posted_is_final BEFORE UPDATE OR DELETE ON allowances_disbursementchunk
    FOR EACH ROW EXECUTE FUNCTION disbursement.refuse_posted();

CREATE FUNCTION disbursement.measure(
    p_municipality varchar, p_batch uuid, p_first integer, p_last integer,
    OUT rows integer, OUT amount bigint, OUT digest text
) LANGUAGE sql STABLE AS $$
-- Count, sum and SHA-256 of the entitled rows in a range. The digest is over lines of
-- row|citizen|wallet|name|birth date|phone|dong|amount, joined by line feeds, in row order, in UTF-8.
    SELECT count(*)::integer, coalesce(sum(e.amount), 0)::bigint,
           encode(sha256(convert_to(coalesce(string_agg(
               concat_ws('|', e.row_number, e.citizen_id, e.wallet_id, coalesce(r.name, ''), coalesce(r.birth_date::text, ''),
                         coalesce(r.phone, ''), coalesce(r.dong, ''), e.amount),
               E'\n' ORDER BY e.row_number), ''), 'UTF8')), 'hex')
    FROM public.allowances_entitlement e
    JOIN public.allowances_batchrow r
      ON r.municipality_id = e.municipality_id AND r.batch_id = e.batch_id AND r.row_number = e.row_number
    WHERE e.municipality_id = p_municipality AND e.batch_id = p_batch AND e.row_number BETWEEN p_first AND p_last
$$;

CREATE FUNCTION disbursement.plan(p_municipality varchar, p_batch uuid, p_size integer) RETURNS integer
LANGUAGE plpgsql AS $$
-- Cuts the entitled rows into chunks of p_size and measures each; returns how many.
DECLARE
    v_chunks integer;
BEGIN
    DELETE FROM public.allowances_disbursementchunk WHERE municipality_id = p_municipality AND batch_id = p_batch;
    INSERT INTO public.allowances_disbursementchunk
        (municipality_id, batch_id, number, first_row, last_row, rows, amount, digest)
    SELECT p_municipality, p_batch, cut.number, cut.first_row, cut.last_row, m.rows, m.amount, m.digest
    FROM (
        SELECT number, min(row_number) AS first_row, max(row_number) AS last_row
        FROM (SELECT row_number, ((row_number() OVER (ORDER BY row_number) - 1) / p_size)::integer + 1 AS number
              FROM public.allowances_entitlement
              WHERE municipality_id = p_municipality AND batch_id = p_batch) numbered
        GROUP BY number
    ) cut
    CROSS JOIN LATERAL disbursement.measure(p_municipality, p_batch, cut.first_row, cut.last_row) m;
    GET DIAGNOSTICS v_chunks = ROW_COUNT;
    RETURN v_chunks;
END $$;

CREATE FUNCTION disbursement.digest(
    p_municipality varchar, p_batch uuid, OUT digest text, OUT rows bigint, OUT amount bigint
) LANGUAGE sql STABLE AS $$
-- The digest that every signature binds to, made anew from the rows as they are now: SHA-256 over
-- "jangteo.batch/v1", cycle, terms, count, total and the digest of every chunk, joined by line feeds.
    SELECT encode(sha256(convert_to(concat_ws(E'\n', 'jangteo.batch/v1', b.cycle_id, b.terms, sum(m.rows), sum(m.amount),
                                              string_agg(m.digest, E'\n' ORDER BY c.number)), 'UTF8')), 'hex'),
           sum(m.rows), sum(m.amount)::bigint
    FROM public.allowances_batch b
    JOIN public.allowances_disbursementchunk c ON c.municipality_id = b.municipality_id AND c.batch_id = b.id
    CROSS JOIN LATERAL disbursement.measure(p_municipality, p_batch, c.first_row, c.last_row) m
    WHERE b.municipality_id = p_municipality AND b.id = p_batch
    GROUP BY b.id
$$;

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
    IF v_chunk.journal_id IS NOT NULL THEN
        RETURN 0;
    END IF;
    SELECT b.state, b.digest, b.terms, b.attempt, p.id AS programme_id INTO v_batch
    FROM allowances_batch b JOIN allowances_cycle c ON c.id = b.cycle_id JOIN allowances_programme p ON p.id = c.programme_id
    WHERE b.municipality_id = p_municipality AND b.id = p_batch;
    IF v_chunk.number IS NULL OR v_batch.state <> 'paying' THEN
        PERFORM ledger.refuse('state_conflict');
    END IF;
    IF EXISTS (SELECT FROM allowances_approvalstep
               WHERE batch_id = p_batch AND attempt = v_batch.attempt
                 AND (decision <> 'signed' OR digest <> v_batch.digest))
       OR (SELECT count(DISTINCT role) FROM allowances_approvalstep
           WHERE batch_id = p_batch AND attempt = v_batch.attempt AND role IN ('drafter', 'approver', 'payer')) < 3 THEN
        PERFORM ledger.refuse('approval_incomplete');
    END IF;
    v_now := disbursement.measure(p_municipality, p_batch, v_chunk.first_row, v_chunk.last_row);
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
