"""Whom to ask about, and what became of the shops that were found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from merchants.closures.models import BusinessStatus, ClosureCheck, ClosureFinding
from merchants.closures.rules import CASES
from merchants.dispositions.models import Disposition, DispositionState
from merchants.dispositions.rules import STATUSES
from vouchers.officials.models import Official


def numbers_to_check(*, municipality: str) -> list[str]:
    """The business numbers of all shops that take payments or might again, each once."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT business_number FROM merchants_merchant"
            " WHERE municipality_id = %s AND status IN ('applied', 'active', 'suspended') ORDER BY business_number",
            [municipality],
        )  # fmt: skip
        return [number for (number,) in cursor.fetchall()]


class Matched(NamedTuple):
    """One number of the list: the shop that has it, if any."""

    at: int
    merchant: UUID | None


def matched(*, municipality: str, numbers: Sequence[str]) -> list[Matched]:
    """The shops of these numbers that are not gone; a number without one comes with None."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT said.at::integer - 1, shop.id FROM unnest(%s::text[]) WITH ORDINALITY AS said (number, at)"
            " LEFT JOIN merchants_merchant shop ON shop.municipality_id = %s AND shop.business_number = said.number"
            " AND shop.status IN ('applied', 'active', 'suspended') ORDER BY said.at, shop.id",
            [list(numbers), municipality],
        )  # fmt: skip
        return [Matched(*row) for row in cursor.fetchall()]


def without_case(check: ClosureCheck) -> QuerySet[ClosureFinding]:
    """The closed and dormant shops of a list against which no such case is open."""
    going_on = Disposition.objects.filter(
        merchant=OuterRef("merchant"), state__in=[DispositionState.NOTICED, DispositionState.PROPOSED],
        violation__code__in=[code for code, _measure in CASES.values()],
    )  # fmt: skip
    closing = Q(status=BusinessStatus.CLOSED, merchant__status__in=STATUSES["close"])
    pausing = Q(status=BusinessStatus.DORMANT, merchant__status__in=STATUSES["suspend"])
    return check.findings.filter(~Exists(going_on), closing | pausing)


def noticed(check: ClosureCheck) -> QuerySet[ClosureFinding]:
    """Those that have a notice and are not decided."""
    return check.findings.filter(disposition__state=DispositionState.NOTICED)


def unanswered(check: ClosureCheck, *, day: date) -> QuerySet[ClosureFinding]:
    """Those whose time to answer is over and who said nothing."""
    return check.findings.filter(
        disposition__state=DispositionState.NOTICED, disposition__opinion_on=None, disposition__opinion_until__lt=day
    )


def to_decide(check: ClosureCheck, *, official: Official) -> QuerySet[ClosureFinding]:
    """Those that somebody else has submitted for approval."""
    waiting = check.findings.filter(disposition__state=DispositionState.PROPOSED)
    return waiting.exclude(disposition__entered_by=official)
