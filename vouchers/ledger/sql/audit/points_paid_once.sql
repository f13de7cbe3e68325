-- Every payment of a posted chunk became one lot of points in its wallet, of its amount, within its chunk's journal, and
-- nothing else was ever paid as points. Figure: won paid.
WITH due AS (
    SELECT payment.municipality_id, chunk.journal_id, payment.wallet_id, payment.id AS source_id, payment.amount
    FROM vouchers_pointpayment payment
    LEFT JOIN vouchers_pointchunk chunk
      ON chunk.run_id = payment.run_id AND chunk.number = payment.chunk AND chunk.posted_at IS NOT NULL
    WHERE payment.state = 'paid'
), paid AS (
    SELECT journal.municipality_id, journal.id AS journal_id, lot.wallet_id, lot.source_id, sum(transfer.amount) AS amount
    FROM vouchers_journal journal
    LEFT JOIN vouchers_transfer transfer
      ON transfer.municipality_id = journal.municipality_id AND transfer.journal_id = journal.id
    LEFT JOIN vouchers_lot lot
      ON lot.municipality_id = transfer.municipality_id AND lot.id = transfer.credit_lot_id AND lot.kind = 'point'
    WHERE journal.kind = 'points'
    GROUP BY 1, 2, 3, 4
), granted AS (
    SELECT municipality_id, wallet_id, source_id, sum(granted) AS amount FROM vouchers_lot
    WHERE kind = 'point' AND source_id IN (SELECT id FROM vouchers_pointpayment)
    GROUP BY 1, 2, 3
)
SELECT coalesce(sum(paid.amount), 0)::bigint AS figure,
       coalesce(sum(abs(coalesce(paid.amount, 0) - coalesce(due.amount, 0))
                    + abs(coalesce(granted.amount, 0) - coalesce(due.amount, 0))), 0)::bigint AS difference
FROM paid FULL JOIN due USING (municipality_id, journal_id, wallet_id, source_id)
FULL JOIN granted USING (municipality_id, wallet_id, source_id)
