-- Deaths and move-outs: who they are is said by three lists side by side (citizen, name|birth date|telephone, resident
-- number's index; NULL where it is not known), with the reason of each.

CREATE FUNCTION disbursement.due_of(
    p_municipality varchar, p_citizens uuid[], p_persons text[], p_numbers bytea[], p_reasons text[]
) RETURNS TABLE (batch_id uuid, entitlement_id uuid, row_number integer, amount bigint, place integer, is_held boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- What is still due to these people: rows of lists on their way that are not posted and not stopped yet, and held money.
-- `place` is the person's in the lists. A move-out does not count against programmes that ask for no residence.
    WITH gone AS (
        SELECT g.citizen_id, g.person, g.number, g.reason, g.place::integer
        FROM unnest(p_citizens, p_persons, p_numbers, p_reasons)
             WITH ORDINALITY AS g (citizen_id, person, number, reason, place)
        WHERE p_municipality = ANY (string_to_array(current_setting('app.municipalities', true), ','))
    ), list AS (
        SELECT b.id, b.cycle_id, b.sequence, b.state,
               coalesce((b.terms -> 'conditions' ->> 'residency_required')::boolean, true) AS of_residents
        FROM allowances_batch b
        WHERE b.municipality_id = p_municipality AND b.kind <> 'clawback'
          AND (b.state IN ('submitted', 'approved', 'scheduled', 'paying', 'paused')
               OR b.id IN (SELECT u.batch_id FROM allowances_unpaidentitlement u
                           WHERE u.municipality_id = p_municipality AND u.state = 'held'))
    ), named AS (
        SELECT list.id AS batch_id, e.id, e.row_number, e.amount, gone.place
        FROM gone CROSS JOIN list JOIN allowances_entitlement e
          ON e.municipality_id = p_municipality AND e.cycle_id = list.cycle_id AND e.citizen_id = gone.citizen_id
         AND e.sequence = list.sequence AND e.batch_id = list.id
        WHERE gone.reason = 'deceased' OR list.of_residents
        UNION
        SELECT list.id, e.id, e.row_number, e.amount, gone.place
        FROM gone CROSS JOIN list JOIN allowances_entitlement e
          ON e.municipality_id = p_municipality AND e.cycle_id = list.cycle_id AND e.sequence = list.sequence
         AND e.person IN (gone.person, 'number|' || encode(gone.number, 'hex')) AND e.batch_id = list.id
         AND e.citizen_id IS NULL
        WHERE gone.reason = 'deceased' OR list.of_residents
    )
    SELECT DISTINCT ON (named.id) named.batch_id, named.id, named.row_number, named.amount, named.place,
           u.state IS NOT NULL
    FROM named
    LEFT JOIN allowances_unpaidentitlement u ON u.municipality_id = p_municipality AND u.entitlement_id = named.id
    LEFT JOIN allowances_disbursementchunk c
      ON c.municipality_id = p_municipality AND c.batch_id = named.batch_id AND c.posted_at IS NOT NULL
     AND named.row_number BETWEEN c.first_row AND c.last_row
    WHERE CASE WHEN u.id IS NULL THEN c.number IS NULL ELSE u.state = 'held' END
    ORDER BY named.id, named.place
$$;

CREATE FUNCTION disbursement.stop(
    p_municipality varchar, p_citizens uuid[], p_persons text[], p_numbers bytea[], p_reasons text[], p_at timestamptz,
    OUT stopped integer, OUT stopped_amount bigint, OUT returned integer, OUT returned_amount bigint
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Stops what is still due to these people. Rows of lists on their way are left out when their chunk comes, and held money
-- returns to its programme at once. Every list is held still first, so what is posted meanwhile counts as paid.
DECLARE
    v_list record;
    v_rows record;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    stopped := 0; stopped_amount := 0; returned := 0; returned_amount := 0;
    FOR v_list IN
        SELECT DISTINCT d.batch_id
        FROM disbursement.due_of(p_municipality, p_citizens, p_persons, p_numbers, p_reasons) d ORDER BY d.batch_id
    LOOP
        PERFORM disbursement.hold_still(v_list.batch_id);
    END LOOP;
    WITH due AS (
        SELECT * FROM disbursement.due_of(p_municipality, p_citizens, p_persons, p_numbers, p_reasons)
    ), made AS (
        INSERT INTO allowances_unpaidentitlement
            (municipality_id, batch_id, row_number, entitlement_id, currency_id, amount, reason, state, citizen_id)
        SELECT p_municipality, due.batch_id, due.row_number, due.entitlement_id, p.currency_id, due.amount,
               p_reasons[due.place], 'stopped', p_citizens[due.place]
        FROM due
        JOIN allowances_batch b ON b.municipality_id = p_municipality AND b.id = due.batch_id
        JOIN allowances_cycle c ON c.id = b.cycle_id
        JOIN allowances_programme p ON p.id = c.programme_id
        WHERE NOT due.is_held
        ON CONFLICT (municipality_id, entitlement_id) DO NOTHING
        RETURNING allowances_unpaidentitlement.amount
    )
    SELECT count(*), coalesce(sum(made.amount), 0)::bigint INTO stopped, stopped_amount FROM made;
    FOR v_rows IN
        SELECT d.batch_id, p_reasons[d.place] AS reason, array_agg(u.id) AS held, sum(u.amount)::bigint AS amount
        FROM disbursement.due_of(p_municipality, p_citizens, p_persons, p_numbers, p_reasons) d
        JOIN allowances_unpaidentitlement u
          ON u.municipality_id = p_municipality AND u.entitlement_id = d.entitlement_id
        WHERE d.is_held GROUP BY 1, 2 ORDER BY 1, 2
    LOOP
        returned := returned
            + disbursement.give_back(p_municipality, v_rows.batch_id, v_rows.held, v_rows.reason, p_at);
        returned_amount := returned_amount + v_rows.amount;
    END LOOP;
END $$;

CREATE FUNCTION disbursement.restore(
    p_municipality varchar, p_citizen uuid, p_person text, p_number bytea, OUT restored integer, OUT amount bigint
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Takes a stop back: the person's stopped rows are paid with their chunks after all. What has gone back to a programme
-- stays there. A chunk that is being posted is waited for.
DECLARE
    v_list uuid;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    FOR v_list IN
        SELECT DISTINCT u.batch_id FROM allowances_unpaidentitlement u
        WHERE u.municipality_id = p_municipality AND u.state = 'stopped' ORDER BY 1
    LOOP
        PERFORM disbursement.hold_still(v_list);
    END LOOP;
    WITH gone AS (
        DELETE FROM allowances_unpaidentitlement u
        USING allowances_entitlement e
        WHERE u.municipality_id = p_municipality AND u.state = 'stopped' AND u.reason <> 'cancelled'
          AND e.municipality_id = u.municipality_id AND e.id = u.entitlement_id
          AND (e.citizen_id = p_citizen OR e.person IN (p_person, 'number|' || encode(p_number, 'hex')))
        RETURNING u.amount
    )
    SELECT count(*), coalesce(sum(gone.amount), 0)::bigint INTO restored, restore.amount FROM gone;
END $$;
