"""발행·판매·환전 현황: what was issued, sold, spent and exchanged, month by month or day by day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reports.statistics.definitions import Asked, Definition, month_after
from reports.statistics.movements import CURRENCY, DAILY, UNIT, Moved, currency_of, moved
from reports.statistics.rules import Column, Content, Figure, Kind, Row, Table, added, rate
from vouchers.ledger.models import JournalKind, LotKind


def read(asked: Asked, month: date) -> Moved:
    """One month."""
    return moved(
        municipality=asked.municipality, currency=currency_of(asked), first=month, end=month_after(month, 1)
    )  # fmt: skip


def amounts(found: Moved) -> tuple[int, ...]:
    """정책수당, 판매, 인센티브, 포인트, 발행액, 판매 취소·환불, 결제 건수, 결제액, 결제 취소액, 환전액."""
    grants = found.won(JournalKind.DISBURSE, JournalKind.CLAIM, way="in", lot=LotKind.GRANT)
    sold = found.won(JournalKind.TOP_UP, way="in", lot=LotKind.PURCHASE)
    incentives = found.won(JournalKind.TOP_UP, JournalKind.CASHBACK, way="in", lot=LotKind.INCENTIVE)
    points = found.won(JournalKind.POINTS, way="in", lot=LotKind.POINT)
    taken_back = found.won(JournalKind.TOP_UP_CANCEL, JournalKind.CASH_OUT, way="out", lot=LotKind.PURCHASE)
    return (
        grants, sold, incentives, points, grants + sold + incentives + points, taken_back,
        found.events(JournalKind.PAY, way="out"), found.won(JournalKind.PAY, way="out"),
        found.won(JournalKind.REFUND, way="in"), found.won(JournalKind.SETTLE, JournalKind.EXCHANGE, way="outside"),
    )  # fmt: skip


def tell(asked: Asked, found: Mapping[date, Moved]) -> Content:
    """The table, and the figures of the whole period above it."""
    daily = asked.chosen.get("unit") == DAILY
    parts = {day: one for month in found.values() for day, one in month.by_day().items()} if daily else found
    columns = (
        Column(label=_("영업일") if daily else _("월"), kind=Kind.DATE if daily else Kind.MONTH),
        Column(label=_("정책수당"), kind=Kind.WON), Column(label=_("판매(충전)"), kind=Kind.WON),
        Column(label=_("인센티브"), kind=Kind.WON), Column(label=_("포인트"), kind=Kind.WON),
        Column(label=_("발행액"), kind=Kind.WON), Column(label=_("판매 취소·환불"), kind=Kind.WON),
        Column(label=_("결제 건수"), kind=Kind.COUNT), Column(label=_("결제액"), kind=Kind.WON),
        Column(label=_("결제 취소액"), kind=Kind.WON), Column(label=_("환전액"), kind=Kind.WON),
        Column(label=_("회수율"), kind=Kind.PERCENT),
    )  # fmt: skip
    lines = {day: amounts(one) for day, one in parts.items()}
    whole = added(list(lines.values()), 10)
    _grants, sold, _incentives, _points, issued, taken_back, _payments, paid, refunded, exchanged = whole
    return Content(
        tables=(
            Table(
                title=_("일별") if daily else _("월별"), columns=columns,
                rows=tuple(Row((day, *line, rate(line[9], line[1]))) for day, line in lines.items()),
                total=(_("합계"), *whole, rate(exchanged, sold)),
            ),
        ),
        control=Figure(label=_("발행액"), value=issued),
        figures=(
            Figure(label=_("발행액"), value=issued, note=_("정책수당 + 판매(충전) + 인센티브 + 포인트")),
            Figure(label=_("판매액"), value=sold, note=_("취소·환불 %(amount)s원 포함") % {"amount": f"{taken_back:,}"}),
            Figure(label=_("순사용액"), value=paid - refunded, note=_("결제액 − 결제 취소액")),
            Figure(label=_("환전액"), value=exchanged, note=_("가맹점에 정산·환전한 금액")),
            Figure(label=_("회수율"), value=rate(exchanged, sold), kind=Kind.PERCENT, note=_("환전액 ÷ 판매액")),
        ),
        notes=(
            _("영업일 기준이며, 정산은 정산한 날, 취소는 취소한 날에 셉니다."),
            _("판매액은 구매자가 낸 금액이며, 충전할 때 더해진 혜택은 인센티브에 셉니다."),
        ),
    )  # fmt: skip


REPORT: Final = Definition(
    code="circulation", title=gettext_lazy("발행·판매·환전 현황"), permission="settlement.view", read=read, tell=tell,
    choices=(CURRENCY, UNIT), empty_hint=gettext_lazy("이 기간에는 발행·사용·환전이 없습니다. 기간을 넓혀 다시 조회하십시오."),
)  # fmt: skip
