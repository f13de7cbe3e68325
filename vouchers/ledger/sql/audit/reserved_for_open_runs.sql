-- What a fund has set aside is what confirmed runs of points still have to pay. Figure: won set aside.
WITH due AS (
    SELECT run.municipality_id, run.fund_id, sum(payment.amount) AS amount
    FROM vouchers_pointrun run JOIN vouchers_pointpayment payment ON payment.run_id = run.id AND payment.state = 'due'
    WHERE run.state = 'paying'
    GROUP BY 1, 2
), kept AS (
    SELECT account.municipality_id, account.owner_id AS fund_id, sum(balance.reserved) AS amount
    FROM vouchers_balance balance JOIN vouchers_account account
      ON account.municipality_id = balance.municipality_id AND account.id = balance.account_id
    WHERE account.kind = 'benefit' AND balance.reserved <> 0
    GROUP BY 1, 2
)
SELECT coalesce(sum(kept.amount), 0)::bigint AS figure,
       coalesce(sum(abs(coalesce(kept.amount, 0) - coalesce(due.amount, 0))), 0)::bigint AS difference
FROM kept FULL JOIN due USING (municipality_id, fund_id)
