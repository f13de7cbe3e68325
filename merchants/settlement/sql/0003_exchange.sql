-- On-demand exchange (수시 환전): a shop is settled before the day is closed, as far as its money is there and its limit
-- reaches. The day close counts what was exchanged like what was given back: by its business date, exactly once.

CREATE TABLE merchants_exchange (
    municipality_id varchar(5) NOT NULL,
    id              uuid NOT NULL,               -- of whoever asks: the same one twice is one exchange
    journal_id      uuid NOT NULL,
    currency_id     uuid NOT NULL,
    merchant_id     uuid NOT NULL,
    amount          ledger.won NOT NULL,
    business_date   date NOT NULL,
    at              timestamptz NOT NULL,
    official_id     uuid,
    partner_id      uuid,
    CONSTRAINT exchange_pkey PRIMARY KEY (municipality_id, id),
    CONSTRAINT exchange_asked_for_by_one CHECK (num_nonnulls(official_id, partner_id) = 1)
);
CREATE INDEX exchange_by_day ON merchants_exchange (municipality_id, currency_id, business_date);
CREATE INDEX exchange_by_merchant ON merchants_exchange (municipality_id, merchant_id, business_date);
CREATE TRIGGER exchange_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON merchants_exchange
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

CREATE FUNCTION settlement.is_held(p_municipality varchar, p_merchant uuid, p_date date) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM merchants_payouthold
                   WHERE municipality_id = p_municipality AND merchant_id = p_merchant AND released_at IS NULL
                     AND valid_from <= p_date AND (valid_until IS NULL OR valid_until >= p_date))
$$;

CREATE FUNCTION settlement.pending(p_municipality varchar, p_currency uuid, p_merchant uuid) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
-- What a shop has earned and was not settled: what the last closed day carried out, and what moved on the days after it,
-- less the fees that their closes will charge. Below zero: it gave more back. Whoever draws on it locks the shop first and reads it in a statement of its own.
DECLARE
    v_closed date;
    v_since  uuid;
BEGIN
    SELECT max(business_date) INTO v_closed FROM merchants_dayclose
    WHERE municipality_id = p_municipality AND currency_id = p_currency;
    v_since := ledger.uuid_floor(coalesce(v_closed, '2000-01-01')::timestamp AT TIME ZONE 'Asia/Seoul');
    v_closed := coalesce(v_closed, '-infinity');
    RETURN coalesce((SELECT carried_out FROM merchants_settlementline
                     WHERE municipality_id = p_municipality AND currency_id = p_currency
                       AND merchant_id = p_merchant AND business_date = v_closed), 0)
         + coalesce((SELECT sum(amount)::bigint FROM vouchers_payment
                     WHERE municipality_id = p_municipality AND currency_id = p_currency AND merchant_id = p_merchant
                       AND business_date > v_closed AND id >= v_since), 0)
         - coalesce((SELECT sum(t.amount)::bigint FROM vouchers_account account JOIN vouchers_transfer t
                       ON t.municipality_id = account.municipality_id AND t.debit_account_id = account.id
                      AND t.debit_lot_id IS NULL
                     WHERE account.municipality_id = p_municipality AND account.currency_id = p_currency
                       AND account.kind = 'merchant_pending' AND account.owner_id = p_merchant
                       AND t.business_date > v_closed AND t.credit_lot_id IS NOT NULL AND t.journal_id >= v_since), 0)
         - coalesce((SELECT sum(amount)::bigint FROM merchants_exchange
                     WHERE municipality_id = p_municipality AND currency_id = p_currency AND merchant_id = p_merchant
                       AND business_date > v_closed), 0)
         + coalesce((SELECT sum(amount)::bigint FROM merchants_adjustment
                     WHERE municipality_id = p_municipality AND currency_id = p_currency AND merchant_id = p_merchant
                       AND business_date > v_closed), 0)
         - settlement.open_fees(p_municipality, p_currency, p_merchant, v_closed, v_since);
END $$;

CREATE FUNCTION settlement.exchange_limit(p_municipality varchar, p_currency uuid, p_merchant uuid, p_date date)
RETURNS bigint LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    -- What the shop may exchange in the month of that day: by the table in force, the narrowest band that holds its average
    -- monthly sales; or more, while an approved uplift holds. NULL: the currency knows no on-demand exchange.
    SELECT greatest(
        (SELECT limits.per_month
         FROM merchants_exchangelimit limits
         JOIN merchants_merchant shop ON shop.municipality_id = limits.municipality_id AND shop.id = p_merchant
         WHERE limits.municipality_id = p_municipality AND limits.currency_id = p_currency
           AND limits.valid_from = (SELECT max(valid_from) FROM merchants_exchangelimit
                                    WHERE municipality_id = p_municipality AND currency_id = p_currency
                                      AND valid_from <= p_date)
           AND (limits.monthly_sales_up_to IS NULL OR shop.annual_sales <= limits.monthly_sales_up_to * 12)
         ORDER BY limits.monthly_sales_up_to NULLS LAST LIMIT 1),
        (SELECT max(per_month) FROM merchants_exchangeuplift
         WHERE municipality_id = p_municipality AND currency_id = p_currency AND merchant_id = p_merchant
           AND state = 'approved' AND p_date BETWEEN valid_from AND valid_until))
$$;

CREATE FUNCTION settlement.exchanged_in_month(p_municipality varchar, p_currency uuid, p_merchant uuid, p_date date)
RETURNS bigint LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT coalesce(sum(amount), 0)::bigint FROM merchants_exchange
    WHERE municipality_id = p_municipality AND merchant_id = p_merchant AND currency_id = p_currency
      AND business_date >= date_trunc('month', p_date)::date
      AND business_date < (date_trunc('month', p_date) + interval '1 month')::date
$$;

CREATE FUNCTION settlement.exchangeable(
    p_municipality varchar, p_merchant uuid, p_at timestamptz
) RETURNS TABLE (currency_id uuid, currency text, pending bigint, per_month bigint, exchanged bigint, is_held boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- What a shop could exchange now, currency by currency. per_month is NULL where exchange is not offered.
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    RETURN QUERY
    SELECT c.id, c.name::text, settlement.pending(p_municipality, c.id, p_merchant),
           settlement.exchange_limit(p_municipality, c.id, p_merchant, today.day),
           settlement.exchanged_in_month(p_municipality, c.id, p_merchant, today.day),
           settlement.is_held(p_municipality, p_merchant, today.day)
    FROM vouchers_currency c, LATERAL (SELECT (p_at AT TIME ZONE 'Asia/Seoul')::date AS day) today
    WHERE c.municipality_id = p_municipality AND c.is_active
    ORDER BY c.name;
END $$;

CREATE FUNCTION settlement.exchange(
    p_municipality varchar, p_id uuid, p_currency uuid, p_merchant uuid, p_amount bigint, p_official uuid, p_partner uuid,
    p_at timestamptz
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Moves p_amount won (NULL: all that may be moved) of a shop's pending money to its settled account and puts them in the
-- queue of payouts; returns the won moved.
-- The same id twice is one exchange. Money is drawn under the shop's lock, which is its settled balance; what payments in
-- flight bring is not seen yet and not drawn. The close of a day and an exchange exclude each other by the lock of
-- settlement.close_day, which exchanges share: no money is counted by both.
DECLARE
    v_before    merchants_exchange;
    v_status    text;
    v_journal   uuid := ledger.id_at(p_at);
    v_date      date;
    v_limit     bigint;
    v_left      bigint;
    v_available bigint;
    v_amount    bigint;
BEGIN
    PERFORM ledger.enter(p_municipality);
    PERFORM pg_advisory_xact_lock_shared(hashtext('settlement.close_day'), hashtext(p_municipality));
    PERFORM 1 FROM vouchers_balance
    WHERE municipality_id = p_municipality
      AND account_id = ledger.account(p_municipality, p_currency, 'merchant_settled', p_merchant)
    FOR NO KEY UPDATE;
    SELECT * INTO v_before FROM merchants_exchange WHERE municipality_id = p_municipality AND id = p_id;
    IF v_before.id IS NOT NULL THEN
        IF v_before.merchant_id <> p_merchant OR v_before.currency_id <> p_currency OR v_before.amount <> p_amount THEN
            PERFORM ledger.refuse('journal_conflict');
        END IF;
        RETURN v_before.amount;
    END IF;
    IF p_amount <= 0 THEN
        PERFORM ledger.refuse('amount_not_positive');
    END IF;
    SELECT status INTO v_status FROM merchants_merchant WHERE municipality_id = p_municipality AND id = p_merchant;
    v_date := ledger.business_date(p_municipality, p_at);
    v_limit := settlement.exchange_limit(p_municipality, p_currency, p_merchant, v_date);
    v_left := greatest(0, v_limit - settlement.exchanged_in_month(p_municipality, p_currency, p_merchant, v_date));
    v_available := greatest(0, settlement.pending(p_municipality, p_currency, p_merchant));
    v_amount := coalesce(p_amount, least(v_available, v_left));
    IF v_status <> 'active' THEN
        PERFORM ledger.refuse('merchant_not_active');
    ELSIF settlement.is_held(p_municipality, p_merchant, v_date) THEN
        PERFORM ledger.refuse('payout_held');
    ELSIF v_limit IS NULL THEN
        PERFORM ledger.refuse('exchange_not_offered');
    ELSIF v_available = 0 OR v_amount > v_available THEN
        PERFORM ledger.refuse('exchange_exceeds_pending', jsonb_build_object('available', v_available));
    ELSIF v_left = 0 OR v_amount > v_left THEN
        PERFORM ledger.refuse('exchange_limit_exceeded', jsonb_build_object('available', v_left));
    END IF;
    INSERT INTO merchants_exchange (municipality_id, id, journal_id, currency_id, merchant_id, amount, business_date, at,
                                    official_id, partner_id)
    VALUES (p_municipality, p_id, v_journal, p_currency, p_merchant, v_amount, v_date, p_at, p_official, p_partner);
    PERFORM ledger.settle(p_municipality, v_journal, p_currency, ARRAY[p_merchant], ARRAY[v_amount], p_at, 'exchange');
    PERFORM payouts.take(p_municipality, p_currency, ARRAY[p_merchant], ARRAY[v_amount], 'exchange', p_at);
    RETURN v_amount;
END $$;
