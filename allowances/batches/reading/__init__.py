"""Reading an official's recipient list: bytes in, plain values and named problems out.

``tables`` opens a file of any form (``reader`` text, ``workbook`` XLSX, ``old_workbook`` XLS, ``markup`` HTML) as rows,
``columns`` finds the header, ``inspection`` shows both before anything is read, ``normalise`` turns cells into values
(one module for each kind of cell), ``skipping`` tells totals and footers from people, ``rewriting`` hands the file back
with columns added, ``annotate`` with the reasons. Nothing here knows a database, a clock or a setting.
"""
