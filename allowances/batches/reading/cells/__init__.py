"""One module for each kind of cell: text in, a plain value or None for an empty cell out, CellProblem raised."""
