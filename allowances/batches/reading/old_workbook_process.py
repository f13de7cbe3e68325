"""The process that reads one old workbook: bytes in, lines of JSON out. Started by ``old_workbook``, never imported to read.

python -m allowances.batches.reading.old_workbook_process heads|<number of the sheet>  < file
"""

from __future__ import annotations

import io
import json
import resource
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from allowances.batches.reading.spreadsheet import typed

MEMORY_BYTES: Final = 1 << 30
SECONDS: Final = 120
HEAD_ROWS: Final = 30
HEAD_SHEETS: Final = 20


def answers(data: bytes, question: str) -> Iterator[Any]:
    """The sheets and the first rows of each; or of one sheet its merged regions and all rows that hold something."""
    from python_calamine import CalamineError, PasswordError, load_workbook  # noqa: PLC0415  (after the limits are set)

    try:
        book = load_workbook(io.BytesIO(data))
        about = book.sheets_metadata
        if question == "heads":
            yield {"sheets": [[sheet.name, str(sheet.visible).endswith("Visible")] for sheet in about]}
            for number in range(min(len(about), HEAD_SHEETS)):
                sheet = book.get_sheet_by_index(number)
                yield {"sheet": number, "rows": [cells for _row, cells in islice(_rows(sheet), HEAD_ROWS)]}
            return
        sheet = book.get_sheet_by_index(int(question))
        merges = sheet.merged_cell_ranges or []
        yield {
            "merges": [[top + 1, bottom + 1, left] for (top, left), (bottom, _right) in merges if top != bottom],
            "last": (sheet.start or (0, 0))[0] + sheet.height,
        }
        yield from _rows(sheet)
    except PasswordError:
        yield {"refused": "password"}
    except MemoryError:
        yield {"refused": "memory"}
    except CalamineError as error:
        yield {"refused": "password" if "assword" in str(error) else "damaged"}


def _rows(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    top, left = sheet.start or (0, 0)
    for number, values in enumerate(_from_first(sheet), start=top + 1):
        cells = [""] * left + [typed(value) for value in values]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            yield number, cells


def _from_first(sheet: Any) -> Iterable[list[Any]]:
    """The rows of the used area; calamine's own iterator begins at the sheet's first row and column."""
    return sheet.to_python(skip_empty_area=True)


def _bounded() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Answer the question about the file on standard input."""
    _bounded()
    out = sys.stdout
    for answer in answers(sys.stdin.buffer.read(), sys.argv[1]):
        out.write(json.dumps(answer))
        out.write("\n")


if __name__ == "__main__":
    main()
