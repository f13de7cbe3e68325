-- A signature, once given, is never changed or removed; and a deputy signs for somebody only while they are away.

CREATE SCHEMA approvals;

CREATE FUNCTION approvals.guard_signature() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF OLD.decision <> 'waiting' THEN
        RAISE EXCEPTION USING ERRCODE = 'JT000', MESSAGE = 'signature_is_final';
    END IF;
    IF NEW.decision NOT IN ('signed', 'returned') THEN
        RETURN NEW;
    END IF;
    -- one person, one step: whoever was signed for counts as having signed
    IF EXISTS (SELECT FROM allowances_approvalstep s
               WHERE s.batch_id = NEW.batch_id AND s.attempt = NEW.attempt AND s.id <> NEW.id
                 AND (s.official_id IN (NEW.official_id, NEW.on_behalf_of_id)
                      OR s.on_behalf_of_id IN (NEW.official_id, NEW.on_behalf_of_id))) THEN
        RAISE EXCEPTION USING ERRCODE = 'JT000', MESSAGE = 'approval_step_official_once';
    END IF;
    IF NEW.on_behalf_of_id IS NULL THEN
        RETURN NEW;
    END IF;
    IF EXISTS (SELECT FROM allowances_batch b WHERE b.id = NEW.batch_id AND b.uploaded_by_id = NEW.on_behalf_of_id) THEN
        RAISE EXCEPTION USING ERRCODE = 'JT000', MESSAGE = 'uploader_signs';
    END IF;
    IF NOT EXISTS (SELECT FROM officials.municipalities_of(NEW.official_id, (NEW.decided_at AT TIME ZONE 'Asia/Seoul')::date) m
                   WHERE m.absent_id = NEW.on_behalf_of_id AND m.municipality_id = NEW.municipality_id
                     AND m.role = NEW.role) THEN
        RAISE EXCEPTION USING ERRCODE = 'JT000', MESSAGE = 'acting_has_ended';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approval_step_signature_final BEFORE UPDATE ON allowances_approvalstep
    FOR EACH ROW EXECUTE FUNCTION approvals.guard_signature();
