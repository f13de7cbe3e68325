"""미사용잔액 및 소멸 현황: what the wallets held, what came in and went out, and what ran out unused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reports.statistics import errors
from reports.statistics.definitions import Asked, Definition, month_after
from reports.statistics.movements import CURRENCY, DAILY, UNIT, Moved, currency_of, in_wallets, moved, summed_up
from reports.statistics.rules import Column, Content, Figure, Kind, Row, Table, added, rate
from vouchers.ledger.models import JournalKind, LotKind

_ISSUED: Final = (
    JournalKind.DISBURSE, JournalKind.CLAIM, JournalKind.TOP_UP, JournalKind.CASHBACK, JournalKind.POINTS,
)  # fmt: skip
_BOUGHT_BACK: Final = (JournalKind.TOP_UP_CANCEL, JournalKind.CASH_OUT)


def read(asked: Asked, month: date) -> Moved:
    """One month."""
    return moved(
        municipality=asked.municipality, currency=currency_of(asked), first=month, end=month_after(month, 1)
    )  # fmt: skip


def changes(found: Moved) -> tuple[int, ...]:
    """발행, 결제 취소 환원, 결제, 판매 취소·환불, 소멸, 환수·혜택 회수: the last is all else, so they make up the whole change."""
    issued, restored = found.won(*_ISSUED, way="in"), found.won(JournalKind.REFUND, way="in")
    spent, bought_back = (
        found.won(JournalKind.PAY, way="out"),
        found.won(*_BOUGHT_BACK, way="out", lot=LotKind.PURCHASE),
    )
    expired = found.won(JournalKind.EXPIRE, way="out")
    return issued, restored, spent, bought_back, expired, issued + restored - spent - bought_back - expired - found.net


def tell(asked: Asked, found: Mapping[date, Moved]) -> Content:
    """The balance from period to period, and what ran out by kind of money. Raises ReportDiffersFromLedger where the
    last balance is not the one of the daily reconciliation."""
    daily, currency = asked.chosen.get("unit") == DAILY, currency_of(asked)
    parts = {day: one for month in found.values() for day, one in month.by_day().items()} if daily else found
    opening = balance = in_wallets(municipality=asked.municipality, currency=currency, before=asked.first)
    rows = []
    for day, one in parts.items():
        before, balance = balance, balance + one.net
        rows.append(Row((day, before, *changes(one), balance)))
    known = summed_up(municipality=asked.municipality, currency=currency, day=asked.last_day)
    if known is not None and known != balance:
        raise errors.ReportDiffersFromLedger
    whole = added([changes(one) for one in found.values()], 6)
    return Content(
        tables=(
            Table(
                title=_("미사용잔액"), rows=tuple(rows), total=(_("합계"), opening, *whole, balance),
                columns=(
                    Column(label=_("영업일") if daily else _("월"), kind=Kind.DATE if daily else Kind.MONTH),
                    *(Column(label=label, kind=Kind.WON) for label in (
                        _("기초잔액"), _("발행액"), _("결제 취소 환원"), _("결제액"), _("판매 취소·환불"), _("소멸액"),
                        _("환수·혜택 회수"), _("기말잔액"),
                    )),
                ),
                note=_("기초잔액 + 발행액 + 결제 취소 환원 − 결제액 − 판매 취소·환불 − 소멸액 − 환수·혜택 회수 = 기말잔액"),
            ),
            _by_kind(list(found.values())),
        ),
        control=Figure(label=_("기말 미사용잔액"), value=balance),
        figures=(
            Figure(label=_("기말 미사용잔액"), value=balance, note=_("지갑에 남아 있는 금액")),
            Figure(label=_("기초잔액"), value=opening), Figure(label=_("발행액"), value=whole[0]),
            Figure(label=_("소멸액"), value=whole[4], note=_("유효기간이 지나 예산·재원으로 돌아간 금액")),
        ),
        notes=(_("영업일 기준입니다. 미가입자 보관금은 지갑에 들어간 날 발행액에 셉니다."),),
    )  # fmt: skip


def _by_kind(found: list[Moved]) -> Table:
    lines = []
    for lot in LotKind:
        issued = sum(one.won(*_ISSUED, way="in", lot=lot) for one in found)
        expired = sum(one.won(JournalKind.EXPIRE, way="out", lot=lot) for one in found)
        lines.append((str(lot.label), issued, expired))
    issued, expired = added([line[1:] for line in lines], 2)
    return Table(
        title=_("금액 구분별 소멸"),
        columns=(
            Column(label=_("구분")), Column(label=_("발행액"), kind=Kind.WON), Column(label=_("소멸액"), kind=Kind.WON),
            Column(label=_("발행액 대비"), kind=Kind.PERCENT),
        ),
        rows=tuple(Row((*line, rate(line[2], line[1]))) for line in lines),
        total=(_("합계"), issued, expired, rate(expired, issued)),
    )  # fmt: skip


REPORT: Final = Definition(
    code="balances", title=gettext_lazy("미사용잔액 및 소멸 현황"), permission="settlement.view", read=read, tell=tell,
    choices=(CURRENCY, UNIT), empty_hint=gettext_lazy("이 기간까지 지갑에 들어온 금액이 없습니다. 기간을 바꾸어 다시 조회하십시오."),
)  # fmt: skip
