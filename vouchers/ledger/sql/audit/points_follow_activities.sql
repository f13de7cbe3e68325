-- No activity is paid twice: what the confirmed runs paid for it is what the last of them found it to be worth, and a
-- person's payment in a run is what their activities earned in it, less corrections that were not set off before: whoever
-- is paid has no debt left, and nobody is ever paid more than was earned. Figure: won earned in confirmed runs.
WITH run AS (
    SELECT id, programme_id FROM vouchers_pointrun WHERE state <> 'draft'
), earning AS (
    SELECT earning.*, row_number() OVER (PARTITION BY activity_id, repeat ORDER BY run_id DESC) AS age
    FROM vouchers_pointearning earning JOIN run ON run.id = earning.run_id
), activity AS (
    SELECT sum(points) - sum(worth) FILTER (WHERE age = 1) AS difference FROM earning GROUP BY activity_id, repeat
), earned AS (
    SELECT run_id, citizen_id, sum(points) AS amount FROM earning GROUP BY 1, 2
), payment AS (
    SELECT payment.run_id, payment.citizen_id, payment.earned, payment.amount,
           sum(payment.amount - payment.earned)
               OVER (PARTITION BY run.programme_id, payment.citizen_id ORDER BY payment.run_id) AS debt
    FROM vouchers_pointpayment payment JOIN run ON run.id = payment.run_id
    WHERE payment.state <> 'held'
), person AS (
    SELECT abs(coalesce(payment.earned, 0) - coalesce(earned.amount, 0))
           + CASE WHEN payment.amount > 0 OR payment.debt < 0 THEN abs(payment.debt) ELSE 0 END AS difference
    FROM payment FULL JOIN earned USING (run_id, citizen_id)
)
SELECT coalesce((SELECT sum(points) FROM earning), 0)::bigint AS figure,
       (coalesce((SELECT sum(abs(difference)) FROM activity), 0)
        + coalesce((SELECT sum(difference) FROM person), 0))::bigint AS difference
