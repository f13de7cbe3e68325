-- Entries and allotments are written once, beside the ledger's movement that they explain, and never changed.

CREATE SCHEMA budgets;

CREATE FUNCTION budgets.require_posted() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- The ledger has moved this very amount, in this direction, between the line and where the row says. All of a
-- programme's money comes from its one line; the programme's balance is locked until the end of this transaction.
DECLARE
    v_line      bigint;                          -- what the line gained; negative: lost
    v_programme uuid;
BEGIN
    IF TG_TABLE_NAME = 'allowances_budgetentry' THEN
        v_line := NEW.national + NEW.province + NEW.city;
    ELSE
        v_line := -NEW.amount;
        v_programme := NEW.programme_id;
        IF (SELECT budget_line_id FROM allowances_programme WHERE id = v_programme) IS DISTINCT FROM NEW.line_id
           OR EXISTS (SELECT FROM allowances_budgetallotment
                      WHERE programme_id = v_programme AND line_id <> NEW.line_id) THEN
            RAISE EXCEPTION USING ERRCODE = 'JT000', MESSAGE = 'budget_line_differs';
        END IF;
    END IF;
    IF NOT EXISTS (
        SELECT FROM vouchers_transfer t
        JOIN vouchers_account line ON line.municipality_id = t.municipality_id
         AND line.id = CASE WHEN v_line > 0 THEN t.credit_account_id ELSE t.debit_account_id END
        JOIN vouchers_account other ON other.municipality_id = t.municipality_id
         AND other.id = CASE WHEN v_line > 0 THEN t.debit_account_id ELSE t.credit_account_id END
        WHERE t.municipality_id = NEW.municipality_id AND t.journal_id = NEW.journal_id AND t.amount = abs(v_line)
          AND line.kind = 'budget' AND line.owner_id = NEW.line_id
          AND CASE WHEN v_programme IS NULL THEN other.kind <> 'programme'
              ELSE other.kind = 'programme' AND other.owner_id = v_programme END
    ) THEN
        RAISE EXCEPTION USING ERRCODE = 'JT000', MESSAGE = 'budget_entry_not_posted';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER budget_entry_is_posted AFTER INSERT ON allowances_budgetentry
    FOR EACH ROW EXECUTE FUNCTION budgets.require_posted();
CREATE TRIGGER budget_allotment_is_posted AFTER INSERT ON allowances_budgetallotment
    FOR EACH ROW EXECUTE FUNCTION budgets.require_posted();
CREATE TRIGGER budget_entry_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON allowances_budgetentry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER budget_allotment_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON allowances_budgetallotment
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

CREATE FUNCTION budgets.refuse_other_line() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- A programme that has got money from its line stays with it.
BEGIN
    IF EXISTS (SELECT FROM allowances_budgetallotment WHERE programme_id = NEW.id) THEN
        RAISE EXCEPTION USING ERRCODE = 'JT000', MESSAGE = 'budget_line_in_use';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER programme_stays_with_its_line BEFORE UPDATE OF budget_line_id ON allowances_programme
    FOR EACH ROW WHEN (OLD.budget_line_id IS DISTINCT FROM NEW.budget_line_id)
    EXECUTE FUNCTION budgets.refuse_other_line();

CREATE FUNCTION budgets.of_programmes(p_programmes uuid[])
RETURNS TABLE (programme_id uuid, allotted bigint, reserved bigint, paid bigint, returned bigint)
LANGUAGE sql STABLE AS $$
    -- What programmes got of their lines, set aside and paid out, and what came back to them for any reason (a deadline,
    -- a clawback, an expiry), each as the ledger has it: the kept sums of the programme's account, less its allotments.
    SELECT account.owner_id, allotment.gained - allotment.given, balance.reserved,
           balance.debits - allotment.given, balance.credits - allotment.gained
    FROM vouchers_account account
    JOIN vouchers_balance balance
      ON balance.municipality_id = account.municipality_id AND balance.account_id = account.id
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(t.amount) FILTER (WHERE t.credit_account_id = account.id), 0)::bigint AS gained,
               coalesce(sum(t.amount) FILTER (WHERE t.debit_account_id = account.id), 0)::bigint AS given
        FROM vouchers_journal j JOIN vouchers_transfer t ON t.municipality_id = j.municipality_id AND t.journal_id = j.id
        WHERE j.municipality_id = account.municipality_id AND j.reference = account.owner_id AND j.kind = 'allot'
    ) allotment
    WHERE account.kind = 'programme' AND account.owner_id = ANY (p_programmes)
$$;
