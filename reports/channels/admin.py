"""채널별 이용 현황, on screen and as a workbook."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from urllib.parse import quote, urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from reports.channels import workbook
from reports.channels.selectors import MOST_MONTHS, month_after, months_between, report
from vouchers.common.errors import NotFound
from vouchers.common.filters import chosen_municipality
from vouchers.common.pages import page, render, require
from vouchers.common.seoul import business_date
from vouchers.municipalities.models import Municipality

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """What the address asks for. ``note``: what was made of a period that cannot be shown as it was asked."""

    municipality: str
    first: date
    last: date
    note: str = ""


@page("reports/channels/", name="channel_usage")
def channel_usage(request: HttpRequest) -> HttpResponse:
    """Channels of the chosen months; the period stays in the address, so that it can be kept and sent."""
    asked = _asked(request)
    codes = sorted(request.authority.municipalities)  # type: ignore[attr-defined]
    found = report(municipality=asked.municipality, first=asked.first, last=asked.last)
    return render(
        request, "reports/channels/usage.html", title=_("채널별 이용 현황"), report=found, asked=asked, at=request.at,  # type: ignore[attr-defined]
        municipalities=Municipality.objects.filter(pk__in=codes) if len(codes) > 1 else [],
        latest=business_date(request.at),  # type: ignore[attr-defined]
        address=urlencode(
            {"municipality": asked.municipality, "first": f"{asked.first:%Y-%m}", "last": f"{asked.last:%Y-%m}"}
        ),
    )  # fmt: skip


@page("reports/channels.xlsx", name="channel_usage_file")
def channel_usage_file(request: HttpRequest) -> HttpResponse:
    """The same as a workbook. It names no person."""
    asked = _asked(request)
    at = request.at  # type: ignore[attr-defined]
    city = Municipality.objects.get(pk=asked.municipality)
    content = workbook.render(
        report(municipality=asked.municipality, first=asked.first, last=asked.last), municipality=str(city), at=at
    )
    title = gettext("채널별이용현황")
    name = f"{title}_{city.name}_{asked.first:%Y%m}-{asked.last:%Y%m}.xlsx"
    return HttpResponse(
        content, content_type=_XLSX, headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    )


def _asked(request: HttpRequest) -> _Asked:
    """This month when nothing is said; what is no month is a 404, and a period that is too long is cut, with a word."""
    require(request, "payments.view")
    code = request.GET.get("municipality") or chosen_municipality(request)
    if code not in request.authority.municipalities:  # type: ignore[attr-defined]
        raise NotFound
    require(request, "payments.view", code)
    this = business_date(request.at).replace(day=1)  # type: ignore[attr-defined]
    last = _month(request.GET.get("last")) or this
    first = _month(request.GET.get("first")) or last
    note = ""
    if first > last:
        first, last = last, first
        note = gettext("시작 월이 끝 월보다 늦어 서로 바꾸어 조회했습니다.")
    if len(months_between(first=first, last=last)) > MOST_MONTHS:
        first = month_after(last, 1 - MOST_MONTHS)
        note = gettext("한 번에 12개월까지 볼 수 있어 끝 월까지의 12개월을 표시합니다.")
    return _Asked(municipality=code, first=first, last=last, note=note)


def _month(said: str | None) -> date | None:
    if not said:
        return None
    try:
        year, month = said.split("-")
        first = date(int(year), int(month), 1)
    except ValueError as error:
        raise NotFound from error
    if not 2000 <= first.year <= 2100:
        raise NotFound
    return first
