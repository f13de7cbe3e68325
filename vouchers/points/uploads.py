"""Taking a partner's file in: read, shown with what is wrong, and registered whole or not at all."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import BinaryIO, Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from vouchers.common.database import domain_errors
from vouchers.common.errors import NotPermitted, StateConflict
from vouchers.common.seoul import SEOUL
from vouchers.officials.models import Official
from vouchers.officials.selectors import Authority
from vouchers.partners.models import Partner
from vouchers.points import errors, reading, services
from vouchers.points.models import ActivityKind, ActivityUpload, Reason, UploadState
from vouchers.points.services import Item, Outcome


def kinds_of(*, partner: Partner) -> dict[str, str]:
    """Code and name of each kind of activity that the partner witnesses, each leading to the code."""
    found = ActivityKind.objects.filter(programme__witnesses__partner=partner).values_list("code", "name")
    return {name: code for code, name in found} | {code: code for code, _named in found}


def take_in(
    *, partner: Partner, file: BinaryIO, file_name: str, official: Official, authority: Authority, at: datetime
) -> ActivityUpload:  # fmt: skip
    """Read a file and try it; nothing is registered yet. What it holds is kept until an official decides.

    Raises NotPermitted, FileUnreadable, and FileTaken for a file that was registered before.
    """
    _require(authority, partner.municipality_id)
    digest = hashlib.sha256(file.read()).hexdigest()
    file.seek(0)
    if ActivityUpload.objects.filter(file_sha256=digest, state=UploadState.CONFIRMED).exists():
        raise errors.FileTaken
    sheet = reading.read(file, kinds=kinds_of(partner=partner))
    outcomes = _tried(partner, sheet.items, at)
    problems = [problem._asdict() | {"blocks": True, "reason": str(problem.reason)} for problem in sheet.problems]
    problems += [_problem(item, outcome) for item, outcome in zip(sheet.items, outcomes, strict=True) if outcome.reason]
    return ActivityUpload.objects.create(
        municipality_id=partner.municipality_id, partner=partner, file_name=file_name[-200:], file_sha256=digest,
        rows=[item._asdict() | {"occurred_at": item.occurred_at.isoformat()} for item in sheet.items],
        problems=sorted(problems, key=lambda problem: int(problem["row"])),
        rows_total=len(sheet.items) + len({problem.row for problem in sheet.problems}),
        rows_accepted=sum(outcome.outcome == "accepted" for outcome in outcomes),
        rows_rejected=sum(outcome.outcome == "rejected" for outcome in outcomes),
        uploaded_by=official, uploaded_at=at,
    )  # fmt: skip


def confirm(*, upload: ActivityUpload, official: Official, authority: Authority, at: datetime) -> ActivityUpload:
    """Register every row of a file; rows that do not count are kept as rejected, where they can be mended.

    Raises NotPermitted, StateConflict, FileTaken, and FileWithProblems while a row cannot be read or kept.
    """
    _require(authority, upload.municipality_id)
    with transaction.atomic(), domain_errors():
        held = _locked(upload)
        if wrong := {problem["row"] for problem in held.problems if problem["blocks"]}:
            raise errors.FileWithProblems(rows=f"{len(wrong):,}")
        outcomes = services.take_in(
            municipality=held.municipality_id, partner=held.partner_id, upload=held.pk, at=held.uploaded_at,
            items=[Item(**{**row, "occurred_at": datetime.fromisoformat(row["occurred_at"])}) for row in held.rows],
        )  # fmt: skip
        if refused := [outcome for outcome in outcomes if outcome.outcome == "refused"]:
            raise errors.FileWithProblems(rows=f"{len(refused):,}")
        held.rows_accepted = sum(outcome.outcome == "accepted" for outcome in outcomes)
        held.rows_rejected = len(outcomes) - held.rows_accepted
        _decide(held, UploadState.CONFIRMED, official, at)
    return held


def discard(*, upload: ActivityUpload, official: Official, authority: Authority, at: datetime) -> ActivityUpload:
    """Give a file up that has not been registered. Raises NotPermitted, StateConflict."""
    _require(authority, upload.municipality_id)
    with transaction.atomic():
        held = _locked(upload)
        _decide(held, UploadState.DISCARDED, official, at)
    return held


def _tried(partner: Partner, items: list[Item], at: datetime) -> list[Outcome]:
    """What would become of each item; nothing of it stays."""
    with transaction.atomic():
        mark = transaction.savepoint()
        outcomes = services.take_in(municipality=partner.municipality_id, partner=partner.pk, items=items, at=at)
        transaction.savepoint_rollback(mark)
    return outcomes


def _problem(item: Item, outcome: Outcome) -> dict[str, object]:
    field, value = _place(item, outcome.reason)
    return {
        "row": item.row_number, "column": reading.COLUMNS[field], "value": value, "reason": outcome.reason,
        "blocks": outcome.outcome == "refused",
    }  # fmt: skip


def _place(item: Item, reason: str) -> tuple[str, str]:
    """The column that whoever mends the row looks at first, and what stands there; of a person no more than the name."""
    match reason:
        case "kind_unknown" | "no_rule" | "programme_closed":
            return "kind", item.kind
        case "value_missing":
            return "amount", ""
        case "in_future" | "too_late":
            return "occurred_at", f"{item.occurred_at.astimezone(SEOUL):%Y-%m-%d %H:%M}"
        case "documents_missing":
            return "documents", ", ".join(item.documents)
        case "wallet_unknown" | "moved_out" | "deceased" | "too_young":
            named = "|" in item.person
            return ("name" if named else "wallet"), item.person.split("|")[0]
        case _:
            return "external_id", item.external_id


REFUSED: Final = {
    "kind_unknown": _("이 기관이 제공하는 활동이 아님"),
    "value_missing": _("금액이나 수량이 없음"),
    "external_id_reused": _("같은 실적번호로 다른 내용이 이미 인정됨"),
}


def reason_of(problem: dict[str, str]) -> str:
    """Why a row does not count, in words."""
    told = problem["reason"]
    return str(REFUSED[told] if told in REFUSED else Reason(told).label if told in Reason.values else told)


def _require(authority: Authority, municipality: str) -> None:
    if not authority.may("points.edit", municipality):
        raise NotPermitted


def _locked(upload: ActivityUpload) -> ActivityUpload:
    held = ActivityUpload.objects.select_for_update(of=("self",), no_key=True).get(pk=upload.pk)
    if held.state != UploadState.CHECKED:
        raise StateConflict
    return held


def _decide(held: ActivityUpload, state: UploadState, official: Official, at: datetime) -> None:
    """What the file said of people is in the activities now, or of no use: it is kept no longer."""
    held.state, held.decided_by, held.decided_at, held.rows = state, official, at, []
    held.save(update_fields=["state", "decided_by", "decided_at", "rows", "rows_accepted", "rows_rejected"])
