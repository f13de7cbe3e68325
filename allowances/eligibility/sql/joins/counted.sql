-- How many members of each household are of an age, and of a relation where one is asked for.
LEFT JOIN (
    SELECT household_id, count(*)::integer AS members
    FROM vouchers_householdmember
    WHERE municipality_id = {municipality} AND ({relation} IS NULL OR relation = {relation})
      AND ({age_min} IS NULL OR birth_date <= ({reference} - {age_min} * interval '1 year')::date)
      AND ({age_max} IS NULL OR birth_date > ({reference} - ({age_max} + 1) * interval '1 year')::date)
    GROUP BY household_id
) {alias} ON {alias}.household_id = own.household_id
