"""What points are counted by: the words of a rule, and the days on which a payout is due."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _


class Measure(models.TextChoices):
    """What of an activity earns points."""

    EVENT = "event", _("건당")
    AMOUNT = "amount", _("금액의 일정 비율")
    QUANTITY = "quantity", _("수량당")


class Days(models.TextChoices):
    """On which days an activity earns points."""

    ALL = "all", _("매일")
    WEEKDAYS = "weekdays", _("월~금요일(공휴일 포함)")
    WORKDAYS = "workdays", _("월~금요일(공휴일 제외)")


class WeekOf(models.TextChoices):
    """Which month, quarter or year an activity of a week that crosses its end is counted in."""

    MONDAY = "monday", _("그 주 월요일이 속한 달")
    DAY = "day", _("활동한 날이 속한 달")


class CapPeriod(models.TextChoices):
    """How long a cap runs. Weeks begin on Monday; a shorter period's cap is applied before a longer one's, and of one
    period that of the kind of activity before that of the whole programme."""

    DAY = "day", _("1일")
    WEEK = "week", _("1주")
    MONTH = "month", _("1개월")
    YEAR = "year", _("1년")


class Cap(models.TextChoices):
    """Whose cap took points off, and over how long, in the order in which caps are applied."""

    KIND_DAY = "kind_day", _("활동의 1일 한도")
    PROGRAMME_DAY = "programme_day", _("사업 통합 1일 한도")
    KIND_WEEK = "kind_week", _("활동의 1주 한도")
    PROGRAMME_WEEK = "programme_week", _("사업 통합 1주 한도")
    KIND_MONTH = "kind_month", _("활동의 1개월 한도")
    PROGRAMME_MONTH = "programme_month", _("사업 통합 1개월 한도")
    KIND_YEAR = "kind_year", _("활동의 1년 한도")
    PROGRAMME_YEAR = "programme_year", _("사업 통합 1년 한도")


class Payout(models.TextChoices):
    """How often points are paid."""

    MONTH = "month", _("매월")
    QUARTER = "quarter", _("매분기")
    YEAR = "year", _("매년")


_MONTHS = {Payout.MONTH: 1, Payout.QUARTER: 3, Payout.YEAR: 12}


def period_of(payout: str, day: date) -> tuple[date, date]:
    """The first day of the payout period that holds ``day``, and the day after its last."""
    months = _MONTHS[Payout(payout)]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    return first, _months_later(first, months)


def periods_before(payout: str, day: date, count: int) -> list[tuple[date, date]]:
    """The ``count`` periods that end at or before the one holding ``day`` begins, the latest first."""
    found = []
    first, _end = period_of(payout, day)
    for _number in range(count):
        first, end = period_of(payout, first - timedelta(days=1))
        found.append((first, end))
    return found


def payable_from(end: date, payout_month: int | None) -> date:
    """The first day on which a period that ended before ``end`` may be paid.

    Its last week must be over, because the caps of a week are those of the whole week; and a programme that pays in a
    month of its own (소양에너지페이: March) waits for that month.
    """
    over = end + timedelta(days=(8 - end.isoweekday()) % 7)
    if payout_month is None:
        return over
    months = (payout_month - end.month) % 12
    return max(over, _months_later(end, months))


def expiry_day(paid_on: date, months: int) -> date:
    """The first day on which points paid on that day are worth nothing any more."""
    later = _months_later(paid_on.replace(day=1), months)
    following = _months_later(later, 1)
    return min(later + timedelta(days=paid_on.day - 1), following - timedelta(days=1)) + timedelta(days=1)


def _months_later(first: date, months: int) -> date:
    years, month = divmod(first.month - 1 + months, 12)
    return date(first.year + years, month + 1, 1)
