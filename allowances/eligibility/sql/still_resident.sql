-- So long after an event still resident, without having moved in again since.
({event} + {length} * {unit})::date <= {reference} AND {moved_in} <= {event} AND (c.status = 'active') IS NOT FALSE
