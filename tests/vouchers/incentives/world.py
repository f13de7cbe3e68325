"""A city whose members pay with bought money, told in SQL: shops, funds, published terms, payments with their outbox."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from tests.vouchers.ledger.kernel import CITY, CURRENCY, WITHOUT_LISTS, Kernel
from vouchers.common.models import uuid7

PERCENT = 100
"""1 % in the unit of a tier's rate."""
START = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
"""Noon in Seoul on a Monday in March."""
_TERMS = """
INSERT INTO vouchers_benefitterms (municipality_id, id, policy_id, valid_from, state, legal_basis, spend_cap, benefit_cap,
    base_kinds, validity_months, own_fund_id, budget_month, budget_year, step_percents, step_factors, author_id,
    for_corporations)
VALUES (%s, %s, %s, %s, 'draft', '', %s, %s, %s, 60, %s, %s, %s, %s, %s, %s, %s)
"""
_TIER = """
INSERT INTO vouchers_benefittier (municipality_id, terms_id, position, fund_id, rate, spend_above, spend_up_to, sales_above,
    sales_up_to, dongs, categories)
VALUES (%s, %s, 1, %s, %s, %s, %s, %s, %s, %s, %s)
"""


class World:
    """Each method does one thing through the kernel's functions."""

    def __init__(self, kernel: Kernel, *, members: int = 4, money: int = 10_000_000, at: datetime = START) -> None:
        self.kernel = kernel
        kernel.call("ledger.ensure_partitions", date(2026, 1, 1), date(2026, 7, 1))
        self.members = kernel.make_world(citizens=members)
        self.partner = uuid7()
        programme = kernel.open_programme(members * money, at=at - timedelta(days=60))
        kernel.disburse(
            programme, [(m, money) for m in self.members], at=at - timedelta(days=60), days=400, kind="purchase"
        )
        self.author, self.publisher = self.official(), self.official()
        self.policy = self.add_policy()

    def run(self, query: str, *parameters: Any) -> None:
        """A statement without a result."""
        self.kernel.connection.execute(query, parameters)

    def official(self) -> UUID:
        """Somebody."""
        official = uuid7()
        self.run(
            "INSERT INTO vouchers_official (id, password, municipality_id, username, name, department, position, email,"
            " is_active, wants_digest) VALUES (%s, '', %s, %s, '직원', '', '', '', true, false)",
            official, CITY, str(official),
        )  # fmt: skip
        return official

    def corporation(self, member: UUID) -> UUID:
        """The member's wallet, from now on held by a corporation."""
        self.run("UPDATE vouchers_wallet SET citizen_id = NULL, corporation_id = %s WHERE id = %s", uuid7(), member)
        return member

    def add_policy(self) -> UUID:
        """A cashback policy without terms."""
        policy = uuid7()
        self.run(
            "INSERT INTO vouchers_benefitpolicy (id, municipality_id, currency_id, kind, name)"
            " VALUES (%s, %s, %s, 'cashback', %s)", policy, CITY, CURRENCY, str(policy),
        )  # fmt: skip
        return policy

    def fund(self, amount: int = 100_000_000, *, payer: str = "city") -> UUID:
        """A fund with money."""
        fund = uuid7()
        self.run(
            "INSERT INTO vouchers_benefitfund (id, municipality_id, currency_id, name, payer) VALUES (%s, %s, %s, %s, %s)",
            fund, CITY, CURRENCY, str(fund), payer,
        )  # fmt: skip
        self.kernel.call("ledger.open_account", CITY, CURRENCY, "benefit", fund)
        if amount:
            self.endow(fund, amount)
        return fund

    def endow(self, fund: UUID, amount: int) -> None:
        """Money comes to a fund."""
        at = START - timedelta(days=30)
        journal = self.kernel.id_at(at)
        self.kernel.call("ledger.endow", CITY, journal, CURRENCY, fund, amount, at)
        self.run(
            "INSERT INTO vouchers_fundentry (municipality_id, fund_id, amount, reason, document_number, official_id, at,"
            " journal_id) VALUES (%s, %s, %s, '시험', '', %s, %s, %s)", CITY, fund, amount, self.author, at, journal,
        )  # fmt: skip

    def publish(
        self, *tiers: tuple[UUID, int] | dict[str, Any], own: UUID, policy: UUID | None = None,
        valid_from: date = date(2026, 1, 1), spend_cap: int | None = None, benefit_cap: int | None = None,
        kinds: tuple[str, ...] = ("purchase",), month: int | None = None, year: int | None = None,
        steps: dict[int, int] | None = None, corporations: bool = False,
    ) -> UUID:  # fmt: skip
        """Terms of tiers (fund, rate) or with conditions; ``steps``: percent used → factor in 1/10000."""
        terms, steps = uuid7(), steps or {}
        self.run(
            _TERMS, CITY, terms, policy or self.policy, valid_from, spend_cap, benefit_cap, list(kinds), own, month, year,
            list(steps), list(steps.values()), self.author, corporations,
        )  # fmt: skip
        for tier in tiers:
            row = tier if isinstance(tier, dict) else {"fund": tier[0], "rate": tier[1]}
            self.run(
                _TIER, CITY, terms, row["fund"], row["rate"], row.get("above", 0), row.get("up_to"), row.get("sales_above"),
                row.get("sales_up_to"), row.get("dongs", []), row.get("categories", []),
            )  # fmt: skip
        self.run(
            "UPDATE vouchers_benefitterms SET state = 'published', publisher_id = %s, published_at = %s WHERE id = %s",
            self.publisher, START, terms,
        )  # fmt: skip
        return terms

    def shop(self, *, sales: int = 100_000_000, category: str = "restaurant", dong: str | None = None) -> UUID:
        """An active shop."""
        shop, number = self.kernel.open_shop(), uuid7().int % 10**9
        if dong:
            self.run(
                "INSERT INTO vouchers_dong (municipality_id, code, name) VALUES (%s, %s, %s)"
                " ON CONFLICT DO NOTHING", CITY, f"{number:010d}", dong,
            )  # fmt: skip
        self.run(
            "INSERT INTO merchants_merchant (id, municipality_id, code, name, name_ascii, business_number, representative,"
            " category_id, annual_sales, address, dong_id, phone, status, account_bank, account_holder)"
            " VALUES (%s, %s, %s, '가게', 'SHOP', %s, '', %s, %s, '',"
            " (SELECT id FROM vouchers_dong WHERE name = %s LIMIT 1), '', 'active', '', '')",
            shop, CITY, f"M{number:09d}", f"{number:010d}", category, sales, dong,
        )  # fmt: skip
        return shop

    def pay(self, member: UUID, shop: UUID, amount: int, *, at: datetime = START) -> UUID:
        """A payment that waits for its cashback."""
        payment = self.kernel.id_at(at)
        self.kernel.pay(member, shop, amount, at=at, id=payment)
        self.run("INSERT INTO vouchers_outbox VALUES (%s, %s, %s)", CITY, payment, at)
        return payment

    def cancel(self, payment: UUID, amount: int | None = None, *, at: datetime = START) -> UUID:
        """A cancellation that waits for what follows."""
        refund = self.kernel.id_at(at)
        self.kernel.refund(payment, amount, at=at, id=refund)
        self.run("INSERT INTO vouchers_outbox VALUES (%s, %s, %s)", CITY, refund, at)
        return refund

    def follow_up(self, *, limit: int = 1000, at: datetime = START) -> int:
        """One step."""
        done: int = self.kernel.call("payments.follow_up", CITY, limit, at)
        return done

    def cashback(self, payment: UUID) -> int:
        """What is left of a payment's cashback."""
        found = self.kernel.rows(
            "SELECT sum(amount - reversed)::bigint FROM vouchers_cashback WHERE payment_id = %s", payment
        )
        return int(found[0][0] or 0)

    def parts(self, payment: UUID) -> dict[UUID, int]:
        """The same by fund, without zeros."""
        rows = self.kernel.rows(
            "SELECT p.f, p.a - p.r FROM vouchers_cashback c, unnest(c.funds, c.amounts, c.reversals) p (f, a, r)"
            " WHERE payment_id = %s", payment,
        )  # fmt: skip
        return {fund: won for fund, won in rows if won}

    def told(self, payment: UUID) -> Any:
        """What the API tells of it."""
        return self.kernel.call("payments.cashback", CITY, payment)

    def credited(self, member: UUID) -> list[int]:
        """What is left in the member's lots of cashback, oldest first."""
        rows = self.kernel.rows(
            "SELECT remaining FROM vouchers_lot WHERE wallet_id = %s AND kind = 'incentive' ORDER BY id", member
        )
        return [won for (won,) in rows]

    def free(self, fund: UUID) -> int:
        """What the fund has left."""
        left: int = self.kernel.call("incentives.free", CITY, fund)
        return left

    def month(self, *, policy: UUID | None = None, month: date = date(2026, 3, 1)) -> tuple[int, int] | None:
        """(used, factor) of the policy's month."""
        rows = self.kernel.rows(
            "SELECT used, factor FROM vouchers_benefitmonth WHERE policy_id = %s AND month = %s",
            policy or self.policy,
            month,
        )
        return rows[0] if rows else None

    def try_out(self, terms: UUID, *, month: date = date(2026, 3, 1)) -> Any:
        """A trial of the terms on the month."""
        so_far: Any = {}
        for n in range(monthrange(month.year, month.month)[1]):
            so_far = self.kernel.call("incentives.simulate", CITY, terms, month + timedelta(days=n), Jsonb(so_far))
        return so_far

    def assert_sound(self) -> None:
        """Every invariant holds."""
        found = {rule.name: self.kernel.rows(rule.sql)[0][1] for rule in WITHOUT_LISTS}
        assert {name: difference for name, difference in found.items() if difference} == {}
