"""The home page: what waits for the official, the figures of the day with what they are compared with, and where to go."""

from __future__ import annotations

from calendar import isleap, monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from merchants.payouts import alarms as payout_alarms
from reports.dashboard import rules
from reports.dashboard.alarms import overdue_claims
from reports.dashboard.selectors import (
    Allotment,
    Asked,
    Totals,
    allotments_in_use,
    breakdown,
    budgets_in_use,
    in_progress,
    summed_at,
    totals,
    waiting,
)
from vouchers.common.korean import document_date, grouped
from vouchers.common.money import money
from vouchers.common.pages import page
from vouchers.common.seoul import business_date
from vouchers.currencies.models import Currency
from vouchers.incentives.selectors import Outlook
from vouchers.incentives.selectors import alarms_for as benefit_alarms_for
from vouchers.municipalities.models import Municipality
from vouchers.officials.rules import Role
from vouchers.officials.selectors import Authority, deputyships_of
from vouchers.reconciliation.selectors import alarms_for
from vouchers.webhooks.selectors import stopped_for

_SHORTCUTS: tuple[tuple[str, Any, str, str], ...] = (
    ("batches.edit", _("명단 올리기"), "admin:batch_upload", "upload_file"),
    ("programmes.edit", _("수당 종류에서 사업 만들기"), "admin:allowances_allowancetype_changelist", "library_add"),
    ("programmes.fund", _("사업 예산 배정"), "admin:allowances_programme_changelist", "account_balance"),
    ("batches.pay", _("지급 대상자 명단"), "admin:allowances_batch_changelist", "list_alt"),
    ("citizens.view", _("시민 찾기"), "admin:vouchers_citizen_changelist", "person_search"),
    ("merchants.view", _("가맹점 찾기"), "admin:merchants_merchant_changelist", "storefront"),
    ("settlement.view", _("가맹점 정산내역"), "admin:merchants_settlementline_changelist", "receipt_long"),
    ("audit.view", _("개인정보 접속기록"), "admin:vouchers_accessrecord_changelist", "policy"),
    ("officials.edit", _("공무원과 역할"), "admin:vouchers_official_changelist", "badge"),
)
_AGES = {
    "0": _("10세 미만"), "10": _("10대"), "20": _("20대"), "30": _("30대"), "40": _("40대"), "50": _("50대"),
    "60": _("60대"), "70": _("70세 이상"), "corporation": _("법인"), "": _("알 수 없음"),
}  # fmt: skip
_MOST_CITIES = 40
_SHOWN_BUDGETS = 4


def home(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The context of the home page."""
    authority = request.authority  # type: ignore[attr-defined]
    today = business_date(request.at)  # type: ignore[attr-defined]
    held = sorted({role for roles in authority.roles.values() for role in roles}, key=list(Role).index)
    benefits = benefit_alarms_for(authority=authority, day=today)
    return context | {
        "today": today,
        "roles": [Role(role).label for role in held],
        "waiting": waiting(authority=authority),
        "alarms": alarms_for(authority=authority, today=today),
        "benefit_alarms": benefits,
        "payouts": payout_alarms.of(authority, today),
        "claims": overdue_claims(authority, today),
        "stopped_webhooks": stopped_for(authority=authority, at=request.at),  # type: ignore[attr-defined]
        "deputyships": deputyships_of(official_id=authority.official_id, day=today).filter(valid_from__lte=today)
        if authority.acting
        else [],
        "in_progress": in_progress(authority=authority) if authority.may("allowances.view") else [],
        "shortcuts": [
            {"title": title, "link": reverse(name), "icon": icon}
            for permission, title, name, icon in _SHORTCUTS
            if authority.may(permission)
        ],
        "live": _live(request, benefits.outlooks),
    }


@page("live/", name="live_figures")
def live_figures(request: HttpRequest) -> HttpResponse:
    """The figures and charts of the home page alone, which the page asks for every so often."""
    authority, today = request.authority, business_date(request.at)  # type: ignore[attr-defined]
    codes = [code for code in authority.municipalities if authority.may("benefits.view", code)]
    outlooks = budgets_in_use(municipalities=codes, day=today) if codes else []
    return render(request, "reports/dashboard/live.html", {"live": _live(request, outlooks)})


class _Change(NamedTuple):
    """What a figure was in an earlier span; ``rate`` None: nothing to compare with."""

    span: rules.Span
    then: int | None
    rate: Fraction | None

    @property
    def text(self) -> str:
        """In words, so that neither colour nor arrow has to be seen."""
        if self.rate is None:
            return gettext("비교할 자료 없음")
        if abs(self.rate) < Fraction(1, 2000):
            return gettext("변동 없음")
        percent = f"{grouped(int(abs(self.rate) * 100))}.{int(abs(self.rate) * 1000) % 10}%"
        return (gettext("%(percent)s 증가") if self.rate > 0 else gettext("%(percent)s 감소")) % {"percent": percent}

    @property
    def sign(self) -> str:
        """The arrow beside it."""
        return "" if self.rate is None else "▲" if self.rate > 0 else "▼" if self.rate < 0 else ""


@dataclass(frozen=True, kw_only=True)
class _Figure:
    """One tile."""

    title: Any
    amount: int
    notes: list[str]
    changes: list[_Change]


class _City(NamedTuple):
    """A row of the province's table."""

    municipality: Municipality
    link: str
    issued: int | None
    used: int | None
    change: _Change | None
    settled: int | None
    holding: int | None


class _Chart(NamedTuple):
    """A picture with its table. ``summary`` says in a sentence what the picture shows."""

    name: str
    title: Any
    head: Any
    summary: str
    bars: list[rules.Bar]
    height: int
    line: str = ""


class _Burn(NamedTuple):
    """A budget with how much of it is used; ``elapsed``: percent of its time that is over. ``forecast`` is a warning where
    ``is_short``."""

    name: str
    link: str
    title: Any
    budget: int
    used: int
    elapsed: int
    forecast: str
    is_short: bool

    @property
    def percent(self) -> str:
        """How much of it is used."""
        return rules.percent_of(self.used, self.budget)

    @property
    def length(self) -> int:
        """The same as the length of a bar of 300."""
        return max(0, min(300, self.used * 300 // self.budget))

    @property
    def mark(self) -> int:
        """Where the bar would end if every day cost the same."""
        return self.elapsed * 3


def _live(request: HttpRequest, outlooks: Iterable[Outlook]) -> dict[str, Any] | None:
    """The figures that the official may see; None: of no municipality."""
    authority: Authority = request.authority  # type: ignore[attr-defined]
    today = business_date(request.at)  # type: ignore[attr-defined]
    seen = {
        name: [code for code in sorted(authority.municipalities) if authority.may(name, code)]
        for name in ("allowances.view", "payments.view", "settlement.view", "benefits.view")
    }
    codes = sorted({*seen["allowances.view"], *seen["payments.view"], *seen["settlement.view"]})[:_MOST_CITIES]
    if not codes:
        return None
    cities = list(Municipality.objects.filter(pk__in=codes)) if len(codes) > 1 else []
    one = request.GET.get("municipality", "")
    chosen = (one,) if one in codes else tuple(codes)
    currencies = list(Currency.objects.filter(municipality=chosen[0])[:50]) if len(chosen) == 1 else []
    currency = next((row for row in currencies if str(row.pk) == request.GET.get("currency")), None)
    asked = Asked(municipalities=chosen, currency=currency.pk if currency else None)
    at = summed_at(municipalities=chosen, day=today)
    period = rules.period_of(name=request.GET.get("period", ""), today=today, summed_at=at)
    found = totals(asked=asked, spans=[period.now, period.same, *period.before])
    may = {name: [code for code in chosen if code in codes_of] for name, codes_of in seen.items()}
    allotted = allotments_in_use(municipalities=may["allowances.view"], today=today)
    address = {
        "period": period.name,
        "municipality": one if one in codes else "",
        "currency": str(asked.currency or ""),
    }
    return {
        "period": period, "periods": rules.PERIODS, "at": at, "cities": cities, "chosen": one if one in codes else "",
        "currencies": currencies if len(currencies) > 1 else [], "currency": currency,
        "address": urlencode({name: value for name, value in address.items() if value}),
        "figures": _figures(period, found, may),
        "table": _table(period, found, may, cities) if len(chosen) > 1 else [],
        "budgets": [
            *_benefit_burns([one for one in outlooks if one.terms.municipality_id in may["benefits.view"]], today),
            *_programme_burns(allotted, today, cities=len(chosen)),
        ],
        "charts": _charts(asked, period, may["payments.view"], at),
    }  # fmt: skip


def _sum(found: dict[str, Totals], codes: Iterable[str]) -> Totals:
    return sum((found[code] for code in codes if code in found), Totals())


def _figures(
    period: rules.Period, found: Sequence[dict[str, Totals]], may: dict[str, list[str]]
) -> list[_Figure]:  # fmt: skip
    """발행 of those who see allowances or payments, 이용 and 미사용잔액 of payments, 정산 of settlements."""
    allowances, payments, settled = (
        [_sum(each, may[name]) for each in found] for name in ("allowances.view", "payments.view", "settlement.view")
    )

    def figure(title: Any, amounts: list[int], known: list[Totals], *notes: str) -> _Figure:
        changes = [
            _change(span, amounts[1], amounts[number] if known[number].is_known else None)
            for number, span in enumerate(period.before, start=2)
        ]
        return _Figure(title=title, amount=amounts[0], notes=[note for note in notes if note], changes=changes)

    shown = []
    if may["payments.view"] or may["allowances.view"]:
        known = payments if may["payments.view"] else allowances
        issued = [a.allowances + b.top_ups + b.benefits for a, b in zip(allowances, payments, strict=True)]
        parts = [
            (gettext("수당 %(amount)s"), allowances[0].allowances, bool(may["allowances.view"])),
            (gettext("충전 %(amount)s"), payments[0].top_ups, bool(may["payments.view"])),
            (gettext("혜택 %(amount)s"), payments[0].benefits, bool(may["payments.view"])),
        ]
        notes = [text % {"amount": money(amount)} for text, amount, is_seen in parts if is_seen]
        title = _("발행액") if may["payments.view"] else _("수당 지급액")
        shown.append(figure(title, issued, known, " · ".join(notes)))
    if may["payments.view"]:
        count = gettext("결제 %(count)s건, 취소 제외") % {"count": grouped(payments[0].payments)}
        shown.append(figure(_("이용액"), [one.used for one in payments], payments, count))
    if may["settlement.view"]:
        shown.append(
            figure(_("정산·환전액"), [one.settled for one in settled], settled, gettext("가맹점에 확정된 금액"))
        )
    if may["payments.view"]:
        shown.append(
            figure(_("미사용잔액"), [one.holding for one in payments], payments, gettext("시민 지갑에 남은 금액"))
        )
    return shown


def _change(span: rules.Span, now: int, then: int | None) -> _Change:
    return _Change(span, then, None if then is None else rules.change_of(now, then))


def _table(
    period: rules.Period, found: Sequence[dict[str, Totals]], may: dict[str, list[str]], cities: list[Municipality]
) -> list[_City]:  # fmt: skip
    """The same figures for each city that has a ledger; None for what the official does not see there."""
    rows = []
    for city in cities:
        if city.pk not in found[0]:
            continue
        now, before = found[0][city.pk], found[2].get(city.pk)
        sees = {name: city.pk in codes for name, codes in may.items()}
        then = before.used if before and before.is_known else None
        issued = now.allowances * sees["allowances.view"] + (now.top_ups + now.benefits) * sees["payments.view"]
        rows.append(
            _City(
                municipality=city, link=urlencode({"municipality": city.pk, "period": period.name}),
                issued=issued if sees["allowances.view"] or sees["payments.view"] else None,
                used=now.used if sees["payments.view"] else None,
                change=_change(period.before[0], found[1][city.pk].used, then) if sees["payments.view"] else None,
                settled=now.settled if sees["settlement.view"] else None,
                holding=now.holding if sees["payments.view"] else None,
            )
        )  # fmt: skip
    return rows


def _benefit_burns(found: list[Outlook], today: date) -> list[_Burn]:
    """Each budget of a benefit, what ends first in front."""
    burns = []
    for one in sorted(found, key=lambda o: (min(filter(None, o.ends), default=date.max), o.terms.policy.name)):
        days = monthrange(today.year, today.month)[1]
        for title, budget, used, elapsed, ends in (
            (_("월 예산"), one.terms.budget_month, one.used_month, today.day * 100 // days, one.ends.month),
            (_("연 예산"), one.terms.budget_year, one.used_year, _of_year(today), one.ends.year),
        ):
            if budget:
                link = reverse("admin:vouchers_benefitpolicy_change", args=[one.terms.policy_id])
                forecast = (
                    gettext("%(day)s 소진 예상") % {"day": document_date(ends)}
                    if ends
                    else gettext("기간 안에 소진되지 않을 전망")
                )
                burns.append(
                    _Burn(str(one.terms.policy), link, title, budget, used, elapsed, forecast, ends is not None)
                )
    return burns[:_SHOWN_BUDGETS]


def _programme_burns(found: list[Allotment], today: date, *, cities: int) -> list[_Burn]:
    """Each programme's budget of the year; with its city where the page shows several."""
    burns = []
    for one in found[:_SHOWN_BUDGETS]:
        name, budget = one.programme.name, one.budget
        link = reverse("admin:allowances_programme_change", args=[one.programme.pk])
        burns.append(
            _Burn(
                f"{one.programme.municipality} {name}" if cities > 1 else name, link, _("배정 예산"), budget.allotted,
                budget.spent, _of_year(today), _rounds_left(one), one.is_short,
            )
        )  # fmt: skip
    return burns


def _rounds_left(one: Allotment) -> str:
    """For how many rounds the money is enough, and how many the year still has."""
    if one.covered is None:
        return gettext("아직 지급하지 않음")
    said = [gettext("지난 회차 평균으로 %(count)s회 더 지급 가능") % {"count": grouped(one.covered)}]
    if one.ahead is not None:
        said.append(gettext("올해 남은 회차 %(count)s회") % {"count": one.ahead})
    if one.is_short:
        said.append(gettext("부족 예상"))
    return " · ".join(said)


def _of_year(today: date) -> int:
    """How many percent of the year are over."""
    return today.timetuple().tm_yday * 100 // (366 if isleap(today.year) else 365)


def _charts(asked: Asked, period: rules.Period, codes: list[str], at: datetime | None) -> list[_Chart]:
    """Use by hour, category, dong and age; none for who does not see payments, or where nobody paid."""
    if not codes:
        return []
    asked = Asked(municipalities=tuple(codes), currency=asked.currency)
    then = period.before[0]._replace(until="")
    parts = breakdown(asked=asked, now=period.now, then=then)
    if not parts.hours:
        return []
    is_running = bool(period.same.until) and period.now.days == 1
    until = int(period.same.until[:2]) + 1 if is_running and at else 24
    hours = rules.columns(parts.hours, parts.then or None, until=until)
    rest, unknown = gettext("그 밖"), gettext("알 수 없음")
    ages = [(str(_AGES[key]), *parts.ages[key]) for key in _AGES if key in parts.ages]
    drawn = [
        _Chart(
            "hour", _("시간대별 이용"), _("시간"), _most(hours, gettext("%(name)s시")), hours, 0, rules.line_of(hours)
        )
    ]
    for name, title, head, rows, by_amount in (
        ("category", _("업종별 이용"), _("업종"), parts.categories, True),
        ("dong", _("가맹점 소재지별 이용"), _("읍면동"), [(row[0] or unknown, *row[1:]) for row in parts.dongs], True),
        ("age", _("연령별 이용"), _("연령"), ages, False),
    ):
        bars = rules.bars(rows, rest=rest, by_amount=by_amount)
        drawn.append(_Chart(name, title, head, _most(bars, "%(name)s"), bars, len(bars) * rules.BAR_STEP))
    return drawn


def _most(bars: list[rules.Bar], name: str) -> str:
    """Which is the largest of those that have a name, and what part of the whole it is."""
    most = max(bars, key=lambda bar: (not bar.is_rest, bar.amount))
    return gettext("%(name)s 이용이 가장 많습니다: %(amount)s, 전체의 %(percent)s") % {
        "name": name % {"name": most.name}, "amount": money(most.amount), "percent": most.percent,
    }  # fmt: skip
