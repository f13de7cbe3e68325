"""The state machine with everything that citizens pay with: top-ups, gifts, cashback, refunds of balance, the bank.

A machine of its own, so that the events of the main job come as often as before in the other one.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from django.db import connections
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, multiple, rule, run_state_machine_as_test

from tests.conftest import Databases
from tests.vouchers.ledger.kernel import CITY, CURRENCY, connect
from tests.vouchers.ledger.oracle import DAY, Oracle
from tests.vouchers.ledger.test_state_machine import BUDGET, QUICK, Money, grants, wallets
from vouchers.common.models import uuid7
from vouchers.gifts import errors as _errors  # noqa: F401  (registers what the kernel's gift refuses)

SHORTER = settings(QUICK, max_examples=40, phases=[Phase.generate])
FUNDS = {"national": 30_000, "province": 20_000, "city": 20_000}
funds = st.sampled_from(sorted(FUNDS))
shares = st.lists(st.tuples(funds, st.integers(1, 9_000)), min_size=1, max_size=3, unique_by=lambda share: share[0])


class Purse(Money):
    """The same city, whose citizens also buy, get benefits, give away, and take their money back."""

    top_ups = Bundle("top_ups")
    months = Bundle("months")

    def __init__(self, connection: psycopg.Connection, oracle: type[Oracle] = Oracle) -> None:
        super().__init__(connection, oracle)
        self.funds: dict[str, UUID] = {}

    @initialize(first=st.lists(grants, min_size=2, max_size=4), days=st.integers(1, 6))
    def begin(self, first: list[int], days: int) -> None:
        """The same city with three funds that soon run short."""
        super().begin(first, days)
        self.resolved: dict[UUID, tuple[int, ...]] = {}
        for name, amount in FUNDS.items():
            self.funds[name] = self.kernel.open_fund(amount)
            self.oracle.endow(name, amount)

    def resolve(self, benefits: list[tuple[str, int]]) -> list[tuple[UUID, int]]:
        """Funds by their keys."""
        return [(self.funds[fund], amount) for fund, amount in benefits]

    # Money is bought

    @rule(
        target=top_ups, wallet=wallets, paid=grants, benefits=st.just([]) | shares, days=st.integers(1, 6),
        benefit_days=st.integers(1, 4),
    )  # fmt: skip
    def top_up(self, wallet: str, paid: int, benefits: list[tuple[str, int]], days: int, benefit_days: int) -> Any:
        """Buy, with what funds add."""
        event, source = self.kernel.id_at(self.at), uuid7()
        request = (event, wallet, source, paid, tuple(benefits), self.at + days * DAY, self.at + benefit_days * DAY)
        return request if self.send_top_up(request) else multiple()

    @rule(request=top_ups, extra=st.sampled_from([0, 0, 1]))
    def top_up_again(self, request: Any, extra: int) -> None:
        """The same deposit is reported once more, perhaps with another amount."""
        event, wallet, source, paid, *rest = request
        self.send_top_up((event, wallet, source, paid + extra, *rest))

    def send_top_up(self, request: Any) -> bool:
        """Send it to both."""
        event, wallet, source, paid, benefits, expires, benefit_expires = request
        return self.both(
            lambda: self.kernel.top_up(
                self.wallets[wallet], source, paid, self.resolve(list(benefits)), at=self.at, id=event, expires=expires,
                benefit_expires=benefit_expires,
            ),
            lambda: self.oracle.once(
                event, request,
                lambda: self.oracle.top_up(
                    wallet, source, paid, list(benefits), expires=expires, benefit_expires=benefit_expires, at=self.at
                ),
            ),
        )  # fmt: skip

    @rule(request=top_ups)
    def cancel_top_up(self, request: Any) -> None:
        """Take a purchase back, perhaps after some of it was used, perhaps a second time."""
        event, wallet, source, paid, benefits, *_rest = request
        if self.oracle.lot_of(wallet, source) is None:
            return
        bought, benefit = self.lot_id(wallet, source), self.lot_id(wallet, event)
        items: list[tuple[UUID, UUID | None, int]] = [(bought, None, paid)]
        items += [(benefit, self.funds[fund], amount) for fund, amount in benefits]
        self.both(
            lambda: bool(self.kernel.take_out("cancel_top_up", self.wallets[wallet], items, at=self.at, source=source)),
            lambda: bool(self.oracle.cancel_top_up(wallet, source, at=self.at)),
        )

    def lot_id(self, wallet: str, source: UUID) -> UUID:
        """The key of the lot that a wallet has of a source."""
        found = self.kernel.rows(
            "SELECT id FROM vouchers_lot WHERE wallet_id = %s AND source_id = %s", self.wallets[wallet], source
        )
        return found[0][0] if found else uuid7()

    @rule(request=top_ups, amount=grants)
    def cash_out(self, request: Any, amount: int) -> None:
        """Have bought money refunded, perhaps more than there is."""
        _event, wallet, source, *_rest = request
        lot = self.oracle.lot_of(wallet, source)
        if lot is not None:
            items = [(self.lot_id(wallet, source), None, amount)]
            self.both(
                lambda: bool(self.kernel.take_out("cash_out", self.wallets[wallet], items, at=self.at)),
                lambda: bool(self.oracle.cash_out(lot, amount, at=self.at)),
            )

    @rule(request=top_ups, amount=grants)
    def cash_out_a_benefit(self, request: Any, amount: int) -> None:
        """Ask for a benefit as cash."""
        event, wallet, source, *_rest = request
        lot = self.oracle.lot_of(wallet, (source, "benefit"))
        if lot is not None:
            items = [(self.lot_id(wallet, event), None, min(amount, max(lot.remaining, 1)))]
            self.both(
                lambda: bool(self.kernel.take_out("cash_out", self.wallets[wallet], items, at=self.at)),
                lambda: bool(self.oracle.cash_out(lot, items[0][2], at=self.at)),
            )

    # The bank

    @rule(amount=grants)
    def cash_paid(self, amount: int) -> None:
        """The bank pays refunds, perhaps more than is owed."""
        if self.payable_is_open():
            self.both(
                lambda: self.kernel.cash_paid(amount, at=self.at), lambda: self.oracle.cash_paid(amount, at=self.at)
            )

    def payable_is_open(self) -> bool:
        """Whether anything has ever been owed."""
        return bool(self.kernel.rows("SELECT FROM vouchers_account WHERE kind = 'refund_payable'"))

    @rule(part=st.integers(1, 120))
    def receive(self, part: int) -> None:
        """Some of what was reported reaches the bank, or more than that would."""
        amount = self.oracle.in_transit * part // 100
        if amount:
            self.both(lambda: self.kernel.receive(amount, at=self.at), lambda: self.oracle.receive(amount, at=self.at))

    @rule(fund=funds, amount=st.integers(-20_000, 20_000).filter(bool))
    def endow(self, fund: str, amount: int) -> None:
        """A fund gets money, or gives some back."""
        self.both(
            lambda: self.kernel.endow(self.funds[fund], amount, at=self.at), lambda: self.oracle.endow(fund, amount)
        )

    # Benefits

    @rule(target=months, wallet=wallets, benefits=shares, days=st.integers(1, 5))
    def credit(self, wallet: str, benefits: list[tuple[str, int]], days: int) -> Any:
        """Cashback of a new month."""
        month = uuid7()
        expires = self.at + days * DAY
        return (wallet, month, expires) if self.send_credit(wallet, month, benefits, expires) else multiple()

    @rule(month=months, benefits=shares)
    def credit_more(self, month: Any, benefits: list[tuple[str, int]]) -> None:
        """More cashback of the same month: the lot grows, perhaps after its time has run out."""
        wallet, source, expires = month
        self.send_credit(wallet, source, benefits, expires)

    def send_credit(self, wallet: str, month: UUID, benefits: list[tuple[str, int]], expires: datetime) -> bool:
        """Send it to both."""
        items = [(fund, self.wallets[wallet], month, amount) for fund, amount in self.resolve(benefits)]
        return self.both(
            lambda: self.kernel.credit(items, at=self.at, expires=expires),
            lambda: self.oracle.credit(wallet, month, benefits, expires=expires, at=self.at),
        )

    @rule(month=months, benefits=shares)
    def take_back(self, month: Any, benefits: list[tuple[str, int]]) -> None:
        """A payment was cancelled: each fund wants back at most what it has paid."""
        wallet, source, _expires = month
        lot = self.oracle.lot_of(wallet, source)
        paid = lot.paid_by if lot is not None else Counter()
        wanted = [(fund, min(amount, paid[fund])) for fund, amount in benefits if paid[fund] > 0]
        if wanted:
            items = [(fund, self.wallets[wallet], source, amount) for fund, amount in self.resolve(wanted)]
            self.both(
                lambda: self.kernel.take_back(items, at=self.at),
                lambda: self.oracle.take_back(wallet, source, wanted, at=self.at),
            )

    # Gifts

    @rule(amount=grants)
    def gift(self, amount: int) -> None:
        """Give bought money away, perhaps more than there is."""
        event = self.kernel.id_at(self.at)
        self.both(
            lambda: self.kernel.call(
                "ledger.gift", CITY, event, self.wallets["kim"], self.wallets["lee"], amount, ["purchase"], CURRENCY, self.at
            ),
            lambda: self.oracle.gift("kim", "lee", amount, at=self.at),
        )  # fmt: skip

    # The main job among all this

    def send_clawback(self, request: tuple[UUID, tuple[int, ...], int]) -> bool:
        """Only what a programme paid is clawed back; numbers count the lots of the programme."""
        event, numbers, amount = request
        own = [lot for lot in self.oracle.lots if lot.of_programme]
        lots = self.resolved.setdefault(event, tuple(dict.fromkeys(number % len(own) for number in numbers)))
        sources = self.kernel.rows(
            "SELECT wallet_id, source_id FROM vouchers_lot WHERE programme_id IS NOT NULL ORDER BY id"
        )
        return self.both(
            lambda: self.kernel.claw_back(
                self.programme, [(*sources[number], amount) for number in lots], id=event, at=self.at
            ),
            lambda: self.oracle.once(
                event, (lots, amount), lambda: self.oracle.claw_back([own[number] for number in lots], amount)
            ),
        )  # fmt: skip

    def _same_money_everywhere(self) -> None:
        names = {wallet: name for name, wallet in self.wallets.items()}
        lots = self.kernel.rows("SELECT wallet_id, kind = 'purchase', granted, remaining, expires_at FROM vouchers_lot")
        assert sorted((names[wallet], *rest) for wallet, *rest in lots) == sorted(
            (lot.wallet, lot.purchased, lot.granted, lot.remaining, lot.expires) for lot in self.oracle.lots
        )
        given_back = dict(self.kernel.rows("SELECT id, refunded FROM vouchers_payment"))
        assert given_back == {event: payment.returned.total() for event, payment in self.oracle.payments.items()}
        kept = self.kernel.rows(
            "SELECT account.kind, account.owner_id, balance.credits - balance.debits FROM vouchers_balance balance"
            " JOIN vouchers_account account ON account.id = balance.account_id WHERE account.kind <> 'budget'"
        )
        own = {("programme", self.programme): self.oracle.budget + self.oracle.returned}
        own |= {("merchant_settled", shop): self.oracle.settled[name] for name, shop in self.shops.items()}
        own |= {("benefit", fund): self.oracle.funds[name] for name, fund in self.funds.items()}
        own |= {("bank", None): -(BUDGET + self.oracle.repaid + self.oracle.at_bank)}
        if self.payable_is_open():
            own |= {("refund_payable", None): self.oracle.owed}
        assert {(kind, owner): amount for kind, owner, amount in kept} == own


def test_the_kernel_does_what_the_rules_say(databases: Databases, django_db_setup: None) -> None:
    url = databases.url(connections["default"].settings_dict["NAME"])
    thorough = settings.get_current_profile_name() == "thorough"
    with connect(url, autocommit=False) as connection:
        run_state_machine_as_test(lambda: Purse(connection), settings=settings() if thorough else SHORTER)
