-- Earlier residence: when it ended last, and how many days it came to.
LEFT JOIN (
    SELECT citizen_id, max(until) AS left_on, sum(until - since)::integer AS days
    FROM vouchers_residenceperiod WHERE municipality_id = {municipality} GROUP BY citizen_id
) earlier ON earlier.citizen_id = c.id
