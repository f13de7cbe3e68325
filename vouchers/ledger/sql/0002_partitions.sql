-- Monthly partitions of the tables whose uuidv7 key carries their time.

CREATE FUNCTION ledger.uuid_floor(p_at timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    -- the smallest uuidv7 of that millisecond, and the bound of a partition
    SELECT (lpad(to_hex((extract(epoch FROM p_at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

CREATE FUNCTION ledger.ensure_partitions(p_from date, p_until date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Creates the monthly partitions that are missing from p_from's month to p_until's month; returns how many.
-- Months are those of Asia/Seoul, so a business date and its partition agree.
DECLARE
    v_table text;
    v_month date;
    v_made  integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('ledger.ensure_partitions'));
    FOREACH v_table IN ARRAY ARRAY['vouchers_journal', 'vouchers_transfer', 'vouchers_payment'] LOOP
        v_month := date_trunc('month', p_from)::date;
        WHILE v_month <= p_until LOOP
            IF to_regclass(format('%I', v_table || to_char(v_month, '_YYYY_MM'))) IS NULL THEN
                EXECUTE format(
                    'CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
                    v_table || to_char(v_month, '_YYYY_MM'), v_table,
                    ledger.uuid_floor(v_month::timestamp AT TIME ZONE 'Asia/Seoul'),
                    ledger.uuid_floor((v_month + interval '1 month')::timestamp AT TIME ZONE 'Asia/Seoul'));
                v_made := v_made + 1;
            END IF;
            v_month := (v_month + interval '1 month')::date;
        END LOOP;
    END LOOP;
    RETURN v_made;
END $$;
