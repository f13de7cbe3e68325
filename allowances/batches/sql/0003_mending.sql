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
