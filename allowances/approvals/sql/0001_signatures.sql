-- A signature, once given, is never changed or removed.

CREATE SCHEMA approvals;

CREATE FUNCTION approvals.guard_signature() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.decision <> 'waiting' THEN
        RAISE EXCEPTION USING ERRCODE = 'JT000', MESSAGE = 'signature_is_final';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approval_step_signature_final BEFORE UPDATE ON allowances_approvalstep
    FOR EACH ROW EXECUTE FUNCTION approvals.guard_signature();
