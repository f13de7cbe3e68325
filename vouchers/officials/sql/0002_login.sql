-- Guessing passwords: after so many failures in a row a name is locked for a while, whether it exists or not.
-- The application role reaches these tables through the functions alone.

CREATE TABLE officials.login_policy (
    valid_from date NOT NULL,
    failures   integer NOT NULL,
    locked_for interval NOT NULL,
    CONSTRAINT login_policy_pkey PRIMARY KEY (valid_from),
    CONSTRAINT login_policy_sensible CHECK (failures > 0 AND locked_for > interval '0')
);
-- 개인정보의 안전성 확보조치 기준 asks for a limit and leaves the figures to the institution: another one is another row.
INSERT INTO officials.login_policy (valid_from, failures, locked_for) VALUES ('2020-01-01', 5, interval '10 minutes');

CREATE TABLE officials.login_attempt (
    name_hash    bytea NOT NULL,                 -- SHA-256: people type passwords where the name belongs
    failures     integer NOT NULL,
    last_at      timestamptz NOT NULL,
    locked_until timestamptz,
    CONSTRAINT login_attempt_pkey PRIMARY KEY (name_hash)
);
CREATE INDEX login_attempt_by_time ON officials.login_attempt (last_at);

CREATE FUNCTION officials.begin_login(p_username text, p_at timestamptz) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- NULL: the password may be looked at. Otherwise the name is locked until then. Holds the name's row until the end of
-- the transaction, so of many attempts at once each is counted before the next is let in.
DECLARE
    v_name   bytea := sha256(convert_to(p_username, 'UTF8'));
    v_locked timestamptz;
BEGIN
    INSERT INTO officials.login_attempt (name_hash, failures, last_at) VALUES (v_name, 0, p_at)
    ON CONFLICT (name_hash) DO NOTHING;
    SELECT locked_until INTO v_locked FROM officials.login_attempt WHERE name_hash = v_name FOR UPDATE;
    RETURN CASE WHEN v_locked > p_at THEN v_locked END;
END $$;

CREATE FUNCTION officials.login_failed(p_username text, p_address inet, p_at timestamptz) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Counts a failure; returns until when the name is locked now, or NULL. Failures further apart than a lock lasts are not
-- in a row. The lock of an official stands in the access record of their municipality.
DECLARE
    v_policy  officials.login_policy;
    v_attempt officials.login_attempt;
BEGIN
    SELECT * INTO v_policy FROM officials.login_policy
    WHERE valid_from <= (p_at AT TIME ZONE 'Asia/Seoul')::date ORDER BY valid_from DESC LIMIT 1;
    UPDATE officials.login_attempt
    SET failures = CASE WHEN locked_until <= p_at OR last_at < p_at - v_policy.locked_for THEN 1 ELSE failures + 1 END,
        last_at = p_at, locked_until = NULL
    WHERE name_hash = sha256(convert_to(p_username, 'UTF8'))
    RETURNING * INTO v_attempt;
    DELETE FROM officials.login_attempt WHERE name_hash IN (
        SELECT name_hash FROM officials.login_attempt
        WHERE last_at < p_at - interval '1 day' AND last_at < p_at - v_policy.locked_for
        ORDER BY last_at LIMIT 100 FOR UPDATE SKIP LOCKED);
    IF v_attempt.failures < v_policy.failures THEN
        RETURN NULL;
    END IF;
    UPDATE officials.login_attempt SET locked_until = p_at + v_policy.locked_for
    WHERE name_hash = v_attempt.name_hash;
    INSERT INTO vouchers_accessrecord (municipality_id, at, official_id, address, action, subject, count, reason)
    SELECT municipality_id, p_at, id, p_address, 'lock', 'official ' || id, 1, format('로그인 연속 %s회 실패', v_attempt.failures)
    FROM vouchers_official WHERE username = p_username;
    RETURN p_at + v_policy.locked_for;
END $$;

CREATE FUNCTION officials.forget_failures(p_username text) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    -- After the right password, and when an administrator has set a new one.
    DELETE FROM officials.login_attempt WHERE name_hash = sha256(convert_to(p_username, 'UTF8'))
$$;
