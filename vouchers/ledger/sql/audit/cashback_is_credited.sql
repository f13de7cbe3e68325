-- What a fund bears of a member's cashback is what moved from the fund into the lots of the member's months and not back,
-- and what still waits or is owed. Figure: won credited.
WITH earned AS (
    SELECT c.municipality_id, c.wallet_id, part.fund_id, sum(part.amount - part.reversed) AS amount
    FROM vouchers_cashback c, unnest(c.funds, c.amounts, c.reversals) AS part (fund_id, amount, reversed)
    GROUP BY 1, 2, 3
), moved AS (
    SELECT member.municipality_id, member.wallet_id, account.owner_id AS fund_id,
           sum(CASE WHEN transfer.credit_lot_id = lot.id THEN transfer.amount ELSE -transfer.amount END) AS amount
    FROM vouchers_journal journal
    JOIN vouchers_transfer transfer
      ON transfer.municipality_id = journal.municipality_id AND transfer.journal_id = journal.id
    JOIN vouchers_lot lot ON lot.municipality_id = transfer.municipality_id
     AND lot.id = coalesce(transfer.credit_lot_id, transfer.debit_lot_id)
    JOIN vouchers_membermonth member ON member.municipality_id = lot.municipality_id AND member.id = lot.source_id
    JOIN vouchers_account account ON account.municipality_id = transfer.municipality_id
     AND account.id = CASE WHEN transfer.credit_lot_id IS NULL THEN transfer.credit_account_id ELSE transfer.debit_account_id END
    WHERE journal.kind = 'cashback'
    GROUP BY 1, 2, 3
), due AS (
    SELECT municipality_id, wallet_id, fund_id, sum(amount) AS amount FROM vouchers_benefitdue GROUP BY 1, 2, 3
)
SELECT coalesce(sum(moved.amount), 0)::bigint AS figure,
       coalesce(sum(abs(coalesce(earned.amount, 0) - coalesce(moved.amount, 0) - coalesce(due.amount, 0))), 0)::bigint
           AS difference
FROM earned FULL JOIN moved USING (municipality_id, wallet_id, fund_id) FULL JOIN due USING (municipality_id, wallet_id, fund_id)
