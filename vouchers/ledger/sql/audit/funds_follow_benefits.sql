-- A fund holds what was endowed to it, less what it gave to wallets, plus what came back, and nothing else ever touches it;
-- what a lot notes as returned before its expiry is what moved. Figure: won that funds gave to wallets.
WITH movement AS (
    SELECT account.municipality_id, account.id AS account_id, journal.kind, t.debit_lot_id, t.journal_id,
           CASE account.id WHEN t.debit_account_id THEN -t.amount ELSE t.amount END AS amount,
           other.kind AS other
    FROM vouchers_account account
    JOIN vouchers_transfer t
      ON t.municipality_id = account.municipality_id AND account.id IN (t.debit_account_id, t.credit_account_id)
    LEFT JOIN vouchers_journal journal ON journal.municipality_id = t.municipality_id AND journal.id = t.journal_id
    LEFT JOIN vouchers_account other
      ON other.municipality_id = t.municipality_id
     AND other.id = CASE account.id WHEN t.debit_account_id THEN t.credit_account_id ELSE t.debit_account_id END
    WHERE account.kind = 'benefit'
), fund AS (
    SELECT movement.account_id,
           sum(amount) FILTER (WHERE other = 'bank' AND kind = 'endow') AS endowed,
           sum(amount) FILTER (WHERE other = 'wallet' AND kind IN ('top_up', 'top_up_cancel', 'cash_out', 'cashback', 'points',
                                                                   'expire')) AS given,
           sum(abs(amount)) FILTER (WHERE (other, kind::text) NOT IN (
               ('bank', 'endow'), ('wallet', 'top_up'), ('wallet', 'top_up_cancel'), ('wallet', 'cash_out'),
               ('wallet', 'cashback'), ('wallet', 'points'), ('wallet', 'expire')) OR other IS NULL OR kind IS NULL) AS strange
    FROM movement GROUP BY 1
), kept AS (
    SELECT balance.account_id, balance.credits - balance.debits AS amount
    FROM vouchers_balance balance JOIN vouchers_account account
      ON account.municipality_id = balance.municipality_id AND account.id = balance.account_id
    WHERE account.kind = 'benefit'
), returned AS (
    SELECT movement.municipality_id, debit_lot_id AS lot_id, account_id, journal_id, sum(amount) AS amount
    FROM movement WHERE debit_lot_id IS NOT NULL AND kind <> 'expire' GROUP BY 1, 2, 3, 4
)
SELECT coalesce((SELECT sum(abs(amount)) FROM movement WHERE other = 'wallet' AND amount < 0), 0)::bigint AS figure,
       ((SELECT coalesce(sum(abs(coalesce(kept.amount, 0) - coalesce(fund.endowed, 0) - coalesce(fund.given, 0))
                             + coalesce(fund.strange, 0)), 0)
         FROM kept FULL JOIN fund USING (account_id))
        + (SELECT coalesce(sum(abs(coalesce(returned.amount, 0) - coalesce(note.amount, 0))), 0)
           FROM returned FULL JOIN vouchers_lotreturn note USING (municipality_id, lot_id, account_id, journal_id)))::bigint
       AS difference
