-- From a checked list to money taken back. Lock order: recovery rows in ascending order; wallets → journal → balances as in
-- the kernel; a receivable's row after its wallet and before any balance.

CREATE FUNCTION clawback.payments(p_municipality varchar, p_batch uuid)
RETURNS TABLE (row_number integer, source_id uuid, wallet_id uuid, paid bigint, expired bigint, free bigint)
LANGUAGE sql STABLE SET enable_nestloop = off SET search_path = public, pg_temp AS $$
-- The payments that the people of a clawback received in its list (or, where it names none, in its cycle): into a lot or in
-- cash. `free` is what can still be claimed of each: what was paid, without what has gone back by expiry and without the
-- claims of all clawbacks. Money that is only held for somebody has not been paid.
    WITH list AS MATERIALIZED (
        SELECT b.cycle_id, b.parent_id FROM allowances_batch b
        WHERE b.municipality_id = p_municipality AND b.id = p_batch
    ), source AS MATERIALIZED (
        SELECT e.id, e.citizen_id, e.person, e.wallet_id, e.amount, e.in_cash, e.batch_id,
               e.row_number AS source_row
        FROM list JOIN allowances_entitlement e ON e.cycle_id = list.cycle_id
        JOIN allowances_batch b ON b.id = e.batch_id AND b.kind <> 'clawback'
        WHERE e.municipality_id = p_municipality AND NOT e.void
          AND (list.parent_id IS NULL OR e.batch_id = list.parent_id)
    ), person AS MATERIALIZED (
        SELECT r.row_number, r.citizen_id, approvals.person(r.name, r.birth_date, r.phone) AS named,
               'number|' || encode(r.resident_number_index, 'hex') AS numbered
        FROM allowances_batchrow r WHERE r.municipality_id = p_municipality AND r.batch_id = p_batch
    ), matched AS (
        SELECT person.row_number, source.* FROM person JOIN source ON source.citizen_id = person.citizen_id
        UNION
        SELECT person.row_number, source.* FROM person JOIN source ON source.person = person.named
        WHERE source.citizen_id IS NULL
        UNION
        SELECT person.row_number, source.* FROM person JOIN source ON source.person = person.numbered
        WHERE source.citizen_id IS NULL
    ), received AS (
        SELECT matched.row_number, matched.id, lot.wallet_id, coalesce(lot.granted::bigint, matched.amount) AS paid,
               coalesce(lot.expired, 0) AS expired
        FROM matched
        LEFT JOIN allowances_unpaidentitlement unpaid
          ON unpaid.municipality_id = p_municipality AND unpaid.entitlement_id = matched.id
        LEFT JOIN vouchers_lot lot
          ON lot.municipality_id = p_municipality AND lot.source_id = matched.id
         AND lot.wallet_id = coalesce(unpaid.wallet_id, matched.wallet_id)
        WHERE lot.id IS NOT NULL OR (matched.in_cash AND unpaid.id IS NULL AND EXISTS (
            SELECT FROM allowances_disbursementchunk chunk
            WHERE chunk.municipality_id = p_municipality AND chunk.batch_id = matched.batch_id
              AND matched.source_row BETWEEN chunk.first_row AND chunk.last_row
              AND chunk.posted_at IS NOT NULL AND NOT chunk.is_cancelled))
    )
    SELECT received.row_number, received.id, received.wallet_id, received.paid, received.expired,
           greatest(0, received.paid - coalesce(recovery.claimed, 0)
                       - greatest(0, received.expired - coalesce(recovery.lapsed, 0)))
    FROM received LEFT JOIN allowances_recovery recovery
      ON recovery.municipality_id = p_municipality AND recovery.source_id = received.id
$$;

CREATE FUNCTION clawback.claim(p_municipality varchar, p_batch uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET enable_nestloop = off AS $$
-- Claims for each entitled row of a clawback, being submitted, what its person was paid: the latest payment first. Two
-- lists that want the same payment wait here for each other. Refuses the whole list when one row wants more than is free.
DECLARE
    v_sources uuid[];
    v_short   record;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    IF NOT EXISTS (SELECT FROM allowances_batch WHERE municipality_id = p_municipality AND id = p_batch
                   AND kind = 'clawback' AND state = 'submitting') THEN
        PERFORM ledger.refuse('state_conflict');
    END IF;
    WITH payment AS (
        SELECT DISTINCT p.source_id, p.wallet_id, p.paid
        FROM clawback.payments(p_municipality, p_batch) p
        JOIN allowances_entitlement own ON own.municipality_id = p_municipality AND own.batch_id = p_batch
         AND own.row_number = p.row_number
    ), made AS (
        INSERT INTO allowances_recovery (municipality_id, source_id, wallet_id, paid)
        SELECT p_municipality, source_id, wallet_id, paid FROM payment ORDER BY source_id
        ON CONFLICT (municipality_id, source_id) DO NOTHING
    )
    SELECT coalesce(array_agg(source_id), '{}') INTO v_sources FROM payment;
    PERFORM 1 FROM allowances_recovery WHERE municipality_id = p_municipality AND source_id = ANY (v_sources)
    ORDER BY source_id FOR NO KEY UPDATE;
    -- From here on nobody else's claims on these payments change.
    WITH payment AS (
        SELECT own.id AS entitlement_id, own.row_number, own.amount AS wanted, p.source_id, p.wallet_id, p.free, p.expired,
               coalesce(sum(p.free) OVER (PARTITION BY own.id ORDER BY p.source_id DESC
                                          ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
        FROM clawback.payments(p_municipality, p_batch) p
        JOIN allowances_entitlement own ON own.municipality_id = p_municipality AND own.batch_id = p_batch
         AND own.row_number = p.row_number
    ), item AS (
        INSERT INTO allowances_clawbackitem (municipality_id, batch_id, row_number, source_id, entitlement_id, wallet_id,
                                             amount, expired_before)
        SELECT p_municipality, p_batch, row_number, source_id, entitlement_id, wallet_id,
               least(free, wanted - before), expired
        FROM payment WHERE free > 0 AND before < wanted
        RETURNING source_id, amount
    )
    UPDATE allowances_recovery recovery SET claimed = recovery.claimed + item.amount
    FROM (SELECT source_id, sum(amount)::bigint AS amount FROM item GROUP BY source_id) item
    WHERE recovery.municipality_id = p_municipality AND recovery.source_id = item.source_id;
    SELECT count(*) AS count, min(short.row_number) AS row_number,
           (array_agg(short.amount ORDER BY short.row_number))[1] AS needed,
           (array_agg(short.claimed ORDER BY short.row_number))[1] AS available
    INTO v_short
    FROM (SELECT own.row_number, own.amount, coalesce(sum(item.amount), 0)::bigint AS claimed
          FROM allowances_entitlement own LEFT JOIN allowances_clawbackitem item
            ON item.municipality_id = own.municipality_id AND item.batch_id = own.batch_id
           AND item.row_number = own.row_number
          WHERE own.municipality_id = p_municipality AND own.batch_id = p_batch
          GROUP BY own.row_number, own.amount HAVING coalesce(sum(item.amount), 0) <> own.amount) short;
    IF v_short.count > 0 THEN
        PERFORM ledger.refuse('clawback_exceeds_paid', jsonb_build_object(
            'count', v_short.count, 'row', v_short.row_number, 'needed', v_short.needed, 'available', v_short.available));
    END IF;
END $$;

CREATE FUNCTION clawback.give_up(p_municipality varchar, p_batch uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    -- Takes back the claims of a list that have not been posted.
    WITH gone AS (
        DELETE FROM allowances_clawbackitem
        WHERE municipality_id = p_municipality AND batch_id = p_batch AND taken IS NULL
        RETURNING source_id, amount
    )
    UPDATE allowances_recovery recovery SET claimed = recovery.claimed - gone.amount
    FROM (SELECT source_id, sum(amount)::bigint AS amount FROM gone GROUP BY source_id) gone
    WHERE recovery.municipality_id = p_municipality AND recovery.source_id = gone.source_id
$$;

CREATE FUNCTION clawback.forget_claims() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- A clawback that comes back from its approval line claims nothing any more.
BEGIN
    PERFORM clawback.give_up(b.municipality_id, b.id) FROM allowances_batch b
    WHERE b.kind = 'clawback' AND b.id IN (SELECT batch_id FROM gone);
    RETURN NULL;
END $$;
CREATE TRIGGER entitlement_claims_nothing AFTER DELETE ON allowances_entitlement
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION clawback.forget_claims();

CREATE FUNCTION clawback.take(
    p_municipality varchar, p_batch uuid, p_first integer, p_last integer, p_journal uuid, p_at timestamptz
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Carries out the rows from p_first to p_last of a signed clawback: takes what is left of each payment's lot and makes a
-- receivable of the rest. What has gone back by expiry since the claim was made counts as taken. Returns whether there is a
-- journal: a chunk of cash payments alone has none.
DECLARE
    v_list  record;
    v_items record;
BEGIN
    SELECT cycle.programme_id, (b.terms ->> 'currency_id')::uuid AS currency_id,
           ledger.business_date(p_municipality, p_at) + detail.pay_within_days AS due_on
    INTO v_list
    FROM allowances_batch b JOIN allowances_cycle cycle ON cycle.id = b.cycle_id
    JOIN allowances_clawback detail ON detail.batch_id = b.id
    WHERE b.municipality_id = p_municipality AND b.id = p_batch;
    IF (SELECT sum(amount) FROM allowances_clawbackitem
        WHERE municipality_id = p_municipality AND batch_id = p_batch AND row_number BETWEEN p_first AND p_last
          AND taken IS NULL)
       IS DISTINCT FROM
       (SELECT sum(amount) FROM allowances_entitlement
        WHERE municipality_id = p_municipality AND batch_id = p_batch AND row_number BETWEEN p_first AND p_last)
    THEN
        PERFORM ledger.refuse('clawback_claims_differ');
    END IF;
    SELECT array_agg(wallet_id ORDER BY row_number, source_id) AS wallets,
           array_agg(source_id ORDER BY row_number, source_id) AS sources,
           array_agg(amount ORDER BY row_number, source_id) AS amounts
    INTO v_items
    FROM allowances_clawbackitem
    WHERE municipality_id = p_municipality AND batch_id = p_batch AND row_number BETWEEN p_first AND p_last
      AND wallet_id IS NOT NULL;
    IF v_items.wallets IS NOT NULL THEN
        PERFORM ledger.claw_back(p_municipality, p_journal, v_list.currency_id, v_list.programme_id,
                                 v_items.wallets, v_items.sources, v_items.amounts, p_at);
    END IF;
    WITH outcome AS MATERIALIZED (
        SELECT item.row_number, item.source_id, item.amount, coalesce(t.amount::bigint, 0) AS taken,
               greatest(0, coalesce(lot.expired, 0) - item.expired_before - recovery.lapsed) AS expired
        FROM allowances_clawbackitem item
        JOIN allowances_recovery recovery
          ON recovery.municipality_id = item.municipality_id AND recovery.source_id = item.source_id
        LEFT JOIN vouchers_lot lot
          ON lot.municipality_id = item.municipality_id AND lot.wallet_id = item.wallet_id
         AND lot.source_id = item.source_id
        LEFT JOIN vouchers_transfer t
          ON t.municipality_id = p_municipality AND t.journal_id = p_journal AND t.debit_lot_id = lot.id
        WHERE item.municipality_id = p_municipality AND item.batch_id = p_batch
          AND item.row_number BETWEEN p_first AND p_last
    ), done AS (
        UPDATE allowances_clawbackitem item
        SET taken = outcome.taken, lapsed = least(outcome.expired, outcome.amount - outcome.taken)
        FROM outcome
        WHERE item.municipality_id = p_municipality AND item.batch_id = p_batch
          AND item.row_number = outcome.row_number AND item.source_id = outcome.source_id
        RETURNING item.row_number, item.source_id, item.entitlement_id, item.amount, item.taken, item.lapsed
    ), counted AS (
        UPDATE allowances_recovery recovery SET lapsed = recovery.lapsed + done.lapsed
        FROM done
        WHERE recovery.municipality_id = p_municipality AND recovery.source_id = done.source_id AND done.lapsed > 0
    )
    INSERT INTO allowances_receivable (municipality_id, id, batch_id, row_number, programme_id, currency_id, citizen_id,
                                       decided, from_lots, lapsed, decided_at, due_on)
    SELECT p_municipality, own.id, p_batch, own.row_number, v_list.programme_id, v_list.currency_id, own.citizen_id,
           sum(done.amount)::bigint, sum(done.taken)::bigint, sum(done.lapsed)::bigint, p_at, v_list.due_on
    FROM done JOIN allowances_entitlement own ON own.municipality_id = p_municipality AND own.id = done.entitlement_id
    GROUP BY own.id, own.row_number, own.citizen_id
    HAVING sum(done.amount) > sum(done.taken + done.lapsed);
    RETURN v_items.wallets IS NOT NULL;
END $$;

-- Receivables ---------------------------------------------------------------------------------------------------

CREATE FUNCTION clawback.locked(p_municipality varchar, p_receivable uuid) RETURNS allowances_receivable
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_receivable allowances_receivable;
BEGIN
    SELECT * INTO v_receivable FROM allowances_receivable
    WHERE municipality_id = p_municipality AND id = p_receivable FOR NO KEY UPDATE;
    IF v_receivable.id IS NULL THEN
        PERFORM ledger.refuse('receivable_unknown');
    END IF;
    RETURN v_receivable;
END $$;

CREATE FUNCTION clawback.entered(
    p_municipality varchar, p_id uuid, p_receivable uuid, p_kind text, p_amount bigint
) RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
-- Whether this very entry has been made before; another one under its id is refused.
DECLARE
    v_before record;
BEGIN
    SELECT receivable_id, kind, amount::bigint INTO v_before FROM allowances_receivableentry
    WHERE municipality_id = p_municipality AND id = p_id;
    IF FOUND AND v_before IS DISTINCT FROM ROW (p_receivable, p_kind, p_amount) THEN
        PERFORM ledger.refuse('journal_conflict');
    END IF;
    RETURN FOUND;
END $$;

CREATE FUNCTION clawback.repay(
    p_municipality varchar, p_id uuid, p_receivable uuid, p_amount bigint, p_paid_on date, p_method text, p_document text,
    p_official uuid, p_at timestamptz
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Records a payment against a receivable (납부) and returns what is outstanding then. Never more than was outstanding;
-- the same id again does nothing.
DECLARE
    v_receivable allowances_receivable;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    v_receivable := clawback.locked(p_municipality, p_receivable);
    IF clawback.entered(p_municipality, p_id, p_receivable, 'repaid', p_amount) THEN
        RETURN v_receivable.outstanding;
    END IF;
    IF p_amount > v_receivable.outstanding THEN
        PERFORM ledger.refuse('more_than_outstanding', jsonb_build_object('outstanding', v_receivable.outstanding));
    END IF;
    PERFORM ledger.repay(p_municipality, p_id, v_receivable.currency_id, v_receivable.programme_id, p_amount, p_at);
    UPDATE allowances_receivable SET repaid = repaid + p_amount
    WHERE municipality_id = p_municipality AND id = p_receivable;
    INSERT INTO allowances_receivableentry (municipality_id, id, receivable_id, kind, amount, paid_on, method,
                                            document_number, official_id, at)
    VALUES (p_municipality, p_id, p_receivable, 'repaid', p_amount, p_paid_on, p_method, p_document, p_official, p_at);
    RETURN v_receivable.outstanding - p_amount;
END $$;

CREATE FUNCTION clawback.write_off(
    p_municipality varchar, p_id uuid, p_receivable uuid, p_amount bigint, p_reason text, p_document text,
    p_official uuid, p_at timestamptz
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Gives up p_amount of a receivable (결손 처분) and returns what is outstanding then. Moves no money.
DECLARE
    v_receivable allowances_receivable;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    v_receivable := clawback.locked(p_municipality, p_receivable);
    IF clawback.entered(p_municipality, p_id, p_receivable, 'written_off', p_amount) THEN
        RETURN v_receivable.outstanding;
    END IF;
    IF (p_amount > 0) IS NOT TRUE THEN
        PERFORM ledger.refuse('amount_not_positive');
    ELSIF p_amount > v_receivable.outstanding THEN
        PERFORM ledger.refuse('more_than_outstanding', jsonb_build_object('outstanding', v_receivable.outstanding));
    END IF;
    UPDATE allowances_receivable SET written_off = written_off + p_amount
    WHERE municipality_id = p_municipality AND id = p_receivable;
    INSERT INTO allowances_receivableentry (municipality_id, id, receivable_id, kind, amount, paid_on, reason,
                                            document_number, official_id, at)
    VALUES (p_municipality, p_id, p_receivable, 'written_off', p_amount, ledger.business_date(p_municipality, p_at),
            p_reason, p_document, p_official, p_at);
    RETURN v_receivable.outstanding - p_amount;
END $$;

CREATE FUNCTION clawback.set_off() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- A cancelled payment has brought money back to a lot that was clawed back before: it is set off against what is still owed
-- for that lot (상계), in the refund's own transaction and under its lock of the wallet, before anybody can spend it. What
-- exceeds the debt stays the citizen's.
DECLARE
    v_owed    record;
    v_journal uuid;
    v_free    bigint;
    v_taken   bigint;
    v_at      timestamptz;
BEGIN
    FOR v_owed IN
        SELECT owed.id, owed.currency_id, owed.programme_id, owed.outstanding, lot.id AS lot_id, lot.wallet_id, lot.source_id
        FROM vouchers_transfer t
        JOIN vouchers_lot lot ON lot.municipality_id = t.municipality_id AND lot.id = t.debit_lot_id
        JOIN allowances_clawbackitem item ON item.municipality_id = lot.municipality_id AND item.source_id = lot.source_id
        JOIN allowances_receivable owed
          ON owed.municipality_id = item.municipality_id AND owed.id = item.entitlement_id
        WHERE t.municipality_id = NEW.municipality_id AND t.journal_id = NEW.id
          AND lot.remaining > lot.held AND owed.outstanding > 0
        ORDER BY owed.id, lot.id
        FOR NO KEY UPDATE OF owed
    LOOP
        SELECT remaining - held INTO v_free FROM vouchers_lot
        WHERE municipality_id = NEW.municipality_id AND id = v_owed.lot_id;
        v_taken := least(v_free, (SELECT outstanding FROM allowances_receivable
                                  WHERE municipality_id = NEW.municipality_id AND id = v_owed.id));
        CONTINUE WHEN v_taken = 0;
        v_at := (SELECT at FROM vouchers_journal
                 WHERE municipality_id = NEW.municipality_id AND reference = NEW.id AND kind = 'refund'
                 ORDER BY id DESC LIMIT 1);
        v_journal := ledger.id_at(v_at);
        PERFORM ledger.claw_back(NEW.municipality_id, v_journal, v_owed.currency_id, v_owed.programme_id,
                                 ARRAY[v_owed.wallet_id], ARRAY[v_owed.source_id], ARRAY[v_taken], v_at);
        UPDATE allowances_receivable SET set_off = set_off + v_taken
        WHERE municipality_id = NEW.municipality_id AND id = v_owed.id;
        INSERT INTO allowances_receivableentry (municipality_id, id, receivable_id, kind, amount, paid_on, at)
        VALUES (NEW.municipality_id, v_journal, v_owed.id, 'set_off', v_taken,
                ledger.business_date(NEW.municipality_id, v_at), v_at);
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER payment_refund_sets_off AFTER UPDATE OF refunded ON vouchers_payment
    FOR EACH ROW WHEN (NEW.refunded > OLD.refunded) EXECUTE FUNCTION clawback.set_off();

CREATE FUNCTION clawback.keep_decision() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- A corrected clawback is decided for the same reason, on the same basis and with the same term as the one it mends or
-- replaces.
BEGIN
    INSERT INTO allowances_clawback (municipality_id, id, batch_id, reason, basis, pay_within_days)
    SELECT NEW.municipality_id, uuidv7(), NEW.id, before.reason, before.basis, before.pay_within_days
    FROM allowances_clawback before WHERE before.batch_id = coalesce(NEW.mended_from_id, NEW.replaces_id);
    RETURN NULL;
END $$;
CREATE TRIGGER batch_keeps_decision AFTER INSERT ON allowances_batch
    FOR EACH ROW WHEN (NEW.kind = 'clawback' AND coalesce(NEW.mended_from_id, NEW.replaces_id) IS NOT NULL)
    EXECUTE FUNCTION clawback.keep_decision();
