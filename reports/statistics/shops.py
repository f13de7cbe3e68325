"""가맹점 등록·취소 현황: how shops came and went, month by month, by category and by 읍면동.

What happened to a shop is what was applied to it (merchants_merchantchange), on the day from which it counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final, NamedTuple

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from merchants.registry.models import MerchantCategory
from reports.statistics.definitions import Asked, Definition, month_after
from reports.statistics.rules import Column, Content, Figure, Kind, Row, Table, added
from vouchers.municipalities.models import Dong

_CHANGED: Final = """
WITH changed AS (
    SELECT merchant_id,
           count(*) FILTER (WHERE kind = 'suspend' AND effective_from >= %(first)s) AS suspended,
           count(*) FILTER (WHERE kind = 'resume' AND effective_from >= %(first)s) AS resumed,
           count(*) FILTER (WHERE kind = 'cancel' AND effective_from >= %(first)s) AS cancelled,
           count(*) FILTER (WHERE kind = 'close' AND effective_from >= %(first)s) AS closed,
           bool_or(kind IN ('cancel', 'close')) AS is_over
    FROM merchants_merchantchange
    WHERE municipality_id = %(municipality)s AND state = 'applied' AND effective_from < %(end)s
      AND kind IN ('suspend', 'resume', 'cancel', 'close')
    GROUP BY merchant_id
)
SELECT shop.category_id, coalesce(shop.dong_id::text, ''),
       count(*) FILTER (WHERE shop.registered_on >= %(first)s), coalesce(sum(changed.suspended), 0)::bigint,
       coalesce(sum(changed.resumed), 0)::bigint, coalesce(sum(changed.cancelled), 0)::bigint,
       coalesce(sum(changed.closed), 0)::bigint, count(*) FILTER (WHERE changed.is_over IS NOT TRUE)
FROM merchants_merchant shop LEFT JOIN changed ON changed.merchant_id = shop.id
WHERE shop.municipality_id = %(municipality)s AND shop.registered_on < %(end)s
GROUP BY 1, 2
"""
_FLOWS: Final = 5


class Counted(NamedTuple):
    """Shops of one category in one 읍면동: what happened in the month, and how many are registered at its end."""

    category: str
    dong: str
    registered: int
    suspended: int
    resumed: int
    cancelled: int
    closed: int
    left: int


def read(asked: Asked, month: date) -> list[Counted]:
    """One month."""
    with connection.cursor() as cursor:
        cursor.execute(_CHANGED, {"municipality": asked.municipality, "first": month, "end": month_after(month, 1)})
        return [Counted(*row) for row in cursor.fetchall()]


def tell(asked: Asked, found: Mapping[date, list[Counted]]) -> Content:
    """By month, and of the whole period by category and by 읍면동."""
    months = {month: added([one[2:] for one in rows], _FLOWS + 1) for month, rows in found.items()}
    flows = added([line[:_FLOWS] for line in months.values()], _FLOWS)
    left = months[asked.last][-1] if asked.last in months else 0
    dongs = {
        str(key): name for key, name in Dong.objects.filter(municipality=asked.municipality).values_list("pk", "name")
    }
    categories = dict(MerchantCategory.objects.values_list("code", "name"))
    return Content(
        tables=(
            Table(
                title=_("월별"), columns=_columns(_("월"), Kind.MONTH), total=(_("합계"), *flows, left),
                rows=tuple(Row((month, *line)) for month, line in months.items()),
            ),
            _table(asked, found, _("업종별"), _("업종"), lambda one: one.category, categories),
            _table(asked, found, _("읍면동별"), _("읍면동"), lambda one: one.dong, dongs | {"": _("미확인")}),
        ),
        control=Figure(label=_("기말 가맹점 수"), value=left, kind=Kind.COUNT),
        figures=(
            Figure(label=_("기말 가맹점 수"), value=left, kind=Kind.COUNT, note=_("등록정지 중인 가맹점 포함")),
            Figure(label=_("등록"), value=flows[0], kind=Kind.COUNT),
            Figure(label=_("등록취소"), value=flows[3], kind=Kind.COUNT),
            Figure(label=_("폐업"), value=flows[4], kind=Kind.COUNT),
        ),
        notes=(_("등록일과 처분의 시행일 기준이며, 업종과 읍면동은 조회할 때의 것입니다."),),
    )  # fmt: skip


def _columns(label: str, kind: Kind = Kind.TEXT) -> tuple[Column, ...]:
    labels = (_("등록"), _("등록정지"), _("정지 해제"), _("등록취소"), _("폐업"), _("기말 가맹점 수"))
    return (Column(label=label, kind=kind), *(Column(label=one, kind=Kind.COUNT) for one in labels))


def _table(
    asked: Asked, found: Mapping[date, list[Counted]], title: str, label: str, key: Callable[[Counted], str],
    names: Mapping[str, str],
) -> Table:  # fmt: skip
    sums: defaultdict[str, tuple[int, ...]] = defaultdict(lambda: (0,) * (_FLOWS + 1))
    for month, rows in found.items():
        for one in rows:
            left: tuple[Any, ...] = (one.left if month == asked.last else 0,)
            sums[key(one)] = added([sums[key(one)], (*one[2:-1], *left)], _FLOWS + 1)
    keys = [name for name in [*names, *sorted(sums.keys() - names.keys())] if any(sums.get(name, ()))]
    return Table(
        title=title, columns=_columns(label),
        rows=tuple(Row((names.get(one, one), *sums[one])) for one in keys),
        total=(_("합계"), *added([sums[one] for one in keys], _FLOWS + 1)),
    )  # fmt: skip


REPORT: Final = Definition(
    code="shops", title=gettext_lazy("가맹점 등록·취소 현황"), permission="merchants.view", read=read, tell=tell,
    empty_hint=gettext_lazy("이 기간까지 등록한 가맹점이 없습니다. 기간을 바꾸어 다시 조회하십시오."),
)  # fmt: skip
