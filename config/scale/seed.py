"""Writes the province: its cities through the application, everything that is many by set-based SQL (``sql/``).

Days pass one after the other as in life, and are closed and summed up by the functions that do it in life; so whatever
holds in the ledger of a city holds here. The big city and all the others are written side by side.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg import sql

from config.demo.people import WORDS, People
from config.demo.seed import City, make_city, make_officials
from merchants.payouts.models import PayoutTerms
from merchants.registry.models import Merchant
from vouchers.common.scope import scope
from vouchers.common.seoul import business_date, start_of_day
from vouchers.ledger import services as ledger
from vouchers.ledger.models import AccountKind
from vouchers.municipalities.models import Dong, Municipality
from vouchers.municipalities.rules import next_business_day
from vouchers.officials.models import Official
from vouchers.partners.models import Partner
from vouchers.reconciliation.models import BankStatement

PROVINCE: Final = "41000"
BIG: Final = "41280"
BIG_SHARE: Final = 0.4
"""How much of everything the one big city has; the others have the rest, each a little less than the one before."""
_SQL: Final = Path(__file__).parent / "sql"
_FRIDAY: Final = 4


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much of everything. Payments are spread over ``days``, the last of which is today and still open."""

    citizens: int = 2_200_000
    shops: int = 43_000
    payments: int = 10_000_000
    days: int = 60
    cities: int = 84

    def part(self, divisor: int) -> Size:
        """That part of its citizens, shops and payments, over as many days."""
        return Size(
            citizens=self.citizens // divisor, shops=self.shops // divisor, payments=self.payments // divisor,
            days=self.days, cities=self.cities,
        )  # fmt: skip


@dataclass(frozen=True)
class Town:
    """A city with its numbers: those of its citizens and shops follow those of the city before."""

    city: City
    partner: UUID
    maker: UUID
    checker: UUID
    dongs: list[UUID]
    citizens: range
    shops: range
    payments: range


def seed(
    connect: Callable[[], psycopg.Connection], size: Size, *, number: int, at: datetime, say: Callable[[str], None]
) -> list[str]:
    """Write all of it into an empty, prepared database; the same ``number`` makes the same. Returns the cities' codes.

    ``connect`` opens an autocommit connection of the owner.
    """
    today = business_date(at)
    first = today - timedelta(days=size.days - 1)
    with connect() as owner:
        owner.execute("SELECT ledger.ensure_partitions(%s, %s)", [first - timedelta(days=3), today])
    say(f"{size.cities} cities and their officials")
    towns = _make_towns(size, number=number, at=start_of_day(first), today=today)
    codes = [town.city.code for town in towns]
    big, others = _Group(connect, towns[:1], size, number, at), _Group(connect, towns[1:], size, number, at)
    with ThreadPoolExecutor(2) as pool:
        for work, what in ((_Group.people, f"{size.citizens:,} citizens and {size.shops:,} shops"),
                           (_Group.days, f"{size.payments:,} payments, closed and summed up day by day")):  # fmt: skip
            say(what)
            list(pool.map(work, [group for group in (big, others) if group.towns]))
            say("statistics of the tables")
            with connect() as owner:
                owner.execute("VACUUM (ANALYZE)")
    for group in (big, others):
        group.owner.close()
    return codes


class _Group:
    """Some of the cities, written over one connection."""

    def __init__(
        self, connect: Callable[[], psycopg.Connection], towns: Sequence[Town], size: Size, number: int, at: datetime
    ) -> None:
        self.owner, self.towns, self.at, self.today = connect(), towns, at, business_date(at)
        self.first = self.today - timedelta(days=size.days - 1)
        self._parameters = {"seed": number, "at": at, "today": self.today}
        self._parameters |= {"begin": start_of_day(self.first), "begin_ms": _milliseconds(start_of_day(self.first))}
        self.owner.execute("SET synchronous_commit = off")
        self.owner.execute("SET work_mem = '256MB'")
        codes = ",".join(town.city.code for town in towns)
        self.owner.execute("SELECT set_config('app.municipalities', %s, false)", [codes])

    def people(self) -> None:
        """Citizens, shops, and who has bought how much by when."""
        self._run("0_draws")
        _copy(self.owner, "city", map(_city_row, self.towns))
        _copy(self.owner, "plan", (row for town in self.towns for row in self._plan(town)))
        _copy(self.owner, "account", (_account_row(number) for town in self.towns for number in town.shops))
        self.owner.execute("ANALYZE city, plan, account")
        # Keys are made out of numbers, so no foreign key needs to be looked up ten million times.
        self.owner.execute("SET session_replication_role = replica")
        self._run(
            "1_people", family=WORDS["family_names"], one=WORDS["first_syllables"], two=WORDS["second_syllables"],
            shop=WORDS["shop_words"], kinds=json.dumps(WORDS["shop_kinds"]),
        )  # fmt: skip
        self.owner.execute("RESET session_replication_role")

    def days(self) -> None:
        """One after the other. All but today are closed, and shops are paid on Fridays."""
        since = self.first
        for day in (self.first + timedelta(days=number) for number in range((self.today - self.first).days + 1)):
            if day.weekday() == _FRIDAY and day > self.first:
                self._pay_out(day, since=since)
                since = day - timedelta(days=1)
            self._run("2_day", day=day, closes=day < self.today)
            self._look_at_tables(day)
            if day < self.today:
                self._close(day)
        self._run("5_bank")

    def _look_at_tables(self, day: date) -> None:
        """So that the server plans for the rows there are; its own look once a minute comes too late here."""
        grows = ["vouchers_lot", "vouchers_topup", "merchants_settlementline", "merchants_payout", "reports_daysum"]
        months = [f"vouchers_{table}_{day:%Y_%m}" for table in ("payment", "transfer", "journal")]
        tables = months + (grows if (day - self.first).days in {1, 6, 20, 40} else [])
        self.owner.execute(sql.SQL("ANALYZE {}").format(sql.SQL(", ").join(map(sql.Identifier, tables))))

    def _pay_out(self, day: date, *, since: date) -> None:
        at = start_of_day(day)
        self._run(
            "4_payouts", day=day, since=since - timedelta(days=1), through=day - timedelta(days=1),
            at=at + timedelta(hours=9, minutes=30), paid_at=at + timedelta(hours=17),
        )  # fmt: skip

    def _close(self, day: date) -> None:
        night = start_of_day(day + timedelta(days=1))
        self._run(
            "3_close", day=day, evening=night - timedelta(hours=1), night=night + timedelta(minutes=10),
            pays_on=next_business_day(day, frozenset()),
        )  # fmt: skip

    def _run(self, name: str, **parameters: Any) -> None:
        script = (_SQL / f"{name}.sql").read_text(encoding="utf-8")
        with self.owner.transaction(), psycopg.ClientCursor(self.owner) as cursor:
            cursor.execute(script, self._parameters | parameters)

    def _plan(self, town: Town) -> Iterator[tuple[Any, ...]]:
        """More is bought on Fridays and Saturdays. Of today only what is over by now."""
        days = [self.first + timedelta(days=number) for number in range((self.today - self.first).days + 1)]
        weights = list(accumulate((10 + 2 * (day.weekday() in {4, 5}) for day in days), initial=0))
        bounds = [town.payments.start + len(town.payments) * weight // weights[-1] for weight in weights]
        for day, (begin, end) in zip(days, pairwise(bounds), strict=True):
            lasts = min(timedelta(days=1), self.at - start_of_day(day))
            yield (
                town.city.code,
                day,
                begin,
                end - begin,
                _milliseconds(start_of_day(day)),
                lasts // timedelta(milliseconds=1),
            )


def _make_towns(size: Size, *, number: int, at: datetime, today: date) -> list[Town]:
    codes = [BIG, *(f"41{number:03d}" for number in range(1, 1000) if f"41{number:03d}" != BIG)][: size.cities]
    shares = list(
        zip(*(_ranges(total, len(codes)) for total in (size.citizens, size.shops, size.payments)), strict=True)
    )
    with scope(municipalities=[PROVINCE, *codes]):
        province = Municipality.objects.create(code=PROVINCE, name="경기도", name_en="Gyeonggi-do")
        cities = [_make_city(nth, code, province, at=at) for nth, code in enumerate(codes)]
        make_officials(people=People(seed=number), province=province, cities=cities)
        return [_town(city, *ranges, at=at, today=today) for city, ranges in zip(cities, shares, strict=True)]


def _make_city(number: int, code: str, province: Municipality, *, at: datetime) -> City:
    name, name_en = ("고양", "Goyang") if code == BIG else (f"나루{number}", f"Naru{number}")
    dongs = WORDS["dongs"]["41280" if code == BIG else "41570"]
    city = make_city(code, f"{name}시", f"{name_en}-si", f"{name}페이", dongs, province, at=at)
    ledger.open_account(municipality=code, currency=city.currency.pk, kind=AccountKind.PAYOUT_TRANSIT, owner=None)
    PayoutTerms.objects.create(
        municipality=city.municipality, currency=city.currency, valid_from=at.date(), minimum=100, account_bank="081",
        account_number="910-000000-12345", account_holder=city.municipality.name, shown_as="페이정산",
        legal_basis="운영대행 협약 제5조",
    )  # fmt: skip
    return city


def _town(city: City, citizens: range, shops: range, payments: range, *, at: datetime, today: date) -> Town:
    BankStatement.objects.create(
        municipality=city.municipality, currency=city.currency, file_name="거래내역.xlsx", digest=b"\0" * 32,
        first_day=at.date(), last_day=today, opening_balance=0, closing_balance=0, lines_total=0, lines_new=0,
        partner=Partner.objects.get(municipality=city.code), uploaded_at=at,
    )  # fmt: skip
    who = city.municipality.name_en.removesuffix("-si").lower()
    officials = dict(
        Official.objects.filter(username__in=[f"{who}-settlement", f"{who}-payer"]).values_list("username", "pk")
    )
    return Town(
        city, Partner.objects.get(municipality=city.code).pk, officials[f"{who}-settlement"], officials[f"{who}-payer"],
        list(Dong.objects.filter(municipality=city.code).values_list("pk", flat=True)), citizens, shops, payments,
    )  # fmt: skip


def _ranges(total: int, cities: int) -> list[range]:
    """How ``total`` falls to the cities, each a range that follows the one before; numbers begin with 1, none is empty."""
    weights = [sum(1 / (20 + number) for number in range(cities - 1)) * BIG_SHARE / (1 - BIG_SHARE) or 1.0]
    sums = list(accumulate([*weights, *(1 / (20 + number) for number in range(cities - 1))], initial=0.0))
    bounds = [1 + nth + round(max(0, total - cities) * part / sums[-1]) for nth, part in enumerate(sums)]
    return [range(begin, end) for begin, end in pairwise(bounds)]


def _city_row(town: Town) -> tuple[Any, ...]:
    return (
        town.city.code, town.city.currency.pk, town.partner, town.maker, town.checker, town.dongs, town.citizens.start,
        len(town.citizens), town.shops.start, len(town.shops),
    )  # fmt: skip


def _account_row(number: int) -> tuple[Any, ...]:
    account = f"110-{number // 1_000_000:03d}-{number % 1_000_000:06d}"
    sealed: Any = Merchant._meta.get_field("account_number")
    index: Any = Merchant._meta.get_field("account_number_index")
    return number, sealed.seal(account), index.index_of(account)


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _copy(owner: psycopg.Connection, table: str, rows: Iterator[tuple[Any, ...]]) -> None:
    with owner.cursor() as cursor, cursor.copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as copy:
        for row in rows:
            copy.write_row(row)
