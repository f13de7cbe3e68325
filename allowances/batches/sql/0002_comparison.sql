-- Two sets of lists, person by person: who is new, who is gone, whose amount or particulars changed. The rows of a
-- comparison only point at rows of lists, so nobody's name is kept twice.

CREATE TABLE allowances_listdifference (
    municipality_id varchar(5) NOT NULL,
    comparison_id   uuid NOT NULL,
    kind            text NOT NULL,
    number          integer NOT NULL,            -- from 1, in the order of the lists' rows, for each kind
    before_batch_id uuid,                        -- the person's first row on either side
    before_row      integer,
    after_batch_id  uuid,
    after_row       integer,
    amount_before   bigint,
    amount_after    bigint,
    CONSTRAINT listdifference_pkey PRIMARY KEY (municipality_id, comparison_id, kind, number),
    CONSTRAINT listdifference_kind_fits CHECK (
        kind = CASE WHEN before_row IS NULL THEN 'added' WHEN after_row IS NULL THEN 'removed' ELSE 'changed' END)
);

CREATE FUNCTION batches.compare(p_municipality varchar, p_comparison uuid, p_before uuid[], p_after uuid[])
RETURNS TABLE (kind text, people bigint, amount_before bigint, amount_after bigint)
LANGUAGE plpgsql SET enable_nestloop = off SET work_mem = '256MB' AS $$
-- Writes the differences between the rows without error of two sets of lists, and returns for each kind, and for 'same',
-- how many people it concerns and their sums in won. A person is the member that a row was matched to, else name, birth
-- date and telephone; who was no member in one set and is one in the other counts as the same person. Several rows of a
-- person in a set count as one, by their sum.
#variable_conflict use_column
DECLARE
    v_lists uuid[] := p_before || p_after;
BEGIN
    DELETE FROM public.allowances_listdifference d
    WHERE d.municipality_id = p_municipality AND d.comparison_id = p_comparison;
    RETURN QUERY
    WITH listed AS MATERIALIZED (
        SELECT r.batch_id = ANY (p_after) AS is_after, r.citizen_id, r.name, r.birth_date, r.phone, r.dong, r.amount,
               array_position(v_lists, r.batch_id)::bigint << 32 | r.row_number AS place
        FROM public.allowances_batchrow r
        WHERE r.municipality_id = p_municipality AND r.batch_id = ANY (v_lists)
          AND NOT EXISTS (
              SELECT FROM public.allowances_batchproblem p
              WHERE p.municipality_id = p_municipality AND p.batch_id = ANY (v_lists) AND NOT p.is_warning
                AND p.acceptance_id IS NULL
                AND p.batch_id = r.batch_id AND p.row_number = r.row_number)
    ), member AS (
        SELECT name, birth_date, phone, (array_agg(citizen_id))[1] AS citizen_id
        FROM listed
        WHERE citizen_id IS NOT NULL
          AND (name, birth_date, phone) IN (SELECT name, birth_date, phone FROM listed WHERE citizen_id IS NULL)
        GROUP BY name, birth_date, phone
        HAVING count(DISTINCT citizen_id) = 1
    ), person AS (
        SELECT min(l.place) FILTER (WHERE NOT l.is_after) AS place_before,
               min(l.place) FILTER (WHERE l.is_after) AS place_after,
               sum(l.amount) FILTER (WHERE NOT l.is_after)::bigint AS amount_before,
               sum(l.amount) FILTER (WHERE l.is_after)::bigint AS amount_after,
               min(l.name) <> max(l.name) OR min(l.dong) <> max(l.dong) OR min(l.phone) <> max(l.phone) AS is_other
        FROM listed l LEFT JOIN member m ON l.citizen_id IS NULL
             AND m.name = l.name AND m.birth_date = l.birth_date AND m.phone = l.phone
        GROUP BY coalesce(l.citizen_id, m.citizen_id, md5(concat_ws('|', l.name, l.birth_date, l.phone))::uuid)
    ), judged AS MATERIALIZED (
        SELECT p.*, CASE WHEN place_before IS NULL THEN 'added' WHEN place_after IS NULL THEN 'removed'
                         WHEN amount_before IS DISTINCT FROM amount_after OR is_other THEN 'changed'
                         ELSE 'same' END AS kind
        FROM person p
    ), written AS (
        INSERT INTO public.allowances_listdifference
            (municipality_id, comparison_id, kind, number, before_batch_id, before_row, after_batch_id, after_row,
             amount_before, amount_after)
        SELECT p_municipality, p_comparison, j.kind,
               row_number() OVER (PARTITION BY j.kind ORDER BY coalesce(j.place_after, j.place_before)),
               v_lists[(j.place_before >> 32)::integer], (j.place_before & 4294967295)::integer,
               v_lists[(j.place_after >> 32)::integer], (j.place_after & 4294967295)::integer,
               j.amount_before, j.amount_after
        FROM judged j WHERE j.kind <> 'same'
    )
    SELECT j.kind, count(*), coalesce(sum(j.amount_before), 0)::bigint, coalesce(sum(j.amount_after), 0)::bigint
    FROM judged j GROUP BY j.kind;
END $$;
