-- Among the first of the household (or farm), in the order of the list, after those of other lists.
{place} <= {times}
