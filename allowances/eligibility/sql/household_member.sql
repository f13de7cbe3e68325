-- At least so many members of the household, the recipient included, are of an age.
CASE WHEN own.household_id IS NOT NULL THEN coalesce({counted}, 0) >= {at_least} END
