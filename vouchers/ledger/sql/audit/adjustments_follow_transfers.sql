-- Each approved adjustment is one movement of its amount: between a shop's pending and the operating account, or between that
-- and the bank. There is no other, and the closed days tell them. Figure: won adjusted either way.
WITH said AS (
    SELECT municipality_id, currency_id, id, merchant_id, amount, journal_id, business_date
    FROM merchants_adjustment WHERE state = 'approved'
), moved AS (
    SELECT journal.municipality_id, journal.currency_id, journal.id AS journal_id, journal.reference AS id,
           transfer.business_date, coalesce(credit.owner_id, debit.owner_id) AS merchant_id,
           CASE WHEN (debit.kind, credit.kind) IN (('operating', 'merchant_pending'), ('bank', 'operating')) THEN transfer.amount
                WHEN (debit.kind, credit.kind) IN (('merchant_pending', 'operating'), ('operating', 'bank')) THEN -transfer.amount
           END AS amount
    FROM vouchers_journal journal
    JOIN vouchers_transfer transfer
      ON transfer.municipality_id = journal.municipality_id AND transfer.journal_id = journal.id
    LEFT JOIN vouchers_account debit
      ON debit.municipality_id = transfer.municipality_id AND debit.id = transfer.debit_account_id
    LEFT JOIN vouchers_account credit
      ON credit.municipality_id = transfer.municipality_id AND credit.id = transfer.credit_account_id
    WHERE journal.kind = 'adjust'
), by_event AS (
    SELECT coalesce(sum(abs(coalesce(said.amount, 0))), 0) AS figure,
           coalesce(sum(CASE WHEN (said.amount, said.journal_id, said.business_date, said.currency_id)
                                  = (moved.amount, moved.journal_id, moved.business_date, moved.currency_id)
                              AND said.merchant_id IS NOT DISTINCT FROM moved.merchant_id THEN 0
                             ELSE abs(coalesce(said.amount, 0)) + abs(coalesce(moved.amount, 0)) END), 0) AS difference
    FROM said FULL JOIN moved USING (municipality_id, id)
), closed AS (
    SELECT municipality_id, currency_id, max(business_date) AS through FROM merchants_dayclose GROUP BY 1, 2
), of_day AS (
    SELECT said.municipality_id, said.currency_id, said.merchant_id, said.business_date, sum(said.amount) AS amount
    FROM said JOIN closed USING (municipality_id, currency_id)
    WHERE said.merchant_id IS NOT NULL AND said.business_date <= closed.through
    GROUP BY 1, 2, 3, 4
), by_day AS (
    SELECT coalesce(sum(abs(coalesce(line.adjusted, 0) - coalesce(of_day.amount, 0))), 0) AS difference
    FROM (SELECT * FROM merchants_settlementline WHERE adjusted <> 0) line
    FULL JOIN of_day USING (municipality_id, currency_id, merchant_id, business_date)
), by_close AS (
    SELECT coalesce(sum(abs(close.adjusted - coalesce(of_lines.adjusted, 0))), 0) AS difference
    FROM merchants_dayclose close LEFT JOIN (
        SELECT municipality_id, currency_id, business_date, sum(adjusted) AS adjusted
        FROM merchants_settlementline GROUP BY 1, 2, 3) of_lines USING (municipality_id, currency_id, business_date)
)
SELECT by_event.figure::bigint AS figure, (by_event.difference + by_day.difference + by_close.difference)::bigint AS difference
FROM by_event, by_day, by_close
