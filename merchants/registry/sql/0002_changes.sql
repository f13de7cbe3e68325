-- The life of a shop. Status, name, owner and account of a registered shop change in one way: a row of
-- merchants_merchantchange, entered by one person and approved by another, becomes 'applied', and the trigger below carries
-- it over to the shop, where payments look. What was applied is the history; what it says never changes.

CREATE FUNCTION public.check_new_merchant() RETURNS trigger LANGUAGE plpgsql AS $$
-- A shop begins as an application, whoever inserts it. The tables' owner alone takes over shops that are registered already.
BEGIN
    IF NOT pg_has_role((SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE') THEN
        RAISE EXCEPTION 'registered by nobody' USING ERRCODE = '55000', CONSTRAINT = 'merchant_begins_applied';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER merchant_begins BEFORE INSERT ON merchants_merchant
    FOR EACH ROW WHEN (NEW.status <> 'applied' OR NEW.registered_on IS NOT NULL) EXECUTE FUNCTION public.check_new_merchant();

CREATE FUNCTION public.merchant_status_after(p_kind text, p_status text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
-- The status after a change of this kind; NULL when the status does not allow it. The same table: registry/rules.py.
SELECT CASE
    WHEN p_kind = 'register' AND p_status = 'applied' THEN 'active'
    WHEN p_kind = 'suspend' AND p_status = 'active' THEN 'suspended'
    WHEN p_kind = 'resume' AND p_status = 'suspended' THEN 'active'
    WHEN p_kind = 'cancel' AND p_status IN ('active', 'suspended') THEN 'cancelled'
    WHEN p_kind = 'close' AND p_status IN ('applied', 'active', 'suspended') THEN 'closed'
    WHEN p_kind = 'details' AND p_status IN ('active', 'suspended') THEN p_status
END $$;

CREATE FUNCTION public.check_merchant_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_shop merchants_merchant;
    v_said text[] := ARRAY['state', 'before', 'decided_by_id', 'decided_at', 'note', 'applied_at'];
BEGIN
    SELECT * INTO v_shop FROM merchants_merchant
    WHERE id = NEW.merchant_id AND municipality_id = NEW.municipality_id FOR NO KEY UPDATE;
    IF TG_OP = 'UPDATE' AND ((to_jsonb(NEW) - v_said) <> (to_jsonb(OLD) - v_said)
                             OR NOT (OLD.state = 'waiting' OR OLD.state = 'approved' AND NEW.state IN ('applied', 'withdrawn'))) THEN
        RAISE EXCEPTION 'what was decided stays' USING ERRCODE = '55000', CONSTRAINT = 'merchant_change_is_final';
    ELSIF TG_OP = 'INSERT' AND NEW.state <> 'waiting' AND pg_trigger_depth() = 1 THEN
        RAISE EXCEPTION 'a change begins waiting' USING ERRCODE = '55000', CONSTRAINT = 'merchant_change_is_final';
    END IF;
    IF pg_trigger_depth() = 1 AND NEW.state IN ('waiting', 'approved', 'applied')
       AND public.merchant_status_after(NEW.kind, v_shop.status) IS NULL THEN
        RAISE EXCEPTION 'the status does not allow it'
            USING ERRCODE = '55000', CONSTRAINT = 'merchant_change_fits_status';
    END IF;
    IF NEW.kind = 'register' AND NEW.state IN ('approved', 'applied') AND NEW.decided_by_id = v_shop.entered_by_id THEN
        RAISE EXCEPTION 'approved by who entered it' USING ERRCODE = '55000', CONSTRAINT = 'merchant_change_by_another';
    END IF;
    IF NEW.kind = 'register' AND NEW.state IN ('waiting', 'approved', 'applied')
       AND (TG_OP = 'INSERT' OR OLD.state = 'waiting') AND EXISTS (
            SELECT FROM merchants_merchant other
            JOIN merchants_merchantchange cancelled ON cancelled.merchant_id = other.id
             AND cancelled.kind = 'cancel' AND cancelled.state = 'applied'
            WHERE other.municipality_id = NEW.municipality_id AND other.business_number = v_shop.business_number
              AND cancelled.barred_until >= NEW.effective_from) THEN
        RAISE EXCEPTION 'registered again too early' USING ERRCODE = '55000', CONSTRAINT = 'merchant_not_barred';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER change_is_allowed BEFORE INSERT OR UPDATE ON merchants_merchantchange
    FOR EACH ROW EXECUTE FUNCTION public.check_merchant_change();

CREATE FUNCTION public.apply_merchant_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE merchants_merchant shop SET
        status = public.merchant_status_after(NEW.kind, shop.status),
        registered_on = CASE WHEN NEW.kind = 'register' THEN NEW.effective_from ELSE shop.registered_on END,
        name = coalesce(nullif(NEW.name, ''), shop.name),
        name_ascii = coalesce(nullif(NEW.name_ascii, ''), shop.name_ascii),
        representative = coalesce(nullif(NEW.representative, ''), shop.representative),
        account_bank = coalesce(nullif(NEW.account_bank, ''), shop.account_bank),
        account_number = coalesce(NEW.account_number, shop.account_number),
        account_number_index = coalesce(NEW.account_number_index, shop.account_number_index),
        account_holder = coalesce(nullif(NEW.account_holder, ''), shop.account_holder)
    WHERE shop.id = NEW.merchant_id AND shop.municipality_id = NEW.municipality_id;
    IF NEW.kind = 'details' THEN
        RETURN NULL;
    END IF;
    -- The planned end of a suspension that is over, or that another change has overtaken.
    UPDATE merchants_merchantchange SET state = 'withdrawn'
    WHERE merchant_id = NEW.merchant_id AND kind = 'resume' AND state = 'approved' AND id <> NEW.id;
    IF NEW.kind IN ('cancel', 'close') THEN   -- the codes are destroyed when a shop leaves (FSC QR standard)
        UPDATE merchants_merchantqr SET retired_at = NEW.applied_at
        WHERE municipality_id = NEW.municipality_id AND merchant_id = NEW.merchant_id AND retired_at IS NULL;
    ELSIF NEW.kind = 'suspend' AND NEW.effective_until IS NOT NULL THEN
        INSERT INTO merchants_merchantchange (municipality_id, merchant_id, kind, effective_from, reason, document, name,
            name_ascii, representative, account_bank, account_holder, before, state, entered_by_id, entered_at, decided_by_id,
            decided_at, note)
        VALUES (NEW.municipality_id, NEW.merchant_id, 'resume', NEW.effective_until + 1, NEW.reason, NEW.document, '',
            '', '', '', '', '{}', 'approved', NEW.entered_by_id, NEW.entered_at, NEW.decided_by_id, NEW.decided_at, '');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER change_is_applied AFTER UPDATE ON merchants_merchantchange
    FOR EACH ROW WHEN (NEW.state = 'applied' AND OLD.state <> 'applied') EXECUTE FUNCTION public.apply_merchant_change();

CREATE FUNCTION public.guard_merchant() RETURNS trigger LANGUAGE plpgsql AS $$
-- A statement of the application may correct an address or a telephone number. The rest comes from the trigger above, and
-- that one alone updates a shop from within a trigger.
BEGIN
    IF pg_trigger_depth() > 1 THEN
        RETURN NEW;
    END IF;
    IF NEW.account_number_index IS NOT DISTINCT FROM OLD.account_number_index THEN
        NEW.account_number := OLD.account_number;   -- sealed anew at every saving, but the same number
    END IF;
    IF NEW.status <> OLD.status OR OLD.status <> 'applied' AND
       (NEW.name, NEW.name_ascii, NEW.business_number, NEW.representative, NEW.registered_on, NEW.account_bank,
        NEW.account_number_index, NEW.account_holder)
       IS DISTINCT FROM
       (OLD.name, OLD.name_ascii, OLD.business_number, OLD.representative, OLD.registered_on, OLD.account_bank,
        OLD.account_number_index, OLD.account_holder) THEN
        RAISE EXCEPTION 'approved by nobody' USING ERRCODE = '55000', CONSTRAINT = 'merchant_changed_by_approval';
    END IF;
    IF OLD.status = 'applied' AND NEW IS DISTINCT FROM OLD AND EXISTS (
            SELECT FROM merchants_merchantchange
            WHERE merchant_id = OLD.id AND kind = 'register' AND state IN ('waiting', 'approved')) THEN
        RAISE EXCEPTION 'it was submitted as it is' USING ERRCODE = '55000', CONSTRAINT = 'merchant_waits_for_approval';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER merchant_is_guarded BEFORE UPDATE ON merchants_merchant
    FOR EACH ROW EXECUTE FUNCTION public.guard_merchant();
