-- Sending what the outbox holds: claimed, sent without a transaction, recorded. At least once, under one webhook-id.

CREATE INDEX webhookdelivery_claimed ON vouchers_webhookdelivery (municipality_id, endpoint_id)
    WHERE claimed_at IS NOT NULL;

CREATE FUNCTION webhooks.municipalities_due(p_at timestamptz) RETURNS SETOF varchar
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    -- Where something is to be sent. Runs before any scope is known and tells codes alone.
    SELECT DISTINCT endpoint.municipality_id FROM vouchers_webhookendpoint endpoint
    WHERE endpoint.state IN ('pending', 'active')
      AND EXISTS (SELECT FROM vouchers_webhookdelivery delivery
                  WHERE delivery.municipality_id = endpoint.municipality_id AND delivery.endpoint_id = endpoint.id
                    AND delivery.state = 'waiting' AND delivery.due_at <= p_at)
$$;

CREATE FUNCTION webhooks.municipalities() RETURNS SETOF varchar
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    -- Runs before any scope is known: the region codes where partners have endpoints, and nothing else.
    SELECT DISTINCT municipality_id FROM vouchers_webhookendpoint
$$;

CREATE FUNCTION webhooks.claim(p_at timestamptz, p_limit integer, p_each integer, p_lease interval)
RETURNS TABLE (municipality_id varchar, event_id uuid, endpoint_id uuid, url varchar, attempts integer,
               type text, data jsonb, at timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Takes at most p_limit due deliveries of the scope's municipalities, the oldest first, and leaves each endpoint at most
-- p_each in flight, so that a slow one does not hold the others. Whoever dies with them loses them after p_lease.
BEGIN
    RETURN QUERY
    WITH endpoint AS MATERIALIZED (
        SELECT e.municipality_id, e.id, e.url, greatest(0, p_each - (
            SELECT count(*) FROM vouchers_webhookdelivery d
            WHERE d.municipality_id = e.municipality_id AND d.endpoint_id = e.id
              AND d.claimed_at IS NOT NULL AND d.due_at > p_at)) AS free
        FROM vouchers_webhookendpoint e
        WHERE e.municipality_id = ANY (string_to_array(current_setting('app.municipalities', true), ','))
          AND e.state IN ('pending', 'active')
    ), due AS MATERIALIZED (
        SELECT e.municipality_id, e.id AS endpoint_id, e.url, waiting.event_id
        FROM endpoint e, LATERAL (
            SELECT d.event_id, d.due_at FROM vouchers_webhookdelivery d
            WHERE d.municipality_id = e.municipality_id AND d.endpoint_id = e.id
              AND d.state = 'waiting' AND d.due_at <= p_at
            ORDER BY d.due_at LIMIT e.free FOR NO KEY UPDATE SKIP LOCKED
        ) waiting
        ORDER BY waiting.due_at LIMIT p_limit
    ), claimed AS (
        UPDATE vouchers_webhookdelivery d SET claimed_at = p_at, due_at = p_at + p_lease
        FROM due WHERE d.municipality_id = due.municipality_id AND d.event_id = due.event_id
                   AND d.endpoint_id = due.endpoint_id
        RETURNING d.municipality_id, d.event_id, d.endpoint_id, due.url, d.attempts
    )
    SELECT c.municipality_id, c.event_id, c.endpoint_id, c.url, c.attempts, e.type::text, e.data, e.at
    FROM claimed c JOIN vouchers_webhookevent e ON e.municipality_id = c.municipality_id AND e.id = c.event_id;
END $$;

CREATE FUNCTION webhooks.failing_days(p_municipality varchar, p_at timestamptz) RETURNS integer
LANGUAGE sql STABLE AS $$
    -- After so many days without one success an endpoint is disabled: the policy in force, or five.
    SELECT coalesce((SELECT failing_days FROM vouchers_webhookpolicy
                     WHERE municipality_id = p_municipality AND valid_from <= (p_at AT TIME ZONE 'Asia/Seoul')::date
                     ORDER BY valid_from DESC LIMIT 1), 5)
$$;

CREATE FUNCTION webhooks.record(
    p_municipalities varchar[], p_events uuid[], p_endpoints uuid[], p_claimed timestamptz[], p_at timestamptz[],
    p_status integer[], p_ms integer[], p_error text[], p_next timestamptz[]
) RETURNS SETOF uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- What came of attempts that were claimed at p_claimed. Only 2xx is a success; after a failure the next attempt is at
-- p_next, or none if NULL. A failure counts only for whom the claim still is; a success counts always, because the
-- receiver has the message. Returns the endpoints that this has disabled.
DECLARE
    v_endpoint record;
    v_disabled uuid[] := '{}';
BEGIN
    -- endpoints before deliveries, as whoever changes an endpoint does
    FOR v_endpoint IN
        SELECT e.municipality_id, e.id, e.state, e.failing_since, said.at, said.succeeded, said.is_gone,
               said.answered_ping, said.gave_up_ping
        FROM (
            SELECT outcome.municipality, outcome.endpoint, max(outcome.at) AS at,
                   bool_or(outcome.status BETWEEN 200 AND 299) AS succeeded,
                   bool_or(outcome.status IS NOT DISTINCT FROM 410) AS is_gone,
                   bool_or(outcome.status BETWEEN 200 AND 299 AND event.type = 'webhook.ping') AS answered_ping,
                   bool_or(outcome.next_at IS NULL AND event.type = 'webhook.ping') AS gave_up_ping
            FROM unnest(p_municipalities, p_events, p_endpoints, p_at, p_status, p_next)
                     AS outcome (municipality, event, endpoint, at, status, next_at)
            JOIN vouchers_webhookevent event ON event.municipality_id = outcome.municipality AND event.id = outcome.event
            WHERE outcome.municipality = ANY (string_to_array(current_setting('app.municipalities', true), ','))
            GROUP BY outcome.municipality, outcome.endpoint
        ) said
        JOIN vouchers_webhookendpoint e ON e.municipality_id = said.municipality AND e.id = said.endpoint
        WHERE e.state IN ('pending', 'active')
          AND (e.state = 'pending' OR said.is_gone OR said.succeeded IS NOT TRUE OR e.failing_since IS NOT NULL)
        ORDER BY e.id FOR NO KEY UPDATE OF e
    LOOP
        IF v_endpoint.is_gone THEN
            v_disabled := v_disabled || webhooks.disable(v_endpoint.municipality_id, v_endpoint.id, 'gone', v_endpoint.at);
        ELSIF v_endpoint.succeeded IS TRUE THEN
            UPDATE vouchers_webhookendpoint
            SET failing_since = NULL, state = CASE WHEN v_endpoint.answered_ping IS TRUE THEN 'active' ELSE state END,
                state_at = CASE WHEN v_endpoint.answered_ping IS TRUE AND state = 'pending' THEN v_endpoint.at
                                ELSE state_at END
            WHERE municipality_id = v_endpoint.municipality_id AND id = v_endpoint.id;
        ELSIF v_endpoint.state = 'pending' THEN
            IF v_endpoint.gave_up_ping THEN
                v_disabled := v_disabled || webhooks.disable(v_endpoint.municipality_id, v_endpoint.id, 'unverified', v_endpoint.at);
            END IF;
        ELSIF v_endpoint.failing_since IS NULL THEN
            UPDATE vouchers_webhookendpoint SET failing_since = v_endpoint.at
            WHERE municipality_id = v_endpoint.municipality_id AND id = v_endpoint.id;
        ELSIF v_endpoint.failing_since <= v_endpoint.at
              - make_interval(days => webhooks.failing_days(v_endpoint.municipality_id, v_endpoint.at)) THEN
            v_disabled := v_disabled || webhooks.disable(v_endpoint.municipality_id, v_endpoint.id, 'failing', v_endpoint.at);
        END IF;
    END LOOP;

    UPDATE vouchers_webhookdelivery d
    SET state = CASE WHEN outcome.status BETWEEN 200 AND 299 THEN 'delivered'
                     WHEN outcome.next_at IS NULL THEN 'failed' ELSE 'waiting' END,
        attempts = d.attempts + 1, due_at = coalesce(outcome.next_at, outcome.at), claimed_at = NULL,
        last_at = outcome.at, last_status = outcome.status, last_ms = outcome.ms, last_error = outcome.error
    FROM unnest(p_municipalities, p_events, p_endpoints, p_claimed, p_at, p_status, p_ms, p_error, p_next)
             AS outcome (municipality, event, endpoint, claimed, at, status, ms, error, next_at)
    WHERE d.municipality_id = outcome.municipality AND d.event_id = outcome.event AND d.endpoint_id = outcome.endpoint
      AND d.municipality_id = ANY (string_to_array(current_setting('app.municipalities', true), ','))
      AND (d.state = 'waiting' AND d.claimed_at = outcome.claimed
           OR d.state <> 'delivered' AND outcome.status BETWEEN 200 AND 299);

    PERFORM webhooks.give_up(e.municipality_id, e.id) FROM vouchers_webhookendpoint e WHERE e.id = ANY (v_disabled);
    RETURN QUERY SELECT unnest(v_disabled);
END $$;

CREATE FUNCTION webhooks.disable(p_municipality varchar, p_endpoint uuid, p_why text, p_at timestamptz)
RETURNS uuid LANGUAGE sql AS $$
    UPDATE vouchers_webhookendpoint SET state = 'disabled', disabled_for = p_why, state_at = p_at
    WHERE municipality_id = p_municipality AND id = p_endpoint RETURNING id
$$;

CREATE FUNCTION webhooks.give_up(p_municipality varchar, p_endpoint uuid) RETURNS void LANGUAGE sql AS $$
    -- What still waits is not sent; it can be asked for again (webhooks.replay_failed).
    UPDATE vouchers_webhookdelivery SET state = 'failed', claimed_at = NULL
    WHERE municipality_id = p_municipality AND endpoint_id = p_endpoint AND state = 'waiting'
$$;

CREATE FUNCTION webhooks.stop(p_municipality varchar, p_endpoint uuid, p_at timestamptz) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- An official stops an endpoint; false when there was nothing to stop.
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    UPDATE vouchers_webhookendpoint SET state = 'disabled', disabled_for = 'official', state_at = p_at
    WHERE municipality_id = p_municipality AND id = p_endpoint AND state IN ('pending', 'active');
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM webhooks.give_up(p_municipality, p_endpoint);
    RETURN true;
END $$;

CREATE FUNCTION webhooks.ping(p_municipality varchar, p_endpoint uuid, p_at timestamptz) RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- The message that an endpoint must answer before it becomes active, in place of an earlier one that still waits.
DECLARE
    v_id uuid := ledger.id_at(p_at);
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    UPDATE vouchers_webhookdelivery delivery SET state = 'failed', claimed_at = NULL
    FROM vouchers_webhookevent event
    WHERE delivery.municipality_id = p_municipality AND delivery.endpoint_id = p_endpoint AND delivery.state = 'waiting'
      AND event.municipality_id = p_municipality AND event.id = delivery.event_id AND event.type = 'webhook.ping';
    INSERT INTO vouchers_webhookevent (municipality_id, id, partner_id, type, data, at)
    SELECT p_municipality, v_id, partner_id, 'webhook.ping', jsonb_build_object('endpoint_id', id), p_at
    FROM vouchers_webhookendpoint WHERE municipality_id = p_municipality AND id = p_endpoint;
    INSERT INTO vouchers_webhookdelivery (municipality_id, event_id, endpoint_id, due_at)
    VALUES (p_municipality, v_id, p_endpoint, p_at);
    RETURN v_id;
END $$;

CREATE FUNCTION webhooks.replay(p_municipality varchar, p_partner uuid, p_event uuid, p_endpoint uuid, p_at timestamptz)
RETURNS integer LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Sends an event of this partner once more to its active endpoints that subscribed to it, or to one of them; returns to
-- how many. One that is still being sent, or waits for its first attempt, stays as it is.
DECLARE
    v_count integer;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    INSERT INTO vouchers_webhookdelivery AS delivery (municipality_id, event_id, endpoint_id, due_at)
    SELECT p_municipality, event.id, endpoint.id, p_at
    FROM vouchers_webhookevent event
    JOIN vouchers_webhookendpoint endpoint
      ON endpoint.municipality_id = p_municipality AND endpoint.partner_id = event.partner_id
    WHERE event.municipality_id = p_municipality AND event.id = p_event AND event.partner_id = p_partner
      AND endpoint.state = 'active' AND event.type = ANY (endpoint.event_types)
      AND (p_endpoint IS NULL OR endpoint.id = p_endpoint)
    ON CONFLICT (municipality_id, event_id, endpoint_id) DO UPDATE
        SET state = 'waiting', attempts = 0, claimed_at = NULL, due_at = p_at
        WHERE delivery.claimed_at IS NULL OR delivery.due_at <= p_at;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END $$;

CREATE FUNCTION webhooks.replay_failed(p_municipality varchar, p_endpoint uuid, p_since timestamptz, p_at timestamptz)
RETURNS integer LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Sends everything once more that an active endpoint has missed since then: what was given up, and what happened while
-- it was not verified or disabled. Returns how many.
DECLARE
    v_count integer;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    INSERT INTO vouchers_webhookdelivery AS delivery (municipality_id, event_id, endpoint_id, due_at)
    SELECT p_municipality, event.id, endpoint.id, p_at
    FROM vouchers_webhookendpoint endpoint
    JOIN vouchers_webhookevent event
      ON event.municipality_id = p_municipality AND event.partner_id = endpoint.partner_id
     AND event.id >= ledger.uuid_floor(p_since) AND event.type = ANY (endpoint.event_types)
    WHERE endpoint.municipality_id = p_municipality AND endpoint.id = p_endpoint AND endpoint.state = 'active'
    ON CONFLICT (municipality_id, event_id, endpoint_id) DO UPDATE
        SET state = 'waiting', attempts = 0, due_at = p_at
        WHERE delivery.state = 'failed';
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END $$;

CREATE FUNCTION webhooks.delete_endpoint(p_municipality varchar, p_endpoint uuid, p_at timestamptz) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Nothing is sent there any more and its secrets are gone. Its row stays for those who ask what became of it.
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    UPDATE vouchers_webhookendpoint SET state = 'deleted', state_at = p_at
    WHERE municipality_id = p_municipality AND id = p_endpoint AND state <> 'deleted';
    DELETE FROM vouchers_webhooksecret WHERE municipality_id = p_municipality AND endpoint_id = p_endpoint;
    PERFORM webhooks.give_up(p_municipality, p_endpoint);
END $$;

CREATE FUNCTION webhooks.prune(p_municipality varchar, p_at timestamptz, p_limit integer) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Removes at most p_limit events older than the policy keeps them, with their deliveries, and secrets that have expired;
-- returns how many events.
DECLARE
    v_days  integer := coalesce((
        SELECT kept_days FROM vouchers_webhookpolicy
        WHERE municipality_id = p_municipality AND valid_from <= (p_at AT TIME ZONE 'Asia/Seoul')::date
        ORDER BY valid_from DESC LIMIT 1), 90);
    v_count integer;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    DELETE FROM vouchers_webhooksecret WHERE municipality_id = p_municipality AND expires_at <= p_at;
    WITH old AS MATERIALIZED (
        SELECT id FROM vouchers_webhookevent
        WHERE municipality_id = p_municipality AND id < ledger.uuid_floor(p_at - make_interval(days => v_days))
        ORDER BY id LIMIT p_limit
    ), unsent AS (
        DELETE FROM vouchers_webhookdelivery delivery USING old
        WHERE delivery.municipality_id = p_municipality AND delivery.event_id = old.id
    )
    DELETE FROM vouchers_webhookevent event USING old WHERE event.municipality_id = p_municipality AND event.id = old.id;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END $$;
