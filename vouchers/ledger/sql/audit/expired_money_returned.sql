-- What a lot says went back when its time had run out is what moved to its programme or funds and what the sweeps report;
-- behind the mark of the sweep neither granted money nor benefits are left but what came late. Figure: won returned.
WITH moved AS (
    SELECT transfer.municipality_id, transfer.debit_lot_id AS lot_id, sum(transfer.amount) AS amount
    FROM vouchers_journal journal JOIN vouchers_transfer transfer
      ON transfer.municipality_id = journal.municipality_id AND transfer.journal_id = journal.id
    WHERE journal.kind = 'expire'
    GROUP BY 1, 2
), lot AS (
    SELECT coalesce(sum(moved.amount), 0) AS figure,
           coalesce(sum(abs(coalesce(lot.expired, 0) - coalesce(moved.amount, 0))), 0) AS difference
    FROM (SELECT municipality_id, id AS lot_id, expired FROM vouchers_lot WHERE expired <> 0) lot
    FULL JOIN moved USING (municipality_id, lot_id)
), step AS (
    SELECT coalesce(sum(abs(coalesce(report.amount, 0) - coalesce(event.amount, 0))), 0) AS difference
    FROM vouchers_expiryreturn report
    FULL JOIN (SELECT transfer.municipality_id, transfer.journal_id AS id, sum(transfer.amount) AS amount
               FROM vouchers_journal journal JOIN vouchers_transfer transfer
                 ON transfer.municipality_id = journal.municipality_id AND transfer.journal_id = journal.id
               WHERE journal.kind = 'expire' GROUP BY 1, 2) event USING (municipality_id, id)
), forgotten AS (
    SELECT coalesce(sum(lot.remaining - lot.held), 0) AS difference
    FROM vouchers_expirymark mark JOIN vouchers_lot lot ON lot.municipality_id = mark.municipality_id
     AND (lot.expires_at, lot.id) <= (mark.swept_until, mark.swept_lot)
    WHERE lot.kind <> 'purchase' AND lot.remaining > lot.held
      AND (lot.kind <> 'grant' OR EXISTS (
              SELECT FROM vouchers_account account
              WHERE account.municipality_id = lot.municipality_id AND account.kind = 'programme'
                AND account.owner_id = lot.programme_id))
      AND NOT EXISTS (SELECT FROM vouchers_lateexpiry late
                      WHERE late.municipality_id = lot.municipality_id AND late.lot_id = lot.id)
)
SELECT lot.figure::bigint AS figure, (lot.difference + step.difference + forgotten.difference)::bigint AS difference
FROM lot, step, forgotten
