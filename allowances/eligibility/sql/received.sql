-- Paid before fewer times than so many.
coalesce({counted}, 0) < {times}
