"""XLS (Excel 97 to 2003) as rows, read by calamine in a process of its own.

The format has at most 65,536 rows and 256 columns, but its reader holds a sheet in memory as a grid, and a hostile file
can make every sheet the largest one. So the process may use only so much memory and time, and when it dies the file is
refused and the worker goes on.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any, BinaryIO, Final

from allowances.batches.reading import old_workbook_process
from allowances.batches.reading.errors import (
    NoTable,
    PasswordProtected,
    RowTooLarge,
    SheetMissing,
    TooManyColumns,
    WorkbookDamaged,
    WorkbookTooLarge,
)
from allowances.batches.reading.reader import Limits, Merge, measured
from allowances.batches.reading.sheets import Sheet, best_sheet

Row = tuple[int, list[str]]

_PROJECT: Final = Path(__file__).parents[3]
_BLANKS_KEPT: Final = 20
_REFUSALS: Final = {"password": PasswordProtected, "memory": WorkbookTooLarge, "empty": NoTable}


class XlsTable:
    """One sheet of an old workbook; iterate for (row number as Excel shows it, cells), as often as needed."""

    def __init__(self, file: BinaryIO, *, limits: Limits | None = None, sheet: str | None = None) -> None:
        self._file = file
        self.limits = limits or Limits()
        self.size = measured(file, self.limits)
        self.merges: deque[Merge] = deque()
        self.bytes_read = 0
        self.row_number = 0
        with self._answers("heads") as answers:
            told = [next(answers)] if sheet is not None else list(answers)
        self.sheets = [
            Sheet(name=name[:100], visible=visible, place=str(number))
            for number, (name, visible) in enumerate(told[0]["sheets"])
        ]
        self.sheet = self._chosen(sheet, {str(answer["sheet"]): answer["rows"] for answer in told[1:]})

    def _chosen(self, name: str | None, heads: dict[str, list[list[str]]]) -> Sheet:
        if name is None:
            return best_sheet(self.sheets, lambda sheet, rows: heads.get(sheet.place, [])[:rows])
        for sheet in self.sheets:
            if sheet.name == name:
                return sheet
        raise SheetMissing(sheet=name)

    def description(self) -> dict[str, Any]:
        """How the file is written, as JSON."""
        return {
            "kind": "xls",
            "sheet": self.sheet.name,
            "sheets": [sheet.name for sheet in self.sheets if sheet.visible],
            "hidden_sheets": [sheet.name for sheet in self.sheets if not sheet.visible],
        }

    def __iter__(self) -> Iterator[Row]:
        self.bytes_read = self.row_number = 0
        last = 0
        with self._answers(self.sheet.place) as answers:
            about = next(answers)
            self.merges = deque(sorted((top, bottom, left) for top, bottom, left in about["merges"]))
            for number, cells in answers:
                if len(cells) > self.limits.columns:
                    raise TooManyColumns(row_number=number, limit=self.limits.columns)
                if sum(map(len, cells)) > self.limits.row_chars:
                    raise RowTooLarge(row_number=number, limit_kb=self.limits.row_chars // 1024)
                for blank in range(max(last + 1, number - _BLANKS_KEPT), number):
                    yield blank, []
                self.row_number = last = number
                self.bytes_read = self.size * number // max(1, about["last"])
                yield number, cells

    @contextmanager
    def _answers(self, question: str) -> Iterator[Iterator[Any]]:
        """What the process says, line by line; it ends with this block, whatever happens in it."""
        process = subprocess.Popen(
            [sys.executable, "-m", old_workbook_process.__name__, question],
            cwd=_PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        feeder = Thread(target=self._feed, args=(process.stdin,), daemon=True)
        feeder.start()
        try:
            yield self._lines(process)
        finally:
            process.kill()
            process.wait()
            feeder.join()
            if process.stdout:
                process.stdout.close()

    def _feed(self, pipe: BinaryIO) -> None:
        with suppress(BrokenPipeError), pipe:
            self._file.seek(0)
            while block := self._file.read(1 << 20):
                pipe.write(block)

    def _lines(self, process: subprocess.Popen[bytes]) -> Iterator[Any]:
        assert process.stdout
        for line in process.stdout:
            told = json.loads(line)
            if isinstance(told, dict) and "refused" in told:
                raise _REFUSALS.get(told["refused"], WorkbookDamaged)
            yield told
        if process.wait():
            raise WorkbookTooLarge if process.returncode < 0 else WorkbookDamaged
