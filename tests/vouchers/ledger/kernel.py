"""The kernel by itself: a small world made by SQL on one connection of the owner, and its functions by name.

Other rooms stand between the kernel and the application; these tests call it without them. A refusal comes out as the
domain error; with ``savepoint=True`` it leaves the transaction usable.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg

from merchants.settlement import errors as _settlement  # noqa: F401  (registers what exchange is refused for)
from vouchers.common.database import translate
from vouchers.common.models import uuid7
from vouchers.ledger import errors as _errors  # noqa: F401  (registers the kernel's codes)
from vouchers.ledger.audit import INVARIANTS

CITY = "41280"
CURRENCY = UUID("00000000-0000-7000-8000-000000000001")
CITY_HALL = UUID("00000000-0000-7000-8000-0000000000f1")
"""Whoever acts for the city."""
CHEAP_FOOD = UUID("00000000-0000-7000-8000-0000000000a1")
"""A usage rule: restaurants with annual sales of at most 300,000,000 won."""
NOT_BARS = UUID("00000000-0000-7000-8000-0000000000a2")
"""A usage rule: everything but bars."""
NOON = datetime.now(UTC).replace(hour=3, minute=0, second=0, microsecond=0)
"""Noon in Seoul, today."""

OF_ALLOWANCES = {
    "budgets_follow_entries", "clawbacks_within_paid", "entitlements_paid_once", "funds_follow_entries", "receivables_add_up",
    "reserved_for_open_lists", "gifts_follow_transfers", "top_ups_follow_transfers", "points_paid_once",
    "point_runs_follow_transfers",
}  # fmt: skip
WITHOUT_LISTS = [rule for rule in INVARIANTS if rule.name not in OF_ALLOWANCES]
"""What holds for the kernel without the rooms that explain its movements."""

_WORLD = """
INSERT INTO vouchers_municipality (code, name, name_en) VALUES (%(city)s, '고양시', 'Goyang');
INSERT INTO vouchers_currency (id, municipality_id, name, name_en, is_active)
VALUES (%(currency)s, %(city)s, '고양페이', 'Goyang Pay', true);
INSERT INTO vouchers_usagerule (id, municipality_id, name, allowed_categories, denied_categories, annual_sales_cap,
                                allowed_dongs)
VALUES (%(cheap)s, %(city)s, '소규모 음식점', '{restaurant}', '{}', 300000000, '{}'),
       (%(not_bars)s, %(city)s, '주점 제외', '{}', '{bar}', NULL, '{}');
SELECT ledger.open_account(%(city)s, %(currency)s, 'bank', NULL);
"""
_CITIZENS = """
INSERT INTO vouchers_citizen (municipality_id, name, birth_date, phone, status, account_bank)
SELECT %(city)s, '시민' || n, '1985-01-01', '010' || lpad(n::text, 8, '0'), 'active', '' FROM generate_series(1, %(n)s) n;
SELECT ledger.open_wallets(%(city)s, %(currency)s, ARRAY(SELECT id FROM vouchers_citizen));
"""


def connect(url: str, *, autocommit: bool = True) -> psycopg.Connection:
    """An owner's connection in the city's scope."""
    return psycopg.connect(url, autocommit=autocommit, options=f"-c app.municipalities={CITY} -c timezone=UTC")


class Kernel:
    """Kernel functions on one connection. ``at`` is always given."""

    def __init__(self, connection: psycopg.Connection, *, savepoint: bool = False) -> None:
        self.connection = connection
        self.savepoint = savepoint

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Run a query; what the database refuses by name comes out as its domain error."""
        try:
            with self.connection.transaction() if self.savepoint else nullcontext():
                return self.connection.execute(query, parameters).fetchall()
        except psycopg.Error as error:
            refusal = translate(error)
            if refusal is None:
                raise
            raise refusal from error

    def read(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of a query that nothing can refuse: it needs no savepoint, which would be two more round trips."""
        return self.connection.execute(query, parameters).fetchall()

    def call(self, function: str, *parameters: Any) -> Any:
        """The one value that a function returns."""
        return self.rows(f"SELECT {function}({', '.join(['%s'] * len(parameters))})", *parameters)[0][0]

    def make_world(self, *, citizens: int = 1) -> list[UUID]:
        """A city, a currency, two usage rules and citizens; returns their wallets."""
        names = {"city": CITY, "currency": CURRENCY, "cheap": CHEAP_FOOD, "not_bars": NOT_BARS, "n": citizens}
        with psycopg.ClientCursor(self.connection) as cursor:
            cursor.execute(_WORLD, names)
            cursor.execute(_CITIZENS, names)
        return [wallet for (wallet,) in self.rows("SELECT id FROM vouchers_wallet ORDER BY id")]

    def open_shop(self) -> UUID:
        """A shop, as far as the ledger knows it: two accounts."""
        shop = uuid7()
        for kind in ("merchant_pending", "merchant_settled"):
            self.call("ledger.open_account", CITY, CURRENCY, kind, shop)
        return shop

    def allow_exchange(self, shop: UUID) -> None:
        """An approved limit that nothing reaches. Nothing else of the shop exists, so this cannot be committed."""
        self.connection.execute(
            "INSERT INTO merchants_exchangeuplift (municipality_id, currency_id, merchant_id, valid_from, valid_until,"
            " per_month, reason, requested_by_id, requested_at, state, decided_by_id, decided_at)"
            " VALUES (%s, %s, %s, '2000-01-01', '2100-01-01', 1000000000, '', uuidv7(), now(), 'approved', uuidv7(), now())",
            [CITY, CURRENCY, shop],
        )

    def exchange(self, shop: UUID, amount: int | None, *, at: datetime = NOON, id: UUID | None = None) -> int:
        """Settle a shop on demand; returns the won."""
        moved: int = self.call("settlement.exchange", CITY, id or uuid7(), CURRENCY, shop, amount, CITY_HALL, None, at)
        return moved

    def charge_shops(self, rate: str, *, valid_from: date = date(2000, 1, 1)) -> None:
        """An approved table of fees: so much in percent, of whatever is sold however."""
        ((schedule,),) = self.rows(
            "INSERT INTO merchants_feeschedule (municipality_id, currency_id, valid_from, reason, requested_by_id, requested_at,"
            " state, decided_by_id, decided_at) VALUES (%s, %s, %s, '', uuidv7(), now(), 'approved', uuidv7(), now())"
            " RETURNING id", CITY, CURRENCY, valid_from,
        )  # fmt: skip
        self.connection.execute(
            "INSERT INTO merchants_feerate (municipality_id, schedule_id, channel, rate) VALUES (%s, %s, '', %s)",
            [CITY, schedule, rate],
        )

    def adjust(self, shop: UUID | None, amount: int, *, at: datetime = NOON) -> None:
        """Won for a shop or from it, or for the city's own account, that two people have agreed on."""
        ((adjustment,),) = self.rows(
            "INSERT INTO merchants_adjustment (municipality_id, currency_id, merchant_id, amount, paper_number, reason,"
            " requested_by_id, requested_at, state, decided_by_id, decided_at)"
            " VALUES (%s, %s, %s, %s, '', '', uuidv7(), now(), 'approved', uuidv7(), now()) RETURNING id",
            CITY, CURRENCY, shop, amount,
        )  # fmt: skip
        self.call("settlement.adjust", CITY, adjustment, at)

    def open_partner(self) -> UUID:
        """An organisation with an app."""
        partner = uuid7()
        self.connection.execute(
            "INSERT INTO vouchers_partner (municipality_id, id, name, scopes, is_active, requires_signature,"
            " requests_per_minute) VALUES (%s, %s, %s, '{}', true, false, 600)",
            [CITY, partner, str(partner)],
        )
        return partner

    def open_line(self, amount: int, *, at: datetime = NOON) -> UUID:
        """A line of the budget, as far as the ledger knows it, with money."""
        line = uuid7()
        self.call("ledger.open_account", CITY, CURRENCY, "budget", line)
        self.call("ledger.fund", CITY, uuid7(), CURRENCY, line, amount, at)
        return line

    def open_free_programme(self, budget: int, *, at: datetime = NOON) -> UUID:
        """A programme that has got the whole amount of a line of its own."""
        line, programme = self.open_line(budget, at=at), uuid7()
        self.call("ledger.open_account", CITY, CURRENCY, "programme", programme)
        self.call("ledger.allot", CITY, uuid7(), CURRENCY, line, programme, budget, at)
        return programme

    def open_programme(self, budget: int, *, at: datetime = NOON) -> UUID:
        """A programme whose whole budget is reserved for lists."""
        programme = self.open_free_programme(budget, at=at)
        self.call("ledger.reserve", CITY, CURRENCY, programme, budget)
        return programme

    def id_at(self, at: datetime) -> UUID:
        """A journal id of that time."""
        journal: UUID = self.call("ledger.id_at", at)
        return journal

    def disburse(
        self, programme: UUID, grants: list[tuple[UUID, int]], *, at: datetime = NOON, days: int = 90,
        rule: UUID | None = None, kind: str = "grant", id: UUID | None = None, sources: list[UUID] | None = None,
        grace: int | None = None,
    ) -> int:  # fmt: skip
        """Pay wallets out of the programme; the money expires ``days`` after ``at``, refunds after that live ``grace`` days."""
        total: int = self.call(
            "ledger.disburse", CITY, id or self.id_at(at), CURRENCY, programme, kind, rule, at + timedelta(days=days),
            [wallet for wallet, _ in grants], sources or [uuid7() for _ in grants], [amount for _, amount in grants], at,
            0, 0, None, grace,
        )  # fmt: skip
        return total

    def pay(
        self, wallet: UUID, shop: UUID, amount: int | None, *, at: datetime = NOON, id: UUID | None = None,
        limit: int | None = None, category: str = "restaurant", sales: int = 100_000_000, partner: UUID = CURRENCY,
    ) -> date:  # fmt: skip
        """Pay at a shop; returns the business date."""
        ((day,),) = self.rows(
            "SELECT business_date FROM ledger.pay(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            CITY, id or self.id_at(at), wallet, shop, amount, limit, category, sales, partner, "o", at,
        )  # fmt: skip
        found: date = day
        return found

    def refund(self, payment: UUID, amount: int | None, *, at: datetime = NOON, id: UUID | None = None) -> int:
        """Give back part of a payment, or with None all that is left."""
        given: int = self.call("ledger.refund", CITY, id or self.id_at(at), payment, amount, at)
        return given

    def claw_back(
        self, programme: UUID, items: list[tuple[UUID, UUID, int]], *, at: datetime = NOON, id: UUID | None = None
    ) -> int:  # fmt: skip
        """Take back from wallets what came from sources: (wallet, source, amount) each; returns what was left."""
        wallets, sources, amounts = (list(column) for column in zip(*items, strict=True)) if items else ([], [], [])
        taken: int = self.call(
            "ledger.claw_back", CITY, id or self.id_at(at), CURRENCY, programme, wallets, sources, amounts, at
        )
        return taken

    def repay(self, programme: UUID, amount: int | None, *, at: datetime = NOON, id: UUID | None = None) -> None:
        """Somebody pays back at the bank."""
        self.call("ledger.repay", CITY, id or self.id_at(at), CURRENCY, programme, amount, at)

    def open_fund(self, amount: int = 0, *, at: datetime = NOON) -> UUID:
        """A fund of benefits with money."""
        fund = uuid7()
        self.call("ledger.open_account", CITY, CURRENCY, "benefit", fund)
        if amount:
            self.endow(fund, amount, at=at)
        return fund

    def endow(self, fund: UUID, amount: int, *, at: datetime = NOON, id: UUID | None = None) -> None:
        """Money reaches the bank for a fund, or leaves it again."""
        self.call("ledger.endow", CITY, id or self.id_at(at), CURRENCY, fund, amount, at)

    def top_up(
        self, wallet: UUID, source: UUID, paid: int, benefits: Sequence[tuple[UUID, int]] = (), *, at: datetime = NOON,
        id: UUID | None = None, expires: datetime | None = None, benefit_expires: datetime | None = None,
    ) -> date:  # fmt: skip
        """Bought money, and what funds add to it."""
        ((day, _purchase, _incentive),) = self.rows(
            "SELECT * FROM ledger.top_up(%s, %s, %s, %s, %s, %s, %s::uuid[], %s::bigint[], NULL, NULL, %s, %s, %s)",
            CITY, id or self.id_at(at), CURRENCY, wallet, source, paid, [fund for fund, _ in benefits],
            [amount for _, amount in benefits], expires, benefit_expires, at,
        )  # fmt: skip
        found: date = day
        return found

    def take_out(
        self, function: str, wallet: UUID, items: Sequence[tuple[UUID, UUID | None, int]], *, at: datetime = NOON,
        id: UUID | None = None, source: UUID | None = None,
    ) -> date:  # fmt: skip
        """``cancel_top_up`` (of a source) or ``cash_out``: (lot, fund or None for the citizen, amount) each."""
        lots, funds, amounts = (list(column) for column in zip(*items, strict=True))
        day: date = self.rows(
            f"SELECT ledger.{function}(%s, %s, %s, {'%s, ' if source else ''}%s, %s, %s::uuid[], %s, %s)",
            CITY, id or self.id_at(at), CURRENCY, *([source] if source else []), wallet, lots, funds, amounts, at,
        )[0][0]  # fmt: skip
        return day

    def cash_paid(self, amount: int, *, at: datetime = NOON, id: UUID | None = None) -> None:
        """The bank has paid refunds."""
        self.call("ledger.cash_paid", CITY, id or self.id_at(at), CURRENCY, CURRENCY, amount, at)

    def receive(self, amount: int, *, at: datetime = NOON, id: UUID | None = None) -> None:
        """Money that was reported before stands at the bank."""
        self.call("ledger.receive", CITY, id or self.id_at(at), CURRENCY, CURRENCY, amount, at)

    def credit(
        self, items: Sequence[tuple[UUID, UUID, UUID, int]], *, at: datetime = NOON, id: UUID | None = None,
        expires: datetime | None = None, kind: str = "incentive", journal: str = "cashback", rule: UUID | None = None,
    ) -> int:  # fmt: skip
        """Benefits into wallets: (fund, wallet, source, amount) each."""
        funds, wallets, sources, amounts = (list(column) for column in zip(*items, strict=True))
        total: int = self.rows(
            "SELECT ledger.credit_benefits(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s::timestamptz[], %s::uuid[], %s)",
            CITY, id or self.id_at(at), CURRENCY, journal, kind, funds, wallets, sources, amounts,
            [expires] * len(items), [rule] * len(items), at,
        )[0][0]  # fmt: skip
        return total

    def take_back(
        self, items: Sequence[tuple[UUID, UUID, UUID, int]], *, at: datetime = NOON, id: UUID | None = None,
        journal: str = "cashback",
    ) -> list[int]:  # fmt: skip
        """Benefits back out of wallets; returns what was taken of each."""
        funds, wallets, sources, amounts = (list(column) for column in zip(*items, strict=True))
        taken: list[int] = self.call(
            "ledger.take_back_benefits",
            CITY,
            id or self.id_at(at),
            CURRENCY,
            journal,
            funds,
            wallets,
            sources,
            amounts,
            at,
        )
        return taken

    def expire(self, until: datetime, *, limit: int = 3, at: datetime | None = None) -> tuple[int, int]:
        """Sweep to the end, ``limit`` lots a step; returns (lots, won) given back to programmes."""
        lots = won = 0
        while True:
            ((step, amount, seen),) = self.rows(
                "SELECT * FROM ledger.expire(%s, %s, %s, %s)", CITY, until, limit, at or until
            )
            lots, won = lots + step, won + amount
            if seen < limit:
                return lots, won

    def fence(self, day: date) -> None:
        """Money that moves from now on counts for a later day."""
        self.call("ledger.fence", CITY, day)

    def close_day(self, day: date, *, at: datetime) -> UUID:
        """Fence and close a day."""
        self.fence(day)
        close: UUID = self.call("settlement.close_day", CITY, CURRENCY, day, at)
        return close

    def lots(self, wallet: UUID) -> list[tuple[int, int]]:
        """(granted, remaining) of the wallet's lots, oldest first."""
        return [
            (granted, remaining)
            for granted, remaining in self.rows(
                "SELECT granted, remaining FROM vouchers_lot WHERE wallet_id = %s ORDER BY granted", wallet
            )
        ]
