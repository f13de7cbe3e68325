-- What clawbacks claim of each payment is what their rows claim, and never more than was paid; what they and set-offs took
-- is what moved from its lot. Figure: won taken back from wallets.
WITH item AS (
    SELECT municipality_id, source_id, sum(amount) AS amount, coalesce(sum(taken), 0) AS taken, sum(lapsed) AS lapsed
    FROM allowances_clawbackitem GROUP BY 1, 2
), claim AS (
    SELECT coalesce(sum(abs(coalesce(recovery.claimed, 0) - coalesce(item.amount, 0))
                        + abs(coalesce(recovery.lapsed, 0) - coalesce(item.lapsed, 0))
                        + greatest(0, coalesce(recovery.claimed, 0) - coalesce(entitlement.amount, 0))), 0) AS difference
    FROM allowances_recovery recovery FULL JOIN item USING (municipality_id, source_id)
    LEFT JOIN allowances_entitlement entitlement
      ON entitlement.municipality_id = coalesce(recovery.municipality_id, item.municipality_id)
     AND entitlement.id = coalesce(recovery.source_id, item.source_id)
), moved AS (
    SELECT transfer.municipality_id, lot.source_id, sum(transfer.amount) AS amount
    FROM vouchers_journal journal
    JOIN vouchers_transfer transfer
      ON transfer.municipality_id = journal.municipality_id AND transfer.journal_id = journal.id
    JOIN vouchers_lot lot ON lot.municipality_id = transfer.municipality_id AND lot.id = transfer.debit_lot_id
    WHERE journal.kind = 'claw_back'
    GROUP BY 1, 2
), said AS (
    SELECT municipality_id, source_id, taken AS amount FROM item
    UNION ALL
    SELECT entry.municipality_id, lot.source_id, entry.amount
    FROM allowances_receivableentry entry
    JOIN vouchers_transfer transfer
      ON transfer.municipality_id = entry.municipality_id AND transfer.journal_id = entry.id
    JOIN vouchers_lot lot ON lot.municipality_id = transfer.municipality_id AND lot.id = transfer.debit_lot_id
    WHERE entry.kind = 'set_off'
), taken AS (
    SELECT coalesce(sum(moved.amount), 0) AS figure,
           coalesce(sum(abs(coalesce(moved.amount, 0) - coalesce(said.amount, 0))), 0) AS difference
    FROM moved FULL JOIN (SELECT municipality_id, source_id, sum(amount) AS amount FROM said GROUP BY 1, 2) said
      USING (municipality_id, source_id)
)
SELECT taken.figure::bigint AS figure, (claim.difference + taken.difference)::bigint AS difference FROM claim, taken
