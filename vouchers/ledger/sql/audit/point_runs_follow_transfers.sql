-- A chunk moved what its people were paid, from the run's fund alone, and a finished run says what its chunks moved and to
-- how many people. Figure: won that finished runs paid.
WITH moved AS (
    SELECT chunk.run_id, count(*) AS people, sum(transfer.amount) AS amount,
           sum(transfer.amount) FILTER (WHERE account.kind IS DISTINCT FROM 'benefit'
                                           OR account.owner_id IS DISTINCT FROM run.fund_id) AS strange
    FROM vouchers_pointchunk chunk
    JOIN vouchers_pointrun run ON run.id = chunk.run_id
    JOIN vouchers_transfer transfer
      ON transfer.municipality_id = chunk.municipality_id AND transfer.journal_id = chunk.journal_id
    LEFT JOIN vouchers_account account
      ON account.municipality_id = transfer.municipality_id AND account.id = transfer.debit_account_id
    GROUP BY chunk.run_id
), said AS (
    SELECT run.id AS run_id, run.state, run.members, run.amount FROM vouchers_pointrun run WHERE run.state = 'paid'
), alone AS (
    SELECT count(*) AS journals FROM vouchers_journal journal
    WHERE journal.kind = 'points' AND NOT EXISTS (
        SELECT FROM vouchers_pointchunk chunk
        WHERE chunk.municipality_id = journal.municipality_id AND chunk.journal_id = journal.id)
)
SELECT coalesce(sum(said.amount), 0)::bigint AS figure,
       (coalesce(sum(CASE WHEN said.run_id IS NULL THEN 0
                          ELSE abs(said.amount - coalesce(moved.amount, 0)) + abs(said.members - coalesce(moved.people, 0)) END
                     + coalesce(moved.strange, 0)), 0)
        + (SELECT journals FROM alone))::bigint AS difference
FROM moved FULL JOIN said USING (run_id)
