-- The money at the bank, with what the funding bank reported and has not handed over yet, is the money in wallets, due to
-- shops, settled with shops, left in funds, budgets and the operating account and owed as refunds, each as it is kept, not as it was moved.
-- Figure: won at the bank and on the way there. A difference in one currency does not hide behind another.
WITH held AS (
    SELECT account.currency_id, 'bank' AS place, balance.debits - balance.credits AS amount
    FROM vouchers_balance balance JOIN vouchers_account account
      ON account.municipality_id = balance.municipality_id AND account.id = balance.account_id
    WHERE account.kind = 'bank'
    UNION ALL
    SELECT account.currency_id, 'bank', transfer.amount
    FROM vouchers_account account JOIN vouchers_transfer transfer
      ON transfer.municipality_id = account.municipality_id AND transfer.debit_account_id = account.id
     AND transfer.debit_lot_id IS NULL
    WHERE account.kind = 'deposit'
    UNION ALL
    SELECT account.currency_id, 'bank', -transfer.amount
    FROM vouchers_account account JOIN vouchers_transfer transfer
      ON transfer.municipality_id = account.municipality_id AND transfer.credit_account_id = account.id
     AND transfer.debit_lot_id IS NULL
    WHERE account.kind = 'deposit'
    UNION ALL
    SELECT account.currency_id, 'owed', balance.credits - balance.debits
    FROM vouchers_balance balance JOIN vouchers_account account
      ON account.municipality_id = balance.municipality_id AND account.id = balance.account_id
    WHERE account.kind <> 'bank'
    UNION ALL
    SELECT wallet.currency_id, 'owed', lot.remaining
    FROM vouchers_lot lot JOIN vouchers_wallet wallet
      ON wallet.municipality_id = lot.municipality_id AND wallet.id = lot.wallet_id
    UNION ALL
    SELECT payment.currency_id, 'owed', payment.amount - payment.refunded FROM vouchers_payment payment
    UNION ALL
    SELECT close.currency_id, 'owed', -close.payable - close.fee FROM merchants_dayclose close
    UNION ALL
    SELECT exchange.currency_id, 'owed', -exchange.amount FROM merchants_exchange exchange
    UNION ALL
    SELECT adjustment.currency_id, 'owed', adjustment.amount FROM merchants_adjustment adjustment
    WHERE adjustment.journal_id IS NOT NULL AND adjustment.merchant_id IS NOT NULL
), currency AS (
    SELECT coalesce(sum(amount) FILTER (WHERE place = 'bank'), 0) AS bank,
           coalesce(sum(amount) FILTER (WHERE place = 'owed'), 0) AS owed
    FROM held GROUP BY currency_id
)
SELECT coalesce(sum(bank), 0)::bigint AS figure, coalesce(sum(abs(bank - owed)), 0)::bigint AS difference FROM currency
