-- Lived elsewhere for at least so long before moving in; who never lived here before has.
CASE WHEN {moved_in} IS NULL THEN NULL
     ELSE coalesce({left_on} <= ({moved_in} - {length} * {unit})::date, true) END
