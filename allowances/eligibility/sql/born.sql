-- Born between two days, both included.
({since} IS NULL OR {birth} >= {since}) AND ({until} IS NULL OR {birth} <= {until})
