"""The state machine of money on its way to shops: batches of two people, the bank's answers in any order, and what comes back.

Its own machine, whose citizens do little else than pay: shops earn, days close, and batches, files and answers follow.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import psycopg
from django.db import connections
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, invariant, multiple, rule, run_state_machine_as_test

from merchants.payouts import errors as _errors
from tests.conftest import Databases
from tests.vouchers.ledger.kernel import CITY, CURRENCY, connect
from tests.vouchers.ledger.oracle import DAY
from tests.vouchers.ledger.oracle_payouts import (
    NO_ACCOUNT,
    NOTED,
    PAID,
    REJECTED,
    RETURNED,
    Owed,
    PayoutOracle,
    Said,
    Sent,
)
from tests.vouchers.ledger.test_state_machine import _STATE, QUICK, Twice
from vouchers.common.models import uuid7
from vouchers.common.seoul import business_date, start_of_day

SHORT = settings(QUICK, max_examples=25, phases=[Phase.generate])
MONEY = 5_000_000
SHOPS = ("bakery", "bar", "diner")
OFFICIALS = {"maker": uuid7(), "checker": uuid7()}
_OF_PAYOUTS = """
UNION ALL SELECT 'payout', id::text || state, amount, line FROM merchants_payout
UNION ALL SELECT 'batch', id::text || state, amount, payouts FROM merchants_payoutbatch
UNION ALL SELECT 'answers', '', count(*), 0 FROM merchants_payoutresultline
ORDER BY 1, 2
"""
_REGISTER = """
INSERT INTO merchants_merchant (id, municipality_id, code, name, name_ascii, business_number, representative, category_id,
                                annual_sales, address, phone, status, account_bank, account_holder)
VALUES (%(id)s, %(city)s, %(name)s, %(name)s, 'SHOP', lpad(%(number)s, 10, '0'), '', 'restaurant', 100000000, '', '',
        'active', '', '')
"""
# As two officials' approved change would: the register's own guard stands aside.
_ACCOUNT = """
SET LOCAL session_replication_role = replica;
UPDATE merchants_merchant
SET account_bank = CASE WHEN %(account)s > 0 THEN '088' ELSE '' END, account_holder = '김장터',
    account_number = CASE WHEN %(account)s > 0 THEN convert_to(%(account)s::text, 'UTF8') END,
    account_number_index = CASE WHEN %(account)s > 0 THEN convert_to(%(account)s::text, 'UTF8') END
WHERE id = %(id)s;
SET LOCAL session_replication_role = origin
"""
_HOLD = """
INSERT INTO merchants_payouthold (municipality_id, merchant_id, valid_from, valid_until, reason, official_id, release_reason)
VALUES (%s, %s, %s, %s, '부정 사용 의심', %s, '')
"""
_ROWS = """
SELECT merchant_id, kind, amount, id FROM merchants_payout WHERE batch_id = %s ORDER BY line
"""

shops = st.sampled_from(SHOPS)
amounts = st.integers(1, 40_000)
officials = st.sampled_from(["maker", "maker", "checker"])
outcomes = st.sampled_from([PAID, PAID, PAID, REJECTED, REJECTED, RETURNED, RETURNED, NOTED])
sends = st.sampled_from([True, True, False])
"""Whether the bank gets a batch that is signed."""
chosen = st.integers(0, 60)
"""One of all that there is so far, counted from the newest."""
differs = st.sampled_from([False, False, False, True])
said = st.lists(st.tuples(chosen | st.integers(0, 2), outcomes, differs, st.booleans()), min_size=1, max_size=5)
said_of_one = st.lists(st.tuples(outcomes, differs, st.booleans()), min_size=2, max_size=4)


class Payouts(Twice):
    """A city whose shops are paid out."""

    state = _STATE.replace("ORDER BY 1, 2", _OF_PAYOUTS)
    oracle: PayoutOracle
    payments = Bundle("payments")
    files = Bundle("files")

    def __init__(self, connection: psycopg.Connection, oracle: type[PayoutOracle] = PayoutOracle) -> None:
        super().__init__(connection, oracle)
        self.batches: dict[int, UUID] = {}
        self.keys: dict[Owed, UUID] = {}

    @initialize()
    def begin(self) -> None:
        """One citizen with money for all days, and three shops with accounts."""
        (self.wallet,) = self.kernel.make_world(citizens=1)
        programme = self.kernel.open_programme(MONEY)
        self.oracle.budget = MONEY
        self.kernel.disburse(programme, [(self.wallet, MONEY)], at=self.at, days=1_000)
        self.oracle.disburse(
            [("kim", MONEY)], expires=self.at + timedelta(days=1_000), purchased=False, admits=lambda *_: True
        )
        self.shops = {name: self.kernel.open_shop() for name in SHOPS}
        self.names = {shop: name for name, shop in self.shops.items()}
        for name, shop in self.shops.items():
            self.write(_REGISTER, {"id": shop, "city": CITY, "name": name, "number": str(shop.int % 10**9)})
            self.kernel.allow_exchange(shop)
            self.change_account(name, 1)
        self.at_bank = self.balance("bank")

    def write(self, statement: str, parameters: Any) -> None:
        """What other rooms write."""
        with psycopg.ClientCursor(self.kernel.connection) as cursor:
            cursor.execute(statement, parameters)

    def balance(self, kind: str) -> int:
        """Won on an account of the currency's own."""
        found = self.kernel.read(
            "SELECT balance.credits - balance.debits FROM vouchers_balance balance"
            " JOIN vouchers_account account ON account.id = balance.account_id WHERE account.kind = %s", kind,
        )  # fmt: skip
        return found[0][0] if found else 0

    # Shops earn, give back and are settled

    @rule(target=payments, shop=shops, amount=amounts)
    def pay(self, shop: str, amount: int) -> Any:
        """A citizen pays."""
        event = self.kernel.id_at(self.at)
        done = self.both(
            lambda: self.kernel.pay(self.wallet, self.shops[shop], amount, id=event, at=self.at),
            lambda: self.oracle.pay(event, "kim", shop, amount, category="restaurant", sales=1, at=self.at),
        )
        return event if done else multiple()

    @rule(payment=payments, amount=st.none() | amounts)
    def refund(self, payment: UUID, amount: int | None) -> None:
        """A shop gives back, perhaps what it was paid out already."""
        event = self.kernel.id_at(self.at)
        self.both(
            lambda: self.kernel.refund(payment, amount, id=event, at=self.at),
            lambda: self.oracle.refund(payment, amount, at=self.at),
        )

    @rule(shop=shops, amount=st.none() | amounts)
    def exchange(self, shop: str, amount: int | None) -> None:
        """A shop asks for what it is owed."""
        self.both(
            lambda: self.kernel.exchange(self.shops[shop], amount, at=self.at),
            lambda: self.oracle.exchange(shop, amount, at=self.at),
        )

    @rule()
    def close(self) -> None:
        """The next day is over and settled."""
        self.at = max(self.at, start_of_day(self.next_close + DAY))
        self.kernel.close_day(self.next_close, at=self.at)
        self.oracle.close(self.next_close)
        self.next_close += DAY

    @rule(shop=shops, amount=amounts)
    def earn(self, shop: str, amount: int) -> None:
        """A day with one payment."""
        self.pay(shop, amount)
        self.close()

    # What stands in the way

    @rule(shop=shops, account=st.sampled_from([1, 2, 1, 2, NO_ACCOUNT]))
    def change_account(self, shop: str, account: int) -> None:
        """Another account, none, or the one before."""
        self.write(_ACCOUNT, {"account": account, "id": self.shops[shop]})
        self.oracle.accounts[shop] = account

    @rule(shop=shops, first=st.integers(0, 1), days=st.none() | st.integers(0, 1))
    def hold(self, shop: str, first: int, days: int | None) -> None:
        """An officer holds a shop's money, from today or tomorrow."""
        begin = business_date(self.at) + first * DAY
        end = None if days is None else begin + days * DAY
        self.write(_HOLD, [CITY, self.shops[shop], begin, end, OFFICIALS["maker"]])
        self.oracle.holds.append((shop, begin, end))

    @rule(shop=shops, amount=amounts, later=st.integers(0, 1))
    def pay_out_as_a_hold_ends(self, shop: str, amount: int, later: int) -> None:
        """A batch is made on the last day of a hold, or on the day after."""
        self.earn(shop, amount)
        self.hold(shop, 0, 0)
        self.at += later * DAY
        self.make(1, None, 0, "maker")

    @rule(shop=shops)
    def release(self, shop: str) -> None:
        """All that is held of a shop."""
        self.write(
            "UPDATE merchants_payouthold SET released_at = %s, released_by_id = official_id, release_reason = '확인함'"
            " WHERE merchant_id = %s AND released_at IS NULL", [self.at, self.shops[shop]],
        )  # fmt: skip
        self.oracle.holds = [one for one in self.oracle.holds if one[0] != shop]

    # Batches

    @rule(shop=shops, amount=amounts, part=amounts)
    def queue_a_part(self, shop: str, amount: int, part: int) -> None:
        """A day, of which a part is queued and the rest settled."""
        self.earn(shop, amount)
        self.take(shop, min(part, self.oracle.left[shop]) or 1)
        self.make(1, shop, 0, "maker")

    @rule(shop=shops, amount=amounts)
    def take(self, shop: str, amount: int) -> None:
        """A part of what is settled waits for the next batch."""
        self.both(
            lambda: self.kernel.call(
                "payouts.take", CITY, CURRENCY, [self.shops[shop]], [amount], "exchange", self.at
            ) and None,
            lambda: self.oracle.take(shop, amount, "exchange"),
        )  # fmt: skip

    @rule(before=st.sampled_from([1, 1, 1, 2, 0]), just=st.none() | shops, over=st.integers(0, 1), maker=officials)
    def make(self, before: int, just: str | None, over: int, maker: str) -> None:
        """All that can be paid, up to the last closed day or the one before; the minimum is what one shop has, or a won more."""
        through = self.next_close - before * DAY
        minimum = 1 if just is None else max(1, self.oracle.in_reach(just, through) + over)
        made: list[UUID] = []
        done = self.both(
            lambda: self.kernel_makes(through, minimum, maker, made),
            lambda: self.oracle.make(through, minimum=minimum, maker=maker, day=business_date(self.at)),
        )
        if done:
            self.batches[len(self.oracle.batches) - 1] = made[0]
            rows = sorted(self.rows_of(made[0]))
            self.keys.update(zip(self.oracle.batches[-1].rows, (key for *_, key in rows), strict=True))

    def kernel_makes(self, through: date, minimum: int, maker: str, made: list[UUID]) -> list[Any]:
        """Its rows, which stand in the order of the shops' numbers."""
        made.append(
            self.kernel.call(
                "payouts.make_batch", CITY, CURRENCY, through, through, minimum, [], OFFICIALS[maker], self.at
            )
        )
        rows = self.rows_of(made[0])
        assert [name for name, *_ in rows] == sorted(name for name, *_ in rows)
        return sorted(row[:3] for row in rows)

    def rows_of(self, batch: UUID) -> list[tuple[str, str, int, UUID]]:
        """What stands in it."""
        return [(self.names[shop], kind, amount, key) for shop, kind, amount, key in self.kernel.read(_ROWS, batch)]

    def batch_of(self, number: int) -> tuple[UUID, Sent] | None:
        """One of the batches, the newest at 0."""
        known = self.oracle.batches
        if not known:
            return None
        place = len(known) - 1 - number % len(known)
        return self.batches[place], known[place]

    @rule(number=st.integers(0, 2), official=officials, looked=st.sampled_from([True, True, True, False]))
    def approve(self, number: int, official: str, looked: bool) -> None:
        """The other one signs, or the same one tries to, or signs something else."""
        if (found := self.batch_of(number)) is None:
            return
        key, batch = found
        digest = self.kernel.read("SELECT digest FROM merchants_payoutbatch WHERE id = %s", key)[0][0]
        self.both(
            lambda: self.kernel.call(
                "payouts.approve", CITY, key, digest if looked else b"\0" * 32, OFFICIALS[official], self.at
            ) or None,
            lambda: self.oracle.approve(batch, official, looked=looked),
        )  # fmt: skip

    @rule(number=st.integers(0, 2))
    def send(self, number: int) -> None:
        """The file goes to the bank."""
        if (found := self.batch_of(number)) is None:
            return
        key, batch = found
        self.both(
            lambda: self.kernel.call(
                "payouts.send", CITY, key, "pain.001", "", b"\1" * 32, OFFICIALS["maker"], self.at
            ) or None,
            lambda: self.oracle.send(batch),
        )  # fmt: skip

    @rule(number=st.integers(0, 2))
    def cancel(self, number: int) -> None:
        """Somebody takes it back."""
        if (found := self.batch_of(number)) is None:
            return
        key, batch = found
        self.both(
            lambda: self.kernel.call("payouts.cancel", CITY, key, "잘못 만듦", OFFICIALS["checker"], self.at) or None,
            lambda: self.oracle.cancel(batch),
        )

    @rule(shop=shops, amount=amounts, sends=sends)
    def send_a_batch(self, shop: str, amount: int, sends: bool) -> None:
        """A day, and what it brought is on its way, or about to be. Who made the batch tries to sign it too."""
        self.earn(shop, amount)
        before = len(self.batches)
        self.make(1, None, 0, "maker")
        if len(self.batches) > before:
            self.approve(0, "maker", True)
            self.approve(0, "checker", True)
            if sends:
                self.send(0)

    @rule(shop=shops, amount=amounts, sends=sends)
    def take_a_batch_back(self, shop: str, amount: int, sends: bool) -> None:
        """Somebody takes a batch back that the bank has, or is about to get."""
        self.send_a_batch(shop, amount, sends)
        self.cancel(0)

    @rule(shop=shops, amount=amounts, later=amounts)
    def leave_a_day(self, shop: str, amount: int, later: int) -> None:
        """Two days, of which the batch takes the first."""
        self.earn(shop, amount)
        self.earn(shop, later)
        self.make(2, None, 0, "maker")

    # The bank

    @rule(target=files, lines=said)
    def answer(self, lines: list[tuple[int, str, bool, bool]]) -> Any:
        """A file that speaks of anything, in any order, perhaps of what is not ours."""
        known = list(self.keys)
        spoken = [
            Said(known[-1 - which % len(known)] if known and which < 50 else None, outcome, differs, mend)
            for which, outcome, differs, mend in lines
        ]
        digest = uuid7().bytes
        done = self.both(lambda: self.kernel_takes_in(spoken, digest), lambda: self.oracle.answer(spoken))
        return (spoken, digest) if done else multiple()

    @rule(which=chosen, lines=said_of_one)
    def answer_at_length(self, which: int, lines: list[tuple[str, bool, bool]]) -> None:
        """A file that says several things of one payout."""
        self.answer([(which, *rest) for rest in lines])

    @rule(shop=shops, amount=amounts, outcome=outcomes, other=st.none() | outcomes)
    def answer_in_two_minds(self, shop: str, amount: int, outcome: str, other: str | None) -> None:
        """A file tells two things of one payout, or another amount before the right one."""
        self.send_a_batch(shop, amount, True)
        self.answer([(0, other or outcome, other is None, False), (0, outcome, False, False)])

    @rule(shop=shops, amount=amounts, sends=sends, first=st.sampled_from([PAID, REJECTED, RETURNED]), then=outcomes)
    def answer_twice(self, shop: str, amount: int, sends: bool, first: str, then: str) -> None:
        """The bank pays, refuses, or tells of a return at once, and says something else of it later."""
        self.send_a_batch(shop, amount, sends)
        self.answer([(0, first, False, False)])
        self.answer([(0, then, False, False)])

    @rule(shop=shops, amount=amounts, mend=st.sampled_from([True, True, False]), mended=st.booleans())
    def refuse_a_batch(self, shop: str, amount: int, mend: bool, mended: bool) -> None:
        """The bank takes none of a batch, and the next one is made all the same."""
        self.send_a_batch(shop, amount, True)
        rows = self.oracle.batches[-1].rows if self.oracle.batches else []
        if not rows or rows[0].state != "listed":
            return
        lines = [Said(one, REJECTED, differs=False, mend=mend) for one in rows]
        self.both(lambda: self.kernel_takes_in(lines, uuid7().bytes), lambda: self.oracle.answer(lines))
        if mended:
            self.mend(0)
        self.make(1, None, 0, "maker")

    @rule(file=files)
    def answer_again(self, file: tuple[list[Said], bytes]) -> None:
        """The same file is refused; another one that says the same moves nothing."""
        spoken, digest = file
        before = self.kernel.read(self.state)
        with self.noticed():
            try:
                self.kernel_takes_in(spoken, digest)
            except _errors.ResultKnown:
                assert self.kernel.read(self.state) == before
            else:
                raise AssertionError("the same file was taken in twice")
        self.both(lambda: self.kernel_takes_in(spoken, uuid7().bytes), lambda: self.oracle.answer(spoken))

    def kernel_takes_in(self, lines: list[Said], digest: bytes) -> list[str]:
        """What came of each line."""
        result = uuid7()
        payouts = [self.keys[line.payout] if line.payout else uuid7() for line in lines]
        amounts = [line.payout.amount + line.differs if line.payout else 1 for line in lines]
        self.kernel.call(
            "payouts.record", CITY, result, "pain.002", "result.xml", digest, None, None, None, None, None, None, None,
            None, [key.hex for key in payouts], payouts, [line.outcome for line in lines], ["AC04"] * len(lines),
            [line.mend for line in lines], amounts, OFFICIALS["maker"], self.at,
        )  # fmt: skip
        return [
            effect for (effect,) in self.kernel.read(
                "SELECT effect FROM merchants_payoutresultline WHERE result_id = %s ORDER BY line", result
            )
        ]  # fmt: skip

    @rule(which=chosen)
    def mend(self, which: int) -> None:
        """An officer says that an account takes money after all."""
        known = [one for one in self.keys if one.to_mend] or list(self.keys)
        if not known:
            return
        one = known[-1 - which % len(known)]
        self.both(
            lambda: self.kernel.call(
                "payouts.mended", CITY, self.keys[one], "은행에 확인함", OFFICIALS["maker"], self.at
            ) or None,
            lambda: self.oracle.mend(one),
        )  # fmt: skip

    # What must hold after each step

    @invariant()
    def same_payouts_everywhere(self) -> None:
        """Payouts, batches, what shops have left, what is on its way, and what has left the bank are the oracle's."""
        with self.noticed():
            self._same_payouts_everywhere()

    def _same_payouts_everywhere(self) -> None:
        rows = self.kernel.read(
            "SELECT id, merchant_id, kind, amount, state, paid_at IS NOT NULL, needs_mending, mended_at IS NOT NULL"
            " FROM merchants_payout"
        )
        listed = {key: (self.names[shop], *rest) for key, shop, *rest in rows}
        expected = {self.keys[one]: _facts(one) for one in self.oracle.payouts if one in self.keys}
        assert {key: listed.pop(key, None) for key in expected} == expected
        assert sorted(listed.values()) == sorted(_facts(one) for one in self.oracle.payouts if one not in self.keys)
        states = dict(self.kernel.read("SELECT id, state FROM merchants_payoutbatch"))
        assert states == {self.batches[number]: batch.state for number, batch in enumerate(self.oracle.batches)}
        settled = self.kernel.read(
            "SELECT account.owner_id, balance.credits - balance.debits FROM vouchers_balance balance JOIN vouchers_account"
            " account ON account.id = balance.account_id WHERE account.kind = 'merchant_settled'"
        )
        assert dict(settled) == {shop: self.oracle.left[name] for name, shop in self.shops.items()}
        on_its_way = sum(one.amount for one in self.oracle.payouts if one.state in ("queued", "listed"))
        assert self.balance("payout_transit") == on_its_way
        assert self.balance("bank") - self.at_bank == self.oracle.left_bank


def _facts(one: Owed) -> tuple[Any, ...]:
    return one.shop, one.kind, one.amount, one.state, one.was_paid, one.to_mend, one.mended


def test_payouts_do_what_the_rules_say(databases: Databases, django_db_setup: None) -> None:
    url = databases.url(connections["default"].settings_dict["NAME"])
    thorough = settings.get_current_profile_name() == "thorough"
    with connect(url, autocommit=False) as connection:
        run_state_machine_as_test(lambda: Payouts(connection), settings=settings() if thorough else SHORT)
