-- What payments earned. Only incentives.follow_up writes these tables (and incentives.restart a month's step).

CREATE SCHEMA incentives;

-- By the month of the payment's id, like the payments themselves. Position n of the three arrays is one fund's part.
CREATE TABLE vouchers_cashback (
    municipality_id varchar(5) NOT NULL,
    payment_id      uuid NOT NULL,
    policy_id       uuid NOT NULL,
    terms_id        uuid NOT NULL,
    wallet_id       uuid NOT NULL,
    month           date NOT NULL,
    base            bigint NOT NULL,             -- won of the payment that counted
    base_left       bigint NOT NULL,             -- the same less what was given back
    factor          integer NOT NULL,            -- the budget's step at that moment, 1/10000; 0: stopped
    amount          bigint NOT NULL,
    reversed        bigint NOT NULL DEFAULT 0,
    funds           uuid[] NOT NULL,
    amounts         bigint[] NOT NULL,
    reversals       bigint[] NOT NULL,
    CONSTRAINT cashback_pkey PRIMARY KEY (municipality_id, payment_id, policy_id)
) PARTITION BY RANGE (payment_id);
CREATE TRIGGER cashback_is_immutable
    BEFORE DELETE OR TRUNCATE OR UPDATE OF municipality_id, payment_id, policy_id, terms_id, wallet_id, month, base, factor,
        amount, funds, amounts
    ON vouchers_cashback FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

CREATE TABLE vouchers_membermonth (
    municipality_id varchar(5) NOT NULL,
    id              uuid NOT NULL,               -- the source of the lot that this month's benefit goes into
    wallet_id       uuid NOT NULL,
    policy_id       uuid NOT NULL,
    month           date NOT NULL,
    spent           bigint NOT NULL,             -- where the member stands in the bands
    benefit         bigint NOT NULL,             -- less what was reversed
    CONSTRAINT membermonth_pkey PRIMARY KEY (municipality_id, id),
    CONSTRAINT membermonth_once UNIQUE (municipality_id, wallet_id, policy_id, month),
    CONSTRAINT membermonth_not_negative CHECK (spent >= 0 AND benefit >= 0)
) WITH (fillfactor = 70);

-- Few rows: a fund had no money (waiting), or a lot was spent before its payment was cancelled (debt).
CREATE TABLE vouchers_benefitdue (
    municipality_id varchar(5) NOT NULL,
    wallet_id       uuid NOT NULL,
    fund_id         uuid NOT NULL,
    month_id        uuid NOT NULL,               -- the member's month whose lot the money goes into
    amount          bigint NOT NULL,             -- positive: waits for the fund's money; negative: set off next time
    CONSTRAINT benefitdue_pkey PRIMARY KEY (municipality_id, wallet_id, fund_id, month_id),
    CONSTRAINT benefitdue_not_zero CHECK (amount <> 0)
);
CREATE INDEX benefitdue_waiting ON vouchers_benefitdue (municipality_id, fund_id, month_id) WHERE amount > 0;

CREATE TABLE vouchers_benefitmonth (
    municipality_id varchar(5) NOT NULL,
    policy_id       uuid NOT NULL,
    month           date NOT NULL,
    used            bigint NOT NULL,             -- less what was reversed
    factor          integer NOT NULL,            -- the step, 1/10000; 0: stopped until the next month or a restart
    CONSTRAINT benefitmonth_pkey PRIMARY KEY (municipality_id, policy_id, month),
    CONSTRAINT benefitmonth_not_negative CHECK (used >= 0 AND factor BETWEEN 0 AND 10000)
);

-- One row for each day, so that a forecast reads a few dozen. A cancellation is of the day of its payment.
CREATE TABLE vouchers_benefitday (
    municipality_id varchar(5) NOT NULL,
    policy_id       uuid NOT NULL,
    day             date NOT NULL,
    used            bigint NOT NULL,             -- less what was reversed
    CONSTRAINT benefitday_pkey PRIMARY KEY (municipality_id, policy_id, day),
    CONSTRAINT benefitday_not_negative CHECK (used >= 0)
) WITH (fillfactor = 70);

CREATE TABLE vouchers_benefitstep (
    municipality_id varchar(5) NOT NULL,
    id              uuid NOT NULL,
    policy_id       uuid NOT NULL,
    month           date NOT NULL,
    event_id        uuid,                        -- the payment at which the budget came to this step; NULL: an official
    used            bigint NOT NULL,
    factor          integer NOT NULL,
    official_id     uuid,
    reason          text NOT NULL DEFAULT '',
    at              timestamptz NOT NULL,
    CONSTRAINT benefitstep_pkey PRIMARY KEY (municipality_id, id)
);
CREATE INDEX benefitstep_by_month ON vouchers_benefitstep (municipality_id, policy_id, month);
CREATE TRIGGER benefitstep_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON vouchers_benefitstep
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

-- What has been published stays as it was; a draft may change and go.
CREATE FUNCTION incentives.refuse_published() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_terms uuid;
BEGIN
    IF TG_TABLE_NAME = 'vouchers_benefitterms' THEN
        IF OLD.state = 'published' THEN
            RAISE EXCEPTION USING ERRCODE = 'JT000', MESSAGE = 'benefit_terms_published';
        END IF;
    ELSE
        FOREACH v_terms IN ARRAY array_remove(ARRAY[CASE WHEN TG_OP <> 'INSERT' THEN OLD.terms_id END,
                                                    CASE WHEN TG_OP <> 'DELETE' THEN NEW.terms_id END], NULL) LOOP
            -- waits for a publication that is under way
            PERFORM 1 FROM vouchers_benefitterms WHERE id = v_terms AND state = 'published' FOR SHARE;
            IF FOUND THEN
                RAISE EXCEPTION USING ERRCODE = 'JT000', MESSAGE = 'benefit_terms_published';
            END IF;
        END LOOP;
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER benefit_terms_stay BEFORE UPDATE OR DELETE ON vouchers_benefitterms
    FOR EACH ROW EXECUTE FUNCTION incentives.refuse_published();
CREATE TRIGGER benefit_tiers_stay BEFORE INSERT OR UPDATE OR DELETE ON vouchers_benefittier
    FOR EACH ROW EXECUTE FUNCTION incentives.refuse_published();

CREATE FUNCTION incentives.require_posted() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- The ledger has moved this very amount, in this direction, between the bank and the fund.
BEGIN
    IF NOT EXISTS (
        SELECT FROM vouchers_transfer t
        JOIN vouchers_account fund ON fund.municipality_id = t.municipality_id
         AND fund.id = CASE WHEN NEW.amount > 0 THEN t.credit_account_id ELSE t.debit_account_id END
        JOIN vouchers_journal j ON j.municipality_id = t.municipality_id AND j.id = t.journal_id
        WHERE t.municipality_id = NEW.municipality_id AND t.journal_id = NEW.journal_id AND t.amount = abs(NEW.amount)
          AND fund.kind = 'benefit' AND fund.owner_id = NEW.fund_id AND j.kind = 'endow'
    ) THEN
        RAISE EXCEPTION USING ERRCODE = 'JT000', MESSAGE = 'fund_entry_not_posted';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER fund_entry_is_posted AFTER INSERT ON vouchers_fundentry
    FOR EACH ROW EXECUTE FUNCTION incentives.require_posted();
CREATE TRIGGER fund_entry_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON vouchers_fundentry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
