"""오류 표시 사본: the official's own file with the reasons beside its rows and the cells that were corrected in the page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from allowances.batches.models import Batch, BatchProblem, CorrectionKind, RowCorrection
from allowances.batches.problems import PROBLEMS, reason_of
from allowances.batches.reading.annotate import ACCEPTED, DOUBTFUL, ERROR, LEFT_OUT, Note, annotate
from allowances.batches.reading.corrections import SEALED
from allowances.batches.reading.fields import FIELD_LABELS, WHOLE_ROW
from allowances.batches.reading.rewriting import Cell
from allowances.eligibility.facts import FACTS
from vouchers.common.scope import scope
from vouchers.privacy.files import FileStore
from vouchers.privacy.rules import format_phone

_AT_ONCE = 5_000
_REMEMBERED = 10_000


def annotated_copy(batch: Batch, *, store: FileStore) -> Iterator[bytes]:
    """The file as it was uploaded, row by row, with result, reason and remedy at its right end. Opens its own scope.

    What was corrected in the page stands in its cells, so that the copy can be mended and uploaded in the list's place.
    """
    with scope(municipalities=[batch.municipality_id]), store.open(batch.file_key) as file:
        notes = merge(_of_problems(batch.municipality_id, batch.pk), _of_corrections(batch), key=itemgetter(0))
        yield from annotate(file, layout=batch.layout, notes=notes, cells=_cells(batch))


def _of_problems(municipality: str, batch_id: UUID) -> Iterator[Note]:
    texts = _Texts()
    rows = (
        BatchProblem.objects.filter(municipality=municipality, batch_id=batch_id)
        .order_by("row_number", "id")
        .values_list("row_number", "code", "field", "params", "is_warning", "acceptance_id")
    )
    for number, found in groupby(rows.iterator(chunk_size=_AT_ONCE), key=itemgetter(0)):
        group = list(found)
        reasons, remedies = zip(*(texts.of(code, field, params) for _, code, field, params, _, _ in group), strict=True)
        still_open = [is_warning for *_, is_warning, acceptance in group if acceptance is None]
        yield number, texts.result(still_open), " / ".join(reasons), " / ".join(dict.fromkeys(remedies))


class _Texts:
    """Reasons and remedies in the reader's language, each made once: a hundred thousand rows share a few of them."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str, str], tuple[str, str]] = {}
        self._results = (str(ACCEPTED), str(DOUBTFUL), str(ERROR))

    def of(self, code: str, field: str, params: dict[str, Any]) -> tuple[str, str]:
        """(reason, remedy) of a problem."""
        key = (code, field, repr(params) if params else "")
        if key not in self._made:
            if len(self._made) >= _REMEMBERED:
                self._made.clear()
            self._made[key] = reason_of(code, field, params), str(PROBLEMS[code].remedy)
        return self._made[key]

    def result(self, still_open: list[bool]) -> str:
        """What becomes of a row, by whether each problem that nobody accepted is a warning only."""
        return self._results[0 if not still_open else 1 if all(still_open) else 2]


def _of_corrections(batch: Batch) -> Iterator[Note]:
    """Rows left out, and numbers that only a fingerprint is kept of: the copy still shows the file's."""
    remedy = _("이 명단을 대신할 파일에서는 이 행을 지우십시오.")
    for one in _newest(batch).iterator(chunk_size=_AT_ONCE):
        if one.kind == CorrectionKind.LEAVE_OUT:
            yield one.row_number, str(LEFT_OUT), one.reason, remedy
        elif one.kind == CorrectionKind.VALUE and one.field in SEALED:
            said = _("%(column)s: 화면에서 고쳤으나 번호를 보관하지 않아 이 사본에는 파일의 값이 있습니다.")
            again = _("이 명단을 대신할 파일에는 고친 번호를 다시 입력하십시오.")
            yield one.row_number, str(DOUBTFUL), said % {"column": FIELD_LABELS[one.field]}, again


def _cells(batch: Batch) -> Iterator[Cell]:
    positions: dict[str, int] = batch.layout.get("positions", {})
    changed = _newest(batch).filter(kind=CorrectionKind.VALUE).exclude(field__in=[*SEALED, WHOLE_ROW])
    for one in changed.iterator(chunk_size=_AT_ONCE):
        if one.field in positions:
            yield one.row_number, positions[one.field], _written(one, batch.layout)


def _written(one: RowCorrection, layout: dict[str, Any]) -> str:
    """The value as a cell of that column says it: amounts in the unit that the header names."""
    value = one.value or ""
    if one.field == "amount":
        return format((Decimal(value) / layout.get("unit", 1)).normalize(), "f")
    if one.field == "phone":
        return format_phone(value)
    return str(json.loads(value)) if one.field in FACTS else value


def _newest(batch: Batch) -> QuerySet[RowCorrection]:
    """The newest word about each cell, by row."""
    of_list = RowCorrection.objects.filter(municipality=batch.municipality_id, batch=batch)
    newest = of_list.order_by("row_number", "field", "-id").distinct("row_number", "field")
    return RowCorrection.objects.filter(municipality=batch.municipality_id, id__in=newest.values("id")).order_by(
        "row_number", "id"
    )
