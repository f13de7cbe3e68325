-- Every won that became bought money was reported by the funding bank: a top-up's lot is what moved out of the deposit
-- account under its event, and no more was received at the bank than had been reported. Figure: won bought.
WITH moved AS (
    SELECT journal.municipality_id, journal.reference AS source_id, sum(t.amount) AS amount
    FROM vouchers_journal journal
    JOIN vouchers_transfer t ON t.municipality_id = journal.municipality_id AND t.journal_id = journal.id
    JOIN vouchers_account account
      ON account.municipality_id = t.municipality_id AND account.id = t.debit_account_id AND account.kind = 'deposit'
    WHERE journal.kind = 'top_up'
    GROUP BY 1, 2
), lot AS (
    SELECT lot.municipality_id, lot.source_id, sum(lot.granted) AS granted
    FROM vouchers_lot lot
    WHERE lot.kind = 'purchase' AND EXISTS (
        SELECT FROM vouchers_journal journal
        WHERE journal.municipality_id = lot.municipality_id AND journal.reference = lot.source_id AND journal.kind = 'top_up')
    GROUP BY 1, 2
), transit AS (
    SELECT account.currency_id, sum(CASE account.id WHEN t.debit_account_id THEN t.amount ELSE -t.amount END) AS amount
    FROM vouchers_account account
    CROSS JOIN LATERAL (
        SELECT * FROM vouchers_transfer
        WHERE municipality_id = account.municipality_id AND debit_account_id = account.id AND debit_lot_id IS NULL
        UNION ALL
        SELECT * FROM vouchers_transfer
        WHERE municipality_id = account.municipality_id AND credit_account_id = account.id AND debit_lot_id IS NULL) t
    WHERE account.kind = 'deposit'
    GROUP BY 1
)
SELECT coalesce((SELECT sum(amount) FROM moved), 0)::bigint AS figure,
       ((SELECT coalesce(sum(abs(coalesce(moved.amount, 0) - coalesce(lot.granted, 0))), 0)
         FROM moved FULL JOIN lot USING (municipality_id, source_id))
        + (SELECT coalesce(sum(greatest(0, -amount)), 0) FROM transit))::bigint AS difference
