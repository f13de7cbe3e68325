-- Each on-demand exchange is one movement from a shop's pending to its settled account, and there is no other. Figure: won
-- exchanged.
WITH moved AS (
    SELECT journal.municipality_id, journal.id AS journal_id, journal.currency_id, settled.owner_id AS merchant_id,
           transfer.business_date, transfer.amount
    FROM vouchers_journal journal
    JOIN vouchers_transfer transfer
      ON transfer.municipality_id = journal.municipality_id AND transfer.journal_id = journal.id
    LEFT JOIN vouchers_account pending
      ON pending.municipality_id = transfer.municipality_id AND pending.id = transfer.debit_account_id
     AND pending.kind = 'merchant_pending'
    LEFT JOIN vouchers_account settled
      ON settled.municipality_id = transfer.municipality_id AND settled.id = transfer.credit_account_id
     AND settled.kind = 'merchant_settled' AND settled.owner_id = pending.owner_id
    WHERE journal.kind = 'exchange'
)
SELECT coalesce(sum(exchange.amount), 0)::bigint AS figure,
       coalesce(sum(CASE WHEN exchange.amount = moved.amount THEN 0
                         ELSE coalesce(exchange.amount, 0) + coalesce(moved.amount, 0) END), 0)::bigint AS difference
FROM merchants_exchange exchange
FULL JOIN moved USING (municipality_id, journal_id, currency_id, merchant_id, business_date)
