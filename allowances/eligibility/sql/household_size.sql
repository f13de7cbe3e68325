-- How many people the household has: by the list, else by the record.
coalesce({household_size}, home.members) BETWEEN coalesce({min}, 0) AND coalesce({max}, 2147483647)
