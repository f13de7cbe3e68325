"""채널별 이용 현황: what was paid and cancelled through each channel, month by month.

A month is that of the business day, as the settlement counts it. A cancellation counts in the month of its own business day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reports.dashboard.models import Dimension
from reports.statistics.definitions import Asked, Definition, month_after
from reports.statistics.movements import CURRENCY, sums
from reports.statistics.rules import Column, Content, Figure, Kind, Row, Style, Table, added
from vouchers.ledger.models import JournalKind
from vouchers.payments.models import Channel, OnlineChannel

_WIDTH: Final = 6

Found = dict[tuple[str, UUID | None], tuple[int, ...]]
"""By channel, and by online channel in 온라인: payments, price, cancellations, cancelled, discount that the shops bear
after cancellations, and the online channel's fee as it was recorded when the orders were paid. Won of the price."""


def read(asked: Asked, month: date) -> Found:
    """One month. What was paid and the shop's discount make the price."""
    kept = {
        (one.dimension, one.event, one.value): one
        for one in sums(
            asked=asked, first=month, end=month_after(month, 1),
            dimensions=(Dimension.CHANNEL, Dimension.DISCOUNT, Dimension.FEE),
        )
    }  # fmt: skip

    def won(dimension: Dimension, event: JournalKind, value: str) -> int:
        return kept[dimension, event, value].amount if (dimension, event, value) in kept else 0

    def count(event: JournalKind, value: str) -> int:
        return kept[Dimension.CHANNEL, event, value].movements if (Dimension.CHANNEL, event, value) in kept else 0

    found: Found = {}
    for value in {value for _dimension, _event, value in kept}:
        given, returned = (won(Dimension.DISCOUNT, event, value) for event in (JournalKind.PAY, JournalKind.REFUND))
        channel, _colon, online = value.partition(":")
        found[channel, UUID(online) if online else None] = (
            count(JournalKind.PAY, value), won(Dimension.CHANNEL, JournalKind.PAY, value) + given,
            count(JournalKind.REFUND, value), won(Dimension.CHANNEL, JournalKind.REFUND, value) + returned,
            given - returned, won(Dimension.FEE, JournalKind.PAY, value),
        )  # fmt: skip
    return found


def tell(asked: Asked, found: Mapping[date, Found]) -> Content:
    """The whole period, and month by month."""
    online = dict(
        OnlineChannel.objects.filter(municipality=asked.municipality).order_by("name", "code").values_list("pk", "name")
    )
    sums: defaultdict[tuple[str, UUID | None], tuple[int, ...]] = defaultdict(lambda: (0,) * _WIDTH)
    for month in found.values():
        for key, figures in month.items():
            sums[key] = added([sums[key], figures], _WIDTH)
    whole = _told(added(list(sums.values()), _WIDTH))
    monthly = []
    for first, month in found.items():
        monthly += [Row((first, *row.values), row.style) for row in _rows(month, online)]
        monthly.append(Row((first, _("합계"), *_told(added(list(month.values()), _WIDTH))), Style.SUM))
    tables = [
        Table(title=_("채널별"), columns=_columns(), rows=tuple(_rows(sums, online)), total=(_("합계"), *whole))
    ]  # fmt: skip
    if len(found) > 1:
        columns = (Column(label=_("월"), kind=Kind.MONTH), *_columns())
        tables.append(
            Table(
                title=_("월별·채널별"), columns=columns, rows=tuple(monthly), total=(_("전체 기간"), _("합계"), *whole)
            )
        )
    _payments, _price, _cancellations, _cancelled, net, discount, out_of_wallets, fee = whole
    return Content(
        tables=tuple(tables), control=Figure(label=_("지갑에서 결제한 금액"), value=out_of_wallets),
        figures=(
            Figure(label=_("순이용금액"), value=net, note=_("결제금액 − 취소금액(정가)")),
            Figure(label=_("지갑에서 결제한 금액"), value=out_of_wallets, note=_("순이용금액 − 가맹점 할인액")),
            Figure(label=_("가맹점 할인액"), value=discount, note=_("혜택+로 가맹점이 부담")),
            Figure(label=_("채널 수수료"), value=fee, note=_("온라인 주문을 결제할 때 기록한 금액")),
        ),
        notes=(_("월은 영업일 기준이며, 취소는 취소한 영업일의 달에 셉니다. 온라인 채널의 금액은 온라인에 들어 있습니다."),),
    )  # fmt: skip


def _told(figures: tuple[int, ...]) -> tuple[int, ...]:
    """With the price that stayed paid, and what of it came out of the wallets."""
    payments, price, cancellations, cancelled, discount, fee = figures
    net = price - cancelled
    return payments, price, cancellations, cancelled, net, discount, net - discount, fee


def _rows(found: Mapping[tuple[str, UUID | None], tuple[int, ...]], online: Mapping[UUID, str]) -> Iterator[Row]:
    """Every channel, and under 온라인 its parts."""
    for channel in Channel:
        parts = [figures for (name, _online), figures in found.items() if name == channel]
        yield Row((str(channel.label), *_told(added(parts, _WIDTH))))
        if channel == Channel.ONLINE:
            for key, name in online.items():
                yield Row((name, *_told(found.get((channel, key), (0,) * _WIDTH))), Style.PART)


def _columns() -> tuple[Column, ...]:
    labels = (
        (_("결제 건수"), Kind.COUNT), (_("결제금액(정가)"), Kind.WON), (_("취소 건수"), Kind.COUNT),
        (_("취소금액(정가)"), Kind.WON), (_("순이용금액"), Kind.WON), (_("가맹점 할인액"), Kind.WON),
        (_("지갑에서 결제한 금액"), Kind.WON), (_("채널 수수료"), Kind.WON),
    )  # fmt: skip
    return (Column(label=_("채널")), *(Column(label=label, kind=kind) for label, kind in labels))


REPORT: Final = Definition(
    code="channels", title=gettext_lazy("채널별 이용 현황"), permission="payments.view", read=read, tell=tell,
    choices=(CURRENCY,), empty_hint=gettext_lazy("이 기간에는 결제가 없습니다. 기간을 넓혀 다시 조회하십시오."),
)  # fmt: skip
