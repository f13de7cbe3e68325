-- Fees of shops (가맹점 수수료) by channel and sales band, and adjustments (조정). Nothing is charged while no approved table
-- says so. The fee of a payment is that of what is left of it, rounded down to the won; so a payment that is cancelled in
-- parts, on whichever days, gives back exactly what it was charged.

CREATE FUNCTION settlement.fee_bands(p_municipality varchar, p_currency uuid, p_day date)
RETURNS TABLE (channel text, above bigint, up_to bigint, basis_points integer)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    -- The approved table in force on that day. A channel with rows of its own goes by these alone, the others by the rows for
    -- all. A band holds the shops whose annual sales are above `above` and not above up_to (NULL: however much they are).
    WITH rate AS (
        SELECT nullif(fee.channel, '') AS channel, fee.sales_up_to, (fee.rate * 100)::integer AS basis_points
        FROM merchants_feerate fee
        WHERE fee.municipality_id = p_municipality AND fee.schedule_id = (
            SELECT schedule.id FROM merchants_feeschedule schedule
            WHERE schedule.municipality_id = p_municipality AND schedule.currency_id = p_currency
              AND schedule.state = 'approved' AND schedule.valid_from <= p_day
            ORDER BY schedule.valid_from DESC LIMIT 1)
    )
    SELECT known.channel, coalesce(lag(rate.sales_up_to) OVER (PARTITION BY known.channel ORDER BY rate.sales_up_to), -1),
           rate.sales_up_to, rate.basis_points
    FROM unnest('{static_qr,dynamic_qr,cpm,card,online}'::text[]) AS known (channel)
    JOIN rate ON rate.channel IS NOT DISTINCT FROM
        (SELECT own.channel FROM rate own WHERE own.channel = known.channel LIMIT 1)
$$;

CREATE FUNCTION settlement.open_fees(p_municipality varchar, p_currency uuid, p_merchant uuid, p_closed date, p_since uuid)
RETURNS bigint LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    -- What the closes of the days after p_closed will charge a shop for what it has sold on them until now.
    SELECT coalesce(sum(day.left_of * band.basis_points / 10000), 0)::bigint
    FROM (SELECT business_date, channel, amount - refunded AS left_of FROM vouchers_payment
          WHERE municipality_id = p_municipality AND currency_id = p_currency AND merchant_id = p_merchant
            AND business_date > p_closed AND id >= p_since) day
    JOIN (SELECT open.business_date, found.*
          FROM (SELECT DISTINCT business_date FROM vouchers_payment
                WHERE municipality_id = p_municipality AND currency_id = p_currency AND merchant_id = p_merchant
                  AND business_date > p_closed AND id >= p_since) open,
               settlement.fee_bands(p_municipality, p_currency, open.business_date) found) band
      ON band.business_date = day.business_date AND band.channel = day.channel
    LEFT JOIN merchants_merchant shop ON shop.municipality_id = p_municipality AND shop.id = p_merchant
    WHERE coalesce(shop.annual_sales, 0) > band.above AND (band.up_to IS NULL OR coalesce(shop.annual_sales, 0) <= band.up_to)
$$;

CREATE FUNCTION settlement.tell_fees(
    p_municipality varchar, p_currency uuid, p_date date, p_since uuid, p_until uuid
) RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
-- Writes down each shop's fee of a day, channel by channel: on what it sold and, by the rate of the day of the payment, what
-- is given back for cancellations of earlier days' payments. The day's ids lie from p_since until p_until. A cancellation
-- that two servers' clocks put before its payment counts on the payment's day.
BEGIN
    IF NOT EXISTS (SELECT FROM settlement.fee_bands(p_municipality, p_currency, p_date) WHERE basis_points > 0)
       AND NOT EXISTS (SELECT FROM merchants_settlementfee
                       WHERE municipality_id = p_municipality AND currency_id = p_currency) THEN
        RETURN;
    END IF;
    WITH rate AS MATERIALIZED (
        SELECT account.owner_id AS merchant_id, band.channel, band.basis_points
        FROM vouchers_account account
        LEFT JOIN merchants_merchant shop ON shop.municipality_id = p_municipality AND shop.id = account.owner_id
        JOIN settlement.fee_bands(p_municipality, p_currency, p_date) band
          ON coalesce(shop.annual_sales, 0) > band.above AND (band.up_to IS NULL OR coalesce(shop.annual_sales, 0) <= band.up_to)
        WHERE account.municipality_id = p_municipality AND account.currency_id = p_currency
          AND account.kind = 'merchant_pending' AND band.basis_points > 0
    ), back AS MATERIALIZED (
        SELECT given.payment_id, sum(given.amount)::bigint AS through,
               coalesce(sum(given.amount) FILTER (WHERE journal.business_date = p_date), 0)::bigint AS today
        FROM vouchers_journal journal
        JOIN vouchers_cancellation given ON given.municipality_id = journal.municipality_id AND given.id = journal.id
        WHERE journal.municipality_id = p_municipality AND journal.currency_id = p_currency AND journal.kind = 'refund'
          AND journal.id >= p_since AND journal.id < p_until AND journal.business_date <= p_date
        GROUP BY given.payment_id
    ), charged AS (
        SELECT payment.merchant_id, payment.channel, rate.basis_points, count(*) AS payments,
               sum(payment.amount - coalesce(back.through, 0)) AS sold,
               sum((payment.amount - coalesce(back.through, 0)) * rate.basis_points / 10000) AS fee
        FROM vouchers_payment payment
        JOIN rate ON rate.merchant_id = payment.merchant_id AND rate.channel = payment.channel
        LEFT JOIN back ON back.payment_id = payment.id
        WHERE payment.municipality_id = p_municipality AND payment.currency_id = p_currency
          AND payment.business_date = p_date AND payment.id >= p_since AND payment.id < p_until
        GROUP BY 1, 2, 3
    ), returned AS (
        SELECT payment.merchant_id, payment.channel,
               sum((payment.amount - before.amount) * told.basis_points / 10000
                   - (payment.amount - before.amount - back.today) * told.basis_points / 10000) AS fee
        FROM back
        JOIN vouchers_payment payment
          ON payment.municipality_id = p_municipality AND payment.id = back.payment_id AND payment.business_date < p_date
        JOIN merchants_settlementfee told
          ON told.municipality_id = p_municipality AND told.currency_id = p_currency
         AND told.business_date = payment.business_date AND told.merchant_id = payment.merchant_id
         AND told.channel = payment.channel
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(given.amount), 0)::bigint AS amount
            FROM vouchers_cancellation given
            JOIN vouchers_journal journal ON journal.municipality_id = given.municipality_id AND journal.id = given.id
            WHERE given.municipality_id = p_municipality AND given.payment_id = payment.id
              AND journal.business_date < p_date) before
        WHERE back.today > 0
        GROUP BY 1, 2
    )
    INSERT INTO merchants_settlementfee (municipality_id, currency_id, business_date, merchant_id, channel, payments, sold,
                                         basis_points, charged, returned)
    SELECT p_municipality, p_currency, p_date, coalesce(charged.merchant_id, returned.merchant_id),
           coalesce(charged.channel, returned.channel), coalesce(charged.payments, 0), coalesce(charged.sold, 0),
           coalesce(charged.basis_points, 0), coalesce(charged.fee, 0), coalesce(returned.fee, 0)
    FROM charged FULL JOIN returned
      ON returned.merchant_id = charged.merchant_id AND returned.channel = charged.channel
    WHERE charged.merchant_id IS NOT NULL OR returned.fee > 0;
END $$;

-- Once its money has moved, an adjustment stays as it is.
CREATE TRIGGER adjustment_is_posted_once BEFORE UPDATE ON merchants_adjustment FOR EACH ROW
    WHEN (OLD.journal_id IS NOT NULL) EXECUTE FUNCTION ledger.refuse_change();

CREATE FUNCTION settlement.adjust(p_municipality varchar, p_adjustment uuid, p_at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Moves what two people have agreed on, once: between a shop and the operating account, or between that and the bank. The
-- shop may stand below zero then, and the next closes carry that. No close runs beside it.
DECLARE
    v_row     merchants_adjustment;
    v_journal uuid := ledger.id_at(p_at);
    v_date    date;
BEGIN
    PERFORM ledger.enter(p_municipality);
    PERFORM pg_advisory_xact_lock_shared(hashtext('settlement.close_day'), hashtext(p_municipality));
    SELECT * INTO v_row FROM merchants_adjustment
    WHERE municipality_id = p_municipality AND id = p_adjustment FOR NO KEY UPDATE;
    IF (v_row.state = 'approved' AND v_row.journal_id IS NULL) IS NOT TRUE THEN
        PERFORM ledger.refuse('already_decided');
    END IF;
    IF v_row.merchant_id IS NULL THEN
        v_date := ledger.operate(p_municipality, v_journal, v_row.currency_id, v_row.id, v_row.amount, p_at);
    ELSE
        PERFORM 1 FROM vouchers_balance
        WHERE municipality_id = p_municipality
          AND account_id = ledger.account(p_municipality, v_row.currency_id, 'merchant_settled', v_row.merchant_id)
        FOR NO KEY UPDATE;
        v_date := ledger.charge(p_municipality, v_journal, v_row.currency_id, 'adjust', v_row.id, ARRAY[v_row.merchant_id],
                                ARRAY[-v_row.amount], p_at);
    END IF;
    UPDATE merchants_adjustment SET journal_id = v_journal, business_date = v_date
    WHERE municipality_id = p_municipality AND id = p_adjustment;
END $$;
