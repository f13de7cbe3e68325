-- The close of one business day of one currency: a single pass over the day's transfers, then one settling journal.

CREATE SCHEMA settlement;

CREATE FUNCTION settlement.close_day(
    p_municipality varchar, p_currency uuid, p_date date, p_at timestamptz, p_pays_on date DEFAULT NULL
) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan AS $$
-- p_pays_on is the day on which shops are paid by the calendar (NULL: the day after p_date).
-- Returns the day close; a day that is closed already is returned as it is. The caller has set the fence and has
-- waited for the transactions before it (ledger.fence, ledger.transactions_ended). Days close one after the other:
-- what the day before carried out, this one carries in. What a shop gave back or exchanged since p_date is not paid out any
-- more, nor what an adjustment took; what is negative is carried. Fees are told and charged by settlement.tell_fees. No
-- exchange and no adjustment runs beside it: they share its lock.
-- The day's transfers are found by their ids, which begin with the time of the request: from a day before (a request
-- from before the fence that was posted after it) until the day's end (with a minute for the rounding of ids).
-- Planned anew each time, with what it calls: a plan kept from a village's day pairs 17,000 shops of a city one by one.
DECLARE
    v_close    uuid;
    v_previous date;
    v_journal  uuid := ledger.id_at(p_at);
    v_fees     uuid;
    v_day      uuid := ledger.uuid_floor((p_date - 1)::timestamp AT TIME ZONE 'Asia/Seoul');
    v_end      uuid := ledger.uuid_floor((p_date + 1)::timestamp AT TIME ZONE 'Asia/Seoul' + interval '1 minute');
    v_items    record;
BEGIN
    PERFORM ledger.require_scope(p_municipality);
    PERFORM pg_advisory_xact_lock(hashtext('settlement.close_day'), hashtext(p_municipality));
    SELECT id INTO v_close FROM merchants_dayclose
    WHERE municipality_id = p_municipality AND currency_id = p_currency AND business_date = p_date;
    IF v_close IS NOT NULL THEN
        RETURN v_close;
    END IF;
    IF NOT EXISTS (SELECT FROM vouchers_businessclose
                   WHERE municipality_id = p_municipality AND closed_through >= p_date) THEN
        PERFORM ledger.refuse('day_not_fenced');
    END IF;
    SELECT max(business_date) INTO v_previous FROM merchants_dayclose
    WHERE municipality_id = p_municipality AND currency_id = p_currency;
    IF v_previous <> p_date - 1 THEN
        PERFORM ledger.refuse('day_out_of_order', jsonb_build_object('next', v_previous + 1));
    END IF;
    PERFORM settlement.tell_fees(p_municipality, p_currency, p_date, v_day, v_end);
    WITH pending AS MATERIALIZED (
        SELECT id, owner_id FROM vouchers_account
        WHERE municipality_id = p_municipality AND currency_id = p_currency AND kind = 'merchant_pending'
    ), part AS (
        SELECT pending.owner_id AS merchant_id,
               count(*) FILTER (WHERE t.line = 1) AS payments, sum(t.amount)::bigint AS paid,
               0::bigint AS refunds, 0::bigint AS refunded, 0::bigint AS exchanged, 0::bigint AS fee, 0::bigint AS adjusted,
               0::bigint AS carried_in, 0::bigint AS later
        FROM vouchers_transfer t JOIN pending ON pending.id = t.credit_account_id
        WHERE t.municipality_id = p_municipality AND t.journal_id >= v_day AND t.journal_id < v_end
          AND t.business_date = p_date AND t.debit_lot_id IS NOT NULL
        GROUP BY 1
        UNION ALL
        SELECT pending.owner_id, 0, 0,
               count(*) FILTER (WHERE t.line = 1 AND t.business_date = p_date),
               coalesce(sum(t.amount) FILTER (WHERE t.business_date = p_date), 0)::bigint,
               0, 0, 0, 0,
               coalesce(sum(t.amount) FILTER (WHERE t.business_date > p_date), 0)::bigint
        FROM vouchers_transfer t JOIN pending ON pending.id = t.debit_account_id
        WHERE t.municipality_id = p_municipality AND t.journal_id >= v_day
          AND t.business_date >= p_date AND t.credit_lot_id IS NOT NULL
        GROUP BY 1
        UNION ALL
        SELECT merchant_id, 0, 0, 0, 0,
               coalesce(sum(amount) FILTER (WHERE business_date = p_date), 0)::bigint, 0, 0, 0,
               coalesce(sum(amount) FILTER (WHERE business_date > p_date), 0)::bigint
        FROM merchants_exchange
        WHERE municipality_id = p_municipality AND currency_id = p_currency AND business_date >= p_date
        GROUP BY 1
        UNION ALL
        SELECT merchant_id, 0, 0, 0, 0, 0, sum(charged - returned)::bigint, 0, 0, 0
        FROM merchants_settlementfee
        WHERE municipality_id = p_municipality AND currency_id = p_currency AND business_date = p_date
        GROUP BY 1
        UNION ALL
        SELECT merchant_id, 0, 0, 0, 0, 0, 0,
               coalesce(sum(amount) FILTER (WHERE business_date = p_date), 0)::bigint, 0,
               coalesce(-sum(amount) FILTER (WHERE business_date > p_date AND amount < 0), 0)::bigint
        FROM merchants_adjustment
        WHERE municipality_id = p_municipality AND currency_id = p_currency AND business_date >= p_date
          AND merchant_id IS NOT NULL
        GROUP BY 1
        UNION ALL
        SELECT merchant_id, 0, 0, 0, 0, 0, 0, 0, carried_out, 0 FROM merchants_settlementline
        WHERE municipality_id = p_municipality AND currency_id = p_currency AND business_date = v_previous
          AND carried_out <> 0
    ), line AS (
        SELECT merchant_id, sum(payments)::integer AS payments, sum(paid)::bigint AS paid,
               sum(refunds)::integer AS refunds, sum(refunded)::bigint AS refunded,
               sum(exchanged)::bigint AS exchanged, sum(fee)::bigint AS fee, sum(adjusted)::bigint AS adjusted,
               sum(carried_in)::bigint AS carried_in, sum(later)::bigint AS later,
               (sum(carried_in) + sum(paid) - sum(refunded) - sum(exchanged) - sum(fee) + sum(adjusted))::bigint AS net
        FROM part
        GROUP BY merchant_id
    )
    INSERT INTO merchants_settlementline (municipality_id, currency_id, business_date, merchant_id, payments, paid,
                                          refunds, refunded, exchanged, fee, adjusted, carried_in, payable, carried_out,
                                          pays_on)
    SELECT p_municipality, p_currency, p_date, merchant_id, payments, paid, refunds, refunded, exchanged, fee, adjusted,
           carried_in, greatest(0, net - later), net - greatest(0, net - later), coalesce(p_pays_on, p_date + 1)
    FROM line
    WHERE payments > 0 OR refunds > 0 OR exchanged > 0 OR adjusted <> 0 OR carried_in <> 0;
    SELECT array_agg(merchant_id ORDER BY merchant_id) FILTER (WHERE payable > 0) AS merchants,
           array_agg(payable ORDER BY merchant_id) FILTER (WHERE payable > 0) AS amounts,
           array_agg(merchant_id ORDER BY merchant_id) FILTER (WHERE fee <> 0) AS charged,
           array_agg(fee ORDER BY merchant_id) FILTER (WHERE fee <> 0) AS fees,
           count(*) AS lines, coalesce(sum(paid), 0) AS paid, coalesce(sum(refunded), 0) AS refunded,
           coalesce(sum(exchanged), 0) AS exchanged, coalesce(sum(fee), 0) AS fee, coalesce(sum(adjusted), 0) AS adjusted,
           coalesce(sum(payable), 0) AS payable
    INTO v_items
    FROM merchants_settlementline
    WHERE municipality_id = p_municipality AND currency_id = p_currency AND business_date = p_date;
    IF v_items.merchants IS NOT NULL THEN
        PERFORM ledger.settle(p_municipality, v_journal, p_currency, v_items.merchants, v_items.amounts, p_at);
    END IF;
    IF v_items.charged IS NOT NULL THEN
        v_fees := ledger.id_at(p_at);
        PERFORM ledger.charge(p_municipality, v_fees, p_currency, 'fee', NULL, v_items.charged, v_items.fees, p_at);
    END IF;
    INSERT INTO merchants_dayclose (municipality_id, currency_id, business_date, merchants, paid, refunded, exchanged, fee,
                                    adjusted, payable, closed_at, pays_on, journal_id, fee_journal_id)
    VALUES (p_municipality, p_currency, p_date, v_items.lines, v_items.paid, v_items.refunded, v_items.exchanged,
            v_items.fee, v_items.adjusted, v_items.payable, p_at, coalesce(p_pays_on, p_date + 1),
            CASE WHEN v_items.merchants IS NOT NULL THEN v_journal END, v_fees)
    RETURNING id INTO v_close;
    RETURN v_close;
END $$;

CREATE FUNCTION settlement.municipalities_to_close(p_date date) RETURNS SETOF varchar
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    -- Runs before any scope is known: region codes that have a currency whose day p_date is not closed, nothing else.
    SELECT DISTINCT c.municipality_id
    FROM vouchers_currency c
    WHERE c.is_active AND NOT EXISTS (
        SELECT FROM merchants_dayclose d
        WHERE d.municipality_id = c.municipality_id AND d.currency_id = c.id AND d.business_date >= p_date)
$$;
