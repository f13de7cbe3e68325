-- What partners are told: written in the transaction of what happened, sent later by a job.

CREATE SCHEMA webhooks;

CREATE DOMAIN webhooks.event_type AS text
    CONSTRAINT webhook_type_known CHECK (VALUE IN (
        'payment.paid', 'payment.cancelled', 'cashback.credited', 'top_up.requested', 'top_up.completed',
        'top_up.cancelled', 'refund.completed', 'gift.received', 'points.credited', 'wallet.moved',
        'webhook.ping'));

CREATE TABLE vouchers_webhookevent (
    municipality_id varchar(5) NOT NULL,
    id              uuid NOT NULL,               -- uuidv7 of `at`; the webhook-id of every message about it
    partner_id      uuid NOT NULL,
    type            webhooks.event_type NOT NULL,
    data            jsonb NOT NULL,              -- ids, amounts and states; no personal data
    at              timestamptz NOT NULL,
    CONSTRAINT webhookevent_pkey PRIMARY KEY (municipality_id, id)
);
CREATE INDEX webhookevent_by_partner ON vouchers_webhookevent (municipality_id, partner_id, id DESC);

CREATE TABLE vouchers_webhookdelivery (
    municipality_id varchar(5) NOT NULL,
    event_id        uuid NOT NULL,
    endpoint_id     uuid NOT NULL,
    state           text NOT NULL DEFAULT 'waiting',
    attempts        integer NOT NULL DEFAULT 0,  -- since it was made or asked for again
    due_at          timestamptz NOT NULL,        -- waiting: not to be sent before; claimed: until when it is not sent again
    claimed_at      timestamptz,                 -- a worker is sending it since then
    last_at         timestamptz,
    last_status     integer,                     -- NULL: there was no answer, and last_error says why
    last_ms         integer,
    last_error      text NOT NULL DEFAULT '',
    CONSTRAINT webhookdelivery_pkey PRIMARY KEY (municipality_id, event_id, endpoint_id),
    CONSTRAINT webhookdelivery_state_known CHECK (state IN ('waiting', 'delivered', 'failed')),
    CONSTRAINT webhookdelivery_claimed_while_waiting CHECK (claimed_at IS NULL OR state = 'waiting')
) WITH (fillfactor = 80);
CREATE INDEX webhookdelivery_waiting ON vouchers_webhookdelivery (municipality_id, endpoint_id, due_at)
    WHERE state = 'waiting';
CREATE INDEX webhookdelivery_by_endpoint ON vouchers_webhookdelivery (municipality_id, endpoint_id, event_id DESC);

CREATE FUNCTION webhooks.emit_many(
    p_municipality varchar, p_type text, p_partners uuid[], p_data jsonb[],
    p_at timestamptz DEFAULT clock_timestamp()
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Something happened many times: the n-th partner is told the n-th data. A partner that is NULL, or has no endpoint for
-- this type, is told nothing. An endpoint that is not verified yet, or is disabled, gets no delivery, but the event is
-- kept for a later replay.
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    WITH endpoint AS MATERIALIZED (
        SELECT id, partner_id, state FROM vouchers_webhookendpoint
        WHERE municipality_id = p_municipality AND partner_id = ANY (p_partners)
          AND state <> 'deleted' AND p_type = ANY (event_types)
    ), happened AS MATERIALIZED (
        SELECT ledger.id_at(p_at) AS id, told.partner_id, told.data
        FROM unnest(p_partners, p_data) AS told (partner_id, data)
        WHERE told.partner_id IN (SELECT partner_id FROM endpoint)
    ), recorded AS (
        INSERT INTO vouchers_webhookevent (municipality_id, id, partner_id, type, data, at)
        SELECT p_municipality, id, partner_id, p_type, data, p_at FROM happened
    )
    INSERT INTO vouchers_webhookdelivery (municipality_id, event_id, endpoint_id, due_at)
    SELECT p_municipality, happened.id, endpoint.id, p_at
    FROM happened JOIN endpoint USING (partner_id) WHERE endpoint.state = 'active';
END $$;

CREATE FUNCTION webhooks.emit(
    p_municipality varchar, p_type text, p_partners uuid[], p_data jsonb, p_at timestamptz DEFAULT clock_timestamp()
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Something happened that these partners are told; NULL and repeated ones count for nothing. Costs one look at an
-- index when none of them asked to be told.
DECLARE
    v_partners uuid[] := ARRAY(SELECT DISTINCT partner FROM unnest(p_partners) partner WHERE partner IS NOT NULL);
BEGIN
    IF EXISTS (SELECT FROM vouchers_webhookendpoint
               WHERE municipality_id = p_municipality AND partner_id = ANY (v_partners) AND state <> 'deleted') THEN
        PERFORM webhooks.emit_many(p_municipality, p_type, v_partners,
                                   array_fill(p_data, ARRAY[cardinality(v_partners)]), p_at);
    END IF;
END $$;
