"""What the resident number in a row tells of its birth date."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial
from typing import Any

from allowances.batches.reading.cells.birth_dates import birth_date_of_resident, read_birth_date
from allowances.batches.reading.cells.numbers import RANDOM_SINCE, check_digit_fits
from allowances.batches.reading.glances import Memory
from allowances.batches.reading.problems import CellProblem, Trouble


class ResidentNumbers:
    """Fills in missing birth dates, confirms the others and warns of check digits that do not fit.

    ``needed``: the number itself is required, so that a masked one, which still tells the birth date, is a problem.
    """

    def __init__(self, *, latest: date, needed: bool) -> None:
        self._needed = needed
        self._told = Memory(partial(birth_date_of_resident, latest=latest))
        self._told_masked = Memory(partial(read_birth_date, latest=latest))

    def settle(self, values: dict[str, list[Any]], birth_cells: Sequence[str] | None, troubles: list[Trouble]) -> None:
        """Complete ``values["birth_date"]``; ``birth_cells`` are None where no such column is read."""
        if "resident_number" not in values:
            return
        numbers: list[str | None] = values["resident_number"]
        told: list[date | None] = [self._told[number[:7]] if number else None for number in numbers]
        troubles += _misfits(numbers, told)
        self._settle_masked(told, troubles)
        if birth_cells is None:
            values["birth_date"] = told
        else:
            troubles += list(_confirm(values["birth_date"], birth_cells, told, numbers, troubles))

    def _settle_masked(self, told: list[date | None], troubles: list[Trouble]) -> None:
        for trouble in troubles:
            if trouble.code == "resident_number_masked":
                told[trouble.place] = self._told_masked[trouble.cell]
        if not self._needed:
            troubles[:] = [trouble for trouble in troubles if trouble.code != "resident_number_masked"]


def _misfits(numbers: Sequence[str | None], told: Sequence[date | None]) -> list[Trouble]:
    return [
        Trouble(place, "resident_number", "resident_number_check", number)
        for place, (number, birth_date) in enumerate(zip(numbers, told, strict=True))
        if number and birth_date and birth_date < RANDOM_SINCE and not check_digit_fits(number)
    ]


def _confirm(
    written: list[date | None],
    cells: Sequence[str],
    told: Sequence[date | None],
    numbers: Sequence[str | None],
    troubles: Sequence[Trouble],
) -> Iterator[Trouble]:
    """Bring ``written`` in line with ``told``, leaving cells that could not be read alone; yields contradictions."""
    unreadable = {trouble.place for trouble in troubles if trouble.field == "birth_date"}
    for place, birth_date in enumerate(told):
        if birth_date and birth_date != written[place] and place not in unreadable:
            try:
                written[place] = _agreed(written[place], birth_date, cells[place], certain=numbers[place] is not None)
            except CellProblem as problem:
                yield Trouble(place, "birth_date", problem.code, cells[place])


def _agreed(written: date | None, told: date, cell: str, *, certain: bool) -> date:
    """One birth date from a cell and a resident number; ``certain``: the number tells the century."""
    if written is None:
        return told
    same = (written.month, written.day, written.year % 100) == (told.month, told.day, told.year % 100)
    full_year = str(written.year) in cell
    if not same or (certain and full_year):
        raise CellProblem("birth_date_differs")
    return written if full_year else told
