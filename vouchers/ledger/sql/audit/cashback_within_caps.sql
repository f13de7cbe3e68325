-- No member's month, and no policy's month or year, exceeds the highest cap or budget of the terms that it was reckoned
-- under. Figure: won of benefits in months with a cap or a budget.
WITH member AS (
    SELECT m.benefit, bounds.cap FROM vouchers_membermonth m
    JOIN LATERAL (
        SELECT CASE WHEN bool_and(t.benefit_cap IS NOT NULL) THEN max(t.benefit_cap) END AS cap
        FROM vouchers_benefitterms t
        WHERE t.policy_id = m.policy_id AND t.state = 'published' AND t.valid_from < m.month + interval '1 month'
    ) bounds ON true
), month AS (
    SELECT p.used, bounds.cap FROM vouchers_benefitmonth p
    JOIN LATERAL (
        SELECT CASE WHEN bool_and(t.budget_month IS NOT NULL) THEN max(t.budget_month) END AS cap
        FROM vouchers_benefitterms t
        WHERE t.policy_id = p.policy_id AND t.state = 'published' AND t.valid_from < p.month + interval '1 month'
    ) bounds ON true
), year AS (
    SELECT p.used, bounds.cap
    FROM (SELECT policy_id, date_trunc('year', month) AS year, sum(used) AS used FROM vouchers_benefitmonth GROUP BY 1, 2) p
    JOIN LATERAL (
        SELECT CASE WHEN bool_and(t.budget_year IS NOT NULL) THEN max(t.budget_year) END AS cap
        FROM vouchers_benefitterms t
        WHERE t.policy_id = p.policy_id AND t.state = 'published' AND t.valid_from < p.year + interval '1 year'
    ) bounds ON true
), checked AS (
    SELECT benefit AS won, cap FROM member UNION ALL SELECT used, cap FROM month UNION ALL SELECT used, cap FROM year
)
SELECT coalesce(sum(won) FILTER (WHERE cap IS NOT NULL), 0)::bigint AS figure,
       coalesce(sum(greatest(won - cap, 0)), 0)::bigint AS difference
FROM checked
