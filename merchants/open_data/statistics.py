"""이용 통계, as KOMSCO publishes it: months are summed up from the ledger once they are closed, with few people kept out.

A payment counts at the 읍면동 of its shop, for the group of whoever paid: sex, and age on the month's last day. A
cancellation counts in the month of its own business day. A month reads its own partitions and their edges.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db import connection

from merchants.open_data.models import OpenDataTerms, UsageCell, UsageMonth
from merchants.open_data.rules import FEMALE_MALE, TOTAL, suppressed
from merchants.open_data.selectors import terms_on
from vouchers.common.filters import id_floor
from vouchers.common.scope import scope
from vouchers.common.seoul import business_date, start_of_day
from vouchers.ledger.models import BusinessClose

MOST_MONTHS: Final = 24
"""How far back months are made up for, when publishing begins."""

_CELLS: Final = """
WITH movement AS (
    SELECT payment.wallet_id, payment.merchant_id, payment.channel, 1 AS payments, payment.amount
    FROM vouchers_payment payment
    WHERE payment.municipality_id = %(municipality)s AND payment.id >= %(since)s AND payment.id < %(until)s
      AND payment.business_date >= %(first)s AND payment.business_date < %(end)s
    UNION ALL
    SELECT payment.wallet_id, payment.merchant_id, payment.channel, 0, -back.amount
    FROM vouchers_cancellation back
    JOIN vouchers_journal journal ON journal.municipality_id = %(municipality)s AND journal.id = back.id
     AND journal.id >= %(since)s AND journal.id < %(until)s
     AND journal.business_date >= %(first)s AND journal.business_date < %(end)s
    CROSS JOIN LATERAL (
        SELECT wallet_id, merchant_id, channel FROM vouchers_payment
        WHERE municipality_id = %(municipality)s AND id = back.payment_id LIMIT 1) payment
    WHERE back.municipality_id = %(municipality)s AND back.id >= %(since)s AND back.id < %(until)s
), who AS (
    SELECT coalesce(wallet.citizen_id, wallet.corporation_id) AS holder, movement.payments, movement.amount,
           movement.channel = 'card' AS by_card,
           coalesce(left(dong.code, 8), '') AS dong_code, coalesce(dong.name, '') AS dong_name,
           coalesce(citizen.sex, '') AS sex,
           CASE WHEN citizen.birth_date IS NULL THEN ''
                ELSE '0' || least(greatest(extract(year FROM age(%(last)s::date, citizen.birth_date))::int / 10, 1), 6)
           END AS age
    FROM movement
    JOIN vouchers_wallet wallet ON wallet.municipality_id = %(municipality)s AND wallet.id = movement.wallet_id
    JOIN merchants_merchant shop ON shop.municipality_id = %(municipality)s AND shop.id = movement.merchant_id
    LEFT JOIN vouchers_dong dong ON dong.municipality_id = %(municipality)s AND dong.id = shop.dong_id
    LEFT JOIN vouchers_citizen citizen ON citizen.municipality_id = %(municipality)s AND citizen.id = wallet.citizen_id
)
SELECT grouping(dong_code) = 1, grouping(sex) = 1, dong_code, dong_name, sex, age,
       sum(payments)::int, sum(amount)::bigint,
       coalesce(sum(amount) FILTER (WHERE by_card), 0)::bigint, coalesce(sum(amount) FILTER (WHERE NOT by_card), 0)::bigint,
       count(DISTINCT holder)::int, (count(DISTINCT holder) FILTER (WHERE by_card))::int,
       (count(DISTINCT holder) FILTER (WHERE NOT by_card))::int
FROM who
GROUP BY GROUPING SETS ((dong_code, dong_name, sex, age), (dong_code, dong_name), (sex, age), ())
HAVING count(*) > 0
ORDER BY dong_code, dong_name, sex, age
"""
_OPERATION: Final = """
SELECT (SELECT count(*) FROM vouchers_paymentcard
        WHERE municipality_id = %(municipality)s AND created_at >= %(begins)s AND created_at < %(ends)s)::int,
       (SELECT count(DISTINCT wallet_id) FROM vouchers_paymentcard
        WHERE municipality_id = %(municipality)s AND created_at >= %(begins)s AND created_at < %(ends)s)::int,
       (SELECT count(*) FROM vouchers_wallet
        WHERE municipality_id = %(municipality)s AND citizen_id IS NOT NULL
          AND created_at >= %(begins)s AND created_at < %(ends)s)::int,
       coalesce(sum(amount), 0)::bigint, count(DISTINCT wallet_id)::int
FROM vouchers_topup
WHERE municipality_id = %(municipality)s AND state = 'completed' AND completed_at >= %(begins)s AND completed_at < %(ends)s
"""


class Cell(NamedTuple):
    """A cell as the ledger has it: figures, and how many people stand behind them. `TOTAL` for all."""

    dong: tuple[str, str]
    group: tuple[str, str]
    payments: int
    amount: int
    card_amount: int
    mobile_amount: int
    people: int
    card_people: int
    mobile_people: int

    @property
    def key(self) -> tuple[str, str]:
        """Its line and column."""
        return _name(self.dong), _name(self.group)

    @property
    def is_total(self) -> bool:
        """Of a line, of a column, or of all."""
        return TOTAL in self.key


def _name(parts: tuple[str, str]) -> str:
    return TOTAL if parts[0] == TOTAL else "|".join(parts)


def make_months(*, municipality: str, at: datetime) -> list[date]:
    """Make every month that is closed and was not made; returns them. Commits month by month."""
    made = []
    for month in list(_missing(municipality, at)):
        with scope(municipalities=[municipality]):
            terms = (
                OpenDataTerms.objects.select_for_update(of=("self",))
                .filter(municipality=municipality, valid_from__lte=business_date(at)).order_by("-valid_from").first()
            )  # fmt: skip
            if terms is None or UsageMonth.objects.filter(municipality=municipality, month=month).exists():
                continue
            _make(terms, municipality, month, at)
        made.append(month)
    return made


def _missing(municipality: str, at: datetime) -> Iterator[date]:
    """Months that ended, whose every day is closed and a day has passed since, from when publishing began."""
    with scope(municipalities=[municipality]):
        terms = terms_on(municipality=municipality, day=business_date(at))
        first = OpenDataTerms.objects.filter(municipality=municipality).order_by("valid_from").first()
        closed = BusinessClose.objects.filter(pk=municipality).values_list("closed_through", flat=True).first()
        done = set(UsageMonth.objects.filter(municipality=municipality).values_list("month", flat=True))
    if terms is None or not terms.is_open or first is None or closed is None:
        return
    this = business_date(at).replace(day=1)
    for back in range(MOST_MONTHS, 0, -1):
        month = month_after(this, -back)
        last = month_after(month, 1) - timedelta(days=1)
        if (
            month not in done
            and last >= first.valid_from
            and last <= closed
            and last + timedelta(days=1) < business_date(at)
        ):
            yield month


def month_after(day: date, months: int) -> date:
    """The first day of the month so many after (negative: before) that of ``day``."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1)


def _make(terms: OpenDataTerms, municipality: str, month: date, at: datetime) -> UsageMonth:
    cells = cells_of(municipality=municipality, month=month)
    hidden = suppressed(
        {cell.key: (cell.people, cell.card_people, cell.mobile_people) for cell in cells}, fewest=terms.fewest_people
    )
    listed = [cell for cell in cells if not cell.is_total]
    cards, card_people, joiners, charged, charge_people = _operation_of(municipality, month)
    usage = UsageMonth.objects.create(
        municipality_id=municipality, month=month, fewest_people=terms.fewest_people, rows=len(listed),
        hidden_rows=sum(cell.key in hidden for cell in listed), cards=cards, card_people=card_people, joiners=joiners,
        charged=charged, charge_people=charge_people, made_at=at,
    )  # fmt: skip
    positions = {cell.key: number for number, cell in enumerate(listed, start=1)}
    UsageCell.objects.bulk_create([
        UsageCell(
            municipality_id=municipality, usage=usage, position=positions.get(cell.key), dong_code=cell.dong[0],
            dong_name=cell.dong[1], sex=cell.group[0], age=cell.group[1], payments=cell.payments, amount=cell.amount,
            card_amount=cell.card_amount, mobile_amount=cell.mobile_amount, people=cell.people,
            card_people=cell.card_people, mobile_people=cell.mobile_people, is_hidden=cell.key in hidden,
        )
        for cell in cells
    ], batch_size=500)  # fmt: skip
    return usage


def cells_of(*, municipality: str, month: date) -> list[Cell]:
    """All cells and totals of a month, as the ledger has them, before anything is suppressed."""
    with connection.cursor() as cursor:
        cursor.execute(_CELLS, _period(municipality, month))
        return [
            Cell(
                (TOTAL, "") if all_dongs else (dong_code, dong_name),
                (TOTAL, "") if all_groups else (FEMALE_MALE.get(sex, ""), age), *figures,
            )
            for all_dongs, all_groups, dong_code, dong_name, sex, age, *figures in cursor.fetchall()
        ]  # fmt: skip


def _operation_of(municipality: str, month: date) -> tuple[int, ...]:
    with connection.cursor() as cursor:
        cursor.execute(_OPERATION, _period(municipality, month))
        return tuple(cursor.fetchone())


def _period(municipality: str, month: date) -> dict[str, Any]:
    end = month_after(month, 1)
    return {
        "municipality": municipality, "first": month, "end": end, "last": end - timedelta(days=1),
        "begins": start_of_day(month), "ends": start_of_day(end),
        # what was asked for late in a day may belong to the next; an id is rounded to the millisecond
        "since": id_floor(start_of_day(month - timedelta(days=2))),
        "until": id_floor(start_of_day(end) + timedelta(minutes=1)),
    }  # fmt: skip
