-- Each receivable is what its clawback decided, less what was taken and had expired, less its entries, and each entry that
-- is money is a movement of that amount; every posted row that was not taken whole has one. Figure: won ever owed.
WITH item AS (
    SELECT municipality_id, entitlement_id AS id, sum(amount) AS decided, sum(taken) AS taken, sum(lapsed) AS lapsed
    FROM allowances_clawbackitem WHERE taken IS NOT NULL GROUP BY 1, 2
), entry AS (
    SELECT municipality_id, receivable_id AS id, sum(amount) FILTER (WHERE kind = 'repaid') AS repaid,
           sum(amount) FILTER (WHERE kind = 'set_off') AS set_off,
           sum(amount) FILTER (WHERE kind = 'written_off') AS written_off
    FROM allowances_receivableentry GROUP BY 1, 2
), receivable AS (
    SELECT coalesce(sum(r.decided - r.from_lots - r.lapsed), 0) AS figure,
           coalesce(sum(abs(coalesce(r.decided, 0) - coalesce(item.decided, 0))
                        + abs(coalesce(r.from_lots, 0) - coalesce(item.taken, 0))
                        + abs(coalesce(r.lapsed, 0) - coalesce(item.lapsed, 0))
                        + abs(coalesce(r.repaid, 0) - coalesce(entry.repaid, 0))
                        + abs(coalesce(r.set_off, 0) - coalesce(entry.set_off, 0))
                        + abs(coalesce(r.written_off, 0) - coalesce(entry.written_off, 0))), 0) AS difference
    FROM allowances_receivable r
    FULL JOIN (SELECT * FROM item WHERE decided > taken + lapsed) item USING (municipality_id, id)
    FULL JOIN entry USING (municipality_id, id)
), moved AS (
    SELECT transfer.municipality_id, transfer.journal_id AS id, sum(transfer.amount) AS amount
    FROM vouchers_journal journal JOIN vouchers_transfer transfer
      ON transfer.municipality_id = journal.municipality_id AND transfer.journal_id = journal.id
    WHERE journal.kind = 'repay'
       OR journal.kind = 'claw_back' AND EXISTS (SELECT FROM allowances_receivableentry e
                                                 WHERE e.municipality_id = journal.municipality_id AND e.id = journal.id)
    GROUP BY 1, 2
), money AS (
    SELECT coalesce(sum(abs(coalesce(moved.amount, 0) - coalesce(e.amount, 0))), 0) AS difference
    FROM moved FULL JOIN (SELECT municipality_id, id, amount FROM allowances_receivableentry
                          WHERE kind <> 'written_off') e USING (municipality_id, id)
)
SELECT receivable.figure::bigint AS figure, (receivable.difference + money.difference)::bigint AS difference
FROM receivable, money
