"""업종·연령·성별·읍면동별 이용 현황: where and by whom money was spent, of groups of people and never of one.

Age and sex come from the citizen's record as it stands, and nothing of it is decrypted: the birth date is no secret of the
table, and the sex is what an identity verification said. Age is the full years on the last day of the month.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Any, Final, NamedTuple

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from merchants.registry.models import MerchantCategory
from reports.statistics.definitions import Asked, Definition, month_after
from reports.statistics.movements import CURRENCY, EDGE, currency_of
from reports.statistics.rules import Column, Content, Figure, Kind, Row, Table, added, rate
from vouchers.citizens.models import Sex
from vouchers.common.filters import id_floor
from vouchers.common.seoul import start_of_day
from vouchers.municipalities.models import Dong

_YOUNGEST, _OLDEST = 1, 7
_USED: Final = """
WITH movement AS (
    SELECT wallet_id, merchant_id, count(*) AS payments, sum(amount)::bigint AS paid, 0::bigint AS cancelled
    FROM vouchers_payment
    WHERE municipality_id = %(municipality)s AND id >= %(since)s AND id < %(until)s
      AND business_date >= %(first)s AND business_date < %(end)s
      AND (%(currency)s::uuid IS NULL OR currency_id = %(currency)s::uuid)
    GROUP BY 1, 2
    UNION ALL
    SELECT payment.wallet_id, payment.merchant_id, 0, 0, sum(back.amount)::bigint
    FROM vouchers_cancellation back
    JOIN vouchers_journal journal ON journal.municipality_id = %(municipality)s AND journal.id = back.id
     AND journal.id >= %(since)s AND journal.id < %(until)s
     AND journal.business_date >= %(first)s AND journal.business_date < %(end)s
     AND (%(currency)s::uuid IS NULL OR journal.currency_id = %(currency)s::uuid)
    CROSS JOIN LATERAL (
        SELECT wallet_id, merchant_id FROM vouchers_payment
        WHERE municipality_id = %(municipality)s AND id = back.payment_id LIMIT 1) payment
    WHERE back.municipality_id = %(municipality)s AND back.id >= %(since)s AND back.id < %(until)s
    GROUP BY 1, 2
), told AS (
    SELECT movement.payments, movement.paid, movement.cancelled, shop.category_id AS category,
           shop.dong_id::text AS shop_dong,
           CASE WHEN wallet.citizen_id IS NULL THEN 'firm' ELSE least(greatest(
               extract(year FROM age(%(end)s::date - 1, citizen.birth_date))::int / 10, %(youngest)s), %(oldest)s)::text
           END AS age,
           CASE WHEN wallet.citizen_id IS NULL THEN 'firm' ELSE citizen.sex END AS sex,
           CASE WHEN wallet.citizen_id IS NULL THEN 'firm' ELSE citizen.dong_id::text END AS home
    FROM movement
    JOIN merchants_merchant shop ON shop.municipality_id = %(municipality)s AND shop.id = movement.merchant_id
    JOIN vouchers_wallet wallet ON wallet.municipality_id = %(municipality)s AND wallet.id = movement.wallet_id
    LEFT JOIN vouchers_citizen citizen
      ON citizen.municipality_id = %(municipality)s AND citizen.id = wallet.citizen_id
)
SELECT CASE 31 - grouping(category, shop_dong, age, sex, home)
           WHEN 16 THEN 'category' WHEN 8 THEN 'shop_dong' WHEN 4 THEN 'age' WHEN 2 THEN 'sex' ELSE 'home' END,
       coalesce(category, shop_dong, age, sex, home, ''),
       sum(payments)::bigint, sum(paid)::bigint, sum(cancelled)::bigint
FROM told
GROUP BY GROUPING SETS ((category), (shop_dong), (age), (sex), (home))
"""


class Used(NamedTuple):
    """``by``: category, shop_dong, age, sex or home; ``key`` in it, empty where it is not known. Won."""

    by: str
    key: str
    payments: int
    paid: int
    cancelled: int


def read(asked: Asked, month: date) -> list[Used]:
    """One month, by everything at once: one statement."""
    end = month_after(month, 1)
    values: dict[str, Any] = {
        "municipality": asked.municipality, "currency": currency_of(asked), "first": month, "end": end,
        "since": id_floor(start_of_day(month) - EDGE), "until": id_floor(start_of_day(end) + EDGE),
        "youngest": _YOUNGEST, "oldest": _OLDEST,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_USED, values)
        return [Used(*row) for row in cursor.fetchall()]


def tell(asked: Asked, found: Mapping[date, list[Used]]) -> Content:
    """A table for each way of looking, all with the same total."""
    sums: defaultdict[str, defaultdict[str, tuple[int, ...]]] = defaultdict(lambda: defaultdict(lambda: (0, 0, 0)))
    for used in (one for month in found.values() for one in month):
        before = sums[used.by][used.key]
        sums[used.by][used.key] = added([before, used[2:]], 3)
    dongs = {
        str(key): name for key, name in Dong.objects.filter(municipality=asked.municipality).values_list("pk", "name")
    }
    unknown, firm = {"": _("미확인")}, {"firm": _("법인")}
    ages = {str(band): _("%(age)s대") % {"age": band * 10} for band in range(_YOUNGEST, _OLDEST + 1)}
    ages |= {str(_YOUNGEST): _("10대 이하"), str(_OLDEST): _("70대 이상")}
    named = (
        ("category", _("업종별"), _("업종"), dict(MerchantCategory.objects.values_list("code", "name"))),
        ("shop_dong", _("가맹점 읍면동별"), _("읍면동"), dongs | unknown),
        ("age", _("연령별"), _("연령대"), ages | firm),
        ("sex", _("성별"), _("성별"), {str(sex): str(sex.label) for sex in Sex} | unknown | firm),
        ("home", _("이용자 읍면동별"), _("읍면동"), dongs | unknown | firm),
    )  # fmt: skip
    tables = tuple(_table(title, label, names, sums[by]) for by, title, label, names in named)
    payments, paid, cancelled = added(list(sums["age"].values()), 3)
    return Content(
        tables=tables, control=Figure(label=_("순사용액"), value=paid - cancelled),
        figures=(
            Figure(label=_("순사용액"), value=paid - cancelled, note=_("결제액 − 결제 취소액")),
            Figure(label=_("결제 건수"), value=payments, kind=Kind.COUNT),
            Figure(label=_("결제액"), value=paid), Figure(label=_("결제 취소액"), value=cancelled),
        ),
        notes=(
            _("지갑에서 결제한 금액이며, 가맹점이 부담한 할인(혜택+)은 들어 있지 않습니다. 취소는 취소한 영업일의 달에 셉니다."),
            _("나이는 그 달 마지막 날의 만 나이이고, 성별은 본인인증으로 확인한 것만 셉니다."),
        ),
    )  # fmt: skip


def _table(title: str, label: str, names: Mapping[str, str], sums: Mapping[str, tuple[int, ...]]) -> Table:
    """In the order of ``names``; whatever has no name there keeps its key."""
    keys = [key for key in [*names, *sorted(sums.keys() - names.keys())] if key in sums]
    whole = added([sums[key] for key in keys], 3)
    net = whole[1] - whole[2]
    return Table(
        title=title,
        columns=(
            Column(label=label), Column(label=_("결제 건수"), kind=Kind.COUNT), Column(label=_("결제액"), kind=Kind.WON),
            Column(label=_("결제 취소액"), kind=Kind.WON), Column(label=_("순사용액"), kind=Kind.WON),
            Column(label=_("비중"), kind=Kind.PERCENT),
        ),
        rows=tuple(
            Row((names.get(key, key), *sums[key], sums[key][1] - sums[key][2], rate(sums[key][1] - sums[key][2], net)))
            for key in keys
        ),
        total=(_("합계"), *whole, net, rate(net, net)),
    )  # fmt: skip


REPORT: Final = Definition(
    code="usage", title=gettext_lazy("업종·연령·성별·읍면동별 이용 현황"), permission="payments.view", read=read, tell=tell,
    choices=(CURRENCY,), screen_months=3,
    empty_hint=gettext_lazy("이 기간에는 결제가 없습니다. 기간을 넓혀 다시 조회하십시오."),
)  # fmt: skip
