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
    IF v_record.fingerprint <> p_fingerprint THEN
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
