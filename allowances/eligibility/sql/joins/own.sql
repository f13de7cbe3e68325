-- The recipient as a member of a household.
LEFT JOIN vouchers_householdmember own ON own.municipality_id = {municipality} AND own.citizen_id = c.id
