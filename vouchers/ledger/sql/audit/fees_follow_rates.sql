-- What the closes told and moved as fees is, payment by payment, the rate of its day on what was left of it, rounded down; and
-- no other fee has moved. Figure: won of fees that were charged.
WITH told AS (
    SELECT municipality_id, currency_id, merchant_id, business_date, sum(charged - returned) AS fee
    FROM merchants_settlementfee GROUP BY 1, 2, 3, 4
), moved AS (
    SELECT journal.municipality_id, journal.currency_id, coalesce(debit.owner_id, credit.owner_id) AS merchant_id,
           close.business_date,
           sum(CASE WHEN (debit.kind, credit.kind) = ('merchant_pending', 'operating') THEN transfer.amount
                    WHEN (debit.kind, credit.kind) = ('operating', 'merchant_pending') THEN -transfer.amount END) AS fee
    FROM vouchers_journal journal
    JOIN vouchers_transfer transfer
      ON transfer.municipality_id = journal.municipality_id AND transfer.journal_id = journal.id
    LEFT JOIN merchants_dayclose close
      ON close.municipality_id = journal.municipality_id AND close.fee_journal_id = journal.id
    LEFT JOIN vouchers_account debit
      ON debit.municipality_id = transfer.municipality_id AND debit.id = transfer.debit_account_id
    LEFT JOIN vouchers_account credit
      ON credit.municipality_id = transfer.municipality_id AND credit.id = transfer.credit_account_id
    WHERE journal.kind = 'fee'
    GROUP BY 1, 2, 3, 4
), line AS (
    SELECT municipality_id, currency_id, merchant_id, business_date, fee FROM merchants_settlementline WHERE fee <> 0
), by_line AS (
    SELECT coalesce(sum(abs(coalesce(told.fee, 0) - coalesce(line.fee, 0))
                        + abs(coalesce(moved.fee, 0) - coalesce(line.fee, 0))), 0) AS difference
    FROM line FULL JOIN (SELECT * FROM told WHERE fee <> 0) told USING (municipality_id, currency_id, merchant_id, business_date)
    FULL JOIN moved USING (municipality_id, currency_id, merchant_id, business_date)
), by_close AS (
    SELECT coalesce(sum(abs(close.fee - coalesce(of_lines.fee, 0))), 0) AS difference
    FROM merchants_dayclose close LEFT JOIN (
        SELECT municipality_id, currency_id, business_date, sum(fee) AS fee FROM line GROUP BY 1, 2, 3) of_lines
      USING (municipality_id, currency_id, business_date)
), closed AS (
    SELECT municipality_id, currency_id, max(business_date) AS through FROM merchants_dayclose GROUP BY 1, 2
), due AS (                                      -- all that a payment has been charged until now, over all closes
    SELECT payment.municipality_id, payment.currency_id, payment.merchant_id, payment.channel,
           sum((payment.amount - coalesce((
               SELECT sum(given.amount) FROM vouchers_cancellation given JOIN vouchers_journal journal
                 ON journal.municipality_id = given.municipality_id AND journal.id = given.id
               WHERE given.municipality_id = payment.municipality_id AND given.payment_id = payment.id
                 AND journal.business_date <= closed.through), 0))::bigint * rate.basis_points / 10000) AS fee
    FROM merchants_settlementfee rate
    JOIN closed ON closed.municipality_id = rate.municipality_id AND closed.currency_id = rate.currency_id
    JOIN vouchers_payment payment
      ON payment.municipality_id = rate.municipality_id AND payment.currency_id = rate.currency_id
     AND payment.merchant_id = rate.merchant_id AND payment.business_date = rate.business_date
     AND payment.channel = rate.channel
    WHERE rate.basis_points > 0
    GROUP BY 1, 2, 3, 4
), by_rate AS (
    SELECT coalesce(sum(abs(coalesce(due.fee, 0) - coalesce(told.fee, 0))), 0) AS difference
    FROM due FULL JOIN (
        SELECT municipality_id, currency_id, merchant_id, channel, sum(charged - returned) AS fee
        FROM merchants_settlementfee GROUP BY 1, 2, 3, 4) told USING (municipality_id, currency_id, merchant_id, channel)
)
SELECT (SELECT coalesce(sum(charged), 0) FROM merchants_settlementfee)::bigint AS figure,
       (by_line.difference + by_close.difference + by_rate.difference)::bigint AS difference
FROM by_line, by_close, by_rate
