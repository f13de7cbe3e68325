"""가맹점 정산내역서: what shops earned on the closed days of a period and what was settled of it, by 읍면동 and shop by shop.

Read from the settlement lines of the days, of which each is proved against the ledger when its day is closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from merchants.registry.models import Merchant
from reports.statistics.definitions import Asked, Choice, Definition, month_after
from reports.statistics.movements import CURRENCY, currency_of
from reports.statistics.rules import Column, Content, Figure, Kind, Row, Table, added
from vouchers.currencies.models import Currency
from vouchers.municipalities.models import Dong

SHOPS: Final = "shop"
_LINES: Final = """
WITH sums AS MATERIALIZED (                      -- first each shop's, so that it is looked up once and not for every day
    SELECT merchant_id, count(*) AS lines, sum(payments) AS payments, sum(paid) AS paid, sum(refunded) AS refunded,
           sum(exchanged) AS exchanged, sum(fee) AS fee, sum(adjusted) AS adjusted,
           sum(carried_in - carried_out) AS carried, sum(payable) AS payable
    FROM merchants_settlementline
    WHERE municipality_id = %(municipality)s AND currency_id = ANY (%(currencies)s)
      AND business_date >= %(first)s AND business_date < %(end)s
    GROUP BY merchant_id
)
SELECT {key}, sum(lines)::bigint, sum(payments)::bigint, sum(paid)::bigint, sum(refunded)::bigint, sum(exchanged)::bigint,
       sum(fee)::bigint, sum(adjusted)::bigint, sum(carried)::bigint, sum(payable)::bigint
FROM sums JOIN merchants_merchant shop ON shop.municipality_id = %(municipality)s AND shop.id = sums.merchant_id
WHERE %(dong)s::uuid IS NULL OR shop.dong_id = %(dong)s::uuid
GROUP BY 1
"""
_WIDTH: Final = 9

Found = dict[UUID | None, tuple[int, ...]]
"""By 읍면동 or by shop: settlements, payments, and won paid, cancelled, exchanged on demand, charged as fees, adjusted,
carried over, and settled."""


def read(asked: Asked, month: date) -> Found:
    """One month."""
    currency = currency_of(asked)
    currencies = Currency.objects.filter(municipality=asked.municipality).values_list("pk", flat=True)
    key = "sums.merchant_id" if asked.chosen.get("unit") == SHOPS else "shop.dong_id"
    with connection.cursor() as cursor:
        cursor.execute(
            _LINES.format(key=key),
            {
                "municipality": asked.municipality, "currencies": [currency] if currency else list(currencies),
                "first": month, "end": month_after(month, 1), "dong": asked.chosen.get("dong") or None,
            },
        )  # fmt: skip
        return {key: tuple(figures) for key, *figures in cursor.fetchall()}


def tell(asked: Asked, found: Mapping[date, Found]) -> Content:
    """By 읍면동 or shop by shop."""
    sums: Found = {}
    for month in found.values():
        for key, figures in month.items():
            sums[key] = added([sums[key], figures], _WIDTH) if key in sums else figures
    table = _shops(asked, sums) if asked.chosen.get("unit") == SHOPS else _districts(asked, sums)
    _settlements, _payments, paid, refunded, exchanged, *_rest, payable = added(list(sums.values()), _WIDTH)
    return Content(
        tables=(table,), control=Figure(label=_("정산금액"), value=payable),
        figures=(
            Figure(label=_("정산금액"), value=payable, note=_("일 마감으로 정산한 금액")),
            Figure(label=_("수시 환전액"), value=exchanged), Figure(label=_("결제액"), value=paid),
            Figure(label=_("결제 취소액"), value=refunded),
        ),
        notes=(
            _("결제액 − 결제 취소액 − 수시 환전액 − 수수료 + 조정액 + 이월 증감 = 정산금액. 이월은 다음 날의 정산으로 넘긴 부족액입니다."),
            _("마감한 영업일만 세며, 정산 건수는 가맹점의 하루 정산을 한 건으로 셉니다."),
        ),
    )  # fmt: skip


def _names(asked: Asked) -> dict[UUID | None, str]:
    """The 읍면동 in order of their codes."""
    rows = Dong.objects.filter(municipality=asked.municipality).order_by("code").values_list("pk", "name")
    return {**dict(rows), None: _("미확인")}


def _districts(asked: Asked, sums: Found) -> Table:
    return Table(
        title=_("읍면동별"), total=(_("합계"), *added(list(sums.values()), _WIDTH)),
        columns=(Column(label=_("읍면동")), *_columns()),
        rows=tuple(Row((name, *sums[key])) for key, name in _names(asked).items() if key in sums),
    )  # fmt: skip


def _shops(asked: Asked, sums: Found) -> Table:
    dongs = _names(asked)
    shops = Merchant.objects.filter(municipality=asked.municipality, pk__in=[key for key in sums if key]).order_by(
        "code"
    )
    found = shops.values_list("pk", "code", "name", "business_number", "dong_id")
    return Table(
        title=_("가맹점별"), total=(_("합계"), "", "", "", *added(list(sums.values()), _WIDTH)),
        columns=(
            Column(label=_("가맹점번호")), Column(label=_("상호")), Column(label=_("사업자등록번호")), Column(label=_("읍면동")),
            *_columns(),
        ),
        rows=tuple(
            Row((code, name, _spaced(number), dongs.get(dong, ""), *sums[key])) for key, code, name, number, dong in found
        ),
    )  # fmt: skip


def _spaced(number: str) -> str:
    """123-45-67890."""
    return f"{number[:3]}-{number[3:5]}-{number[5:]}"


def _columns() -> tuple[Column, ...]:
    labels = (_("결제액"), _("결제 취소액"), _("수시 환전액"), _("수수료"), _("조정액"), _("이월 증감"), _("정산금액"))
    return (
        Column(label=_("정산 건수"), kind=Kind.COUNT), Column(label=_("결제 건수"), kind=Kind.COUNT),
        *(Column(label=label, kind=Kind.WON) for label in labels),
    )  # fmt: skip


def _units(_asked: Asked) -> list[tuple[str, str]]:
    return [("dong", _("읍면동별")), (SHOPS, _("가맹점별"))]


def _dongs(asked: Asked) -> list[tuple[str, str]]:
    rows = Dong.objects.filter(municipality=asked.municipality).order_by("code").values_list("pk", "name")
    return [(str(key), name) for key, name in rows]


REPORT: Final = Definition(
    code="settlements", title=gettext_lazy("가맹점 정산내역서"), permission="settlement.view", read=read, tell=tell,
    choices=(
        CURRENCY, Choice(name="unit", label=gettext_lazy("구분"), options=_units),
        Choice(name="dong", label=gettext_lazy("읍면동"), options=_dongs, all_label=gettext_lazy("전체")),
    ),
    screen_months=3, empty_hint=gettext_lazy("이 기간에는 마감한 정산이 없습니다. 일 마감 뒤에 다시 조회하십시오."),
)  # fmt: skip
