"""The kernel on a real PostgreSQL against the oracle in plain Python, over days of random events.

``pytest tests/vouchers/ledger --hypothesis-profile=thorough`` looks longer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import psycopg
from django.db import connections
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from tests.conftest import Databases
from tests.vouchers.ledger.kernel import CHEAP_FOOD, NOON, NOT_BARS, WITHOUT_LISTS, Kernel, connect
from tests.vouchers.ledger.oracle import DAY, Oracle, Refused
from vouchers.common.errors import DomainError
from vouchers.common.models import uuid7
from vouchers.common.seoul import business_date, start_of_day

QUICK = settings(max_examples=100, stateful_step_count=30, deadline=None)

BUDGET = 400_000
SHOPS = {"diner": ("restaurant", 200_000_000), "hotel": ("restaurant", 900_000_000), "bar": ("bar", 50_000_000)}
USAGE: dict[UUID | None, Callable[[str, int], bool]] = {
    None: lambda _category, _sales: True,
    CHEAP_FOOD: lambda category, sales: category == "restaurant" and sales <= 300_000_000,
    NOT_BARS: lambda category, _sales: category != "bar",
}
_STATE = """
SELECT 'lot', id::text, remaining, expired FROM vouchers_lot
UNION ALL SELECT 'balance', account_id::text, credits - debits, reserved + returned FROM vouchers_balance
UNION ALL SELECT 'payment', id::text, amount, refunded FROM vouchers_payment
UNION ALL SELECT 'transfers', '', count(*), coalesce(sum(amount), 0) FROM vouchers_transfer
UNION ALL SELECT 'journals', '', count(*), 0 FROM vouchers_journal
UNION ALL SELECT 'late', lot_id::text, 0, 0 FROM vouchers_lateexpiry
UNION ALL SELECT 'days', '', count(*), coalesce(sum(payable), 0) FROM merchants_dayclose
ORDER BY 1, 2
"""

# small grants, large payments, small refunds: so that payments draw on several lots and refunds fill several
grants = st.integers(1, 12_000)
amounts = st.integers(1, 60_000) | st.integers(1, 9_000)
wallets = st.sampled_from(["kim", "kim", "kim", "lee"])
shops = st.sampled_from(["diner", "diner", "bar", "hotel"])  # one of them often, so that its days build on each other


class Twice(RuleBasedStateMachine):
    """Both kernels get the same events; they must answer the same and hold the same money."""

    state = _STATE

    def __init__(self, connection: psycopg.Connection, oracle: type[Oracle] = Oracle) -> None:
        super().__init__()
        self.kernel = Kernel(connection, savepoint=True)
        self.oracle = oracle()
        self.found: list[str] = []
        self.at = NOON
        self.first_day = self.next_close = business_date(NOON)

    def teardown(self) -> None:
        """Run the audit once more over the whole story, and forget it."""
        try:
            for rule_ in WITHOUT_LISTS:
                assert self.kernel.read(rule_.sql)[0][1] == 0, rule_.name
        finally:
            self.kernel.connection.rollback()

    @contextmanager
    def noticed(self) -> Iterator[None]:
        """Keep what the two disagree about: Hypothesis' own report depends on a second run taking the same course."""
        try:
            yield
        except (AssertionError, DomainError) as difference:
            self.found.append(repr(difference))
            raise

    def both(self, event: Callable[[], Any], expected: Callable[[], Any]) -> bool:
        """Do it twice; True if it was done, False if both refused it for the same reason and nothing changed."""
        with self.noticed():
            return self._both(event, expected)

    def _both(self, event: Callable[[], Any], expected: Callable[[], Any]) -> bool:
        try:
            answer = expected()
        except Refused as refused:
            before = self.kernel.read(self.state)
            try:
                event()
            except (DomainError, psycopg.errors.CheckViolation) as error:
                code = error.code if isinstance(error, DomainError) else "budget"
                assert code == refused.args[0]
                assert self.kernel.read(self.state) == before
                return False
            raise AssertionError(f"the kernel allowed what the rules refuse: {refused}") from None
        assert event() == answer
        return True


class Money(Twice):
    """The main job: money comes, is spent, goes back and expires, lot by lot, and shops are settled."""

    payments = Bundle("payments")
    refunds = Bundle("refunds")
    clawbacks = Bundle("clawbacks")
    exchanges = Bundle("exchanges")

    @initialize(
        first=st.lists(grants, min_size=2, max_size=4), days=st.integers(1, 6), grace=st.sampled_from([None, 1, 2])
    )
    def begin(self, first: list[int], days: int, grace: int | None) -> None:
        """A city with two citizens, three shops and one budget; one citizen has money for every shop."""
        self.wallets = dict(zip(["kim", "lee"], self.kernel.make_world(citizens=2), strict=True))
        self.shops = {name: self.kernel.open_shop() for name in sorted(SHOPS)}
        for shop in self.shops.values():
            self.kernel.allow_exchange(shop)
        self.kernel.charge_shops("7.00")
        self.oracle.rate = 700
        self.programme = self.kernel.open_programme(BUDGET)
        self.oracle.budget = BUDGET
        self.disburse([("kim", amount) for amount in first], days=days, usage=None, purchased=False, grace=grace)

    # Money comes

    @rule(
        grants=st.lists(st.tuples(wallets, grants), min_size=1, max_size=6), days=st.integers(1, 6),
        usage=st.sampled_from([None, CHEAP_FOOD, NOT_BARS]), purchased=st.booleans(), grace=st.sampled_from([None, 1, 2]),
    )  # fmt: skip
    def disburse(
        self, grants: list[tuple[str, int]], days: int, usage: UUID | None, purchased: bool, grace: int | None
    ) -> None:
        """Pay wallets from the budget."""
        self.both(
            lambda: self.kernel.disburse(
                self.programme, [(self.wallets[wallet], amount) for wallet, amount in grants], at=self.at, days=days,
                rule=usage, kind="purchase" if purchased else "grant", grace=None if purchased else grace,
            ),
            lambda: self.oracle.disburse(
                grants, expires=self.at + timedelta(days=days), purchased=purchased, admits=USAGE[usage],
                grace=None if purchased else grace,
            ),
        )  # fmt: skip

    # Money is spent

    @rule(target=payments, wallet=wallets, shop=shops, amount=amounts)
    def pay(self, wallet: str, shop: str, amount: int) -> Any:
        """Pay at a shop."""
        request = (self.kernel.id_at(self.at), wallet, shop, amount)
        return request if self.send_payment(request) else multiple()

    @rule(target=payments, shop=shops, amount=grants, microseconds=st.integers(-1, 1))
    def pay_at_expiry(self, shop: str, amount: int, microseconds: int) -> Any:
        """Pay when somebody's money is about to expire, expires, or has just expired."""
        valid = [lot for lot in self.oracle.lots if lot.remaining and lot.expires > self.at]
        if not valid:
            return multiple()
        lot = min(valid, key=lambda lot: lot.expires)
        self.at = max(self.at, lot.expires + microseconds * timedelta(microseconds=1))
        return self.pay(lot.wallet, shop, min(amount, lot.remaining))

    @rule(request=payments, extra=st.sampled_from([0, 0, 1]))
    def pay_again(self, request: tuple[UUID, str, str, int], extra: int) -> None:
        """A payment of the same id, perhaps with another amount: refused, and nothing changes."""
        event, wallet, shop, amount = request
        before = self.kernel.read(_STATE)
        with self.noticed():
            try:
                self.kernel_pays((event, wallet, shop, amount + extra))
            except DomainError:
                assert self.kernel.read(_STATE) == before
            else:
                raise AssertionError("the kernel took a payment twice")

    def spend_anew(
        self, shop: str, amount: int, *, purchased: bool = False, grace: int | None = None
    ) -> tuple[UUID, str, str, int] | None:
        """Money comes that expires before most of what is there, and as much is spent at once; None if it was refused."""
        self.disburse([("kim", amount)], days=1, usage=None, purchased=purchased, grace=grace)
        request = (self.kernel.id_at(self.at), "kim", shop, amount)
        return request if self.send_payment(request) else None

    def send_payment(self, request: tuple[UUID, str, str, int]) -> bool:
        """Send it to both."""
        event, wallet, shop, amount = request
        category, sales = SHOPS[shop]
        return self.both(
            lambda: self.kernel_pays(request),
            lambda: self.oracle.once(
                event,
                request,
                lambda: self.oracle.pay(event, wallet, shop, amount, category=category, sales=sales, at=self.at),
            ),
        )

    def kernel_pays(self, request: tuple[UUID, str, str, int]) -> date:
        """Send it to the kernel alone."""
        event, wallet, shop, amount = request
        category, sales = SHOPS[shop]
        return self.kernel.pay(
            self.wallets[wallet], self.shops[shop], amount, id=event, category=category, sales=sales, at=self.at
        )

    # Money goes back

    @rule(target=refunds, payment=payments, amount=st.none() | amounts | grants)
    def refund(self, payment: tuple[UUID, str, str, int], amount: int | None) -> Any:
        """Cancel a payment, in full or in part."""
        request = (self.kernel.id_at(self.at), payment[0], amount)
        return request if self.send_refund(request) else multiple()

    @rule(target=refunds, shop=shops, amount=amounts, back=grants)
    def cancel_at_once(self, shop: str, amount: int, back: int) -> Any:
        """Pay, and cancel part of it on the same day."""
        payment = (self.kernel.id_at(self.at), "kim", shop, amount)
        return self.refund(payment, min(amount, back)) if self.send_payment(payment) else multiple()

    @rule(request=refunds, extra=st.sampled_from([0, 0, 1]))
    def refund_again(self, request: tuple[UUID, UUID, int | None], extra: int) -> None:
        """The same cancellation arrives once more, perhaps with another amount."""
        event, payment, amount = request
        self.send_refund((event, payment, amount if amount is None else amount + extra))

    def send_refund(self, request: tuple[UUID, UUID, int | None]) -> bool:
        """Send it to both."""
        event, payment, amount = request
        return self.both(
            lambda: self.kernel.refund(payment, amount, id=event, at=self.at),
            lambda: self.oracle.once(event, request, lambda: self.oracle.refund(payment, amount, at=self.at)),
        )

    # Money is taken back

    @rule(target=clawbacks, chosen=st.lists(st.integers(0, 40), min_size=1, max_size=3), amount=grants)
    def claw_back(self, chosen: list[int], amount: int) -> Any:
        """Take money back from up to three lots, some of them spent or expired."""
        lots = tuple(dict.fromkeys(number % len(self.oracle.lots) for number in chosen))
        request = (self.kernel.id_at(self.at), lots, amount)
        return request if self.send_clawback(request) else multiple()

    @rule(target=clawbacks, shop=shops, amount=grants)
    def claw_back_what_has_expired(self, shop: str, amount: int) -> Any:
        """Money's time runs out, other money is spent, and then it is clawed back, before any sweep."""
        self.disburse([("kim", amount)], days=1, usage=None, purchased=False, grace=None)
        self.wait(24)
        self.spend_anew(shop, amount)
        return self.claw_back([len(self.oracle.lots) - 2], amount)

    @rule(request=clawbacks, extra=st.sampled_from([0, 0, 1]))
    def claw_back_again(self, request: tuple[UUID, tuple[int, ...], int], extra: int) -> None:
        """The same clawback arrives once more, perhaps with another amount."""
        event, lots, amount = request
        self.send_clawback((event, lots, amount + extra))

    def send_clawback(self, request: tuple[UUID, tuple[int, ...], int]) -> bool:
        """Send it to both."""
        event, lots, amount = request
        sources = self.kernel.read("SELECT wallet_id, source_id FROM vouchers_lot ORDER BY id")
        return self.both(
            lambda: self.kernel.claw_back(
                self.programme, [(*sources[number], amount) for number in lots], id=event, at=self.at
            ),
            lambda: self.oracle.once(
                event, request, lambda: self.oracle.claw_back([self.oracle.lots[number] for number in lots], amount)
            ),
        )  # fmt: skip

    @rule(amount=grants)
    def repay(self, amount: int) -> None:
        """Somebody pays back at the bank."""
        self.both(lambda: self.kernel.repay(self.programme, amount, at=self.at), lambda: self.oracle.repay(amount))

    @rule(limit=st.integers(1, 4))
    def expire(self, limit: int) -> None:
        """Sweep what has expired until now, in steps of few lots."""
        self.both(lambda: self.kernel.expire(self.at, limit=limit), lambda: self.oracle.expire(self.at))

    @rule(microseconds=st.integers(-1, 1))
    def expire_at_expiry(self, microseconds: int) -> None:
        """Sweep when somebody's money is about to expire, expires, or has just expired."""
        valid = [lot for lot in self.oracle.lots if lot.remaining and lot.expires > self.at]
        if valid:
            expires = min(lot.expires for lot in valid)
            self.at = max(self.at, expires + microseconds * timedelta(microseconds=1))
            self.expire(2)

    @rule(payment=payments, amount=st.none() | grants)
    def refund_what_has_expired(self, payment: tuple[UUID, str, str, int], amount: int | None) -> None:
        """A payment is cancelled when its money's time has run out and a sweep has passed; the next one takes it."""
        drawn = self.oracle.payments[payment[0]].drawn
        self.at = max(self.at, drawn[0][0].expires)
        self.expire(3)
        self.refund(payment, amount)
        self.expire(3)

    @rule(
        shop=shops, amount=grants, purchased=st.booleans(), grace=st.sampled_from([None, 1, 2]), back=st.none() | grants
    )
    def come_back_late(self, shop: str, amount: int, purchased: bool, grace: int | None, back: int | None) -> None:
        """The newest money is spent before the older, or after it, and is given back when its time has run out."""
        if payment := self.spend_anew(shop, amount, purchased=purchased, grace=grace):
            self.refund_what_has_expired(payment, back)

    # Shops are settled on demand

    @rule(target=exchanges, shop=shops, amount=st.none() | amounts | grants)
    def exchange(self, shop: str, amount: int | None) -> Any:
        """A shop asks for a part of what it is owed, or for all."""
        request = (uuid7(), shop, amount)
        return request if self.send_exchange(request) else multiple()

    @rule(target=exchanges, shop=shops, amount=grants)
    def exchange_what_was_just_earned(self, shop: str, amount: int) -> Any:
        """A shop asks for all, part of which it earned on a day whose fee is still to come."""
        self.spend_anew(shop, amount)
        return self.exchange(shop, None)

    @rule(request=exchanges)
    def exchange_again(self, request: tuple[UUID, str, int | None]) -> None:
        """The same request arrives once more."""
        self.send_exchange(request)

    def send_exchange(self, request: tuple[UUID, str, int | None]) -> bool:
        """Send it to both."""
        event, shop, amount = request
        return self.both(
            lambda: self.kernel.exchange(self.shops[shop], amount, id=event, at=self.at),
            lambda: self.oracle.once(event, request, lambda: self.oracle.exchange(shop, amount, at=self.at)),
        )

    # Officials put right what went wrong

    @rule(shop=shops | st.none(), amount=grants, sign=st.sampled_from([1, -1]))
    def adjust(self, shop: str | None, amount: int, sign: int) -> None:
        """Two people agree that a shop gets more or less, or put money of the city's own there for it."""

        def adjusted() -> None:
            with self.kernel.connection.transaction():
                self.kernel.adjust(self.shops[shop] if shop else None, sign * amount, at=self.at)

        self.both(adjusted, lambda: self.oracle.adjust(shop, sign * amount, at=self.at))

    @rule(shop=shops, amount=grants)
    def close_after_an_adjustment(self, shop: str, amount: int) -> None:
        """A shop is to get less of what a day has brought, when that is over, but not closed yet."""
        while self.next_close < business_date(self.at):
            self.close()
        self.spend_anew(shop, amount)
        self.wait_for_end_of_day()
        self.adjust(shop, amount, -1)
        self.close()

    # Time passes

    @rule(hours=st.sampled_from([1, 12, 24]))
    def wait(self, hours: int) -> None:
        """Let hours pass; lots expire."""
        self.at += timedelta(hours=hours)

    @rule(ahead=st.sampled_from([-1, -1, 0, 0, 1]))
    def fence(self, ahead: int) -> None:
        """Move the fence, perhaps into days that have not come."""
        day = business_date(self.at) + ahead * DAY
        self.kernel.fence(day)
        self.oracle.fence(day)

    @rule()
    def close(self) -> None:
        """Close the next open day, once it is over."""
        self.wait_for_end_of_day()
        self.kernel.close_day(self.next_close, at=self.at)
        self.oracle.close(self.next_close)
        self.next_close += DAY

    def wait_for_end_of_day(self) -> None:
        """Let the next day that can be closed end."""
        self.at = max(self.at, start_of_day(self.next_close + DAY))

    @rule(target=refunds, payment=payments, amount=st.none() | grants)
    def close_late(self, payment: tuple[UUID, str, str, int], amount: int | None) -> Any:
        """Something is given back when the day is over, but not closed yet."""
        self.wait_for_end_of_day()
        refund = self.refund(payment, amount)
        self.close()
        return refund

    @rule()
    def close_again(self) -> None:
        """A day that is closed stays as it is."""
        if self.next_close > self.first_day:
            before = self.kernel.read(_STATE)
            self.kernel.close_day(self.next_close - DAY, at=self.at)
            assert self.kernel.read(_STATE) == before

    # What must hold after each step

    @invariant()
    def same_money_everywhere(self) -> None:
        """Lots, budget, payments, settled and carried money are the oracle's."""
        with self.noticed():
            self._same_money_everywhere()

    def _same_money_everywhere(self) -> None:
        names = {wallet: name for name, wallet in self.wallets.items()}
        lots = self.kernel.read("SELECT wallet_id, granted, remaining, expires_at FROM vouchers_lot ORDER BY id")
        assert [(names[wallet], *terms) for wallet, *terms in lots] == [
            (lot.wallet, lot.granted, lot.remaining, lot.expires) for lot in self.oracle.lots
        ]
        given_back = dict(self.kernel.read("SELECT id, refunded FROM vouchers_payment"))
        assert given_back == {event: payment.returned.total() for event, payment in self.oracle.payments.items()}
        kept = self.kernel.read(
            "SELECT coalesce(account.owner_id::text, account.kind), balance.credits - balance.debits FROM vouchers_balance balance"
            " JOIN vouchers_account account ON account.id = balance.account_id"
            " WHERE account.kind NOT IN ('bank', 'budget') AND balance.credits <> balance.debits"
        )
        own = {str(self.programme): self.oracle.budget + self.oracle.returned, "operating": self.oracle.operating}
        own |= {str(shop): self.oracle.settled[name] for name, shop in self.shops.items()}
        own["payout_transit"] = self.oracle.on_its_way
        assert dict(kept) == {name: won for name, won in own.items() if won}
        carried = self.kernel.read(
            "SELECT merchant_id, carried_out FROM merchants_settlementline WHERE business_date = %s AND carried_out <> 0",
            self.next_close - DAY,
        )
        assert dict(carried) == {self.shops[name]: won for name, won in self.oracle.carried.items() if won}


def test_the_kernel_does_what_the_rules_say(databases: Databases, django_db_setup: None) -> None:
    url = databases.url(connections["default"].settings_dict["NAME"])
    thorough = settings.get_current_profile_name() == "thorough"
    with connect(url, autocommit=False) as connection:
        run_state_machine_as_test(lambda: Money(connection), settings=settings() if thorough else QUICK)
