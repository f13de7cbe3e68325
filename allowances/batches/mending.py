"""Mending a list in the page: correcting cells, leaving rows out, and taking problems upon oneself.

The file itself never changes. Corrections are a log, applied whenever the file is read, so that one mechanism serves
the checks, the digest and the annotated copy. An acceptance covers exactly the problems that stood there: a later check
that finds them again finds them accepted, and anything else is a new question.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from allowances.batches import errors
from allowances.batches.models import (
    Acceptance,
    AcceptedProblem,
    Batch,
    BatchProblem,
    BatchRow,
    BatchState,
    CorrectionKind,
    RowCorrection,
)
from allowances.batches.problems import PROBLEMS
from allowances.batches.reading.corrections import CORRECTABLE, Corrected, masked, read_correction
from allowances.batches.reading.fields import WHOLE_ROW
from allowances.batches.reading.problems import CellProblem
from allowances.batches.services import recheck
from allowances.batches.tally import count_kinds, count_totals
from allowances.eligibility.facts import FACTS
from vouchers.citizens.models import Citizen
from vouchers.common.database import domain_errors
from vouchers.common.errors import NotPermitted, StateConflict
from vouchers.common.models import uuid7
from vouchers.common.seoul import business_date
from vouchers.officials.models import Official
from vouchers.officials.rules import Role
from vouchers.officials.selectors import Authority
from vouchers.privacy.fields import key_ring

AT_ONCE_ROWS: Final = 20_000
"""A list of up to so many rows is checked again after every correction; of longer ones corrections are gathered."""

SHORTEST_REASON: Final = 5

_SQL: Final = Path(__file__).parent / "sql"
_LEAVE_OUT_KIND: Final = (_SQL / "leave_out_kind.sql").read_text(encoding="utf-8")
_REGISTERED_DONGS: Final = (_SQL / "registered_dongs.sql").read_text(encoding="utf-8")
_FINGERPRINT: Final = (_SQL / "mending.sql").read_text(encoding="utf-8")
_PURPOSES: Final = {
    "resident_number": Citizen._meta.get_field("resident_number_index").purpose,
    "account_number": Citizen._meta.get_field("account_number_index").purpose,
}
_DONG_KINDS: Final = ("dong_unknown", "dong_differs", "dong_unreadable")


# Correcting ----------------------------------------------------------------------------------------------------------


def correct_row(
    *, batch: Batch, row_number: int, cells: Mapping[str, str], reason: str, official: Official, authority: Authority,
    at: datetime,
) -> Batch:  # fmt: skip
    """Put what was typed in the place of a row's cells; what says the same as before is not written.

    Raises CellsRefused with a problem code for each cell that cannot be read, NothingCorrected, RowUnknown.
    """
    read = _read_cells(cells, at)
    with _mended(batch, official, authority, at) as held:
        row = BatchRow.objects.filter(
            municipality=held.municipality_id, batch_id=held.pk, row_number=row_number
        ).first()
        if row is None:
            raise errors.RowUnknown
        made = [
            RowCorrection(
                id=uuid7(), municipality_id=held.municipality_id, batch=held, row_number=row_number, field=one.field,
                kind=CorrectionKind.VALUE, value=one.text, sealed=_sealed(one), shown_after=one.shown,
                shown_before=_before(row, one.field), reason=reason.strip(), official=official, at=at,
            )
            for one in _changes(row, read)
        ]  # fmt: skip
        if not made:
            raise errors.NothingCorrected
        RowCorrection.objects.bulk_create(made)
        _count_pending(held, len(made))
    return held


def leave_out(
    *, batch: Batch, row_number: int, reason: str, official: Official, authority: Authority, at: datetime
) -> Batch:
    """Take a row out of the list; it is neither checked nor paid. Raises RowUnknown and MendingReasonMissing."""
    _require_reason(reason)
    with _mended(batch, official, authority, at) as held:
        row = BatchRow.objects.filter(
            municipality=held.municipality_id, batch_id=held.pk, row_number=row_number
        ).first()
        if row is None:
            raise errors.RowUnknown
        RowCorrection.objects.create(
            id=uuid7(), municipality_id=held.municipality_id, batch=held, row_number=row_number, field=WHOLE_ROW,
            kind=CorrectionKind.LEAVE_OUT, person=_person(row), shown_before=masked("name", row.name), shown_after="",
            reason=reason.strip(), official=official, at=at,
        )  # fmt: skip
        _count_pending(held, 1)
    return held


def leave_out_kind(
    *, batch: Batch, code: str, field: str, reason: str, official: Official, authority: Authority, at: datetime
) -> int:
    """Take every row out that has a problem of this kind; returns how many."""
    _require_reason(reason)
    return _by_kind(_LEAVE_OUT_KIND, batch, code, field, reason, official, authority, at)


def use_registered_dongs(
    *, batch: Batch, code: str, official: Official, authority: Authority, reason: str, at: datetime
) -> int:
    """Take the members' registered dongs where the list names others; returns how many rows changed."""
    if code not in _DONG_KINDS:
        raise errors.NothingCorrected
    return _by_kind(_REGISTERED_DONGS, batch, code, "dong", reason, official, authority, at)


def undo(*, batch: Batch, row_number: int, field: str, official: Official, authority: Authority, at: datetime) -> Batch:
    """What the file says counts again. Raises NothingCorrected where nothing stands against it."""
    with _mended(batch, official, authority, at) as held:
        newest = (
            RowCorrection.objects.filter(
                municipality=held.municipality_id, batch=held, row_number=row_number, field=field
            )
            .order_by("-id")
            .first()
        )
        if newest is None or newest.kind == CorrectionKind.UNDO:
            raise errors.NothingCorrected
        RowCorrection.objects.create(
            id=uuid7(), municipality_id=held.municipality_id, batch=held, row_number=row_number, field=field,
            kind=CorrectionKind.UNDO, shown_before=newest.shown_after, shown_after=newest.shown_before, reason="",
            official=official, at=at,
        )  # fmt: skip
        _count_pending(held, 1)
    return held


def _by_kind(
    statement: str, batch: Batch, code: str, field: str, reason: str, official: Official, authority: Authority,
    at: datetime,
) -> int:  # fmt: skip
    with _mended(batch, official, authority, at) as held, connection.cursor() as cursor:
        cursor.execute(
            statement,
            {"municipality": held.municipality_id, "batch": held.pk, "code": code, "field": field, "at": at,
             "reason": reason.strip(), "official": official.pk},
        )  # fmt: skip
        count = cursor.rowcount
        if not count:
            raise errors.NothingCorrected
        _count_pending(held, count)
    return count


@contextmanager
def _mended(batch: Batch, official: Official, authority: Authority, at: datetime) -> Iterator[Batch]:
    """Hold the list while corrections are written; a short one is checked again at once."""
    _require_drafter(authority, batch)
    with transaction.atomic(), domain_errors():
        held = _held(batch)
        yield held
        if held.rows_total + held.rows_left_out <= AT_ONCE_ROWS:
            recheck(batch=held, official=official, authority=authority, at=at)


def _held(batch: Batch) -> Batch:
    held = Batch.objects.select_for_update(of=("self",), no_key=True).get(pk=batch.pk)
    if held.state != BatchState.VALIDATED:
        raise StateConflict
    return held


def _require_drafter(authority: Authority, batch: Batch) -> None:
    if not authority.has_role(Role.DRAFTER, batch.municipality_id):
        raise NotPermitted


def _require_reason(reason: str) -> None:
    if len(reason.strip()) < SHORTEST_REASON:
        raise errors.MendingReasonMissing


def _read_cells(cells: Mapping[str, str], at: datetime) -> list[Corrected]:
    latest, refused, read = business_date(at), {}, []
    for field, typed in cells.items():
        if field not in CORRECTABLE:
            continue
        try:
            read.append(read_correction(field, typed, latest=latest))
        except CellProblem as problem:
            refused[field] = problem.code
    if refused:
        raise errors.CellsRefused(codes=refused)
    return read


def _changes(row: BatchRow, read: list[Corrected]) -> list[Corrected]:
    """The cells that say something else than before; a resident number also tells the birth date."""
    fields = {one.field for one in read}
    told = [
        Corrected(field="birth_date", text=str(one.birth_date), shown=masked("birth_date", one.birth_date))
        for one in read
        if one.birth_date and ("birth_date" not in fields or row.birth_date is None)
    ]
    explained = {one.field for one in told}
    return [
        one
        for one in [*(one for one in read if one.field not in explained), *told]
        if one.plain is not None or one.text != _present(row, one.field)
    ]


def _present(row: BatchRow, field: str) -> str:
    """What stands in the row now, as a correction would say it."""
    if field in FACTS:
        facts = row.facts or {}
        return json.dumps(facts[field], ensure_ascii=False) if field in facts else ""
    return _text(getattr(row, field))


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _sealed(one: Corrected) -> bytes | None:
    if one.plain is None:
        return None
    return key_ring().blind_index(one.plain, purpose=_PURPOSES[one.field])


def _before(row: BatchRow, field: str) -> str:
    """What the cell said, masked: the value where it was read, else what the problem quotes of the file."""
    value = (row.facts or {}).get(field) if field in FACTS else getattr(row, field, None)
    if value is not None:
        return masked(field, value)
    problem = BatchProblem.objects.filter(
        municipality=row.municipality_id, batch_id=row.batch_id, row_number=row.row_number, field=field
    ).first()
    return _hidden(field, problem.value) if problem else ""


def _hidden(field: str, quoted: str) -> str:
    """A cell that could not be read may still tell a person; only its beginning is kept."""
    return quoted if field in ("dong", "amount", "resident_number", "account_number") else quoted[:1] + "***"


def _person(row: BatchRow) -> str:
    return "|".join(_text(part) for part in (row.name, row.birth_date, row.phone))


def _count_pending(batch: Batch, count: int) -> None:
    batch.corrections_pending += count
    batch.save(update_fields=["corrections_pending"])


# Accepting -----------------------------------------------------------------------------------------------------------


def accept(
    *, batch: Batch, code: str, field: str, reason: str, official: Official, authority: Authority, at: datetime,
    row_number: int | None = None,
) -> Acceptance:  # fmt: skip
    """Take the open problems of a kind upon oneself, of one row or of all. An accepted error is paid.

    Raises NotAcceptable, NothingToAccept and MendingReasonMissing.
    """
    _require_drafter(authority, batch)
    _require_reason(reason)
    if code not in PROBLEMS or not PROBLEMS[code].acceptable:
        raise errors.NotAcceptable
    with transaction.atomic(), domain_errors():
        held, key = _held(batch), uuid7()
        found = _problems(held).filter(code=code, field=field, acceptance_id=None)
        if row_number is not None:
            found = found.filter(row_number=row_number)
        rows = found.update(acceptance_id=key)
        if not rows:
            raise errors.NothingToAccept
        _remember(held, code, key)
        acceptance = Acceptance.objects.create(
            id=key, municipality_id=held.municipality_id, batch=held, code=code, field=field, row_number=row_number,
            rows=rows, reason=reason.strip(), official=official, at=at,
        )  # fmt: skip
        _recount(held)
    return acceptance


def revoke(*, batch: Batch, acceptance_id: UUID, official: Official, authority: Authority, at: datetime) -> None:
    """Take an acceptance back; its problems are open again. Raises NothingToAccept where nothing stands of it."""
    _require_drafter(authority, batch)
    with transaction.atomic(), domain_errors():
        held = _held(batch)
        accepted = Acceptance.objects.filter(batch=held, pk=acceptance_id, revoked=False).first()
        covered = AcceptedProblem.objects.filter(
            municipality=held.municipality_id, batch_id=held.pk, acceptance_id=acceptance_id
        )
        rows = covered.delete()[0]
        if accepted is None or not rows:
            raise errors.NothingToAccept
        _problems(held).filter(code=accepted.code, acceptance_id=acceptance_id).update(acceptance_id=None)
        Acceptance.objects.create(
            municipality_id=held.municipality_id, batch=held, code=accepted.code, field=accepted.field, rows=rows,
            row_number=accepted.row_number, reason=accepted.reason, revoked=True, official=official, at=at,
        )  # fmt: skip
        _recount(held)


def _problems(batch: Batch) -> Any:
    return BatchProblem.objects.filter(municipality=batch.municipality_id, batch_id=batch.pk)


def _remember(batch: Batch, code: str, acceptance: UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO allowances_acceptedproblem"
            " (municipality_id, batch_id, acceptance_id, row_number, field, code, value, params)"
            " SELECT municipality_id, batch_id, acceptance_id, row_number, field, code, value, params"
            " FROM allowances_batchproblem"
            " WHERE municipality_id = %s AND batch_id = %s AND code = %s AND acceptance_id = %s",
            [batch.municipality_id, batch.pk, code, acceptance],
        )


def _recount(batch: Batch) -> None:
    batch.problem_kinds = count_kinds(municipality=batch.municipality_id, batch_id=batch.pk)
    batch.rows_bad, batch.amount_total = count_totals(municipality=batch.municipality_id, batch_id=batch.pk)
    batch.save(update_fields=["problem_kinds", "rows_bad", "amount_total"])


# Before submission ---------------------------------------------------------------------------------------------------


def require_mended(batch: Batch) -> None:
    """What stands between a list and its submission. Raises CorrectionsPending and WarningsRemain."""
    if batch.corrections_pending:
        raise errors.CorrectionsPending(count=f"{batch.corrections_pending:,}")
    open_rows = sum(
        kind["open"] for kind in batch.problem_kinds if kind["is_warning"] and PROBLEMS[kind["code"]].needs_acceptance
    )
    if open_rows:
        raise errors.WarningsRemain(count=f"{open_rows:,}")


def fingerprint(batch: Batch) -> dict[str, Any]:
    """What was corrected and accepted, for ``Batch.terms``, to which the signatures bind: {"mending": counts and a
    SHA-256}, empty where nothing was."""
    with connection.cursor() as cursor:
        cursor.execute(_FINGERPRINT, {"municipality": batch.municipality_id, "batch": batch.pk})
        corrections, acceptances, sha256 = cursor.fetchone()
    if not (corrections or acceptances):
        return {}
    return {"mending": {"corrections": corrections, "acceptances": acceptances, "sha256": sha256}}
