"""Dispositions against shops: notice, opinion and hearing, proposal, and the decision of another person."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection, transaction

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
from merchants.dispositions.rules import STATUSES
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
                "measures": row["measures"].split("|"), "is_confirmed": row["is_confirmed"] == "Y",
            })
            for row in csv.DictReader(file)
        ]  # fmt: skip
    Violation.objects.using(using).bulk_create(
        rows, update_conflicts=True, unique_fields=["code", "valid_from"],
        update_fields=["name", "name_en", *_FINES, "counted_months", "measures", "opinion_days", "is_confirmed", "source"],
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
        if held.measure in STATUSES:
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


def notify_all(
    *, municipality: str, shops: Mapping[UUID, str], violation: Violation, found_on: date, notice_on: date,
    notice_document: str, opinion_until: date, official: Official, authority: Authority, at: datetime,
) -> list[Disposition]:  # fmt: skip
    """Begin a case against each shop, with what was found of it, by one notice. Raises NotPermitted, OpinionTimeTooShort."""
    _require(authority, "merchants.edit", municipality)
    if opinion_until < notice_on + timedelta(days=violation.opinion_days):
        raise OpinionTimeTooShort(days=violation.opinion_days)
    with transaction.atomic(), domain_errors():
        made = Disposition.objects.bulk_create(
            [
                Disposition(
                    municipality_id=municipality, merchant_id=shop, violation=violation, found_on=found_on, facts=facts,
                    notice_on=notice_on, notice_document=notice_document, opinion_until=opinion_until,
                    entered_by=official, entered_at=at,
                )
                for shop, facts in shops.items()
            ],
            batch_size=_BATCH,
        )  # fmt: skip
        Disposition.history.bulk_history_create(made, batch_size=_BATCH, default_user=official, default_date=at)
    return made


def propose_all(
    *, municipality: str, cases: Sequence[UUID], measure: Measure | str, effective_from: date, reason: str,
    official: Official, authority: Authority, at: datetime,
) -> int:  # fmt: skip
    """Submit one measure for every case of these that nobody answered in time; returns for how many.

    The measure is one that changes the shop. Cases that are not so far, or whose shop does not allow it, stay as they are.
    Raises NotPermitted.
    """
    _require(authority, "merchants.edit", municipality)
    with transaction.atomic(), domain_errors():
        proposed = _keys(_PROPOSE_ALL, {
            "city": municipality, "cases": list(cases), "measure": str(measure), "from": effective_from, "reason": reason,
            "statuses": list(STATUSES[str(measure)]), "official": official.pk, "at": at, "today": business_date(at),
        })  # fmt: skip
        _remember(proposed, official=official, at=at)
    return len(proposed)


def decide_all(
    *, municipality: str, cases: Sequence[UUID], official: Official, authority: Authority, at: datetime, note: str = ""
) -> int:
    """Decide every case of these that another person proposed; returns how many.

    What can no longer be decided stays proposed: its step has changed, its shop is in another state, or another change
    of the shop waits. Raises NotPermitted.
    """
    _require(authority, "merchants.approve", municipality)
    with transaction.atomic(), domain_errors():
        said = {
            "city": municipality, "cases": list(cases), "official": official.pk, "at": at, "today": business_date(at),
            "note": note,
        }  # fmt: skip
        _keys(_LOCK_SHOPS, said)
        changes = _keys(_ORDER_ALL, said)
        due = _keys(_APPROVE_ALL, said | {"changes": changes})
        registry.remember(merchants=due, official=official, reason=note, at=at)
        decided = _keys(_DECIDE_ALL, said | {"changes": changes})
        _remember(decided, official=official, at=at)
    return len(decided)


_BATCH = 1_000
_STEP = """1 + (
    SELECT count(*) FROM merchants_disposition earlier
    JOIN merchants_violation its ON its.id = earlier.violation_id AND its.code = rule.code
    JOIN merchants_merchant of ON of.id = earlier.merchant_id AND of.business_number = shop.business_number
    WHERE earlier.municipality_id = held.municipality_id AND earlier.state = 'decided' AND earlier.id <> held.id
      AND held.found_on BETWEEN earlier.effective_from
                            AND (earlier.effective_from + make_interval(months => rule.counted_months::integer))::date)"""
"""Which time this is: the same rule as `rules.step_of`, for many cases at once."""
_PROPOSE_ALL = f"""
UPDATE merchants_disposition held
SET state = 'proposed', measure = %(measure)s, effective_from = %(from)s, effective_until = NULL, reason = %(reason)s,
    step = {_STEP}, fine = NULL, entered_by_id = %(official)s, entered_at = %(at)s, decided_by_id = NULL, decided_at = NULL
FROM merchants_merchant shop, merchants_violation rule
WHERE held.municipality_id = %(city)s AND held.id = ANY(%(cases)s::uuid[]) AND held.state = 'noticed'
  AND held.opinion_on IS NULL AND held.opinion_until < %(today)s
  AND shop.id = held.merchant_id AND shop.status = ANY(%(statuses)s)
  AND rule.id = held.violation_id AND %(measure)s = ANY(rule.measures)
RETURNING held.id
"""
_LOCK_SHOPS = """
SELECT shop.id FROM merchants_merchant shop
WHERE shop.municipality_id = %(city)s
  AND shop.id IN (SELECT merchant_id FROM merchants_disposition WHERE id = ANY(%(cases)s::uuid[]))
ORDER BY shop.id FOR NO KEY UPDATE
"""
_ORDER_ALL = f"""
INSERT INTO merchants_merchantchange (municipality_id, merchant_id, kind, effective_from, effective_until, reason, document,
    name, name_ascii, representative, account_bank, account_holder, before, state, entered_by_id, entered_at, note)
SELECT DISTINCT ON (held.merchant_id) held.municipality_id, held.merchant_id, held.measure, held.effective_from,
    held.effective_until, held.reason, held.document, '', '', '', '', '', '{{}}', 'waiting', held.entered_by_id,
    held.entered_at, ''
FROM merchants_disposition held
JOIN merchants_merchant shop ON shop.id = held.merchant_id
JOIN merchants_violation rule ON rule.id = held.violation_id
WHERE held.municipality_id = %(city)s AND held.id = ANY(%(cases)s::uuid[]) AND held.state = 'proposed'
  AND held.entered_by_id <> %(official)s AND held.step = {_STEP}
  AND public.merchant_status_after(held.measure, shop.status) IS NOT NULL
  AND NOT EXISTS (SELECT FROM merchants_merchantchange other
                  WHERE other.merchant_id = held.merchant_id AND other.state = 'waiting')
ORDER BY held.merchant_id, held.id
RETURNING id
"""
_APPROVE_ALL = """
UPDATE merchants_merchantchange
SET state = CASE WHEN effective_from <= %(today)s THEN 'applied' ELSE 'approved' END, note = %(note)s,
    applied_at = CASE WHEN effective_from <= %(today)s THEN %(at)s::timestamptz END,
    decided_by_id = %(official)s, decided_at = %(at)s
WHERE id = ANY(%(changes)s::uuid[]) RETURNING CASE WHEN state = 'applied' THEN merchant_id END
"""
_DECIDE_ALL = """
UPDATE merchants_disposition held
SET state = 'decided', change_id = change.id, decided_by_id = %(official)s, decided_at = %(at)s, note = %(note)s
FROM merchants_merchantchange change
WHERE change.id = ANY(%(changes)s::uuid[]) AND held.id = ANY(%(cases)s::uuid[]) AND held.merchant_id = change.merchant_id
  AND held.state = 'proposed' AND held.measure = change.kind
RETURNING held.id
"""


def _keys(statement: str, said: Mapping[str, Any]) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(statement, said)
        return [key for (key,) in cursor.fetchall() if key is not None]


def _remember(cases: Sequence[UUID], *, official: Official, at: datetime) -> None:
    """What statements wrote, in the history that `save` writes by itself."""
    Disposition.history.bulk_history_create(
        list(Disposition.objects.filter(pk__in=cases)),
        batch_size=_BATCH,
        update=True,
        default_user=official,
        default_date=at,
    )


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
