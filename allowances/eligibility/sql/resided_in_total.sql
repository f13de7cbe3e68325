-- Resident for at least so long in all, earlier periods included (합산).
{moved_in} - coalesce(earlier.days, 0) <= ({on} - {length} * {unit})::date
