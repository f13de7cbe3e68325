"""Reading a list of deaths and move-outs, applying it, and taking a wrong entry back.

Nothing happens before an official has seen whom the list names and what would be stopped. Applying marks the members in
their records and stops what is due, in one transaction; both are undone for one person, as far as it has not been paid.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, BinaryIO, Final

from django.db import connection, transaction
from simple_history.utils import bulk_update_with_history

from allowances.batches.reading.columns import locate_columns
from allowances.batches.reading.fields import FIELD_LABELS
from allowances.batches.reading.normalise import Chunk, Options, normalise_rows
from allowances.batches.reading.problems import PROBLEMS
from allowances.batches.reading.reader import Limits, ListReader
from allowances.batches.reading.tables import filled, open_table
from allowances.departures.errors import DepartureListTooLong, NobodyFound, UndoReasonMissing
from allowances.departures.models import (
    Departure,
    DepartureKind,
    DepartureList,
    DepartureListState,
    DepartureState,
)
from allowances.departures.rules import DEPARTED_ON, DEPARTURE
from allowances.departures.selectors import ready_rows, told_apart
from vouchers.citizens.models import Citizen, CitizenStatus
from vouchers.common.database import domain_errors
from vouchers.common.errors import NotPermitted, StateConflict
from vouchers.common.seoul import business_date
from vouchers.ledger.services import call
from vouchers.municipalities.models import Municipality
from vouchers.officials.models import Official
from vouchers.officials.selectors import Authority
from vouchers.privacy.fields import key_ring

MOST_ROWS: Final = 20_000
LARGEST_FILE: Final = 20 * 1024 * 1024
_REQUIRED: Final = (
    ("name",), ("birth_date", "resident_number"), ("phone", "resident_number"), (DEPARTED_ON.name,),
)  # fmt: skip
_VALUES: Final = ("name", "birth_date", "phone", "resident_number_index", "facts")
_RESIDENT_NUMBER: Final[Any] = Citizen._meta.get_field("resident_number_index")
_LABELS: Final = FIELD_LABELS | {fact.name: fact.label for fact in (DEPARTED_ON, DEPARTURE)}
_MATCH: Final = """
UPDATE allowances_departure d SET citizen_id = found.citizen_id
FROM (SELECT row.id, coalesce(numbered.id, named.id) AS citizen_id
      FROM allowances_departure row
      LEFT JOIN vouchers_citizen numbered
        ON numbered.municipality_id = row.municipality_id
       AND numbered.resident_number_index = row.resident_number_index
      LEFT JOIN vouchers_citizen named
        ON named.municipality_id = row.municipality_id AND named.phone = row.phone
       AND named.birth_date = row.birth_date AND named.name = row.name
      WHERE row.list_id = %s AND row.state = 'ready') found
WHERE d.id = found.id AND found.citizen_id IS NOT NULL
"""


def _require(authority: Authority, municipality: str) -> None:
    if not authority.may("batches.edit", municipality):
        raise NotPermitted


def take_in(
    *, municipality: Municipality, file: BinaryIO, file_name: str, kind: DepartureKind | None, official: Official,
    authority: Authority, at: datetime,
) -> DepartureList:  # fmt: skip
    """Read a list and match its people; nothing is stopped yet. ``kind`` stands in where a row does not say which.

    Raises NotPermitted, ListUnreadable and its kinds, DepartureListTooLong.
    """
    _require(authority, municipality.code)
    table = open_table(file, limits=Limits(file_bytes=LARGEST_FILE), whole=True)
    layout, rows = locate_columns(table, required=_REQUIRED, extra=(DEPARTED_ON, DEPARTURE))
    options = Options(
        latest_birth=business_date(at), values=_VALUES, required=_REQUIRED, extra=(DEPARTED_ON, DEPARTURE),
        seal_resident_number=_index, wide_rows_are_broken=isinstance(table, ListReader),
    )  # fmt: skip
    with transaction.atomic():
        made = DepartureList.objects.create(
            municipality=municipality, file_name=file_name[-200:], uploaded_by=official, uploaded_at=at
        )
        for chunk in normalise_rows(filled(rows, table, amount=None), layout, options):
            made.rows_total += len(chunk.rows)
            if made.rows_total > MOST_ROWS:
                raise DepartureListTooLong(limit=f"{MOST_ROWS:,}")
            Departure.objects.bulk_create(_rows(made, chunk, kind, business_date(at)))
        with connection.cursor() as cursor:
            cursor.execute(_MATCH, [made.pk])
        made.rows_found = made.rows.filter(citizen__isnull=False).count()
        made.rows_bad = made.rows.filter(state=DepartureState.BAD).count()
        made.save(update_fields=["rows_total", "rows_found", "rows_bad"])
    return made


def _index(number: str) -> tuple[bytes, bytes]:
    return b"", key_ring().blind_index(number, purpose=_RESIDENT_NUMBER.purpose)


def _rows(made: DepartureList, chunk: Chunk, kind: DepartureKind | None, today: Any) -> list[Departure]:
    wrong: dict[int, list[str]] = {}
    for number, field, code, _value in chunk.problems:
        if not PROBLEMS[code].is_warning:
            wrong.setdefault(number, []).append(f"{_LABELS[field]}: {PROBLEMS[code].reason}")
    return [_row(made, row, kind, wrong.get(row[0], []), today) for row in chunk.rows]


def _row(
    made: DepartureList, row: tuple[Any, ...], kind: DepartureKind | None, wrong: list[str], today: Any
) -> Departure:  # fmt: skip
    number, name, birth_date, phone, index, facts = row
    told = json.loads(facts) if isinstance(facts, str) else facts or {}
    chosen = told.get(DEPARTURE.name) or (kind.value if kind else "")
    happened_on = told.get(DEPARTED_ON.name)
    if not chosen:
        wrong = [*wrong, f"{DEPARTURE.label}: {PROBLEMS['missing'].reason}"]
    if happened_on and happened_on > today.isoformat():
        wrong = [*wrong, f"{DEPARTED_ON.label}: {PROBLEMS['date_impossible'].reason}"]
    return Departure(
        municipality_id=made.municipality_id, list=made, row_number=number, kind=chosen, happened_on=happened_on,
        name=name or "", birth_date=birth_date, phone=phone or "", resident_number_index=index,
        state=DepartureState.BAD if wrong else DepartureState.READY, problem="; ".join(map(str, wrong))[:500],
    )  # fmt: skip


def confirm(*, departures: DepartureList, official: Official, authority: Authority, at: datetime) -> DepartureList:
    """Mark the members and stop what is due to everybody the list names: all of it, or nothing.

    Raises NotPermitted, StateConflict when it has been decided, NobodyFound.
    """
    _require(authority, departures.municipality_id)
    with transaction.atomic(), domain_errors():
        held = _locked(departures)
        rows = ready_rows(held)
        if not rows:
            raise NobodyFound
        names = ("stopped", "stopped_amount", "returned", "returned_amount")
        outcome = dict(zip(names, call("disbursement.stop", held.municipality_id, *told_apart(rows), at), strict=True))
        outcome["marked"] = _mark(rows, source=held, official=official, at=at)
        Departure.objects.bulk_update(rows, ["state", "status_before"], batch_size=500)
        _decide(held, DepartureListState.CONFIRMED, official, at, outcome)
    return held


def _mark(rows: list[Departure], *, source: DepartureList, official: Official, at: datetime) -> int:
    """Put into the members' records what happened; a death goes before a move. Returns how many records changed."""
    changed: dict[Any, Citizen] = {}
    for row in rows:
        row.state = DepartureState.APPLIED
        if row.citizen is None:
            continue
        citizen = changed.get(row.citizen_id, row.citizen)
        row.status_before = citizen.status
        if citizen.status not in (row.kind, CitizenStatus.DECEASED):
            citizen.status = row.kind
            citizen._change_reason = f"{row.get_kind_display()} {row.happened_on} · {source.file_name}"[:100]  # type: ignore[attr-defined]
            changed[row.citizen_id] = citizen
    bulk_update_with_history(
        list(changed.values()), Citizen, ["status"], batch_size=500, default_user=official, default_date=at
    )
    return len(changed)


def discard(*, departures: DepartureList, official: Official, authority: Authority, at: datetime) -> DepartureList:
    """Give a list up that has not been confirmed. Raises NotPermitted, StateConflict."""
    _require(authority, departures.municipality_id)
    with transaction.atomic():
        held = _locked(departures)
        _decide(held, DepartureListState.DISCARDED, official, at, {})
    return held


def undo(
    *, departure: Departure, reason: str, official: Official, authority: Authority, at: datetime
) -> dict[str, int]:  # fmt: skip
    """Take a wrong entry back: the record says what it said before, and rows not posted yet are paid after all. What has
    gone back to a programme stays there, and a follow-up list may pay it. Returns rows and won restored.

    Raises NotPermitted, UndoReasonMissing, StateConflict when it is not applied.
    """
    _require(authority, departure.municipality_id)
    if not reason.strip():
        raise UndoReasonMissing
    with transaction.atomic(), domain_errors():
        held = Departure.objects.select_for_update(of=("self",), no_key=True).get(pk=departure.pk)
        if held.state != DepartureState.APPLIED:
            raise StateConflict
        restored, amount = call(
            "disbursement.restore", held.municipality_id, held.citizen_id, held.person,
            bytes(held.resident_number_index) if held.resident_number_index else None,
        )  # fmt: skip
        members = Citizen.objects.select_for_update(of=("self",), no_key=True)
        citizen = members.get(pk=held.citizen_id) if held.citizen_id else None
        if citizen and citizen.status == held.kind and held.status_before:
            citizen.status = held.status_before
            citizen._history_user, citizen._history_date = official, at  # type: ignore[attr-defined]
            citizen._change_reason = f"{held.get_kind_display()} 정정 · {reason.strip()}"[:100]  # type: ignore[attr-defined]
            citizen.save(update_fields=["status"])
        held.state, held.undone_by, held.undone_at = DepartureState.UNDONE, official, at
        held.undo_reason = reason.strip()[:500]
        held.save(update_fields=["state", "undone_by", "undone_at", "undo_reason"])
    return {"rows": restored, "amount": amount}


def _locked(departures: DepartureList) -> DepartureList:
    held = DepartureList.objects.select_for_update(of=("self",), no_key=True).get(pk=departures.pk)
    if held.state != DepartureListState.CHECKED:
        raise StateConflict
    return held


def _decide(
    held: DepartureList, state: DepartureListState, official: Official, at: datetime, outcome: dict[str, int]
) -> None:  # fmt: skip
    held.state, held.decided_by, held.decided_at, held.outcome = state, official, at, outcome
    held.save(update_fields=["state", "decided_by", "decided_at", "outcome"])
