"""Reading an official's recipient list: bytes in, plain values and named problems out.

``reader`` turns the file into rows, ``columns`` finds the header, ``normalise`` turns cells into values (one module for
each kind of cell), ``skipping`` tells totals and footers from people, ``annotate`` hands the file back with the reasons.
Nothing here knows a database, a clock or a setting.
"""
