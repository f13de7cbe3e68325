-- What a programme's account counts as returned is what was clawed back, expired, repaid and released to it. Figure: won returned.
WITH moved AS (
    SELECT transfer.municipality_id, transfer.credit_account_id AS account_id, sum(transfer.amount) AS amount
    FROM vouchers_journal journal JOIN vouchers_transfer transfer
      ON transfer.municipality_id = journal.municipality_id AND transfer.journal_id = journal.id
    WHERE journal.kind IN ('claw_back', 'expire', 'repay', 'release')
    GROUP BY 1, 2
), kept AS (
    SELECT municipality_id, account_id, returned FROM vouchers_balance WHERE returned <> 0
)
SELECT coalesce(sum(kept.returned), 0)::bigint AS figure,
       coalesce(sum(abs(coalesce(kept.returned, 0) - coalesce(moved.amount, 0))), 0)::bigint AS difference
FROM kept FULL JOIN moved USING (municipality_id, account_id)
