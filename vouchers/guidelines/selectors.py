"""What the guideline allows a municipality. Call them inside the municipality's scope."""

from __future__ import annotations

from datetime import date

from vouchers.guidelines import rules
from vouchers.guidelines.models import GuidelineLimit, LimitKind, Region, RegionStatus


def rate_ceiling(*, municipality: str, day: date) -> rules.Ceiling | None:
    """The highest rate; None: no guideline holds, or what the municipality is then has not been entered."""
    statuses = RegionStatus.objects.filter(municipality=municipality, valid_from__lte=day)
    return rules.ceiling(
        limits=_limits(LimitKind.RATE, LimitKind.DISASTER, day=day),
        statuses=[rules.Status(s.kind, s.valid_from, s.valid_until, s.rate, s.document) for s in statuses],
        regions=Region.values, day=day,
    )  # fmt: skip


def amount_limit(*, kind: LimitKind, day: date) -> rules.Limit | None:
    """How much a person may buy a month, or hold, at most; None: no guideline holds."""
    return rules.latest(_limits(kind, day=day), day=day)


def _limits(*kinds: LimitKind, day: date) -> list[rules.Limit]:
    rows = GuidelineLimit.objects.filter(kind__in=kinds, valid_from__lte=day)
    return [rules.Limit(row.kind, row.region, row.valid_from, row.value, row.source) for row in rows]
