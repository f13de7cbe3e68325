-- What was paid before and what is paid now stay within so many won.
coalesce({summed}, 0) + coalesce(r.amount, 0) <= {won}
