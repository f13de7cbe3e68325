-- What the dashboard shows of a closed day is what the ledger says: payments, cancellations and settlements of the day, and by
-- how much the wallets hold more. Each breakdown (ten minutes, category, dong, age) adds up to the day. Figure: won paid on the
-- days that are summed up for the last time.
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
                          FROM kept WHERE dimension <> 'day' GROUP BY 1, 2, 3, 4, 5) part
      USING (municipality_id, currency_id, business_date, event)
), missing AS (                                  -- payments have every breakdown, everything else its ten minutes
    SELECT coalesce(sum(whole.amount), 0) AS difference
    FROM whole CROSS JOIN LATERAL unnest(CASE WHEN event IN ('pay', 'refund') THEN ARRAY['slot', 'category', 'dong', 'age']
                                              ELSE ARRAY['slot'] END) AS wanted (dimension)
    WHERE NOT EXISTS (SELECT FROM kept
                      WHERE (kept.municipality_id, kept.dimension, kept.business_date, kept.currency_id, kept.event)
                          = (whole.municipality_id, wanted.dimension, whole.business_date, whole.currency_id, whole.event))
)
SELECT (SELECT coalesce(sum(amount), 0) FROM whole WHERE event = 'pay')::bigint AS figure,
       (events.difference + held.difference + parts.difference + missing.difference)::bigint AS difference
FROM events, held, parts, missing
