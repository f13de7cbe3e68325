"""채널별 이용 현황: what was paid and cancelled through each channel, month by month, one statement for each month.

A month is that of the business day, as the settlement counts it; the rows are found by the time in their ids, so that
only the partitions of that month and its edges are read. A cancellation counts in the month of its own business day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reports.statistics.definitions import Asked, Definition, month_after
from reports.statistics.movements import CURRENCY, EDGE, currency_of
from reports.statistics.rules import Column, Content, Figure, Kind, Row, Style, Table, added
from vouchers.common.filters import id_floor
from vouchers.common.seoul import start_of_day
from vouchers.payments.models import Channel, OnlineChannel

_MONTH: Final = """
WITH movement AS (
    SELECT payment.channel, bought.channel_id, count(*) AS payments, sum(payment.amount + payment.discount) AS price,
           0::bigint AS cancellations, 0::numeric AS cancelled, sum(payment.discount) AS discount,
           coalesce(sum(bought.fee), 0) AS fee
    FROM vouchers_payment payment
    LEFT JOIN vouchers_onlineorder bought ON payment.channel = 'online'
     AND bought.municipality_id = %(municipality)s AND bought.payment_id = payment.id
    WHERE payment.municipality_id = %(municipality)s AND payment.id >= %(since)s AND payment.id < %(until)s
      AND payment.business_date >= %(first)s AND payment.business_date < %(end)s
      AND (%(currency)s::uuid IS NULL OR payment.currency_id = %(currency)s::uuid)
    GROUP BY 1, 2
    UNION ALL
    SELECT payment.channel, bought.channel_id, 0, 0, count(*), sum(back.amount + back.discount), -sum(back.discount), 0
    FROM vouchers_cancellation back
    JOIN vouchers_journal journal ON journal.municipality_id = %(municipality)s AND journal.id = back.id
     AND journal.id >= %(since)s AND journal.id < %(until)s
     AND journal.business_date >= %(first)s AND journal.business_date < %(end)s
     AND (%(currency)s::uuid IS NULL OR journal.currency_id = %(currency)s::uuid)
    CROSS JOIN LATERAL (
        SELECT channel, id FROM vouchers_payment
        WHERE municipality_id = %(municipality)s AND id = back.payment_id LIMIT 1) payment
    LEFT JOIN vouchers_onlineorder bought ON payment.channel = 'online'
     AND bought.municipality_id = %(municipality)s AND bought.payment_id = payment.id
    WHERE back.municipality_id = %(municipality)s AND back.id >= %(since)s AND back.id < %(until)s
    GROUP BY 1, 2
)
SELECT channel, channel_id, sum(payments)::bigint, sum(price)::bigint, sum(cancellations)::bigint,
       sum(cancelled)::bigint, sum(discount)::bigint, sum(fee)::bigint
FROM movement
GROUP BY channel, channel_id
"""
_WIDTH: Final = 6

Found = dict[tuple[str, UUID | None], tuple[int, ...]]
"""By channel, and by online channel in 온라인: payments, price, cancellations, cancelled, discount that the shops bear
after cancellations, and the online channel's fee as it was recorded when the orders were paid. Won of the price."""


def read(asked: Asked, month: date) -> Found:
    """One month."""
    end = month_after(month, 1)
    values: dict[str, Any] = {
        "municipality": asked.municipality, "currency": currency_of(asked), "first": month, "end": end,
        "since": id_floor(start_of_day(month) - EDGE), "until": id_floor(start_of_day(end) + EDGE),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_MONTH, values)
        return {(channel, online): tuple(sums) for channel, online, *sums in cursor.fetchall()}


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
