"""업종·연령·성별·읍면동별 이용 현황: where and by whom money was spent, of groups of people and never of one.

Age, sex and home are those of the day on which the payment counts; nothing is decrypted for them: the birth date is no
secret of the table, and the sex is what an identity verification said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from merchants.registry.models import MerchantCategory
from reports.dashboard.models import Dimension
from reports.statistics.definitions import Asked, Definition, month_after
from reports.statistics.movements import CURRENCY, Sum, sums
from reports.statistics.rules import Column, Content, Figure, Kind, Row, Table, added, rate
from vouchers.citizens.models import Sex
from vouchers.ledger.models import JournalKind
from vouchers.municipalities.models import Dong

_BY: Final = (Dimension.CATEGORY, Dimension.DONG, Dimension.AGE, Dimension.SEX, Dimension.HOME)
_OLDEST: Final = 70


def read(asked: Asked, month: date) -> list[Sum]:
    """One month, by everything at once."""
    return sums(asked=asked, first=month, end=month_after(month, 1), dimensions=_BY)


def tell(asked: Asked, found: Mapping[date, list[Sum]]) -> Content:
    """A table for each way of looking, all with the same total: payments, won paid and won cancelled."""
    used: defaultdict[Dimension, defaultdict[str, tuple[int, ...]]] = defaultdict(
        lambda: defaultdict(lambda: (0, 0, 0))
    )
    for one in (one for month in found.values() for one in month):
        is_paid = one.event == JournalKind.PAY
        line = (one.movements, one.amount, 0) if is_paid else (0, 0, one.amount)
        used[one.dimension][one.value] = added([used[one.dimension][one.value], line], 3)
    dongs = {
        str(key): name for key, name in Dong.objects.filter(municipality=asked.municipality).values_list("pk", "name")
    }
    unknown, firm = {"": _("미확인")}, {"corporation": _("법인")}
    ages = {str(age): _("%(age)s대") % {"age": age} for age in range(10, _OLDEST, 10)}
    ages = {"0": _("10세 미만")} | ages | {str(_OLDEST): _("70대 이상")}
    named = (
        (Dimension.CATEGORY, _("업종별"), _("업종"), dict(MerchantCategory.objects.values_list("code", "name"))),
        (Dimension.DONG, _("가맹점 읍면동별"), _("읍면동"), dongs | unknown),
        (Dimension.AGE, _("연령별"), _("연령대"), ages | unknown | firm),
        (Dimension.SEX, _("성별"), _("성별"), {str(sex): str(sex.label) for sex in Sex} | unknown | firm),
        (Dimension.HOME, _("이용자 읍면동별"), _("읍면동"), dongs | unknown | firm),
    )  # fmt: skip
    tables = tuple(_table(title, label, names, used[by]) for by, title, label, names in named)
    payments, paid, cancelled = added(list(used[Dimension.AGE].values()), 3)
    return Content(
        tables=tables, control=Figure(label=_("순사용액"), value=paid - cancelled),
        figures=(
            Figure(label=_("순사용액"), value=paid - cancelled, note=_("결제액 − 결제 취소액")),
            Figure(label=_("결제 건수"), value=payments, kind=Kind.COUNT),
            Figure(label=_("결제액"), value=paid), Figure(label=_("결제 취소액"), value=cancelled),
        ),
        notes=(
            _("지갑에서 결제한 금액이며, 가맹점이 부담한 할인(혜택+)은 들어 있지 않습니다. 취소는 취소한 영업일의 달에 셉니다."),
            _("나이는 이용한 날의 만 나이이고, 성별은 본인인증으로 확인한 것만 셉니다."),
        ),
    )  # fmt: skip


def _table(title: str, label: str, names: Mapping[str, str], lines: Mapping[str, tuple[int, ...]]) -> Table:
    """In the order of ``names``; whatever has no name there keeps its key."""
    keys = [key for key in [*names, *sorted(lines.keys() - names.keys())] if key in lines]
    whole = added([lines[key] for key in keys], 3)
    net = whole[1] - whole[2]
    return Table(
        title=title,
        columns=(
            Column(label=label), Column(label=_("결제 건수"), kind=Kind.COUNT), Column(label=_("결제액"), kind=Kind.WON),
            Column(label=_("결제 취소액"), kind=Kind.WON), Column(label=_("순사용액"), kind=Kind.WON),
            Column(label=_("비중"), kind=Kind.PERCENT),
        ),
        rows=tuple(
            Row((names.get(key, key), *lines[key], lines[key][1] - lines[key][2], rate(lines[key][1] - lines[key][2], net)))
            for key in keys
        ),
        total=(_("합계"), *whole, net, rate(net, net)),
    )  # fmt: skip


REPORT: Final = Definition(
    code="usage", title=gettext_lazy("업종·연령·성별·읍면동별 이용 현황"), permission="payments.view", read=read, tell=tell,
    choices=(CURRENCY,),
    empty_hint=gettext_lazy("이 기간에는 결제가 없습니다. 기간을 넓혀 다시 조회하십시오."),
)  # fmt: skip
