-- What one closed day carries out, the next one carries in. Figure: won carried out of the last closed days.
WITH line AS (
    SELECT line.municipality_id, line.currency_id, line.merchant_id, line.business_date, line.carried_in,
           line.carried_out,
           lag(line.carried_out, 1, 0::bigint) OVER shop AS carried_before,
           row_number() OVER (shop ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
           = count(*) OVER (shop ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS is_last
    FROM merchants_settlementline line
    WINDOW shop AS (PARTITION BY municipality_id, currency_id, merchant_id ORDER BY business_date)
)
SELECT coalesce(sum(carried_out) FILTER (WHERE is_last), 0)::bigint AS figure,
       coalesce(sum(abs(carried_in - carried_before)), 0)::bigint AS difference
FROM line
