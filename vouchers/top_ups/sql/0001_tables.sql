-- What was bought (충전) and what of it went back. Written by functions only. Amounts are won.

CREATE TABLE vouchers_topup (
    municipality_id    varchar(5) NOT NULL,
    id                 uuid NOT NULL,            -- the source of the lot that it becomes
    currency_id        uuid NOT NULL,
    wallet_id          uuid NOT NULL,
    partner_id         uuid NOT NULL,            -- whose app asked for it
    order_id           text NOT NULL,
    buyer              text NOT NULL,
    kind               text NOT NULL,            -- which formula: amount is the face (discount) or the money paid
    amount             ledger.won NOT NULL,      -- what was asked for; this counts towards the limits
    paid               ledger.won NOT NULL,
    benefit_base       bigint NOT NULL,          -- of the amount, what bears a benefit
    funds              uuid[] NOT NULL,
    benefits           bigint[] NOT NULL,        -- won of each fund; the wallet gets paid + their sum
    returned           bigint[] NOT NULL,        -- of them, what went back to the funds
    refunded           bigint NOT NULL DEFAULT 0,-- of the money paid, what went back to the buyer
    usage_rule_id      uuid,                     -- of the money
    benefit_rule_id    uuid,
    expires_at         timestamptz,              -- of the money
    benefit_expires_at timestamptz,
    rule_id            uuid,                     -- the automatic rule that asked for it
    state              text NOT NULL,
    at                 timestamptz NOT NULL,
    deadline           timestamptz NOT NULL,     -- of the deposit
    depositor_id       uuid,                     -- the funding partner that confirmed the deposit
    deposit_reference  text,
    completed_at       timestamptz,
    journal_id         uuid,
    purchase_lot_id    uuid,
    incentive_lot_id   uuid,
    cancelled_at       timestamptz,
    received_line_id   uuid,                     -- the line of the bank that showed the deposit
    CONSTRAINT topup_pkey PRIMARY KEY (municipality_id, id),
    CONSTRAINT topup_kind_known CHECK (kind IN ('plain', 'discount', 'top_up')),
    CONSTRAINT topup_state_known CHECK (state IN ('requested', 'completed', 'cancelled')),
    CONSTRAINT topup_benefits_of_funds
        CHECK (cardinality(funds) = cardinality(benefits) AND cardinality(funds) = cardinality(returned)),
    CONSTRAINT topup_refunded_within_paid CHECK (refunded BETWEEN 0 AND paid),
    CONSTRAINT topup_completed_by_deposit CHECK (
        (completed_at IS NULL) = (journal_id IS NULL) AND (completed_at IS NULL) = (depositor_id IS NULL)
        AND (state <> 'completed' OR completed_at IS NOT NULL) AND (state <> 'requested' OR completed_at IS NULL))
) WITH (fillfactor = 80);
CREATE INDEX topup_by_wallet ON vouchers_topup (municipality_id, wallet_id, id DESC);
CREATE INDEX topup_by_order ON vouchers_topup (municipality_id, partner_id, order_id);
CREATE INDEX topup_by_rule ON vouchers_topup (municipality_id, rule_id, id DESC) WHERE rule_id IS NOT NULL;
CREATE UNIQUE INDEX topup_deposit_once ON vouchers_topup (municipality_id, depositor_id, deposit_reference)
    WHERE depositor_id IS NOT NULL;
CREATE INDEX topup_not_received ON vouchers_topup (municipality_id, currency_id, completed_at)
    WHERE completed_at IS NOT NULL AND received_line_id IS NULL;
CREATE TRIGGER topup_is_immutable
    BEFORE DELETE OR TRUNCATE OR UPDATE OF municipality_id, id, currency_id, wallet_id, partner_id, order_id, buyer, kind,
        amount, paid, benefit_base, funds, benefits, at, deadline
    ON vouchers_topup FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

-- Money that the bank owes a buyer, and the file with which it is paid.
CREATE TABLE vouchers_topuprefund (
    municipality_id varchar(5) NOT NULL,
    id              uuid NOT NULL,               -- the journal that took the money out of the wallet
    currency_id     uuid NOT NULL,
    wallet_id       uuid NOT NULL,
    partner_id      uuid NOT NULL,
    kind            text NOT NULL,
    top_up_id       uuid,                        -- a cancelled one; a refund of the balance may be of several
    amount          ledger.won NOT NULL,
    benefit         bigint NOT NULL,             -- went back to the funds
    account_bank    text NOT NULL,
    account_number  bytea NOT NULL,              -- sealed
    account_holder  text NOT NULL,
    at              timestamptz NOT NULL,
    payout_id       uuid,                        -- the bank file that it stands in
    payout_at       timestamptz,
    paid_at         timestamptz,
    paid_by_id      uuid,
    journal_id      uuid,                        -- the journal by which the bank paid it
    CONSTRAINT topuprefund_pkey PRIMARY KEY (municipality_id, id),
    CONSTRAINT topuprefund_kind_known CHECK (kind IN ('cancellation', 'balance')),
    CONSTRAINT topuprefund_paid_from_a_file CHECK (
        (payout_id IS NULL) = (payout_at IS NULL) AND (paid_at IS NULL OR payout_id IS NOT NULL)
        AND (paid_at IS NULL) = (journal_id IS NULL) AND (paid_at IS NULL) = (paid_by_id IS NULL))
);
CREATE INDEX topuprefund_unpaid ON vouchers_topuprefund (municipality_id, id) WHERE paid_at IS NULL;
CREATE INDEX topuprefund_by_payout ON vouchers_topuprefund (municipality_id, payout_id) WHERE payout_id IS NOT NULL;
CREATE INDEX topuprefund_by_wallet ON vouchers_topuprefund (municipality_id, wallet_id, id DESC);
CREATE TRIGGER topuprefund_is_immutable
    BEFORE DELETE OR TRUNCATE OR UPDATE OF municipality_id, id, currency_id, wallet_id, partner_id, kind, top_up_id, amount,
        benefit, account_bank, account_number, account_holder, at
    ON vouchers_topuprefund FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
