"""A city with a month behind it in which every kind of money moved, closed to its last day, and the ledger's own sums."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from reports.dashboard.services import sum_up
from reports.statistics.definitions import Asked, month_after
from tests import factories
from tests.factories import AT, City
from tests.factories.benefits import follow_up, make_fund
from tests.factories.top_ups import buy, make_terms, write_of
from vouchers.citizens.models import Citizen, Sex
from vouchers.common.models import uuid7
from vouchers.common.seoul import SEOUL, business_date, start_of_day
from vouchers.ledger.services import call
from vouchers.municipalities.models import Dong
from vouchers.top_ups import services as top_ups
from vouchers.top_ups.selectors import RefundAccount

THIS = business_date(AT).replace(day=1)
LAST = month_after(THIS, -1)


def on(day: int, hour: int = 12, *, month: date = LAST) -> datetime:
    """That hour in Seoul of a day of last month."""
    return datetime(month.year, month.month, day, hour, tzinfo=SEOUL)


@dataclass
class World:
    """The city, its people and what they did."""

    city: City
    people: list[Citizen]
    shops: list[Any]

    def asked(self, first: date = LAST, last: date = LAST, **chosen: str) -> Asked:
        """A period of whole months."""
        return Asked(municipality=self.city.code, first=first, last=last, chosen=chosen)


def make_world(city: City | None = None) -> World:
    """Last month: 100,000 and 50,000 granted; 30,000 bought with 10 % on top and 10,000 bought and taken back; 40,000,
    20,000 and 5,000 paid, of which 8,000 came back; two days closed; what was left of 7,000 expired."""
    city = city or factories.make_city()
    with city.scope():
        call("ledger.ensure_partitions", month_after(LAST, -1), THIS)
        factories.make_purchase_limit(city)
        partner = factories.make_partner(city)
        other = Dong.objects.create(municipality=city.municipality, code=f"{city.code}52000", name="원신동")
        people = [
            factories.make_citizen(city, birth_date=date(LAST.year - 25, 1, 1), sex=Sex.FEMALE),
            factories.make_citizen(city, birth_date=date(LAST.year - 71, 1, 1), sex=Sex.MALE, dong=other),
            factories.make_citizen(city, birth_date=date(LAST.year - 40, 1, 1), dong=None),
        ]
        shops = [factories.make_merchant(city), factories.make_merchant(city, category_id="cafe", terminal="T002")]
        shops[1].dong = other
        shops[1].save()
        wallets = [factories.wallet_of(person).pk for person in people]
        factories.grant(city, {people[0]: 100_000, people[1]: 50_000}, at=on(2))
        fund = make_fund(city, at=on(1))
        make_terms(city, "top_up", (fund, 1_000))
        buy(partner, wallets[2], 30_000, at=on(3))
        back = buy(partner, wallets[0], 10_000, at=on(3))
        top_ups.cancel(
            write=write_of(partner), top_up=back.id, account=RefundAccount("088", "110123456", "김장터"), at=on(4)
        )  # fmt: skip
        factories.grant(city, {people[1]: 7_000}, validity_days=5, at=on(2))

        def pay(person: int, shop: int, amount: int, at: datetime) -> Any:
            key = (city.code, partner.pk, str(uuid7()), uuid7().bytes * 2)
            terminal = ("T001", "T002")[shop]
            return call("payments.pay", *key, wallets[person], shops[shop].code, terminal, amount, "주문", at)[0]

        pay(0, 0, 40_000, on(5))
        paid = pay(1, 1, 20_000, on(5))
        pay(2, 0, 5_000, on(6))
        call("payments.cancel", city.code, partner.pk, str(uuid7()), b"\1" * 32, paid, 8_000, on(7))
        follow_up(city, at=on(8))
        close(city, through=business_date(on(19)))
        call("ledger.expire", city.code, business_date(on(20)), 100, on(20))
        close(city, first=business_date(on(20)))
    return World(city, people, shops)


def close(city: City, *, first: date = LAST, through: date | None = None) -> None:
    """Close the days from the first of last month to its last, and sum them up as the reconciliation does."""
    through = through or THIS - timedelta(days=1)
    day = first
    while day <= through:
        call("ledger.fence", city.code, day)
        call("settlement.close_day", city.code, city.currency.pk, day, start_of_day(day + timedelta(days=1)))
        call("reconciliation.sum_day", city.code, day)
        day += timedelta(days=1)
    sum_up(municipality=city.code, at=AT)


def transferred(city: City, kind: str, *, debit: str = "", credit: str = "", lot: str = "") -> int:
    """The ledger's own answer, from the transfers alone: won moved last month by events of a kind between accounts of
    these kinds, into or out of lots of a kind."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT coalesce(sum(t.amount), 0)::bigint FROM vouchers_transfer t
            JOIN vouchers_event event ON event.municipality_id = t.municipality_id AND event.id = t.journal_id
            JOIN vouchers_account debit ON debit.municipality_id = t.municipality_id AND debit.id = t.debit_account_id
            JOIN vouchers_account credit ON credit.municipality_id = t.municipality_id AND credit.id = t.credit_account_id
            LEFT JOIN vouchers_lot lot ON lot.municipality_id = t.municipality_id
             AND lot.id = coalesce(t.credit_lot_id, t.debit_lot_id)
            WHERE t.municipality_id = %s AND t.business_date >= %s AND t.business_date < %s AND event.kind::text = %s
              AND (%s = '' OR debit.kind = %s) AND (%s = '' OR credit.kind = %s) AND (%s = '' OR lot.kind::text = %s)
            """,
            [city.code, LAST, THIS, kind, debit, debit, credit, credit, lot, lot],
        )
        return int(cursor.fetchone()[0])
