-- No payment took money that had expired when it was made, nor any of a lot in the time between its own expiry and the
-- refund that gave it a grace period (with a minute for two requests of the same moment). Figure: won spent from money
-- that expires.
SELECT coalesce(sum(transfer.amount), 0)::bigint AS figure,
       coalesce(sum(transfer.amount) FILTER (WHERE payment.at >= lot.expires_at OR payment.at >= lot.lapsed_at AND NOT EXISTS (
           SELECT FROM vouchers_transfer back
           JOIN vouchers_journal refund ON refund.municipality_id = back.municipality_id AND refund.id = back.journal_id
           WHERE back.municipality_id = lot.municipality_id AND back.credit_account_id = lot.wallet_id
             AND back.credit_lot_id = lot.id AND refund.kind = 'refund'
             AND refund.at BETWEEN lot.lapsed_at AND payment.at + interval '1 minute')), 0)::bigint AS difference
FROM vouchers_transfer transfer
JOIN vouchers_lot lot ON lot.municipality_id = transfer.municipality_id AND lot.id = transfer.debit_lot_id
JOIN vouchers_payment payment
  ON payment.municipality_id = transfer.municipality_id AND payment.id = transfer.journal_id
WHERE lot.expires_at IS NOT NULL
