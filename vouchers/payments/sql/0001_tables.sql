-- Payments by the month of their id. Written by functions only.
-- A payment is its own journal, so nothing in it ever changes but what was given back of it.

CREATE DOMAIN ledger.channel AS text
    CONSTRAINT channel_known CHECK (VALUE IN ('static_qr', 'dynamic_qr', 'cpm', 'card', 'online'));

CREATE TABLE vouchers_payment (
    municipality_id varchar(5) NOT NULL,
    id              uuid NOT NULL,               -- uuidv7 of `at`: the idempotency key, the journal_id of its transfers
    currency_id     uuid NOT NULL,
    wallet_id       uuid NOT NULL,
    merchant_id     uuid NOT NULL,
    partner_id      uuid NOT NULL,
    order_id        text NOT NULL,
    amount          ledger.won NOT NULL,
    refunded        bigint NOT NULL DEFAULT 0,
    business_date   date NOT NULL,
    at              timestamptz NOT NULL,
    channel         ledger.channel NOT NULL DEFAULT 'static_qr',
    discount        bigint NOT NULL DEFAULT 0,   -- 혜택+: of the price, what the shop bears; amount + discount = price
    discount_returned bigint NOT NULL DEFAULT 0,
    CONSTRAINT payment_pkey PRIMARY KEY (municipality_id, id)
) PARTITION BY RANGE (id);
CREATE INDEX payment_by_wallet ON vouchers_payment (wallet_id, id);
CREATE INDEX payment_by_merchant ON vouchers_payment (merchant_id, id);
CREATE INDEX payment_by_order ON vouchers_payment (municipality_id, partner_id, order_id);

CREATE TRIGGER payment_is_immutable
    BEFORE DELETE OR TRUNCATE OR UPDATE OF municipality_id, id, currency_id, wallet_id, merchant_id, partner_id, order_id,
        amount, business_date, at, channel, discount
    ON vouchers_payment FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

-- In place of a CHECK, which every new payment would pay for.
CREATE FUNCTION ledger.refuse_refund() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'more is given back of a payment than was paid'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'payment_refunded_within_amount';
END $$;
CREATE TRIGGER payment_refunded_within_amount BEFORE UPDATE ON vouchers_payment
    FOR EACH ROW WHEN (NEW.refunded NOT BETWEEN 0 AND NEW.amount OR NEW.discount_returned NOT BETWEEN 0 AND NEW.discount)
    EXECUTE FUNCTION ledger.refuse_refund();

-- What each cancellation gave back: money to the wallet, and how much less the shop bears. Its id is that of its journal.
CREATE TABLE vouchers_cancellation (
    municipality_id varchar(5) NOT NULL,
    id              uuid NOT NULL,
    payment_id      uuid NOT NULL,
    amount          ledger.won NOT NULL,
    discount        bigint NOT NULL,
    at              timestamptz NOT NULL,
    CONSTRAINT cancellation_pkey PRIMARY KEY (municipality_id, id)
);
CREATE INDEX cancellation_by_payment ON vouchers_cancellation (municipality_id, payment_id);
CREATE TRIGGER cancellation_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON vouchers_cancellation
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

-- Every business event. Whoever asks sees of it what the tables below show them.
CREATE VIEW vouchers_event WITH (security_invoker = true) AS
SELECT municipality_id, id, currency_id, kind, business_date, at, request_hash, reference FROM vouchers_journal
UNION ALL
SELECT municipality_id, id, currency_id, 'pay'::ledger.journal_kind, business_date, at,
       sha256(convert_to(concat_ws('|', wallet_id, merchant_id, amount), 'UTF8')), NULL::uuid
FROM vouchers_payment;

-- Payments and refunds whose consequences (cashback, notices) are still to come. A queue in the order of commit: an
-- insert without any index is all that a payment pays for it, and payments.follow_up takes everything at once.
CREATE TABLE vouchers_outbox (
    municipality_id varchar(5) NOT NULL,
    event_id        uuid NOT NULL,               -- the payment, or the journal of the refund
    at              timestamptz NOT NULL
);
