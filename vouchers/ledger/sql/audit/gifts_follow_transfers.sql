-- What the list of gifts says is what moved between those two wallets. Figure: won given.
WITH moved AS (
    SELECT journal.municipality_id, journal.id, transfer.debit_account_id AS giver_id,
           transfer.credit_account_id AS receiver_id, sum(transfer.amount) AS amount
    FROM vouchers_journal journal JOIN vouchers_transfer transfer
      ON transfer.municipality_id = journal.municipality_id AND transfer.journal_id = journal.id
    WHERE journal.kind = 'gift' GROUP BY 1, 2, 3, 4
)
SELECT coalesce(sum(gift.amount), 0)::bigint AS figure,
       coalesce(sum(abs(coalesce(gift.amount, 0) - coalesce(moved.amount, 0))), 0)::bigint AS difference
FROM vouchers_gift gift FULL JOIN moved USING (municipality_id, id, giver_id, receiver_id)
