-- How many children the household has: by the list, else the members of the record registered as children.
coalesce({child_count}, CASE WHEN own.household_id IS NOT NULL THEN coalesce({counted}, 0) END)
    BETWEEN coalesce({min}, 0) AND coalesce({max}, 2147483647)
