-- What must be known of an official before a scope exists, and the guard over incompatible roles.

CREATE SCHEMA officials;

CREATE FUNCTION officials.municipalities_of(p_official uuid, p_day date)
RETURNS TABLE (municipality_id varchar, role varchar, absent_id uuid, "position" varchar)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    -- An official's roles on a day, and the signing roles of absent officials whose deputy they are on it (absent_id):
    -- these without such as their own roles exclude. A role at a province counts in each of its cities.
    WITH held AS (
        SELECT coalesce(city.code, a.municipality_id) AS municipality_id, a.role, nullif(o.id, p_official) AS absent_id,
               o.position
        FROM vouchers_roleassignment a
        JOIN vouchers_official o ON o.id = a.official_id AND o.is_active
        JOIN vouchers_official me ON me.id = p_official AND me.is_active
        LEFT JOIN vouchers_municipality city ON city.province_id = a.municipality_id OR city.code = a.municipality_id
        WHERE a.valid_from <= p_day AND (a.valid_until IS NULL OR p_day <= a.valid_until)
          AND (a.official_id = p_official
               OR a.role IN ('reviewer', 'budget', 'approver', 'payer') AND a.official_id IN (
                   SELECT b.official_id FROM vouchers_absence b
                   WHERE b.deputy_id = p_official AND NOT b.is_cancelled AND p_day BETWEEN b.valid_from AND b.valid_until))
    )
    SELECT h.municipality_id, h.role, h.absent_id, h.position FROM held h
    WHERE h.absent_id IS NULL OR NOT EXISTS (
        SELECT FROM held own JOIN vouchers_incompatibleroles pair
          ON (pair.role, pair.other) IN ((own.role, h.role), (h.role, own.role))
        WHERE own.absent_id IS NULL AND own.municipality_id = h.municipality_id)
$$;

CREATE FUNCTION officials.refuse_incompatible_roles() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    -- one official's assignments change one after the other, so two halves of a pair cannot slip in side by side
    PERFORM 1 FROM vouchers_official WHERE id = NEW.official_id FOR NO KEY UPDATE;
    IF EXISTS (
        SELECT FROM vouchers_roleassignment held
        JOIN vouchers_incompatibleroles pair
          ON (pair.role, pair.other) IN ((held.role, NEW.role), (NEW.role, held.role))
        WHERE held.official_id = NEW.official_id AND held.id <> NEW.id
          -- a role at a province counts in each of its cities
          AND (held.municipality_id = NEW.municipality_id OR EXISTS (
              SELECT FROM vouchers_municipality city
              WHERE (city.province_id, city.code) IN ((held.municipality_id, NEW.municipality_id),
                                                      (NEW.municipality_id, held.municipality_id))))
          AND daterange(held.valid_from, held.valid_until, '[]') && daterange(NEW.valid_from, NEW.valid_until, '[]')
    ) THEN
        RAISE EXCEPTION USING ERRCODE = 'JT000', MESSAGE = 'incompatible_roles';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER role_assignment_compatible BEFORE INSERT OR UPDATE ON vouchers_roleassignment
    FOR EACH ROW EXECUTE FUNCTION officials.refuse_incompatible_roles();
