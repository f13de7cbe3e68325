"""Everything that citizens' money does, at once: pay, cancel, give, buy, earn, expire, close. Nothing waits for ever, and
every won is accounted for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from threading import Event
from typing import Any
from uuid import UUID

import pytest

from merchants.settlement.services import close_through
from tests import factories
from tests.concurrency.test_top_ups_at_once import at_once
from tests.factories import AT, City
from tests.factories.benefits import as_official, make_fund, make_policy
from tests.factories.top_ups import buy, make_discount
from tests.vouchers.ledger.kernel import connect
from vouchers.common.errors import DomainError
from vouchers.common.models import uuid7
from vouchers.common.seoul import business_date
from vouchers.gifts.errors import GiftExceedsBalance
from vouchers.incentives import services as incentives
from vouchers.incentives.models import BenefitFund
from vouchers.ledger.audit import audit
from vouchers.ledger.errors import InsufficientFunds, RefundExceedsPayment
from vouchers.ledger.services import call
from vouchers.partners.models import Partner

TURNS, SHOPPERS, BUYERS, GIVERS, FOLLOWERS, SWEEPERS = 16, 4, 2, 2, 2, 2
TODAY = business_date(AT)
LATER = AT + timedelta(days=3)
EXPECTED = {InsufficientFunds, RefundExceedsPayment, GiftExceedsBalance}
"""What may be refused, because somebody else was faster."""


@dataclass
class Town:
    """A city whose fund of cashback has too little, and everybody's part in it; each method is one thread's work."""

    city: City
    partner: Partner
    fund: BenefitFund
    wallets: list[UUID]
    shops: list[str]

    def __post_init__(self) -> None:
        self.refused: Counter[type] = Counter()
        self.done = [Event() for _ in range(SHOPPERS)]

    def do(self, function: str, *parameters: Any) -> Any:
        """One call in a transaction of its own; None: refused as it may be."""
        try:
            with self.city.scope():
                return call(function, *parameters)
        except DomainError as refused:
            assert type(refused) in EXPECTED, refused
            self.refused[type(refused)] += 1
            return None

    def request(self) -> tuple[str, UUID, str, bytes]:
        """How each request of the app begins."""
        return self.city.code, self.partner.pk, str(uuid7()), b"\0" * 32

    def shop(self, number: int) -> None:
        """Pay from everybody's wallet in turn, and cancel some of it, in part and in full."""
        try:
            for turn in range(TURNS):
                wallet, code = self.wallets[(number + turn) % len(self.wallets)], self.shops[turn % len(self.shops)]
                paid = self.do("payments.pay", *self.request(), wallet, code, "T001", 2_000 + 137 * turn, "o", AT)
                if paid is None:
                    continue
                for amount in {0: [700, 900], 1: [None, 10]}.get(turn % 4, []):
                    self.do("payments.cancel", *self.request(), paid[0], amount, AT)
        finally:
            self.done[number].set()

    def buy(self, number: int) -> None:
        """Top wallets up."""
        for turn in range(TURNS // 2):
            buy(self.partner, self.wallets[(number + turn) % len(self.wallets)], 10_000)

    def give(self, number: int) -> None:
        """Give to the next wallet, the others in the other direction."""
        for turn in range(TURNS):
            pair = [self.wallets[turn % len(self.wallets)], self.wallets[(turn + 1) % len(self.wallets)]]
            giver, receiver = pair if number % 2 else pair[::-1]
            self.do("gifts.give", *self.request(), giver, receiver, None, None, 1_500, "", AT)

    def follow(self, _number: int) -> None:
        """A worker, which takes few events a step, until nobody shops any more."""
        while not all(event.is_set() for event in self.done):
            self.do("payments.follow_up", self.city.code, 5, AT)

    def sweep(self, _number: int) -> None:
        """Return what has expired, while payments of an earlier moment still come in."""
        for _turn in range(TURNS):
            self.do("ledger.expire", self.city.code, LATER, 2, LATER)

    def close(self, _number: int) -> None:
        """Settle the day."""
        close_through(municipality=self.city.code, day=TODAY, at=AT + timedelta(days=1))


@pytest.fixture
def town(committed_db: str) -> Town:
    city = factories.make_city()
    with city.scope():
        factories.make_purchase_limit(city, per_month=100_000_000)
        make_discount(city, 1000)
        partner = factories.make_partner(city)
        citizens = [factories.make_citizen(city) for _ in range(5)]
        wallets = [factories.wallet_of(citizen).pk for citizen in citizens]
        factories.grant(city, dict.fromkeys(citizens, 8_000), validity_days=1)
        shops = [factories.make_merchant(city).code for _ in range(3)]
        fund = make_fund(city, amount=4_000)
        make_policy(city, fund)
    for wallet in wallets:
        buy(partner, wallet, 50_000)
    return Town(city, partner, fund, wallets, shops)


def cashback(url: str) -> dict[str, int]:
    """Won that payments have earned, that members' months say, that are in wallets or were, and that wait or are owed."""
    with connect(url) as owner:
        (row,) = owner.execute(
            """
            SELECT (SELECT coalesce(sum(amount - reversed), 0)::bigint FROM vouchers_cashback),
                   (SELECT coalesce(sum(benefit), 0)::bigint FROM vouchers_membermonth),
                   (SELECT coalesce(sum(CASE WHEN t.credit_lot_id IS NULL THEN -t.amount ELSE t.amount END), 0)::bigint
                    FROM vouchers_transfer t JOIN vouchers_journal j ON j.id = t.journal_id WHERE j.kind = 'cashback'),
                   (SELECT coalesce(sum(amount), 0)::bigint FROM vouchers_benefitdue),
                   (SELECT count(*) FROM vouchers_outbox),
                   (SELECT count(*) FROM vouchers_payment)
            """
        ).fetchall()
    return dict(zip(["earned", "months", "credited", "due", "waiting events", "payments"], row, strict=True))


def follow_up_everything(town: Town) -> None:
    """Until nothing is left to do."""
    while town.do("payments.follow_up", town.city.code, 50, AT)[0]:
        pass


def holds(town: Town) -> None:
    with town.city.scope():
        assert {found.invariant.name: found.difference for found in audit() if found.difference} == {}


def test_every_won_is_accounted_for(town: Town, committed_db: str) -> None:
    parts: list[tuple[Callable[[int], None], int]] = [
        (town.shop, SHOPPERS), (town.buy, BUYERS), (town.give, GIVERS), (town.follow, FOLLOWERS),
        (town.sweep, SWEEPERS), (town.close, 1),
    ]  # fmt: skip
    results = at_once([lambda part=part, n=n: part(n) for part, count in parts for n in range(count)])
    assert set(results) == {None}
    follow_up_everything(town)
    holds(town)
    found = cashback(committed_db)
    assert found["waiting events"] == 0
    assert found["payments"] > SHOPPERS * TURNS // 2
    assert found["earned"] == found["months"] == found["credited"] + found["due"]
    assert found["due"] > 0  # the fund had less than was earned
    with town.city.scope():
        incentives.endow(
            fund=town.fund, amount=1_000_000, reason="추경", at=AT, **as_official(town.city, factories.Role.BUDGET)
        )
    follow_up_everything(town)
    assert cashback(committed_db)["earned"] == found["earned"]  # money that comes later pays what was earned, no more
    assert cashback(committed_db)["due"] <= 0
    holds(town)
