-- What the dashboard and the reports show of a closed day is what the ledger says: payments, cancellations and settlements of
-- the day, what shops and channels had of a price, what left and came to each budget line, programme and fund, and by how much
-- the wallets hold more. Each breakdown (ten minutes, category, …, kind of money) adds up to the day. Figure: won paid on the days
-- that are summed up for the last time.
WITH kept AS (
    SELECT sums.* FROM reports_daysum sums JOIN reports_summedday day
      ON day.municipality_id = sums.municipality_id AND day.business_date = sums.business_date AND day.is_final
), whole AS (
    SELECT municipality_id, currency_id, business_date, event, amount, holding FROM kept WHERE dimension = 'day'
), happened AS (
    SELECT municipality_id, currency_id, business_date, 'pay' AS event, sum(amount) AS amount
    FROM vouchers_payment GROUP BY 1, 2, 3
    UNION ALL
    SELECT back.municipality_id, journal.currency_id, journal.business_date, 'refund', sum(back.amount)
    FROM vouchers_cancellation back JOIN vouchers_journal journal
      ON journal.municipality_id = back.municipality_id AND journal.id = back.id
    GROUP BY 1, 2, 3
    UNION ALL
    SELECT journal.municipality_id, journal.currency_id, journal.business_date, journal.kind, sum(t.amount)
    FROM vouchers_journal journal JOIN vouchers_transfer t
      ON t.municipality_id = journal.municipality_id AND t.journal_id = journal.id
    WHERE journal.kind IN ('settle', 'exchange') GROUP BY 1, 2, 3, 4
), final AS (
    SELECT happened.* FROM happened JOIN reports_summedday day
      ON day.municipality_id = happened.municipality_id AND day.business_date = happened.business_date AND day.is_final
), events AS (
    SELECT coalesce(sum(abs(coalesce(whole.amount, 0) - coalesce(final.amount, 0))), 0) AS difference
    FROM (SELECT * FROM whole WHERE event IN ('pay', 'refund', 'settle', 'exchange')) whole
    FULL JOIN final USING (municipality_id, currency_id, business_date, event)
), held AS (
    SELECT coalesce(sum(abs(coalesce(daily.credits - daily.debits, 0) - coalesce(mine.holding, 0))), 0) AS difference
    FROM (SELECT daily.* FROM vouchers_dailysum daily JOIN reports_summedday day
            ON day.municipality_id = daily.municipality_id AND day.business_date = daily.business_date AND day.is_final
          WHERE daily.kind = 'wallet') daily
    FULL JOIN (SELECT municipality_id, currency_id, business_date, sum(holding) AS holding FROM whole
               GROUP BY 1, 2, 3) mine USING (municipality_id, currency_id, business_date)
), parts AS (
    SELECT coalesce(sum(abs(part.amount - coalesce(whole.amount, 0)) + abs(part.holding - coalesce(whole.holding, 0))), 0)
           AS difference
    FROM whole FULL JOIN (SELECT municipality_id, currency_id, business_date, event, dimension, sum(amount) AS amount,
                                 sum(holding) AS holding
                          FROM kept WHERE dimension NOT IN ('day', 'discount', 'fee', 'account')
                          GROUP BY 1, 2, 3, 4, 5) part
      USING (municipality_id, currency_id, business_date, event)
), missing AS (                                  -- payments have every breakdown, everything else time and kind of money
    SELECT coalesce(sum(whole.amount), 0) AS difference
    FROM whole CROSS JOIN LATERAL unnest(
        CASE WHEN event IN ('pay', 'refund') THEN ARRAY['slot', 'category', 'dong', 'age', 'sex', 'home', 'channel']
             ELSE ARRAY['slot', 'flow'] END) AS wanted (dimension)
    WHERE NOT EXISTS (SELECT FROM kept
                      WHERE (kept.municipality_id, kept.dimension, kept.business_date, kept.currency_id, kept.event)
                          = (whole.municipality_id, wanted.dimension, whole.business_date, whole.currency_id, whole.event))
), beside AS (                                   -- what was not paid of a price, what channels are owed of it, and accounts
    SELECT municipality_id, currency_id, business_date, 'pay' AS event, 'discount' AS value, sum(discount) AS amount
    FROM vouchers_payment WHERE discount > 0 GROUP BY 1, 2, 3
    UNION ALL
    SELECT back.municipality_id, journal.currency_id, journal.business_date, 'refund', 'discount', sum(back.discount)
    FROM vouchers_cancellation back JOIN vouchers_journal journal
      ON journal.municipality_id = back.municipality_id AND journal.id = back.id
    WHERE back.discount > 0 GROUP BY 1, 2, 3
    UNION ALL
    SELECT bought.municipality_id, paid.currency_id, paid.business_date, 'pay', 'fee', sum(bought.fee)
    FROM vouchers_onlineorder bought JOIN vouchers_payment paid
      ON paid.municipality_id = bought.municipality_id AND paid.id = bought.payment_id
    WHERE bought.fee > 0 GROUP BY 1, 2, 3
    UNION ALL
    SELECT t.municipality_id, account.currency_id, t.business_date, journal.kind, account.owner_id::text, sum(side.amount)
    FROM vouchers_journal journal
    JOIN vouchers_transfer t ON t.municipality_id = journal.municipality_id AND t.journal_id = journal.id
    CROSS JOIN LATERAL (VALUES (t.debit_account_id, -t.amount), (t.credit_account_id, t.amount)) AS side (id, amount)
    JOIN vouchers_account account ON account.municipality_id = t.municipality_id AND account.id = side.id
     AND account.kind IN ('budget', 'programme', 'benefit') AND account.owner_id IS NOT NULL
    GROUP BY 1, 2, 3, 4, 5
), others AS (
    SELECT coalesce(sum(abs(coalesce(mine.amount, 0) - coalesce(theirs.amount, 0))), 0) AS difference
    FROM (SELECT municipality_id, currency_id, business_date, event,
                 CASE dimension WHEN 'account' THEN split_part(value, ':', 2) ELSE dimension END AS value,
                 sum(CASE WHEN starts_with(value, 'out:') THEN -amount ELSE amount END) AS amount
          FROM kept WHERE dimension IN ('discount', 'fee', 'account') GROUP BY 1, 2, 3, 4, 5) mine
    FULL JOIN (SELECT beside.* FROM beside JOIN reports_summedday day
                 ON day.municipality_id = beside.municipality_id AND day.business_date = beside.business_date
                AND day.is_final) theirs
      USING (municipality_id, currency_id, business_date, event, value)
)
SELECT (SELECT coalesce(sum(amount), 0) FROM whole WHERE event = 'pay')::bigint AS figure,
       (events.difference + held.difference + parts.difference + missing.difference + others.difference)::bigint
       AS difference
FROM events, held, parts, missing, others
