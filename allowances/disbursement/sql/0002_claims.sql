-- What is held for somebody reaches them exactly once, however they become reachable: a wallet opens (the trigger), their
-- record is corrected or their wallet opened again (a button, a daily job), or they joined while the list was being paid.
--
-- * Whoever opens a wallet and whoever sets money aside could miss each other, each seeing the state before the other's
--   commit. So wallets open under a shared lock of the municipality, and a chunk that holds money takes it exclusively.
-- * Held rows are locked in the order of their ids, list by list; what somebody else ended meanwhile is left out.
-- * Who opened their wallet before the deadline gets the money, even if the job that looks for them comes later.
-- * The money is valid as long as paid money is, counted from the day it is credited: nobody loses days by waiting.

CREATE FUNCTION disbursement.keep_joiners_out(p_municipality varchar) RETURNS void LANGUAGE sql VOLATILE AS $$
    SELECT pg_advisory_xact_lock(hashtextextended('disbursement.claims.' || p_municipality, 0))
$$;

CREATE FUNCTION disbursement.credit(
    p_municipality varchar, p_batch uuid, p_held uuid[], p_citizens uuid[], p_wallets uuid[], p_at timestamptz
) RETURNS integer LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
-- Credits held rows of one list to the wallets that were found for them; returns how many. Left out is what has ended, what
-- came too late, and whoever is entitled in the cycle by another row already.
DECLARE
    v_batch   record;
    v_journal uuid := ledger.id_at(p_at);
    v_day     date := ledger.business_date(p_municipality, p_at);
    v_due     record;
BEGIN
    PERFORM FROM allowances_unpaidentitlement
    WHERE municipality_id = p_municipality AND id = ANY (p_held) AND state = 'held' ORDER BY id FOR UPDATE;
    SELECT b.terms, (b.terms ->> 'currency_id')::uuid AS currency_id, c.programme_id INTO v_batch
    FROM allowances_batch b JOIN allowances_cycle c ON c.id = b.cycle_id
    WHERE b.municipality_id = p_municipality AND b.id = p_batch;
    WITH found AS (
        SELECT DISTINCT ON (u.id) u.id, u.entitlement_id, u.amount, m.citizen_id, m.wallet_id
        FROM unnest(p_held, p_citizens, p_wallets) WITH ORDINALITY AS m (held_id, citizen_id, wallet_id, place)
        JOIN allowances_unpaidentitlement u ON u.municipality_id = p_municipality AND u.id = m.held_id
        JOIN vouchers_wallet w ON w.municipality_id = p_municipality AND w.id = m.wallet_id
        WHERE u.state = 'held' AND u.batch_id = p_batch AND w.status = 'active' AND w.currency_id = u.currency_id
          AND (u.deadline IS NULL OR p_at < u.deadline
               OR u.reason IN ('not_a_member', 'no_wallet') AND w.created_at < u.deadline)
        ORDER BY u.id, m.place
    ), one AS (
        SELECT DISTINCT ON (found.citizen_id) found.*, e.citizen_id IS NULL AS is_new, r.dong
        FROM found
        JOIN allowances_entitlement e ON e.municipality_id = p_municipality AND e.id = found.entitlement_id
        JOIN allowances_batchrow r
          ON r.municipality_id = p_municipality AND r.batch_id = p_batch AND r.row_number = e.row_number
        WHERE NOT EXISTS (
            SELECT FROM allowances_entitlement other
            WHERE other.municipality_id = p_municipality AND other.cycle_id = e.cycle_id AND other.sequence = e.sequence
              AND other.citizen_id = found.citizen_id AND NOT other.void AND other.id <> e.id)
        ORDER BY found.citizen_id, found.id
    ), joined AS (
        UPDATE allowances_entitlement e SET citizen_id = one.citizen_id
        FROM one WHERE one.is_new AND e.municipality_id = p_municipality AND e.id = one.entitlement_id
    ), ended AS (
        UPDATE allowances_unpaidentitlement u
        SET state = 'credited', ending = 'claimed', ended_at = p_at, ended_journal_id = v_journal,
            citizen_id = one.citizen_id, wallet_id = one.wallet_id
        FROM one WHERE u.municipality_id = p_municipality AND u.id = one.id
    )
    SELECT array_agg(wallet_id ORDER BY id) AS wallets, array_agg(entitlement_id ORDER BY id) AS sources,
           array_agg(amount ORDER BY id) AS amounts, count(*)::integer AS rows,
           array_agg(disbursement.expiry(v_batch.terms, v_day, dong) ORDER BY id) AS expiries
    INTO v_due FROM one;
    IF v_due.rows > 0 THEN
        PERFORM ledger.claim(
            p_municipality, v_journal, v_batch.currency_id, v_batch.programme_id,
            (v_batch.terms ->> 'usage_rule_id')::uuid,
            v_due.expiries, v_due.wallets, v_due.sources, v_due.amounts, p_at,
            (v_batch.terms ->> 'refund_grace_days')::integer);
    END IF;
    RETURN v_due.rows;
END $$;

CREATE FUNCTION disbursement.credit_list(
    p_municipality varchar, p_batch uuid, p_first integer, p_last integer, p_at timestamptz
) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Looks for the people of a list's held rows as they are recorded now, and credits those who have a wallet: by resident
-- number where the list may know it, else by name, birth date and telephone. Returns how many.
DECLARE
    v_found record;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    SELECT array_agg(u.id ORDER BY u.id) AS held, array_agg(c.id ORDER BY u.id) AS citizens,
           array_agg(w.id ORDER BY u.id) AS wallets
    INTO v_found
    FROM allowances_unpaidentitlement u
    LEFT JOIN allowances_batchrow r
      ON u.citizen_id IS NULL AND r.municipality_id = u.municipality_id AND r.batch_id = u.batch_id
     AND r.row_number = u.row_number
    LEFT JOIN vouchers_citizen numbered
      ON numbered.municipality_id = u.municipality_id AND numbered.resident_number_index = r.resident_number_index
    LEFT JOIN vouchers_citizen named
      ON named.municipality_id = u.municipality_id AND named.phone = r.phone AND named.birth_date = r.birth_date
     AND named.name = r.name
    JOIN vouchers_citizen c
      ON c.municipality_id = u.municipality_id AND c.id = coalesce(u.citizen_id, numbered.id, named.id)
    JOIN vouchers_wallet w
      ON w.municipality_id = u.municipality_id AND w.citizen_id = c.id AND w.currency_id = u.currency_id
    WHERE u.municipality_id = p_municipality AND u.batch_id = p_batch AND u.row_number BETWEEN p_first AND p_last
      AND u.state = 'held' AND c.status = 'active' AND w.status = 'active';
    IF v_found.held IS NULL THEN
        RETURN 0;
    END IF;
    RETURN disbursement.credit(p_municipality, p_batch, v_found.held, v_found.citizens, v_found.wallets, p_at);
END $$;

CREATE FUNCTION disbursement.credit_joined() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Wallets have opened: what is held for their holders reaches them in the same transaction. Costs one look into an index
-- where nothing is held. Were somebody to be entitled by another list at this very moment, the wallets still open, and the
-- daily job looks again.
DECLARE
    v_place record;
    v_list  record;
BEGIN
    FOR v_place IN SELECT municipality_id, max(created_at) AS at FROM opened GROUP BY municipality_id ORDER BY 1 LOOP
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('disbursement.claims.' || v_place.municipality_id, 0));
        CONTINUE WHEN NOT EXISTS (
            SELECT FROM allowances_unpaidentitlement WHERE municipality_id = v_place.municipality_id AND state = 'held');
        FOR v_list IN
            SELECT u.batch_id, array_agg(u.id ORDER BY m.rank, u.id) AS held,
                   array_agg(c.id ORDER BY m.rank, u.id) AS citizens, array_agg(w.id ORDER BY m.rank, u.id) AS wallets
            FROM opened w
            JOIN vouchers_citizen c ON c.municipality_id = w.municipality_id AND c.id = w.citizen_id
            CROSS JOIN LATERAL (
                SELECT h.id, 1 AS rank FROM allowances_unpaidentitlement h
                WHERE h.municipality_id = w.municipality_id AND h.state = 'held' AND h.citizen_id = c.id
                UNION ALL
                SELECT h.id, 2 FROM allowances_unpaidentitlement h
                WHERE h.municipality_id = w.municipality_id AND h.state = 'held'
                  AND h.resident_number_index = c.resident_number_index
                UNION ALL
                SELECT h.id, 3 FROM allowances_unpaidentitlement h
                WHERE h.municipality_id = w.municipality_id AND h.state = 'held'
                  AND h.person = approvals.person(c.name, c.birth_date, c.phone)
            ) m
            JOIN allowances_unpaidentitlement u
              ON u.municipality_id = w.municipality_id AND u.id = m.id AND u.currency_id = w.currency_id
            WHERE w.municipality_id = v_place.municipality_id AND w.status = 'active' AND c.status = 'active'
            GROUP BY u.batch_id ORDER BY u.batch_id
        LOOP
            BEGIN
                PERFORM disbursement.credit(v_place.municipality_id, v_list.batch_id, v_list.held, v_list.citizens,
                                            v_list.wallets, v_place.at);
            EXCEPTION WHEN unique_violation THEN
                NULL;
            END;
        END LOOP;
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER wallet_opened AFTER INSERT ON vouchers_wallet
    REFERENCING NEW TABLE AS opened FOR EACH STATEMENT EXECUTE FUNCTION disbursement.credit_joined();

CREATE FUNCTION disbursement.give_back(p_municipality varchar, p_batch uuid, p_held uuid[], p_ending text, p_at timestamptz)
RETURNS integer LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
-- Returns held rows of one list to the programme, but for those that have ended meanwhile; returns how many.
DECLARE
    v_batch   record;
    v_journal uuid := ledger.id_at(p_at);
    v_due     record;
BEGIN
    PERFORM FROM allowances_unpaidentitlement
    WHERE municipality_id = p_municipality AND id = ANY (p_held) AND state = 'held' ORDER BY id FOR UPDATE;
    SELECT (b.terms ->> 'currency_id')::uuid AS currency_id, c.programme_id INTO v_batch
    FROM allowances_batch b JOIN allowances_cycle c ON c.id = b.cycle_id
    WHERE b.municipality_id = p_municipality AND b.id = p_batch;
    WITH ended AS (
        UPDATE allowances_unpaidentitlement
        SET state = 'returned', ending = p_ending, ended_at = p_at, ended_journal_id = v_journal
        WHERE municipality_id = p_municipality AND batch_id = p_batch AND id = ANY (p_held) AND state = 'held'
        RETURNING entitlement_id, amount
    ), voided AS (
        UPDATE allowances_entitlement e SET void = true FROM ended
        WHERE e.municipality_id = p_municipality AND e.id = ended.entitlement_id
    )
    SELECT count(*)::integer AS rows, sum(amount)::bigint AS amount INTO v_due FROM ended;
    IF v_due.rows > 0 THEN
        PERFORM ledger.release(p_municipality, v_journal, v_batch.currency_id, v_batch.programme_id, v_due.amount, p_at);
    END IF;
    RETURN v_due.rows;
END $$;

CREATE FUNCTION disbursement.release_expired(p_municipality varchar, p_at timestamptz, p_rows integer DEFAULT 20000)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Returns to the programmes what nobody claimed until its deadline, at most p_rows rows of one list; returns how many rows
-- it has settled, 0 when nothing is left. Whoever opened their wallet in time is credited first, whenever this runs. It
-- takes what ended ten minutes ago, so that whoever joined in the last second has been credited or turned away by then.
DECLARE
    v_list  record;
    v_done  integer;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    SELECT u.batch_id, array_agg(u.id) AS held, min(u.row_number) AS first_row, max(u.row_number) AS last_row INTO v_list
    FROM (
        SELECT batch_id, id, row_number FROM allowances_unpaidentitlement
        WHERE municipality_id = p_municipality AND state = 'held' AND deadline <= p_at - interval '10 minutes'
          AND batch_id = (
              SELECT batch_id FROM allowances_unpaidentitlement
              WHERE municipality_id = p_municipality AND state = 'held' AND deadline <= p_at - interval '10 minutes'
              ORDER BY deadline LIMIT 1)
        ORDER BY id LIMIT p_rows
    ) u
    GROUP BY u.batch_id;
    IF v_list.batch_id IS NULL THEN
        RETURN 0;
    END IF;
    v_done := disbursement.credit_list(p_municipality, v_list.batch_id, v_list.first_row, v_list.last_row, p_at);
    RETURN v_done + disbursement.give_back(p_municipality, v_list.batch_id, v_list.held, 'deadline', p_at);
END $$;

CREATE FUNCTION disbursement.give_up(p_municipality varchar, p_batch uuid, p_at timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Returns what could not be paid because a wallet was closed or frozen to the programme; returns how many rows.
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    RETURN disbursement.give_back(p_municipality, p_batch, ARRAY(
        SELECT id FROM allowances_unpaidentitlement
        WHERE municipality_id = p_municipality AND batch_id = p_batch AND state = 'held'
          AND reason IN ('wallet_closed', 'wallet_frozen')), 'given_up', p_at);
END $$;
