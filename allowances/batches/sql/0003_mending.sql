-- What officials change of a list in the page, and the problems they take upon themselves. Both are logs: the newest word
-- about a cell or a problem counts. They end with the submission, which binds to them (Batch.terms).

CREATE TABLE allowances_rowcorrection (
    municipality_id varchar(5) NOT NULL,
    id              uuid NOT NULL DEFAULT uuidv7(),
    batch_id        uuid NOT NULL,
    row_number      integer NOT NULL,
    field           text NOT NULL,               -- the column; 'row' when the whole row is left out
    kind            text NOT NULL,
    value           text,                        -- what the cell is read as: 1985-01-05, 01012345678, 120000
    sealed          bytea,                       -- instead, of a resident or account number: its blind index
    person          text,                        -- of a row left out: name|birth date|phone
    shown_before    text NOT NULL DEFAULT '',    -- masked
    shown_after     text NOT NULL DEFAULT '',
    reason          text NOT NULL DEFAULT '',
    official_id     uuid NOT NULL,
    at              timestamptz NOT NULL,
    CONSTRAINT rowcorrection_pkey PRIMARY KEY (municipality_id, id),
    CONSTRAINT rowcorrection_kind_known CHECK (kind IN ('value', 'leave_out', 'undo')),
    CONSTRAINT rowcorrection_says_what CHECK (kind <> 'value' OR value IS NOT NULL OR sealed IS NOT NULL)
);
CREATE INDEX rowcorrection_by_cell ON allowances_rowcorrection (municipality_id, batch_id, row_number, field, id);

CREATE TABLE allowances_acceptedproblem (
    municipality_id varchar(5) NOT NULL,
    id              uuid NOT NULL DEFAULT uuidv7(),
    batch_id        uuid NOT NULL,
    acceptance_id   uuid NOT NULL,
    row_number      integer NOT NULL,
    field           text NOT NULL,
    code            text NOT NULL,
    value           text NOT NULL,
    params          jsonb NOT NULL,
    CONSTRAINT acceptedproblem_pkey PRIMARY KEY (municipality_id, id)
);
CREATE INDEX acceptedproblem_by_acceptance ON allowances_acceptedproblem (municipality_id, batch_id, acceptance_id);

CREATE FUNCTION batches.freeze_mending() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- A list is mended before it is submitted, never after.
BEGIN
    PERFORM batches.refuse_unless(ARRAY(SELECT DISTINCT batch_id FROM changed),
                                  '{uploaded,inspected,reading,validated}');
    RETURN NULL;
END $$;

CREATE TRIGGER rowcorrection_frozen_insert AFTER INSERT ON allowances_rowcorrection
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION batches.freeze_mending();
CREATE TRIGGER acceptance_frozen_insert AFTER INSERT ON allowances_acceptance
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION batches.freeze_mending();
CREATE TRIGGER acceptedproblem_frozen_insert AFTER INSERT ON allowances_acceptedproblem
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION batches.freeze_mending();
CREATE TRIGGER acceptedproblem_frozen_delete AFTER DELETE ON allowances_acceptedproblem
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION batches.freeze_mending();

CREATE FUNCTION batches.mask_name(p_name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
-- As vouchers.privacy.rules.mask_name, for names that SQL writes down: two different masks of one name would give it away.
    SELECT CASE
        WHEN name = '' THEN ''
        WHEN name ~ '^[\x01-\x7f]+$'
            THEN left(name, least(4, length(name) / 2))
                 || regexp_replace(substr(name, least(4, length(name) / 2) + 1), '\S', '*', 'g')
        WHEN length(name) <= 2 THEN left(name, 1) || '*'
        WHEN left(name, 2) = ANY ('{강전,남궁,독고,동방,망절,사공,서문,선우,소봉,어금,장곡,제갈,황보}'::text[])
            THEN left(name, 2) || regexp_replace(substr(name, 3), '\S', '*', 'g')
        ELSE left(name, 1) || repeat('*', length(name) - 2) || right(name, 1) END
    FROM (SELECT btrim(p_name) AS name) trimmed
$$;
