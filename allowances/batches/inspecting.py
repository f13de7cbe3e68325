"""The quick look at an uploaded file: what it is, where its header stands, which column is which. Nothing is read yet.

An official confirms what was found, or corrects it, and what they corrected is remembered for their department.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from allowances.batches.errors import LayoutIncomplete
from allowances.batches.models import Batch, BatchState, ColumnMapping
from allowances.batches.reading import inspection
from allowances.batches.reading.columns import UNITS, Mapping
from allowances.batches.reading.errors import ColumnMissing, ListUnreadable
from allowances.batches.reading.fields import FIELD_LABELS, WHOLE_ROW
from allowances.batches.reading.reader import Limits
from allowances.batches.reading.tables import open_table
from allowances.batches.wanted import further_columns, required_columns
from allowances.eligibility.errors import RulesInvalid
from allowances.programmes.models import Cycle
from vouchers.common.errors import DomainError
from vouchers.common.scope import scope
from vouchers.privacy.files import FileStore


def look(*, municipality: str, batch_id: UUID, store: FileStore) -> Batch | None:
    """Look at a list that was just uploaded; returns it where its layout is known from the list that it mends, so that
    reading can begin at once. Repeatable; a list that is past this is left alone.
    """
    with scope(municipalities=[municipality]):
        batch = Batch.objects.select_related("uploaded_by").get(pk=batch_id)
        if batch.state != BatchState.UPLOADED:
            return None
    found, refusal = _found(batch, Mapping(), store)
    with scope(municipalities=[municipality]):
        batch = Batch.objects.select_for_update(of=("self",), no_key=True).get(pk=batch_id)
        if batch.state != BatchState.UPLOADED:
            return None
        if refusal:
            batch.state, batch.failure = BatchState.REFUSED, _stored(refusal)
            batch.save()
            return None
        batch.state, batch.layout = BatchState.INSPECTED, found
        batch.save()
        return batch if _as_before(batch) else None


def look_again(batch: Batch, chosen: Mapping, store: FileStore) -> None:
    """The same with sheet, encoding, delimiter or header row as an official chose them; changes ``batch.layout``.

    Raises ListUnreadable, and changes nothing, when the file cannot be read so.
    """
    found, refusal = _found(batch, chosen, store)
    if refusal:
        raise refusal
    found["chosen"] = chosen.as_json()
    batch.layout = found


def _found(batch: Batch, chosen: Mapping, store: FileStore) -> tuple[dict[str, Any], DomainError | None]:
    with scope(municipalities=[batch.municipality_id]), store.open(batch.file_key) as file:
        cycle = Cycle.objects.select_related("programme__type").get(pk=batch.cycle_id)
        try:
            conditions = cycle.conditions
            table = open_table(
                file, limits=Limits(file_bytes=batch.file_size), sheet=chosen.sheet, encoding=chosen.encoding,
                delimiter=chosen.delimiter,
            )  # fmt: skip
            found = inspection.inspect(
                table, required=required_columns(cycle=cycle, conditions=conditions, kind=batch.kind), mapping=chosen,
                extra=further_columns(conditions=conditions, kind=batch.kind),
                remembered=lambda marks: _remembered(batch, marks),
            )  # fmt: skip
        except (ListUnreadable, RulesInvalid) as refusal:
            return {}, refusal
    return json.loads(json.dumps(found, default=str)), None


def _stored(refusal: DomainError) -> dict[str, Any]:
    return {"code": refusal.code, "params": json.loads(json.dumps(refusal.params, default=str))}


def _as_before(batch: Batch) -> bool:
    """Whether the list that this one mends or redrafts was read with the same layout: nothing new is to be confirmed."""
    before = batch.mended_from or batch.replaces
    told = ("fingerprint", "header_first", "header_row", "positions", "unit", "sheet", "kind", "encoding")
    return (
        before is not None
        and not batch.layout["problems"]
        and bool(batch.layout["fingerprint"])
        and all(before.layout.get(name) == batch.layout.get(name) for name in told)
    )


# --- What the official decides ----------------------------------------------------------------------------------------


def settled(batch: Batch, mapping: Mapping | None) -> Mapping:
    """The mapping to read with: what was found, with what the official changed. Raises LayoutIncomplete."""
    layout = batch.layout
    mapping = mapping or Mapping()
    if mapping.columns is None and layout["problems"]:
        raise LayoutIncomplete
    columns = mapping.columns if mapping.columns is not None else layout["positions"]
    unit = mapping.unit or layout["unit"]
    cycle = Cycle.objects.select_related("programme__type").get(pk=batch.cycle_id)
    fields = {*FIELD_LABELS} - {WHOLE_ROW}
    usable = all(field in fields and 0 <= index < layout["width"] for field, index in columns.items())
    if not usable or len(set(columns.values())) != len(columns) or unit not in UNITS.values():
        raise LayoutIncomplete
    missing = [
        list(group)
        for group in required_columns(cycle=cycle, conditions=cycle.conditions, kind=batch.kind)
        if not any(field in columns for field in group)
    ]
    if missing:
        labels = [label for label in layout["header_labels"] if label]
        raise ColumnMissing(row_number=layout["header_row"], fields=missing, found=labels)
    return Mapping(
        sheet=layout.get("sheet"), encoding=layout.get("encoding"), delimiter=layout.get("delimiter"),
        header_first=layout["header_first"], header_row=layout["header_row"], columns=columns, unit=unit,
    )  # fmt: skip


def is_corrected(batch: Batch, mapping: Mapping) -> bool:
    """Whether the official changed what was found, or chose another header row."""
    layout = batch.layout
    by_hand = {"header_row", "header_first"} & set(layout.get("chosen", {}))
    return bool(by_hand) or (mapping.columns, mapping.unit) != (layout["positions"], layout["unit"])


# --- What a department remembers --------------------------------------------------------------------------------------


def _remembered(batch: Batch, marks: Sequence[str]) -> dict[str, dict[str, Any]]:
    known = ColumnMapping.objects.filter(
        municipality=batch.municipality_id, department=batch.uploaded_by.department, fingerprint__in=set(marks)
    )
    return {found.fingerprint: {"columns": found.columns, "unit": found.unit} for found in known}


def remember(batch: Batch, mapping: Mapping, *, department: str, at: datetime) -> None:
    """Keep a corrected mapping for the next file with this header; a later correction replaces it."""
    mark = batch.layout["fingerprint"]
    if not mark:
        return
    ColumnMapping.objects.update_or_create(
        municipality_id=batch.municipality_id, department=department, fingerprint=mark,
        defaults={
            "labels": batch.layout["header_labels"], "columns": mapping.columns, "unit": mapping.unit or 1,
            "remembered_at": at,
        },
    )  # fmt: skip
