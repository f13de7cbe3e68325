-- How many people each household has.
LEFT JOIN (
    SELECT household_id, count(*)::integer AS members
    FROM vouchers_householdmember WHERE municipality_id = {municipality} GROUP BY household_id
) home ON home.household_id = own.household_id
