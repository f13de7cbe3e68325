-- Who calls the API, and the write requests already answered. Written by functions only.

CREATE TABLE vouchers_idempotencyrecord (
    municipality_id varchar(5) NOT NULL,
    partner_id      uuid NOT NULL,
    key             text NOT NULL,
    fingerprint     bytea NOT NULL,              -- SHA-256 of method, path and body
    result_id       uuid NOT NULL,               -- the payment or refund that the request made
    created_at      timestamptz NOT NULL,
    CONSTRAINT idempotencyrecord_pkey PRIMARY KEY (municipality_id, partner_id, key)
);
CREATE INDEX idempotencyrecord_by_time ON vouchers_idempotencyrecord USING brin (created_at);

-- How many requests of a partner's minute are handed out to web processes. Unlogged: a lease must not wait for the disk;
-- a server that crashed begins the minute anew.
CREATE UNLOGGED TABLE vouchers_partnerminute (
    municipality_id varchar(5) NOT NULL,
    partner_id      uuid NOT NULL,
    minute          timestamptz NOT NULL,        -- its beginning, by this server's clock
    taken           integer NOT NULL,
    CONSTRAINT partnerminute_pkey PRIMARY KEY (municipality_id, partner_id)
) WITH (fillfactor = 50);

-- The same by day, for people: what was handed out, and the busiest minute.
CREATE TABLE vouchers_partnerday (
    municipality_id varchar(5) NOT NULL,
    partner_id      uuid NOT NULL,
    day             date NOT NULL,
    requests        bigint NOT NULL,
    busiest_minute  integer NOT NULL,
    CONSTRAINT partnerday_pkey PRIMARY KEY (municipality_id, partner_id, day)
) WITH (fillfactor = 50);

CREATE SCHEMA partners;

CREATE FUNCTION partners.partner_by_key(p_key_id text)
RETURNS TABLE (partner_id uuid, municipality_id varchar, scopes varchar[], secret_hash bytea,
               requires_signature boolean, algorithm varchar, signing_secret bytea, public_key bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    -- Runs before any scope is known: a key leads to its partner and municipality, and to nothing else.
    SELECT p.id, p.municipality_id, p.scopes, k.secret_hash, p.requires_signature, k.algorithm, k.signing_secret,
           k.public_key
    FROM vouchers_partnerkey k JOIN vouchers_partner p ON p.id = k.partner_id
    WHERE k.key_id = p_key_id AND k.revoked_at IS NULL AND p.is_active
$$;

CREATE FUNCTION partners.earlier_result(p_municipality varchar, p_partner uuid, p_key text, p_fingerprint bytea)
RETURNS uuid LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
-- What the same request made before; a key that came with another request is refused.
DECLARE
    v_record vouchers_idempotencyrecord;
BEGIN
    SELECT * INTO v_record FROM vouchers_idempotencyrecord
    WHERE municipality_id = p_municipality AND partner_id = p_partner AND key = p_key;
    IF NOT FOUND THEN
        PERFORM ledger.refuse('request_in_progress');   -- it was forgotten a moment ago: asked again, it is a new request
    ELSIF v_record.fingerprint <> p_fingerprint THEN
        PERFORM ledger.refuse('idempotency_key_reused');
    END IF;
    RETURN v_record.result_id;
END $$;

CREATE FUNCTION partners.remember(
    p_municipality varchar, p_partner uuid, p_key text, p_fingerprint bytea, p_result uuid, p_at timestamptz,
    OUT result_id uuid, OUT replayed boolean
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Records that this request is being answered with p_result, in the transaction of what it does. Replayed: it was
-- answered before, with result_id. While the same key is in flight elsewhere it is refused at once: waiting would hold a
-- connection for every repetition. The lock is one of 2^64, so another key's is met by chance as good as never.
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    IF NOT pg_try_advisory_xact_lock(hashtextextended(p_partner::text || p_key, 0)) THEN
        PERFORM ledger.refuse('request_in_progress');
    END IF;
    INSERT INTO vouchers_idempotencyrecord (municipality_id, partner_id, key, fingerprint, result_id, created_at)
    VALUES (p_municipality, p_partner, p_key, p_fingerprint, p_result, p_at)
    ON CONFLICT (municipality_id, partner_id, key) DO NOTHING;
    replayed := NOT FOUND;
    result_id := CASE WHEN replayed THEN partners.earlier_result(p_municipality, p_partner, p_key, p_fingerprint)
                      ELSE p_result END;
END $$;

CREATE FUNCTION partners.forget(p_municipality varchar, p_before timestamptz, p_limit integer) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Forgets at most p_limit requests that were answered before that moment; returns how many. A request that came again
-- after that would be a new one.
DECLARE
    v_count integer;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    WITH old AS MATERIALIZED (
        SELECT partner_id, key FROM vouchers_idempotencyrecord
        WHERE municipality_id = p_municipality AND created_at < p_before
        LIMIT p_limit FOR UPDATE SKIP LOCKED
    )
    DELETE FROM vouchers_idempotencyrecord record USING old
    WHERE record.municipality_id = p_municipality AND record.partner_id = old.partner_id AND record.key = old.key;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END $$;

CREATE FUNCTION partners.portion(p_quota integer, p_taken integer) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    -- What one lease gets of a minute's requests: a fiftieth, and less towards the end, so that little lies idle in
    -- processes that have nothing to do. Never more than is left.
    SELECT greatest(0, least(p_quota - p_taken, greatest(1, least(p_quota / 50, (p_quota - p_taken) / 16))))
$$;

CREATE FUNCTION partners.lease(
    p_municipality varchar, p_partner uuid, p_key_id text,
    OUT granted integer, OUT quota integer, OUT unleased integer, OUT seconds double precision
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Hands requests of the present minute to a web process, which may spend them within `seconds`. Whatever the number of
-- processes, all leases of a minute together are the partner's limit at most, as it stands now. The clock is this
-- server's, the one that all processes share; a key's last use is written down by the way, once a minute.
DECLARE
    v_now    timestamptz := clock_timestamp();
    v_minute timestamptz := date_trunc('minute', v_now);
    v_lease  record;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    SELECT requests_per_minute INTO STRICT quota FROM vouchers_partner
    WHERE municipality_id = p_municipality AND id = p_partner;
    -- Who waited here for another lease may find the next minute begun. A minute further ahead is a clock set back.
    INSERT INTO vouchers_partnerminute AS present (municipality_id, partner_id, minute, taken)
    VALUES (p_municipality, p_partner, v_minute, partners.portion(quota, 0))
    ON CONFLICT (municipality_id, partner_id) DO UPDATE SET
        minute = CASE WHEN present.minute - v_minute IN (interval '0', interval '1 minute') THEN present.minute
                      ELSE v_minute END,
        taken = CASE WHEN present.minute - v_minute IN (interval '0', interval '1 minute')
                     THEN present.taken + partners.portion(quota, present.taken) ELSE partners.portion(quota, 0) END
    RETURNING old.minute AS old_minute, old.taken AS old_taken, new.minute, new.taken INTO v_lease;
    unleased := greatest(0, quota - v_lease.taken);
    seconds := extract(epoch FROM v_lease.minute + interval '1 minute' - clock_timestamp());
    IF v_lease.old_minute = v_lease.minute THEN
        granted := v_lease.taken - v_lease.old_taken;
        RETURN;
    END IF;
    granted := v_lease.taken;
    INSERT INTO vouchers_partnerday AS counted (municipality_id, partner_id, day, requests, busiest_minute)
    VALUES (p_municipality, p_partner, (coalesce(v_lease.old_minute, v_lease.minute) AT TIME ZONE 'Asia/Seoul')::date,
            coalesce(v_lease.old_taken, 0), coalesce(v_lease.old_taken, 0))
    ON CONFLICT (municipality_id, partner_id, day) DO UPDATE SET
        requests = counted.requests + excluded.requests,
        busiest_minute = greatest(counted.busiest_minute, excluded.busiest_minute);
    UPDATE vouchers_partnerkey SET last_used_at = v_now
    WHERE municipality_id = p_municipality AND partner_id = p_partner AND key_id = p_key_id;
END $$;
