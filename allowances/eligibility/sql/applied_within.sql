-- Applied from the event on and within so long; the day of the event is not counted (민법 제157조).
{applied_on} >= {event} - coalesce({early}, 0) AND {applied_on} <= ({event} + {length} * {unit})::date
