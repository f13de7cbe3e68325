-- Closed business days and what each shop earned on them. Written by settlement.close_day only.

CREATE TABLE merchants_dayclose (
    municipality_id varchar(5) NOT NULL,
    id              uuid NOT NULL DEFAULT uuidv7(),
    currency_id     uuid NOT NULL,
    business_date   date NOT NULL,
    merchants       integer NOT NULL,
    paid            bigint NOT NULL,
    refunded        bigint NOT NULL,
    exchanged       bigint NOT NULL,
    payable         bigint NOT NULL,
    closed_at       timestamptz NOT NULL,
    pays_on         date NOT NULL,               -- the next working day, when shops are paid
    journal_id      uuid,
    CONSTRAINT dayclose_pkey PRIMARY KEY (municipality_id, id),
    CONSTRAINT dayclose_once UNIQUE (municipality_id, currency_id, business_date)
);

CREATE TABLE merchants_settlementline (
    municipality_id varchar(5) NOT NULL,
    id              uuid NOT NULL DEFAULT uuidv7(),
    currency_id     uuid NOT NULL,
    business_date   date NOT NULL,
    merchant_id     uuid NOT NULL,
    payments        integer NOT NULL,
    paid            bigint NOT NULL,
    refunds         integer NOT NULL,
    refunded        bigint NOT NULL,
    exchanged       bigint NOT NULL,
    carried_in      bigint NOT NULL,
    payable         bigint NOT NULL,
    carried_out     bigint NOT NULL,
    pays_on         date NOT NULL,
    CONSTRAINT settlementline_pkey PRIMARY KEY (municipality_id, id),
    CONSTRAINT settlementline_once UNIQUE (municipality_id, currency_id, business_date, merchant_id),
    CONSTRAINT settlementline_adds_up CHECK (carried_in + paid - refunded - exchanged = payable + carried_out AND payable >= 0)
);
CREATE INDEX settlementline_by_merchant ON merchants_settlementline (municipality_id, merchant_id, business_date);
