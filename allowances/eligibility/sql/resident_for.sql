-- Resident without a break for at least so long up to a day.
{moved_in} <= ({on} - {length} * {unit})::date
