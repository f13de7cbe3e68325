-- Payments by the month of their id, and the write requests already answered. Written by functions only.

CREATE TABLE vouchers_payment (
    municipality_id varchar(5) NOT NULL,
    id              uuid NOT NULL,               -- the id of its journal
    currency_id     uuid NOT NULL,
    wallet_id       uuid NOT NULL,
    merchant_id     uuid NOT NULL,
    partner_id      uuid NOT NULL,
    order_id        text NOT NULL,
    amount          ledger.won NOT NULL,
    refunded        bigint NOT NULL DEFAULT 0,
    business_date   date NOT NULL,
    at              timestamptz NOT NULL,
    CONSTRAINT payment_pkey PRIMARY KEY (municipality_id, id),
    CONSTRAINT payment_refunded_within_amount CHECK (refunded BETWEEN 0 AND amount)
) PARTITION BY RANGE (id);
CREATE INDEX payment_by_wallet ON vouchers_payment (municipality_id, wallet_id, id DESC);
CREATE INDEX payment_by_merchant ON vouchers_payment (municipality_id, merchant_id, id DESC);
CREATE INDEX payment_by_order ON vouchers_payment (municipality_id, partner_id, order_id);

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
