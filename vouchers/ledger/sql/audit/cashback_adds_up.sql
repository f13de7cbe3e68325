-- What payments earned, less what was reversed, is what their members' months and their policies' months say, and a
-- policy's days make its month; each payment's parts by fund make its whole, and no more counts than was paid. Figure: won of cashback.
WITH earned AS (
    SELECT municipality_id, wallet_id, policy_id, month, sum(amount - reversed) AS benefit, sum(base_left) AS spent,
           sum(abs(amount - coalesce((SELECT sum(a) FROM unnest(amounts) a), 0))
               + abs(reversed - coalesce((SELECT sum(r) FROM unnest(reversals) r), 0))
               + abs(least(base_left, 0)) + greatest(base_left - base, 0)) AS within
    FROM vouchers_cashback GROUP BY 1, 2, 3, 4
), member AS (
    SELECT coalesce(sum(abs(coalesce(m.benefit, 0) - coalesce(e.benefit, 0))
                        + abs(coalesce(m.spent, 0) - coalesce(e.spent, 0)) + coalesce(e.within, 0)), 0) AS difference
    FROM earned e FULL JOIN vouchers_membermonth m USING (municipality_id, wallet_id, policy_id, month)
), policy AS (
    SELECT coalesce(sum(abs(coalesce(p.used, 0) - coalesce(e.benefit, 0))), 0) AS difference
    FROM (SELECT municipality_id, policy_id, month, sum(benefit) AS benefit FROM earned GROUP BY 1, 2, 3) e
    FULL JOIN vouchers_benefitmonth p USING (municipality_id, policy_id, month)
), day AS (
    SELECT coalesce(sum(abs(coalesce(p.used, 0) - coalesce(d.used, 0))), 0) AS difference
    FROM (SELECT municipality_id, policy_id, date_trunc('month', day)::date AS month, sum(used) AS used
          FROM vouchers_benefitday GROUP BY 1, 2, 3) d
    FULL JOIN vouchers_benefitmonth p USING (municipality_id, policy_id, month)
)
SELECT (SELECT coalesce(sum(benefit), 0) FROM earned)::bigint AS figure,
       (member.difference + policy.difference + day.difference)::bigint AS difference
FROM member, policy, day
