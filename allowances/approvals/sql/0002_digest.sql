-- Who is entitled by a list, and the digest that every signature binds to. Both are made from the rows alone, so they can
-- be made again at any time, by anybody who has the rows.

CREATE FUNCTION approvals.person(p_name text, p_birth_date date, p_phone text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    -- Who is no member yet, as one text; NULL when the list does not tell all three.
    SELECT p_name || '|' || to_char(p_birth_date, 'YYYY-MM-DD') || '|' || p_phone
$$;

CREATE FUNCTION approvals.entitle(p_municipality varchar, p_batch uuid, OUT rows bigint, OUT amount bigint)
LANGUAGE plpgsql SET enable_nestloop = off AS $$
-- Makes an entitlement of every row without an error (warnings and accepted errors do not count); returns how many, and
-- their sum in won.
-- Whoever is entitled in the cycle already breaks the constraint entitlement_once_a_cycle, and nothing is made. Where the
-- terms hold money for those who are no members yet, they are entitled as the person that the row names: by resident
-- number where the list may know it, else by name, birth date and telephone. A row that chose cash is paid by the bank.
BEGIN
    WITH made AS (
        INSERT INTO public.allowances_entitlement
            (municipality_id, cycle_id, sequence, series_id, tranche, citizen_id, wallet_id, person, in_cash, batch_id,
             row_number, amount)
        SELECT r.municipality_id, b.cycle_id, b.sequence,
               CASE WHEN b.terms #>> '{conditions,tranche}' IS NOT NULL AND b.kind = 'payment'
                    THEN (b.terms #>> '{conditions,series}')::uuid END,
               CASE WHEN b.kind = 'payment' THEN (b.terms #>> '{conditions,tranche}')::smallint END, r.citizen_id,
               r.wallet_id,
               CASE WHEN r.citizen_id IS NULL
                     AND (b.terms -> 'conditions' ->> 'claim_days' IS NOT NULL OR b.kind = 'clawback')
                    THEN coalesce('number|' || encode(r.resident_number_index, 'hex'),
                                  approvals.person(r.name, r.birth_date, r.phone)) END,
               coalesce(r.facts ->> 'payment_method' = 'cash', false), r.batch_id, r.row_number, r.amount
        FROM public.allowances_batchrow r
        JOIN public.allowances_batch b ON b.municipality_id = r.municipality_id AND b.id = r.batch_id
        WHERE r.municipality_id = p_municipality AND r.batch_id = p_batch
          AND r.row_number NOT IN (
              SELECT p.row_number FROM public.allowances_batchproblem p
              WHERE p.municipality_id = p_municipality AND p.batch_id = p_batch AND NOT p.is_warning
                AND p.acceptance_id IS NULL)
        ORDER BY r.row_number
        RETURNING allowances_entitlement.amount
    )
    SELECT count(*), coalesce(sum(made.amount), 0)::bigint INTO entitle.rows, entitle.amount FROM made;
    IF EXISTS (SELECT FROM public.allowances_batch WHERE id = p_batch AND kind = 'clawback') THEN
        PERFORM clawback.claim(p_municipality, p_batch);   -- of what these people were paid, and never more
    END IF;
END $$;

CREATE FUNCTION approvals.measure(p_municipality varchar, p_batch uuid, p_size integer, p_first integer, p_last integer)
RETURNS TABLE (number integer, first_row integer, last_row integer, rows integer, amount bigint, digest text)
LANGUAGE sql STABLE SET enable_nestloop = off AS $$
-- Count, sum and digest of the entitled rows from p_first to p_last, for each chunk of p_size row numbers: rows 0 to
-- p_size - 1 are chunk 0, and so on. A chunk's digest is SHA-256, in hexadecimal, over its lines
-- row|citizen|wallet|name|birth date|phone|dong|amount, in row order, joined by line feeds, in UTF-8. What is missing is
-- empty. A line ends with |person where the row was entitled as a person and no member (whoever that has become since
-- does not count), with |cash where it is paid in cash, and with |reason where money is taken back.
    SELECT line.chunk, min(line.row_number), max(line.row_number), count(*)::integer, sum(line.amount)::bigint,
           encode(sha256(convert_to(string_agg(line.text, E'\n' ORDER BY line.row_number), 'UTF8')), 'hex')
    FROM (
        SELECT e.row_number, e.row_number / p_size AS chunk, e.amount,
               concat_ws('|', e.row_number, CASE WHEN e.person IS NULL THEN e.citizen_id::text ELSE '' END,
                         coalesce(e.wallet_id::text, ''), coalesce(r.name, ''),
                         coalesce(r.birth_date::text, ''), coalesce(r.phone, ''), coalesce(r.dong, ''),
                         e.amount, e.person, CASE WHEN e.in_cash THEN 'cash' END, r.facts ->> 'clawback_reason') AS text
        FROM public.allowances_entitlement e
        JOIN public.allowances_batchrow r
          ON r.municipality_id = e.municipality_id AND r.batch_id = e.batch_id AND r.row_number = e.row_number
        WHERE e.municipality_id = p_municipality AND e.batch_id = p_batch AND e.row_number BETWEEN p_first AND p_last
          AND r.row_number BETWEEN p_first AND p_last   -- said twice, or the other index is read from its start
    ) line
    GROUP BY line.chunk
$$;

CREATE FUNCTION approvals.seal(p_municipality varchar, p_batch uuid, p_rows bigint, p_amount bigint, p_chunks text[])
RETURNS text LANGUAGE sql STABLE AS $$
-- The digest that every signature binds to: SHA-256 over "jangteo.batch/v1", cycle, terms, count, total and the digest of
-- every chunk in order, joined by line feeds.
    SELECT encode(sha256(convert_to(concat_ws(E'\n', 'jangteo.batch/v1', b.cycle_id, b.terms, p_rows, p_amount,
                                              array_to_string(p_chunks, E'\n')), 'UTF8')), 'hex')
    FROM public.allowances_batch b
    WHERE b.municipality_id = p_municipality AND b.id = p_batch
$$;

CREATE FUNCTION approvals.digest(
    p_municipality varchar, p_batch uuid, OUT digest text, OUT rows bigint, OUT amount bigint
) LANGUAGE sql STABLE AS $$
-- The digest of the rows as they are now, how many they are, and their sum in won.
    SELECT approvals.seal(p_municipality, p_batch, sum(m.rows), sum(m.amount)::bigint,
                          array_agg(m.digest ORDER BY m.number)),
           sum(m.rows), sum(m.amount)::bigint
    FROM public.allowances_batch b
    CROSS JOIN LATERAL approvals.measure(
        b.municipality_id, b.id, (b.terms ->> 'chunk_rows')::integer, 0, 2147483647) m
    WHERE b.municipality_id = p_municipality AND b.id = p_batch
    GROUP BY b.id
$$;
