"""The state machine with everything that citizens pay with: top-ups, gifts, cashback, points, cards, shops' discounts,
refunds of balance, the bank.

A machine of its own, so that the events of the main job come as often as before in the other one.
"""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

import psycopg
from django.db import connections
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, multiple, rule, run_state_machine_as_test

from tests.conftest import Databases
from tests.vouchers.ledger.kernel import CHEAP_FOOD, CITY, CURRENCY, NOON, NOT_BARS, connect
from tests.vouchers.ledger.oracle import DAY, Oracle
from tests.vouchers.ledger.test_state_machine import BUDGET, QUICK, SHOPS, USAGE, Money, amounts, grants, shops, wallets
from vouchers.common.models import uuid7
from vouchers.gifts import errors as _errors  # noqa: F401  (registers what the kernel's gift refuses)
from vouchers.payments import errors as _of_payments  # noqa: F401  (and what cards are refused for)

SHORTER = settings(QUICK, max_examples=40, phases=[Phase.generate])
FUNDS = {"national": 30_000, "province": 20_000, "city": 20_000}
RATES = {"diner": 10, "hotel": 7}
"""What shops take off the price by themselves when a card pays, in percent."""
JOURNALS = {"incentive": "cashback", "point": "points"}
TRACES = ["000001", "000002", "000003", "000004"]
_REGISTER = """
INSERT INTO merchants_merchant (id, municipality_id, code, name, name_ascii, business_number, representative, category_id,
                                annual_sales, address, phone, status, account_bank, account_holder)
VALUES (%(id)s, %(city)s, %(code)s, '가게', 'SHOP', lpad(%(number)s, 10, '0'), '', %(category)s, %(sales)s, '', '', 'active',
        '', '');
INSERT INTO vouchers_paymentterms (municipality_id, valid_from, qr_seconds, token_refresh_seconds, token_seconds,
                                   order_minutes, request_days, code_days, benefit_rate_min, benefit_rate_max,
                                   legal_basis)
SELECT %(city)s, '2020-01-01', 180, 60, 180, 30, 90, 90, 1, 10, '' WHERE NOT EXISTS (SELECT FROM vouchers_paymentterms);
INSERT INTO merchants_merchantbenefit (municipality_id, merchant_id, rate, valid_from, valid_until, document)
SELECT %(city)s, %(id)s, %(rate)s, %(first)s, %(last)s, '' WHERE %(rate)s > 0;
"""
funds = st.sampled_from(sorted(FUNDS))
shares = st.lists(st.tuples(funds, st.integers(1, 9_000)), min_size=1, max_size=3, unique_by=lambda share: share[0])


class Purse(Money):
    """The same city, whose citizens also buy, get benefits, give away, and take their money back."""

    top_ups = Bundle("top_ups")
    months = Bundle("months")

    def __init__(self, connection: psycopg.Connection, oracle: type[Oracle] = Oracle) -> None:
        super().__init__(connection, oracle)
        self.funds: dict[str, UUID] = {}

    @initialize(
        first=st.lists(grants, min_size=2, max_size=4), days=st.integers(1, 6), grace=st.sampled_from([None, 1, 2])
    )
    def begin(self, first: list[int], days: int, grace: int | None) -> None:
        """The same city with three funds that soon run short."""
        super().begin(first, days, grace)
        self.resolved: dict[UUID, tuple[int, ...]] = {}
        for name, amount in FUNDS.items():
            self.funds[name] = self.kernel.open_fund(amount)
            self.oracle.endow(name, amount)
        self.processor = self.kernel.open_partner()
        for name in SHOPS:
            self.open_registered(name)
        for name, wallet in self.wallets.items():
            self.write("register_card", wallet, name.encode(), "0000", self.at)

    def open_registered(self, name: str) -> None:
        """The shop's entry in the register, with its discount."""
        category, sales = SHOPS[name]
        number = str(self.shops[name].int % 10**9)
        with psycopg.ClientCursor(self.kernel.connection) as cursor:
            cursor.execute(
                _REGISTER,
                {"city": CITY, "id": self.shops[name], "code": name, "number": number, "category": category, "sales": sales,
                 "rate": RATES.get(name, 0), "first": NOON - DAY, "last": NOON + 1000 * DAY},
            )  # fmt: skip

    def write(self, function: str, *parameters: Any, key: str | None = None) -> tuple[UUID, bool]:
        """A request of the card processor's: what came of it, and whether that was known."""
        ((result, replayed),) = self.kernel.rows(
            f"SELECT * FROM payments.{function}({', '.join(['%s'] * (len(parameters) + 4))})",
            CITY, self.processor, key or str(uuid7()), b"the same request", *parameters,
        )  # fmt: skip
        return result, replayed

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
        found = self.kernel.read(
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

    @rule(target=top_ups, wallet=wallets, paid=grants, benefits=shares, amount=grants)
    def ask_for_a_new_benefit(self, wallet: str, paid: int, benefits: list[tuple[str, int]], amount: int) -> Any:
        """Ask for a benefit as cash when nothing of it is spent yet."""
        request = self.top_up(wallet, paid, benefits, 3, 3)
        if request != multiple():
            self.cash_out_a_benefit(request, amount)
        return request

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
        return bool(self.kernel.read("SELECT FROM vouchers_account WHERE kind = 'refund_payable'"))

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
        month = (wallet, uuid7(), self.at + days * DAY, "incentive", None)
        return month if self.send_credit(month, benefits) else multiple()

    @rule(month=months, benefits=shares, days=st.integers(0, 5), usage=st.sampled_from([None, CHEAP_FOOD, NOT_BARS]))
    def credit_more(self, month: Any, benefits: list[tuple[str, int]], days: int, usage: UUID | None) -> None:
        """More of the same month: the lot grows, perhaps after its time has run out, on the terms that it was made with."""
        wallet, source, _expires, kind, _usage = month
        self.send_credit((wallet, source, self.at + days * DAY, kind, usage), benefits)

    def send_credit(self, month: Any, benefits: list[tuple[str, int]]) -> bool:
        """Send it to both."""
        wallet, source, expires, kind, usage = month
        items = [(fund, self.wallets[wallet], source, amount) for fund, amount in self.resolve(benefits)]
        return self.both(
            lambda: self.kernel.credit(
                items, at=self.at, expires=expires, kind=kind, journal=JOURNALS[kind], rule=usage
            ),
            lambda: self.oracle.credit(
                wallet, source, benefits, expires=expires, at=self.at, kind=kind, admits=USAGE[usage]
            ),
        )  # fmt: skip

    @rule(month=months, benefits=shares)
    def take_back(self, month: Any, benefits: list[tuple[str, int]]) -> None:
        """A payment was cancelled: each fund wants back at most what it has paid."""
        wallet, source, _expires, kind, _usage = month
        lot = self.oracle.lot_of(wallet, source)
        paid = lot.paid_by if lot is not None else Counter()
        wanted = [(fund, min(amount, paid[fund])) for fund, amount in benefits if paid[fund] > 0]
        if wanted:
            items = [(fund, self.wallets[wallet], source, amount) for fund, amount in self.resolve(wanted)]
            self.both(
                lambda: self.kernel.take_back(items, at=self.at, journal=JOURNALS[kind]),
                lambda: self.oracle.take_back(wallet, source, wanted, at=self.at),
            )

    @rule(benefits=shares, shop=shops)
    def take_back_what_was_spent(self, benefits: list[tuple[str, int]], shop: str) -> None:
        """Cashback is spent before the payment that earned it is cancelled: funds get back what is left, here next to nothing."""
        month = ("kim", uuid7(), self.at + DAY, "incentive", None)
        if self.send_credit(month, benefits):
            self.send_payment((self.kernel.id_at(self.at), "kim", shop, sum(amount for _, amount in benefits)))
            self.take_back(month, benefits)

    # Points

    @rule(
        target=months, wallet=wallets, benefits=shares, days=st.integers(1, 5),
        usage=st.sampled_from([None, CHEAP_FOOD, NOT_BARS]),
    )  # fmt: skip
    def credit_points(self, wallet: str, benefits: list[tuple[str, int]], days: int, usage: UUID | None) -> Any:
        """Points of a new month, for some shops only."""
        month = (wallet, uuid7(), self.at + days * DAY, "point", usage)
        return month if self.send_credit(month, benefits) else multiple()

    # Cards

    @rule(target=Money.payments, wallet=wallets, shop=shops, price=amounts, trace=st.sampled_from(TRACES))
    def authorise(self, wallet: str, shop: str, price: int, trace: str) -> Any:
        """A card pays, under a number that may have been used, or reversed before its time."""
        category, sales = SHOPS[shop]
        key, paid = str(uuid7()), []

        def ask() -> None:
            for replayed in (False, True):
                parameters = (trace, wallet.encode(), shop, "T1", price, self.at)
                paid.append(self.write("authorise", *parameters, key=key))
                assert paid[-1] == (paid[0][0], replayed)

        done = self.both(
            ask,
            lambda: self.oracle.authorise(
                trace, trace, wallet, shop, price, category=category, sales=sales, rate=RATES.get(shop, 0), at=self.at
            ),
        )
        if not done:
            return multiple()
        payment = paid[0][0]
        self.oracle.payments[payment] = self.oracle.payments.pop(trace)
        self.oracle.traces[trace].payment = payment
        return payment, wallet, shop, price

    @rule(trace=st.sampled_from(TRACES))
    def reverse(self, trace: str) -> None:
        """The processor takes back whatever it asked for under a number: approved, cancelled in part, or never arrived."""
        self.both(
            lambda: self.write("reverse", trace, self.at) and None, lambda: self.oracle.reverse(trace, at=self.at)
        )

    @rule(trace=st.sampled_from(TRACES), amount=st.none() | grants)
    def cancel_approval(self, trace: str, amount: int | None) -> None:
        """Part of the price is cancelled, perhaps after a reversal; a repetition changes nothing."""
        known = self.oracle.traces.get(trace)
        if known is None or known.payment is None:
            return
        key = str(uuid7())

        def ask() -> int:
            before = self.returned_of(known.payment)
            for replayed in (False, True):
                assert self.write("cancel", known.payment, amount, self.at, key=key)[1] == replayed
            return self.returned_of(known.payment) - before

        self.both(ask, lambda: self.oracle.refund(known.payment, amount, at=self.at))

    @rule(shop=shops, price=grants, part=st.none() | grants)
    def cancel_a_new_approval(self, shop: str, price: int, part: int | None) -> None:
        """A card pays under a number that nobody has used, and a part of it is cancelled."""
        trace = f"{len(self.oracle.traces) + 100:06}"
        self.disburse([("kim", price)], days=1, usage=None, purchased=False, grace=None)
        self.authorise("kim", shop, price, trace)
        self.cancel_approval(trace, part)

    def returned_of(self, payment: object) -> int:
        """What the wallet has got back of a payment."""
        won: int = self.kernel.read("SELECT refunded FROM vouchers_payment WHERE id = %s", payment)[0][0]
        return won

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
        sources = self.kernel.read(
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
        lots = self.kernel.read("SELECT wallet_id, kind, granted, remaining, expires_at FROM vouchers_lot")
        assert sorted((names[wallet], *rest) for wallet, *rest in lots) == sorted(
            (lot.wallet, lot.kind, lot.granted, lot.remaining, lot.expires) for lot in self.oracle.lots
        )
        given_back = dict(self.kernel.read("SELECT id, refunded FROM vouchers_payment"))
        assert given_back == {event: payment.returned.total() for event, payment in self.oracle.payments.items()}
        borne = dict(self.kernel.read("SELECT id, discount - discount_returned FROM vouchers_payment"))
        assert borne == {event: payment.discount_left for event, payment in self.oracle.payments.items()}
        kept = self.kernel.read(
            "SELECT account.kind, account.owner_id, balance.credits - balance.debits FROM vouchers_balance balance"
            " JOIN vouchers_account account ON account.id = balance.account_id"
            " WHERE account.kind <> 'budget' AND balance.credits <> balance.debits"
        )
        own = {("programme", self.programme): self.oracle.budget + self.oracle.returned}
        own |= {("merchant_settled", shop): self.oracle.settled[name] for name, shop in self.shops.items()}
        own |= {("benefit", fund): self.oracle.funds[name] for name, fund in self.funds.items()}
        own |= {("bank", None): -(BUDGET + self.oracle.repaid + self.oracle.at_bank + self.oracle.put_in)}
        own |= {("operating", None): self.oracle.operating, ("payout_transit", None): self.oracle.on_its_way}
        own |= {("refund_payable", None): self.oracle.owed}
        assert {(kind, owner): amount for kind, owner, amount in kept} == {of: won for of, won in own.items() if won}


def test_the_kernel_does_what_the_rules_say(databases: Databases, django_db_setup: None) -> None:
    url = databases.url(connections["default"].settings_dict["NAME"])
    thorough = settings.get_current_profile_name() == "thorough"
    with connect(url, autocommit=False) as connection:
        run_state_machine_as_test(lambda: Purse(connection), settings=settings() if thorough else SHORTER)
