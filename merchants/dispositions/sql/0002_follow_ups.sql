-- What follows from a decided case: money claimed back, and referrals to the police. What was written of them stays; a claim
-- ends once, and of a referral only the outcome moves on.

CREATE FUNCTION public.check_follow_up() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_open text[] := CASE TG_TABLE_NAME
        WHEN 'merchants_restitution' THEN ARRAY['state', 'closed_on', 'note', 'closed_by_id', 'closed_at']
        ELSE ARRAY['outcome', 'outcome_on', 'note'] END;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NOT EXISTS (SELECT FROM merchants_disposition
                       WHERE id = NEW.disposition_id AND municipality_id = NEW.municipality_id AND state = 'decided') THEN
            RAISE EXCEPTION 'nothing was decided' USING ERRCODE = '55000', CONSTRAINT = 'follow_up_of_a_decision';
        END IF;
        IF to_jsonb(NEW) ->> 'state' <> 'claimed' THEN
            RAISE EXCEPTION 'it begins with the claim' USING ERRCODE = '55000', CONSTRAINT = 'follow_up_is_final';
        END IF;
    ELSIF (to_jsonb(NEW) - v_open) <> (to_jsonb(OLD) - v_open) OR to_jsonb(OLD) ->> 'state' <> 'claimed' THEN
        RAISE EXCEPTION 'it stays as it is' USING ERRCODE = '55000', CONSTRAINT = 'follow_up_is_final';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER restitution_stays BEFORE INSERT OR UPDATE ON merchants_restitution
    FOR EACH ROW EXECUTE FUNCTION public.check_follow_up();
CREATE TRIGGER referral_stays BEFORE INSERT OR UPDATE ON merchants_referral
    FOR EACH ROW EXECUTE FUNCTION public.check_follow_up();
