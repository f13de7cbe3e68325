"""Dispositions against shops: notice, opinion and hearing, proposal, and the decision of another person."""

from __future__ import annotations

import csv
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction

from merchants.dispositions import selectors
from merchants.dispositions.errors import (
    DispositionFinal,
    HearingMissing,
    MeasureNotOpen,
    OpinionTimeTooShort,
    StepChanged,
    StillToBeHeard,
)
from merchants.dispositions.models import Disposition, DispositionState, Measure, Violation
from merchants.registry import services as registry
from merchants.registry.errors import ApprovedByOneself
from merchants.registry.models import Merchant
from vouchers.common.database import domain_errors
from vouchers.common.errors import NotPermitted
from vouchers.common.seoul import business_date
from vouchers.officials.models import Official
from vouchers.officials.selectors import Authority

VIOLATIONS = Path(__file__).parent / "data" / "violations.csv"
_FINES = ("fine_first", "fine_second", "fine_third")


def load_violations(*, using: str, path: Path = VIOLATIONS) -> int:
    """Insert or update every rule of the file; a new rule is a new row, and what held is never changed."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [
            Violation(**row | {name: row[name] or None for name in _FINES} | {
                name: row[name] == "Y" for name in ("cancels", "is_confirmed")
            })
            for row in csv.DictReader(file)
        ]  # fmt: skip
    Violation.objects.using(using).bulk_create(
        rows, update_conflicts=True, unique_fields=["code", "valid_from"],
        update_fields=["name", "name_en", *_FINES, "counted_months", "cancels", "opinion_days", "is_confirmed", "source"],
    )  # fmt: skip
    return len(rows)


def notify(
    *, merchant: Merchant, violation: Violation, found_on: date, facts: str, notice_on: date, notice_document: str,
    opinion_until: date, hearing_on: date | None, official: Official, authority: Authority, at: datetime,
) -> Disposition:  # fmt: skip
    """Begin a case with the notice (사전통지). Raises NotPermitted, OpinionTimeTooShort."""
    _require(authority, "merchants.edit", merchant.municipality_id)
    if opinion_until < notice_on + timedelta(days=violation.opinion_days):
        raise OpinionTimeTooShort(days=violation.opinion_days)
    with transaction.atomic(), domain_errors():
        return Disposition.objects.create(
            municipality_id=merchant.municipality_id, merchant=merchant, violation=violation, found_on=found_on, facts=facts,
            notice_on=notice_on, notice_document=notice_document, opinion_until=opinion_until, hearing_on=hearing_on,
            entered_by=official, entered_at=at,
        )  # fmt: skip


def hear(
    *, disposition: Disposition, opinion_on: date | None, opinion: str, hearing_on: date | None, authority: Authority
) -> Disposition:
    """Write down what the shop said and when it was heard. Raises NotPermitted, DispositionFinal."""
    with transaction.atomic(), domain_errors():
        held = _held(disposition, DispositionState.NOTICED)
        _require(authority, "merchants.edit", held.municipality_id)
        held.opinion_on, held.opinion, held.hearing_on = opinion_on, opinion, hearing_on
        held.save()
    return held


def propose(
    *, disposition: Disposition, measure: Measure | str, effective_from: date, reason: str, official: Official,
    authority: Authority, at: datetime, effective_until: date | None = None, document: str = "",
) -> Disposition:  # fmt: skip
    """Submit a measure for approval; the number of earlier violations decides step and fine.

    Raises NotPermitted, DispositionFinal, StillToBeHeard, HearingMissing, MeasureNotOpen.
    """
    with transaction.atomic(), domain_errors():
        held = _held(disposition, DispositionState.NOTICED)
        _require(authority, "merchants.edit", held.municipality_id)
        today = business_date(at)
        if held.opinion_on is None and today <= held.opinion_until:
            raise StillToBeHeard
        if measure not in selectors.measures(held.violation, held.merchant):
            raise MeasureNotOpen
        if measure == Measure.CANCEL and (held.hearing_on is None or held.hearing_on > today):
            raise HearingMissing
        held.measure, held.effective_from, held.reason, held.document = measure, effective_from, reason, document
        held.effective_until = effective_until if measure == Measure.SUSPEND else None
        held.step = selectors.step(held)
        held.fine = selectors.fine(held) if measure == Measure.FINE else None
        held.state, held.entered_by, held.entered_at = DispositionState.PROPOSED, official, at
        held.decided_by, held.decided_at = None, None
        held.save()
    return held


def decide(
    *, disposition: Disposition, official: Official, authority: Authority, at: datetime, note: str = ""
) -> Disposition:
    """Decide what was proposed; a suspension or cancellation reaches the shop in the same transaction.

    Raises NotPermitted, ApprovedByOneself, DispositionFinal, StepChanged, and what the register refuses.
    """
    with transaction.atomic(), domain_errors():
        held = _to_decide(disposition, official, authority)
        list(Merchant.objects.select_for_update(of=("self",), no_key=True).filter(
            municipality=held.municipality_id, business_number=held.merchant.business_number
        ).order_by("pk"))  # two cases of one business are decided one after the other  # fmt: skip
        if held.step != selectors.step(held) or (held.measure == Measure.FINE and held.fine != selectors.fine(held)):
            raise StepChanged
        if held.measure in {Measure.SUSPEND, Measure.CANCEL}:
            held.change = registry.order_change(
                merchant=held.merchant, kind=held.measure, effective_from=held.effective_from or business_date(at),
                effective_until=held.effective_until, reason=held.reason, document=held.document,
                entered_by=held.entered_by, entered_at=held.entered_at, official=official, authority=authority, at=at,
            )  # fmt: skip
        return _close(held, DispositionState.DECIDED, official=official, note=note, at=at)


def give_back(
    *, disposition: Disposition, official: Official, authority: Authority, at: datetime, note: str
) -> Disposition:
    """Return it to who proposed it, saying why. Raises NotPermitted, ApprovedByOneself, DispositionFinal."""
    with transaction.atomic(), domain_errors():
        held = _to_decide(disposition, official, authority)
        return _close(held, DispositionState.NOTICED, official=official, note=note, at=at)


def drop(*, disposition: Disposition, note: str, authority: Authority) -> Disposition:
    """End a case without a measure, saying why. Raises NotPermitted, DispositionFinal."""
    with transaction.atomic(), domain_errors():
        held = _held(disposition, DispositionState.NOTICED)
        _require(authority, "merchants.edit", held.municipality_id)
        held.state, held.note = DispositionState.DROPPED, note
        held.save()
    return held


def _held(disposition: Disposition, state: DispositionState) -> Disposition:
    held: Any = (
        Disposition.objects.select_for_update(of=("self",), no_key=True)
        .select_related("merchant", "violation")
        .get(pk=disposition.pk)
    )
    if held.state != state:
        raise DispositionFinal
    found: Disposition = held
    return found


def _to_decide(disposition: Disposition, official: Official, authority: Authority) -> Disposition:
    held = _held(disposition, DispositionState.PROPOSED)
    _require(authority, "merchants.approve", held.municipality_id)
    if official.pk == held.entered_by_id:
        raise ApprovedByOneself
    return held


def _close(
    held: Disposition, state: DispositionState, *, official: Official, note: str, at: datetime
) -> Disposition:  # fmt: skip
    held.state, held.decided_by, held.decided_at, held.note = state, official, at, note
    held.save()
    return held


def _require(authority: Authority, permission: str, municipality: str) -> None:
    if not authority.may(permission, municipality):
        raise NotPermitted
