"""Filters of lists that stay fast at ten million rows: they turn into ranges of keys, not of unindexed columns."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from vouchers.common.seoul import business_date, start_of_day


def id_floor(at: datetime) -> UUID:
    """The smallest uuidv7 of that millisecond: what was made earlier has a smaller id."""
    return UUID(int=int(at.timestamp() * 1000) << 80)


class PeriodFilter(admin.SimpleListFilter):
    """When a row came into being, by its time-ordered id."""

    title = _("기간")
    parameter_name = "period"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Days and months as officials speak of them."""
        return [
            ("today", _("오늘")), ("yesterday", _("어제")), ("week", _("최근 7일")), ("month", _("이번 달")),
            ("last_month", _("지난달")),
        ]  # fmt: skip

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Rows whose id lies in the period; everything when none is chosen."""
        period = period_days(str(self.value()), business_date(request.at))  # type: ignore[attr-defined]
        if period is None:
            return queryset
        first, end = (id_floor(start_of_day(day)) for day in period)
        return queryset.filter(id__gte=first, id__lt=end)


def period_days(name: str, today: date) -> tuple[date, date] | None:
    """The first day of the period and the day after its last."""
    month = today.replace(day=1)
    periods = {
        "today": (today, today + timedelta(days=1)),
        "yesterday": (today - timedelta(days=1), today),
        "week": (today - timedelta(days=6), today + timedelta(days=1)),
        "month": (month, today + timedelta(days=1)),
        "last_month": ((month - timedelta(days=1)).replace(day=1), month),
    }
    return periods.get(name)


class MunicipalityFilter(admin.SimpleListFilter):
    """One municipality at a time: an official of a province sees their own first, and chooses among the others.

    The tables whose key begins with the municipality are only read in order when it is a single one.
    """

    title = _("지자체")
    parameter_name = "municipality"

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        self._is_searched_by_key = [*model_admin.prefix_search, *model_admin.exact_search] == ["id"]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The municipalities of the scope, when there are several; the list has no filter otherwise."""
        codes = sorted(request.authority.municipalities)  # type: ignore[attr-defined]
        if len(codes) < 2:
            return []
        rows = model_admin.model._meta.get_field("municipality").remote_field.model.objects.filter(pk__in=codes)
        return [(row.pk, row.name) for row in rows]

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Without 'all'."""
        yield from list(super().choices(changelist))[1:]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """The chosen one. When none is chosen, the official's own where it has rows, else the first that has any. A list that
        is searched by nothing but its keys looks in all of them for one: it does not tell where it is from."""
        if self.value() is None and self._is_searched_by_key and is_key(request.GET.get("q", "")):
            return queryset
        if self.value() is None:
            self.used_parameters[self.parameter_name] = self._first_with_rows(request, queryset)
        return queryset.filter(municipality=self.value())

    def _first_with_rows(self, request: HttpRequest, queryset: QuerySet) -> str:
        own = chosen_municipality(request)
        if len(request.authority.municipalities) < 2 or queryset.filter(municipality=own).exists():  # type: ignore[attr-defined]
            return own
        return queryset.order_by("municipality").values_list("municipality", flat=True).first() or own


def is_key(text: str) -> bool:
    """Whether it is a whole key, such as the number of a payment."""
    try:
        return bool(UUID(text.strip()))
    except ValueError:
        return False


def chosen_municipality(request: HttpRequest) -> str:
    """The official's own municipality when they hold a role there, else the first of their scope."""
    codes = request.authority.municipalities  # type: ignore[attr-defined]
    own = str(getattr(request.user, "municipality_id", ""))
    return own if own in codes else min(codes, default="")
