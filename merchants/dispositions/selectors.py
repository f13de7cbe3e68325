"""Which rule holds on a day, and how often a business did it before."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db.models import QuerySet

from merchants.dispositions.models import Disposition, DispositionState, Restitution, RestitutionState, Violation
from merchants.dispositions.rules import fine_of, measures_for, step_of
from merchants.registry.models import Merchant


def violations_on(*, day: date) -> QuerySet[Violation]:
    """Each offence as it stands on a day."""
    return Violation.objects.filter(valid_from__lte=day).order_by("code", "-valid_from").distinct("code")


def step(disposition: Disposition) -> int:
    """Which time this is, over all shops of the same business number in the municipality."""
    earlier = Disposition.objects.filter(
        municipality=disposition.municipality_id, violation__code=disposition.violation.code,
        merchant__business_number=disposition.merchant.business_number, state=DispositionState.DECIDED,
    ).exclude(pk=disposition.pk)  # fmt: skip
    return step_of(
        found_on=disposition.found_on, earlier=[case.effective_from for case in earlier if case.effective_from],
        counted_months=disposition.violation.counted_months,
    )  # fmt: skip


def fine(disposition: Disposition) -> int | None:
    """What a fine would be now, in won."""
    rule = disposition.violation
    return fine_of(step=step(disposition), fines=(rule.fine_first, rule.fine_second, rule.fine_third))


def measures(violation: Violation, merchant: Merchant) -> list[str]:
    """What may be decided about this shop for that offence."""
    return measures_for(measures=violation.measures, status=merchant.status)


def overdue(*, municipalities: Iterable[str], day: date) -> QuerySet[Restitution]:
    """Claims that nobody has paid by their day, the oldest first."""
    rows = Restitution.objects.filter(
        municipality__in=list(municipalities), state=RestitutionState.CLAIMED, due_on__lt=day
    )
    return rows.select_related("disposition__merchant").order_by("due_on", "pk")
