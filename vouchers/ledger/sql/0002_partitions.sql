-- Monthly partitions of the tables whose uuidv7 key carries their time.

CREATE FUNCTION ledger.uuid_floor(p_at timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    -- the smallest uuidv7 of that millisecond, and the bound of a partition
    SELECT (lpad(to_hex((extract(epoch FROM p_at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

CREATE FUNCTION ledger.ensure_partitions(p_from date, p_until date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Creates the monthly partitions that are missing from p_from's month to p_until's month; returns how many.
-- Months are those of Asia/Seoul, so a business date and its partition agree. Payments go on meanwhile: attaching a
-- table takes a lock that lets others write, where CREATE TABLE … PARTITION OF would stop them.
DECLARE
    v_table text;
    v_part  text;
    v_trigger text;
    v_month date;
    v_made  integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('ledger.ensure_partitions'));
    FOREACH v_table IN ARRAY ARRAY['vouchers_journal', 'vouchers_transfer', 'vouchers_payment', 'vouchers_cashback'] LOOP
        v_month := date_trunc('month', p_from)::date;
        WHILE v_month <= p_until LOOP
            v_part := v_table || to_char(v_month, '_YYYY_MM');
            IF to_regclass(quote_ident(v_part)) IS NULL THEN
                EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', v_part, v_table);
                EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', v_table, v_part,
                    ledger.uuid_floor(v_month::timestamp AT TIME ZONE 'Asia/Seoul'),
                    ledger.uuid_floor((v_month + interval '1 month')::timestamp AT TIME ZONE 'Asia/Seoul'));
                -- The parent's trigger of statements, which does not fire for a statement that names the partition.
                SELECT replace(pg_get_triggerdef(oid), ' ON public.' || v_table || ' ', format(' ON %I ', v_part))
                INTO STRICT v_trigger FROM pg_trigger
                WHERE tgrelid = v_table::regclass AND tgname = replace(v_table, 'vouchers_', '') || '_is_immutable';
                EXECUTE v_trigger;
                v_made := v_made + 1;
            END IF;
            v_month := (v_month + interval '1 month')::date;
        END LOOP;
    END LOOP;
    RETURN v_made;
END $$;
