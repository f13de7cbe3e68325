-- Of what is left of a payment's price the shop still bears its share, rounded down, and each cancellation says what it
-- changed. Figure: won that shops took off prices (혜택+).
WITH cancelled AS (
    SELECT municipality_id, payment_id, sum(amount) AS amount, sum(discount) AS discount
    FROM vouchers_cancellation GROUP BY municipality_id, payment_id
), payment AS (
    SELECT municipality_id, id, discount, discount_returned, refunded, amount + discount AS price,
           amount + discount - refunded - discount_returned AS price_left
    FROM vouchers_payment WHERE discount <> 0 OR refunded <> 0
)
SELECT coalesce(sum(payment.discount), 0)::bigint AS figure,
       coalesce(sum(abs(payment.discount - payment.discount_returned
                        - div(payment.discount::numeric * payment.price_left, payment.price))
                    + abs(payment.refunded - coalesce(cancelled.amount, 0))
                    + abs(payment.discount_returned - coalesce(cancelled.discount, 0))), 0)::bigint AS difference
FROM payment FULL JOIN cancelled
  ON cancelled.municipality_id = payment.municipality_id AND cancelled.payment_id = payment.id
