"""형식 확인: how the file will be read, before anything is; one click to confirm, or corrections by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from allowances.batches import services
from allowances.batches.admin.common import batch_named, stages_of
from allowances.batches.errors import LayoutIncomplete
from allowances.batches.files import list_store
from allowances.batches.models import Batch, BatchState
from allowances.batches.reading.columns import UNITS, Mapping
from allowances.batches.reading.fields import FIELD_LABELS, label_of
from allowances.batches.selectors import layout_problems
from allowances.batches.wanted import further_columns, required_columns
from vouchers.common.errors import DomainError, StateConflict
from vouchers.common.pages import page, refusals_shown, render, require
from vouchers.officials.rules import Role

KINDS: Final = {
    "csv": _("텍스트(CSV)"), "xlsx": _("엑셀 통합 문서(.xlsx)"), "xls": _("엑셀 97-2003(.xls)"), "html": _("웹 문서(.xls로 저장된 HTML)"),
}  # fmt: skip
ENCODINGS: Final = {
    "utf-8": "UTF-8",
    "cp949": _("CP949(한국어 Windows)"),
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16 BE",
}
DELIMITERS: Final = {",": _("쉼표(,)"), ";": _("쌍반점(;)"), "\t": _("탭")}
_FIELDS: Final = (
    "sequence", "name", "birth_date", "resident_number", "phone", "dong", "address", "amount", "bank", "account_number",
    "account_holder", "note",
)  # fmt: skip
_MOST_HEADER_ROWS: Final = 15


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of the preview. ``field``: what it is taken for."""

    index: int
    letter: str
    label: str
    field: str


@page("allowances/batch/<uuid:batch_id>/inspection/", name="batch_inspection")
def inspection(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """What was found, for a look and a click."""
    batch = batch_named(request, batch_id)
    if batch.state != BatchState.INSPECTED:
        return redirect("admin:batch_result", batch.pk)
    return _shown(request, batch, positions=batch.layout["positions"], unit=batch.layout["unit"])


@page("allowances/batch/<uuid:batch_id>/look-again/", name="batch_look_again", methods=("POST",))
def look_again(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Another sheet, encoding or header row."""
    batch = batch_named(request, batch_id)
    with refusals_shown(request):
        services.inspect_again(
            batch=batch, chosen=_chosen(request, batch), authority=request.authority, store=list_store()  # type: ignore[attr-defined]
        )  # fmt: skip
    return redirect("admin:batch_inspection", batch.pk)


@page("allowances/batch/<uuid:batch_id>/confirm/", name="batch_confirm", methods=("POST",))
def confirm(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Read the file with these columns."""
    batch = batch_named(request, batch_id)
    require(request, "batches.edit", batch.municipality_id)
    if batch.state != BatchState.INSPECTED:
        messages.error(request, str(StateConflict()))
        return redirect("admin:batch_result", batch.pk)
    columns, unit = _columns(request, batch), _unit(request)
    try:
        _refuse_twice(request, columns)
        if request.POST.get("seen", "") != _seen(batch):
            raise StateConflict
        services.confirm_layout(
            batch=batch, official=request.user, authority=request.authority, at=request.at,  # type: ignore[arg-type,attr-defined]
            mapping=Mapping(columns={field: index for index, field in columns.items()}, unit=unit),
        )  # fmt: skip
    except StateConflict:
        messages.error(request, _("그사이 다른 사람이 이 명단의 형식을 바꾸었습니다. 다시 확인하십시오."))
        return redirect("admin:batch_inspection", batch.pk)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        positions = {field: index for index, field in columns.items()}
        return _shown(request, batch, positions=positions, unit=unit or 1, status=422)
    return redirect("admin:batch_result", batch.pk)


def _shown(
    request: HttpRequest, batch: Batch, *, positions: dict[str, int], unit: int, status: int = 200
) -> HttpResponse:
    layout = batch.layout
    columns = _offered_columns(layout, positions)
    marked = {column.index: column.field for column in columns if column.field}
    drafts = request.authority.has_role(Role.DRAFTER, batch.municipality_id)  # type: ignore[attr-defined]
    return render(
        request, "allowances/batches/inspection.html", title=batch.file_name, batch=batch, stages=stages_of(batch),
        layout=layout, kind=KINDS[layout["kind"]], problems=layout_problems(batch), columns=columns, unit=unit,
        rows=[_row(number, cells, layout, len(columns), marked) for number, cells in layout.get("preview", [])],
        fields=_offered_fields(batch, layout), units=[(value, name) for name, value in reversed(UNITS.items())],
        encodings=ENCODINGS.items(), delimiters=DELIMITERS.items(), headers=_offered_headers(layout),
        header=f"{layout['header_first']}-{layout['header_row']}", seen=_seen(batch), may_confirm=drafts, status=status,
    )  # fmt: skip


def _offered_columns(layout: dict[str, Any], positions: dict[str, int]) -> list[Column]:
    labels = layout["header_labels"]
    fields = {index: field for field, index in positions.items()}
    shown = max([len(cells) for _number, cells in layout.get("preview", [])] + [len(labels)], default=0)
    return [
        Column(
            index=index, letter=_letter(index), label=labels[index] if index < len(labels) else "",
            field=fields.get(index, ""),
        )
        for index in range(shown)
    ]  # fmt: skip


def _row(number: int, cells: list[str], layout: dict[str, Any], width: int, marked: dict[int, str]) -> dict[str, Any]:
    """A row of the preview: what it is, and its cells with whether their column is read."""
    first, last = layout["header_first"], layout["header_row"]
    kind = "header" if first <= number <= last else "above" if number < first else ""
    padded = [*cells, *[""] * (width - len(cells))]
    return {"number": number, "kind": kind, "cells": [(cell, index in marked) for index, cell in enumerate(padded)]}


def _offered_fields(batch: Batch, layout: dict[str, Any]) -> list[tuple[str, str]]:
    """What a column can be: the usual fields, what the programme asks for, and which of them it must have."""
    programme, conditions = batch.cycle.programme, batch.cycle.conditions
    required = required_columns(cycle=batch.cycle, conditions=conditions, kind=batch.kind)
    needed = {field for group in required if len(group) == 1 for field in group}
    facts = [fact.name for fact in further_columns(conditions=conditions, kind=batch.kind) if fact.name not in _FIELDS]
    known = [*_FIELDS, *facts, *(field for field in layout["positions"] if field not in {*_FIELDS, *facts})]
    return [(field, _named(field, needed, by_number=bool(programme.resident_number_basis))) for field in known]


def _named(field: str, needed: set[str], *, by_number: bool) -> str:
    if field == "resident_number" and not by_number:
        return gettext("주민등록번호(생년월일만 읽음)")
    return f"{label_of(field)} *" if field in needed else label_of(field)


def _offered_headers(layout: dict[str, Any]) -> list[tuple[str, str]]:
    rows = [number for number, _cells in layout.get("preview", [])][:_MOST_HEADER_ROWS]
    single = [(f"{row}-{row}", gettext("%(row)s행") % {"row": row}) for row in rows]
    double = [
        (f"{row}-{row + 1}", gettext("%(first)s~%(last)s행(두 줄)") % {"first": row, "last": row + 1})
        for row in rows[:-1]
    ]
    found = f"{layout['header_first']}-{layout['header_row']}"
    offered = [("0-0", gettext("제목 행 없음")), *single, *double]
    return offered if found in dict(offered) else [*offered, (found, found)]


def _chosen(request: HttpRequest, batch: Batch) -> Mapping:
    """What the form asks for. A header that was chosen before stays while its sheet does; one that was found is sought
    again.
    """
    sheet, encoding, delimiter = (request.POST.get(name) or None for name in ("sheet", "encoding", "delimiter"))
    first, _dash, last = request.POST.get("header", "").partition("-")
    rows = (int(first), int(last)) if first.isdigit() and last.isdigit() and len(first + last) < 10 else (None, None)
    by_hand = "header_row" in batch.layout.get("chosen", {}) and sheet == batch.layout.get("sheet")
    if request.POST.get("header") == request.POST.get("header_before") and not by_hand:
        rows = (None, None)
    return Mapping(
        sheet=sheet, encoding=encoding if encoding in ENCODINGS else None,
        delimiter=delimiter if delimiter in DELIMITERS else None, header_first=rows[0], header_row=rows[1],
    )  # fmt: skip


def _columns(request: HttpRequest, batch: Batch) -> dict[int, str]:
    """Column -> field as chosen. Columns too far to the right to be shown stay as they were found."""
    shown = len(_offered_columns(batch.layout, {}))
    found = {index: field for field, index in batch.layout["positions"].items() if index >= shown}
    chosen = {index: request.POST.get(f"column-{index}", "") for index in range(shown)}
    return found | {index: field for index, field in chosen.items() if field in FIELD_LABELS}


def _refuse_twice(request: HttpRequest, columns: dict[int, str]) -> None:
    twice = {field for field in columns.values() if list(columns.values()).count(field) > 1}
    for field in sorted(twice):
        letters = ", ".join(_letter(index) for index, chosen in sorted(columns.items()) if chosen == field)
        messages.error(
            request,
            _("%(field)s 항목이 여러 열(%(letters)s)에 지정되었습니다.")
            % {"field": label_of(field), "letters": letters},
        )
    if twice:
        raise LayoutIncomplete


def _unit(request: HttpRequest) -> int | None:
    unit = request.POST.get("unit", "")
    return int(unit) if unit in {str(value) for value in UNITS.values()} else None


def _seen(batch: Batch) -> str:
    """What the page showed: two officials who look at once do not confirm each other's header rows."""
    told = [batch.layout.get(name) for name in ("sheet", "encoding", "delimiter", "header_first", "header_row")]
    return "|".join(str(value) for value in told)


def _letter(index: int) -> str:
    letters = ""
    index += 1
    while index:
        index, letter = divmod(index - 1, 26)
        letters = chr(65 + letter) + letters
    return letters
