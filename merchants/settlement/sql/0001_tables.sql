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
    fee             bigint NOT NULL,
    adjusted        bigint NOT NULL,
    payable         bigint NOT NULL,
    closed_at       timestamptz NOT NULL,
    pays_on         date NOT NULL,               -- the next working day, when shops are paid
    journal_id      uuid,
    fee_journal_id  uuid,
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
    fee             bigint NOT NULL,             -- below zero: more was given back than charged
    adjusted        bigint NOT NULL,             -- above zero: in the shop's favour
    carried_in      bigint NOT NULL,
    payable         bigint NOT NULL,
    carried_out     bigint NOT NULL,
    pays_on         date NOT NULL,
    CONSTRAINT settlementline_pkey PRIMARY KEY (municipality_id, id),
    CONSTRAINT settlementline_once UNIQUE (municipality_id, currency_id, business_date, merchant_id),
    CONSTRAINT settlementline_adds_up
        CHECK (carried_in + paid - refunded - exchanged - fee + adjusted = payable + carried_out AND payable >= 0)
);
CREATE INDEX settlementline_by_merchant ON merchants_settlementline (municipality_id, merchant_id, business_date);

-- The fee of a shop's day, channel by channel, with the rate that was charged: what is cancelled later gets it back by that.
CREATE TABLE merchants_settlementfee (
    municipality_id varchar(5) NOT NULL,
    id              uuid NOT NULL DEFAULT uuidv7(),
    currency_id     uuid NOT NULL,
    business_date   date NOT NULL,
    merchant_id     uuid NOT NULL,
    channel         ledger.channel NOT NULL,
    payments        integer NOT NULL,
    sold            bigint NOT NULL,             -- paid on that day, less what was cancelled of it through that day
    basis_points    integer NOT NULL,
    charged         bigint NOT NULL,
    returned        bigint NOT NULL,             -- for cancellations, on that day, of earlier days' payments
    CONSTRAINT settlementfee_pkey PRIMARY KEY (municipality_id, id),
    CONSTRAINT settlementfee_once UNIQUE (municipality_id, currency_id, business_date, merchant_id, channel),
    CONSTRAINT settlementfee_sensible CHECK (
        charged BETWEEN 0 AND sold * basis_points / 10000 AND returned >= 0 AND basis_points BETWEEN 0 AND 10000)
);
CREATE INDEX settlementfee_by_merchant ON merchants_settlementfee (municipality_id, merchant_id, business_date);
CREATE TRIGGER settlementfee_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON merchants_settlementfee
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
