-- Absences and deputies. A deputy signs for the absent official alone, so nobody is a deputy while they are away.

CREATE FUNCTION officials.refuse_absence() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_days daterange;
BEGIN
    IF NEW.official_id IS NULL OR NEW.deputy_id IS NULL OR NEW.valid_until < NEW.valid_from THEN
        RETURN NEW;  -- for the constraint to refuse
    END IF;
    v_days := daterange(NEW.valid_from, NEW.valid_until, '[]');
    IF NEW.is_cancelled OR TG_OP = 'UPDATE' AND NOT OLD.is_cancelled
       AND (NEW.official_id, NEW.deputy_id) = (OLD.official_id, OLD.deputy_id)
       AND v_days <@ daterange(OLD.valid_from, OLD.valid_until, '[]')
    THEN
        RETURN NEW;  -- ended or shortened: nothing new begins
    END IF;
    -- absences of the two change one after the other, so two halves of a chain cannot slip in side by side
    PERFORM 1 FROM vouchers_official WHERE id IN (NEW.official_id, NEW.deputy_id) ORDER BY id FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM vouchers_absence a WHERE a.id <> NEW.id AND NOT a.is_cancelled
               AND a.official_id = NEW.official_id AND daterange(a.valid_from, a.valid_until, '[]') && v_days) THEN
        RAISE EXCEPTION USING ERRCODE = 'JT000', MESSAGE = 'absence_overlaps';
    END IF;
    IF EXISTS (SELECT FROM vouchers_absence a WHERE a.id <> NEW.id AND NOT a.is_cancelled
               AND a.official_id = NEW.deputy_id AND daterange(a.valid_from, a.valid_until, '[]') && v_days) THEN
        RAISE EXCEPTION USING ERRCODE = 'JT000', MESSAGE = 'deputy_is_absent';
    END IF;
    IF EXISTS (SELECT FROM vouchers_absence a WHERE a.id <> NEW.id AND NOT a.is_cancelled
               AND a.deputy_id = NEW.official_id AND daterange(a.valid_from, a.valid_until, '[]') && v_days) THEN
        RAISE EXCEPTION USING ERRCODE = 'JT000', MESSAGE = 'absent_is_deputy';
    END IF;
    IF NOT EXISTS (SELECT FROM vouchers_official o JOIN vouchers_official d ON d.municipality_id = o.municipality_id
                   WHERE o.id = NEW.official_id AND d.id = NEW.deputy_id AND d.is_active
                     AND o.municipality_id = NEW.municipality_id) THEN
        RAISE EXCEPTION USING ERRCODE = 'JT000', MESSAGE = 'deputy_elsewhere';
    END IF;
    -- neither the deputy's own roles nor those they act for meanwhile may exclude a role of the absent official
    IF EXISTS (
        SELECT FROM vouchers_roleassignment away
        JOIN vouchers_incompatibleroles pair ON away.role IN (pair.role, pair.other)
        JOIN vouchers_roleassignment held
          ON held.role = CASE away.role WHEN pair.role THEN pair.other ELSE pair.role END
        WHERE away.official_id = NEW.official_id AND away.role IN ('reviewer', 'budget', 'approver', 'payer')
          AND daterange(away.valid_from, away.valid_until, '[]') && v_days
          AND daterange(held.valid_from, held.valid_until, '[]') && v_days
          AND (held.official_id = NEW.deputy_id
               OR held.role IN ('reviewer', 'budget', 'approver', 'payer') AND EXISTS (
                   SELECT FROM vouchers_absence a
                   WHERE a.id <> NEW.id AND NOT a.is_cancelled AND a.deputy_id = NEW.deputy_id
                     AND a.official_id = held.official_id AND daterange(a.valid_from, a.valid_until, '[]') && v_days))
    ) THEN
        RAISE EXCEPTION USING ERRCODE = 'JT000', MESSAGE = 'deputy_incompatible';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER absence_allowed BEFORE INSERT OR UPDATE ON vouchers_absence
    FOR EACH ROW EXECUTE FUNCTION officials.refuse_absence();
