-- What was decided or dropped stays, and what waits for approval says what it said.

CREATE FUNCTION public.check_disposition() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_decision text[] := ARRAY['state', 'change_id', 'decided_by_id', 'decided_at', 'note'];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'noticed' THEN
            RAISE EXCEPTION 'it begins with the notice' USING ERRCODE = '55000', CONSTRAINT = 'disposition_is_final';
        END IF;
    ELSIF OLD.state IN ('decided', 'dropped')
       OR OLD.state = 'noticed' AND NEW.state = 'decided'
       OR OLD.state = 'proposed' AND NEW.state <> 'noticed'
          AND (to_jsonb(NEW) - v_decision) <> (to_jsonb(OLD) - v_decision) THEN
        RAISE EXCEPTION 'it stays as it is' USING ERRCODE = '55000', CONSTRAINT = 'disposition_is_final';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER disposition_stays BEFORE INSERT OR UPDATE ON merchants_disposition
    FOR EACH ROW EXECUTE FUNCTION public.check_disposition();
