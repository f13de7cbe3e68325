-- Resident without a break since a day.
{moved_in} <= {day}
