-- What top-ups say was bought, added by funds, paid back and returned is what moved for them, and what is owed as refunds
-- is what their rows still wait for. Figure: won bought.
WITH said AS (
    SELECT municipality_id, currency_id, 'in' AS side,
           paid + coalesce((SELECT sum(b) FROM unnest(benefits) b), 0) AS amount
    FROM vouchers_topup WHERE completed_at IS NOT NULL
    UNION ALL
    SELECT municipality_id, currency_id, 'out', refunded + coalesce((SELECT sum(r) FROM unnest(returned) r), 0)
    FROM vouchers_topup
    UNION ALL
    SELECT municipality_id, currency_id, 'owed', amount FROM vouchers_topuprefund WHERE paid_at IS NULL
    UNION ALL
    SELECT municipality_id, currency_id, 'out of wallets', amount + benefit FROM vouchers_topuprefund
), moved AS (
    SELECT journal.municipality_id, journal.currency_id, side.side, transfer.amount::bigint AS amount
    FROM vouchers_journal journal
    JOIN vouchers_transfer transfer
      ON transfer.municipality_id = journal.municipality_id AND transfer.journal_id = journal.id,
    LATERAL (SELECT 'in' AS side WHERE journal.kind = 'top_up'
             UNION ALL
             SELECT unnest(ARRAY['out', 'out of wallets']) WHERE journal.kind IN ('top_up_cancel', 'cash_out')) side
    UNION ALL
    SELECT account.municipality_id, account.currency_id, 'owed', balance.credits - balance.debits
    FROM vouchers_account account JOIN vouchers_balance balance
      ON balance.municipality_id = account.municipality_id AND balance.account_id = account.id
    WHERE account.kind = 'refund_payable'
), compared AS (
    SELECT side, sum(amount) FILTER (WHERE source = 'said') AS said, sum(amount) FILTER (WHERE source = 'moved') AS moved
    FROM (SELECT *, 'said' AS source FROM said UNION ALL SELECT *, 'moved' FROM moved) both_sides
    GROUP BY municipality_id, currency_id, side
)
SELECT coalesce(sum(said) FILTER (WHERE side = 'in'), 0)::bigint AS figure,
       coalesce(sum(abs(coalesce(said, 0) - coalesce(moved, 0))), 0)::bigint AS difference
FROM compared
