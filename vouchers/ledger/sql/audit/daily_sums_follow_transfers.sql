-- What was written down of each closed day is what all movements of that day add up to, kind by kind, and each balance is
-- the one before with the day's movements. Figure: won moved on the days that are summed up.
WITH summed AS (
    SELECT municipality_id, max(business_date) AS last FROM vouchers_dailysum GROUP BY 1
), side AS (
    SELECT municipality_id, debit_account_id AS account_id, business_date, amount AS debit, 0 AS credit
    FROM vouchers_transfer
    UNION ALL
    SELECT municipality_id, credit_account_id, business_date, 0, amount FROM vouchers_transfer
), moved AS (
    SELECT side.municipality_id, account.currency_id, side.business_date, account.kind, sum(side.debit) AS debits,
           sum(side.credit) AS credits
    FROM side JOIN summed ON summed.municipality_id = side.municipality_id AND side.business_date <= summed.last
    JOIN vouchers_account account ON account.municipality_id = side.municipality_id AND account.id = side.account_id
    GROUP BY 1, 2, 3, 4
), kept AS (
    SELECT *, sum(credits - debits) OVER (PARTITION BY municipality_id, currency_id, kind ORDER BY business_date) AS so_far
    FROM vouchers_dailysum
)
SELECT coalesce(sum(kept.credits), 0)::bigint AS figure,
       coalesce(sum(abs(coalesce(kept.debits, 0) - coalesce(moved.debits, 0))
                    + abs(coalesce(kept.credits, 0) - coalesce(moved.credits, 0))
                    + abs(coalesce(kept.balance - kept.so_far, 0))), 0)::bigint AS difference
FROM kept FULL JOIN moved USING (municipality_id, currency_id, business_date, kind)
