-- Every movement at a budget line's account, and every allotment at a programme's, is the one that an entry or allotment
-- explains, and every one of those has moved. So a line holds its entries less its allotments. Figure: won that the
-- entries have left to the lines.
WITH side AS (
    SELECT t.municipality_id, t.journal_id, account.owner_id, account.kind, t.amount
    FROM vouchers_transfer t JOIN vouchers_account account
      ON account.municipality_id = t.municipality_id AND account.id = t.credit_account_id
    WHERE account.kind = 'budget' AND t.debit_lot_id IS NULL
    UNION ALL
    SELECT t.municipality_id, t.journal_id, account.owner_id, account.kind, -t.amount
    FROM vouchers_transfer t JOIN vouchers_account account
      ON account.municipality_id = t.municipality_id AND account.id = t.debit_account_id
    WHERE account.kind = 'budget' AND t.debit_lot_id IS NULL
    UNION ALL
    SELECT t.municipality_id, t.journal_id, account.owner_id, account.kind,
           CASE account.id WHEN t.credit_account_id THEN t.amount ELSE -t.amount END
    FROM vouchers_journal journal
    JOIN vouchers_transfer t ON t.municipality_id = journal.municipality_id AND t.journal_id = journal.id
    JOIN vouchers_account account
      ON account.municipality_id = t.municipality_id AND account.id IN (t.credit_account_id, t.debit_account_id)
    WHERE journal.kind = 'allot' AND account.kind = 'programme'
), explained AS (
    SELECT municipality_id, journal_id, line_id AS owner_id, 'budget' AS kind, national + province + city AS amount
    FROM allowances_budgetentry
    UNION ALL
    SELECT municipality_id, journal_id, line_id, 'budget', -amount FROM allowances_budgetallotment
    UNION ALL
    SELECT municipality_id, journal_id, programme_id, 'programme', amount FROM allowances_budgetallotment
)
SELECT coalesce(sum(explained.amount) FILTER (WHERE explained.kind = 'budget'), 0)::bigint AS figure,
       coalesce(sum(abs(coalesce(side.amount, 0) - coalesce(explained.amount, 0))), 0)::bigint AS difference
FROM side FULL JOIN explained USING (municipality_id, journal_id, owner_id, kind)
