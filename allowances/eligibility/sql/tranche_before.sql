-- The tranche before this one was paid, so long ago.
coalesce({paid_on} <= ({reference} - {months} * interval '1 month')::date, false)
