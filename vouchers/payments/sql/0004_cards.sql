-- Check cards: 승인, 승인취소 (payments.cancel: an approval has the id of its payment) and 망취소. The processor's trace
-- number stands once: whichever of an approval and its reversal comes first takes it, and the other finds it there.

CREATE TABLE vouchers_paymentcard (
    municipality_id varchar(5) NOT NULL,
    id              uuid NOT NULL,
    wallet_id       uuid NOT NULL,
    partner_id      uuid NOT NULL,               -- the processor
    token_hash      bytea NOT NULL,              -- keyed; the processor's token itself is not kept
    last4           text NOT NULL,
    created_at      timestamptz NOT NULL,
    ended_at        timestamptz,
    CONSTRAINT paymentcard_pkey PRIMARY KEY (municipality_id, id),
    CONSTRAINT paymentcard_token_once UNIQUE (municipality_id, partner_id, token_hash)
);
CREATE INDEX paymentcard_by_wallet ON vouchers_paymentcard (wallet_id);

CREATE TABLE vouchers_cardapproval (
    municipality_id varchar(5) NOT NULL,
    partner_id      uuid NOT NULL,
    trace_number    text NOT NULL,
    id              uuid NOT NULL,               -- the payment; of a mark, the request that left it
    number          text,                        -- 승인번호; NULL: a mark, left by a reversal that came before its original
    card_id         uuid,
    terminal        text,
    at              timestamptz NOT NULL,
    reversed_at     timestamptz,
    CONSTRAINT cardapproval_pkey PRIMARY KEY (municipality_id, partner_id, trace_number)
);
CREATE SEQUENCE payments.approval_number;

CREATE FUNCTION payments.register_card(
    p_municipality varchar, p_partner uuid, p_key text, p_fingerprint bytea, p_wallet uuid, p_hash bytea, p_last4 text,
    p_at timestamptz, OUT card_id uuid, OUT replayed boolean
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- A card of a processor's pays from this wallet from now on.
DECLARE
    v_id   uuid := ledger.id_at(p_at);
    v_seen record := partners.remember(p_municipality, p_partner, p_key, p_fingerprint, v_id, p_at);
BEGIN
    card_id := v_seen.result_id;
    replayed := v_seen.replayed;
    IF replayed THEN
        RETURN;
    END IF;
    IF NOT EXISTS (SELECT FROM vouchers_wallet WHERE municipality_id = p_municipality AND id = p_wallet) THEN
        PERFORM ledger.refuse('wallet_unknown');
    END IF;
    INSERT INTO vouchers_paymentcard (municipality_id, id, wallet_id, partner_id, token_hash, last4, created_at)
    VALUES (p_municipality, v_id, p_wallet, p_partner, p_hash, p_last4, p_at);
END $$;

CREATE FUNCTION payments.end_card(
    p_municipality varchar, p_partner uuid, p_key text, p_fingerprint bytea, p_card uuid, p_at timestamptz,
    OUT card_id uuid, OUT replayed boolean
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- The card was lost or given back: it pays no more. What it paid can still be cancelled.
DECLARE
    v_seen record := partners.remember(p_municipality, p_partner, p_key, p_fingerprint, p_card, p_at);
BEGIN
    card_id := v_seen.result_id;
    replayed := v_seen.replayed;
    UPDATE vouchers_paymentcard SET ended_at = coalesce(ended_at, p_at)
    WHERE municipality_id = p_municipality AND id = p_card AND partner_id = p_partner;
    IF NOT FOUND THEN
        PERFORM ledger.refuse('card_unknown');
    END IF;
END $$;

CREATE FUNCTION payments.card(p_municipality varchar, p_partner uuid, p_card uuid)
RETURNS TABLE (id uuid, wallet_id uuid, last4 text, created_at timestamptz, ended_at timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp ROWS 1 AS $$
-- A card of this processor's.
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    RETURN QUERY
    SELECT found.id, found.wallet_id, found.last4, found.created_at, found.ended_at FROM vouchers_paymentcard found
    WHERE found.municipality_id = p_municipality AND found.id = p_card AND found.partner_id = p_partner;
END $$;

CREATE FUNCTION payments.authorise(
    p_municipality varchar, p_partner uuid, p_key text, p_fingerprint bytea, p_trace text, p_hash bytea, p_shop text,
    p_terminal text, p_amount bigint, p_at timestamptz, OUT approval_id uuid, OUT replayed boolean
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- 승인. A reversal of the same trace number that runs at this moment makes this wait at the number.
DECLARE
    v_id   uuid := ledger.id_at(p_at);
    v_seen record := partners.remember(p_municipality, p_partner, p_key, p_fingerprint, v_id, p_at);
    v_card vouchers_paymentcard;
BEGIN
    approval_id := v_seen.result_id;
    replayed := v_seen.replayed;
    IF replayed THEN
        RETURN;
    END IF;
    SELECT * INTO v_card FROM vouchers_paymentcard
    WHERE municipality_id = p_municipality AND partner_id = p_partner AND token_hash = p_hash;
    IF v_card.id IS NULL THEN
        PERFORM ledger.refuse('card_unknown');
    ELSIF v_card.ended_at IS NOT NULL THEN
        PERFORM ledger.refuse('card_ended');
    END IF;
    INSERT INTO vouchers_cardapproval (municipality_id, partner_id, trace_number, id, number, card_id, terminal, at)
    VALUES (p_municipality, p_partner, p_trace, v_id, lpad((nextval('payments.approval_number') % 100000000)::text, 8, '0'),
            v_card.id, p_terminal, p_at)
    ON CONFLICT (municipality_id, partner_id, trace_number) DO NOTHING;
    IF NOT FOUND THEN
        PERFORM ledger.refuse(CASE WHEN number IS NULL THEN 'approval_reversed' ELSE 'trace_number_used' END)
        FROM vouchers_cardapproval
        WHERE municipality_id = p_municipality AND partner_id = p_partner AND trace_number = p_trace;
    END IF;
    PERFORM payments.take(p_municipality, v_id, v_card.wallet_id, p_shop, NULL, p_amount, 'card', p_partner, p_trace, p_at);
END $$;

CREATE FUNCTION payments.reverse(
    p_municipality varchar, p_partner uuid, p_key text, p_fingerprint bytea, p_trace text, p_at timestamptz,
    OUT reversal_id uuid, OUT replayed boolean
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- 망취소: gives back whatever is left of the approval of this trace number. Where there is none (yet), it leaves a mark,
-- and an approval that comes later is refused. May be repeated under any key.
DECLARE
    v_id       uuid := ledger.id_at(p_at);
    v_seen     record := partners.remember(p_municipality, p_partner, p_key, p_fingerprint, v_id, p_at);
    v_approval vouchers_cardapproval;
BEGIN
    reversal_id := v_seen.result_id;
    replayed := v_seen.replayed;
    IF replayed THEN
        RETURN;
    END IF;
    INSERT INTO vouchers_cardapproval (municipality_id, partner_id, trace_number, id, at, reversed_at)
    VALUES (p_municipality, p_partner, p_trace, v_id, p_at, p_at)
    ON CONFLICT (municipality_id, partner_id, trace_number) DO NOTHING;
    IF FOUND THEN
        RETURN;
    END IF;
    SELECT * INTO v_approval FROM vouchers_cardapproval
    WHERE municipality_id = p_municipality AND partner_id = p_partner AND trace_number = p_trace FOR UPDATE;
    IF v_approval.reversed_at IS NOT NULL THEN
        RETURN;
    END IF;
    -- the payment before the look at what is left of it, as in a cancellation
    PERFORM 1 FROM vouchers_payment WHERE municipality_id = p_municipality AND id = v_approval.id FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM vouchers_payment
               WHERE municipality_id = p_municipality AND id = v_approval.id AND refunded < amount) THEN
        PERFORM payments.give_back(p_municipality, v_id, v_approval.id, NULL, p_at);
    END IF;
    UPDATE vouchers_cardapproval SET reversed_at = p_at
    WHERE municipality_id = p_municipality AND partner_id = p_partner AND trace_number = p_trace;
END $$;

CREATE FUNCTION payments.approval(p_municipality varchar, p_partner uuid, p_trace text)
RETURNS TABLE (trace_number text, number text, last4 text, terminal text, reversed_at timestamptz, payment payments.told)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp ROWS 1 AS $$
-- What stands under a trace number of this processor; of a mark, everything but number and payment.
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    RETURN QUERY
    SELECT a.trace_number, a.number, card.last4, a.terminal, a.reversed_at, told
    FROM vouchers_cardapproval a
    LEFT JOIN vouchers_paymentcard card ON card.municipality_id = a.municipality_id AND card.id = a.card_id
    LEFT JOIN LATERAL payments.payment(p_municipality, p_partner, a.id) told ON true
    WHERE a.municipality_id = p_municipality AND a.partner_id = p_partner AND a.trace_number = p_trace;
END $$;

CREATE FUNCTION payments.trace_of(p_municipality varchar, p_partner uuid, p_approval uuid) RETURNS SETOF text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp ROWS 1 AS $$
-- The trace number of an approval: a payment has it as its order. No row: it is no approval of this processor.
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    RETURN QUERY SELECT order_id FROM vouchers_payment
    WHERE municipality_id = p_municipality AND id = p_approval AND partner_id = p_partner AND channel = 'card';
END $$;
