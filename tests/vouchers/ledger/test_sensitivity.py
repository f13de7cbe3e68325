"""The state machine finds an error in any one rule: here it is the oracle that is wrong, and they must fall out.

A rule that random events never reach would otherwise pass for a rule that both keep.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connections
from hypothesis import Phase, settings
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test

from tests.conftest import Databases
from tests.vouchers.ledger.kernel import connect
from tests.vouchers.ledger.oracle import Lot, Oracle, Payment
from tests.vouchers.ledger.test_state_machine import QUICK, Money
from vouchers.common.errors import DomainError

FIRST_FINDING = settings(
    QUICK,
    max_examples=1_500,
    phases=[Phase.generate],
    derandomize=True,
    database=None,
    report_multiple_bugs=False,
    print_blob=False,
)


class ValidAtExpiry(Oracle):
    """Money can be spent at the very moment it expires."""

    def is_valid(self, lot: Lot, at: datetime) -> bool:
        return lot.expires >= at


class NeverExpires(Oracle):
    """Money can be spent for ever."""

    def is_valid(self, lot: Lot, at: datetime) -> bool:
        return True


class OldestFirst(Oracle):
    """The oldest money is drawn first, whenever it expires."""

    def drawn_by(self, lot: Lot) -> Any:
        return lot.purchased, lot.order


class PurchasedLikeOther(Oracle):
    """Purchased money is drawn when its turn comes by expiry."""

    def drawn_by(self, lot: Lot) -> Any:
        return lot.expires, lot.order


class FirstDrawnFirst(Oracle):
    """A refund fills the lots in the order in which they were drawn."""

    def refund_order(self, payment: Payment) -> list[tuple[int, tuple[Lot, int]]]:
        return list(enumerate(payment.drawn))


class LaterRefundsPaidOut(Oracle):
    """A close does not look at what was given back after its day."""

    def given_back_since(self, day: date, shop: str) -> int:
        return 0


class SameDayRefundsTwice(Oracle):
    """A close takes what was given back on its own day for given back later as well."""

    def given_back_since(self, day: date, shop: str) -> int:
        return super().given_back_since(day - timedelta(days=1), shop)


class DebtsForgotten(Oracle):
    """What a shop owes after a close is not carried to the next day."""

    def close(self, day: date) -> None:
        super().close(day)
        self.carried = Counter({shop: won for shop, won in self.carried.items() if won > 0})


class KeptBackForgotten(Oracle):
    """What a close kept back for later refunds is not carried to the next day."""

    def close(self, day: date) -> None:
        super().close(day)
        self.carried = Counter({shop: won for shop, won in self.carried.items() if won < 0})


class SweptTooEarly(Oracle):
    """A sweep takes money a moment before it expires."""

    def is_due(self, lot: Lot, until: datetime) -> bool:
        return super().is_due(lot, until + timedelta(microseconds=1))


class SweptTooLate(Oracle):
    """A sweep at the very moment of expiry leaves the money."""

    def is_due(self, lot: Lot, until: datetime) -> bool:
        return super().is_due(lot, until - timedelta(microseconds=1))


class PurchasedIsSwept(Oracle):
    """Purchased money goes to the programme when it expires."""

    def is_due(self, lot: Lot, until: datetime) -> bool:
        return lot.expires <= until


class SweptOnce(Oracle):
    """What comes back to a lot that has been swept stays there."""

    def __init__(self) -> None:
        super().__init__()
        self.swept: set[int] = set()

    def is_due(self, lot: Lot, until: datetime) -> bool:
        return lot.order not in self.swept and super().is_due(lot, until)

    def expire(self, until: datetime) -> tuple[int, int]:
        due = {lot.order for lot in self.lots if self.is_due(lot, until)}
        answer = super().expire(until)
        self.swept |= due
        return answer


class LateRefundsLost(Oracle):
    """What comes back too late returns to the programme, whatever that says."""

    def may_live_again(self, lot: Lot, payment: Payment) -> bool:
        return False


class GraceADayShort(Oracle):
    """The day of the refund is counted among the days of grace."""

    def grace_end(self, lot: Lot, at: datetime) -> datetime:
        return super().grace_end(lot, at) - timedelta(days=1)


class ClawbackAllOrNothing(Oracle):
    """Less than the amount is left, so nothing is taken."""

    def left_for_clawback(self, lot: Lot, amount: int) -> int:
        return amount if lot.remaining >= amount else 0


class ClawbackSparesExpired(Oracle):
    """A clawback takes nothing from money whose time has run out."""

    now: datetime | None = None

    def pay(self, *arguments: Any, **options: Any) -> date:
        self.now = options["at"]
        return super().pay(*arguments, **options)

    def left_for_clawback(self, lot: Lot, amount: int) -> int:
        expired = self.now is not None and lot.expires <= self.now
        return 0 if expired else super().left_for_clawback(lot, amount)


class FeesRoundedUp(Oracle):
    """A shop bears the broken won."""

    def fee_on(self, won: int) -> int:
        return -(-won * self.rate // 10_000)


class FeesKept(Oracle):
    """A shop gets nothing back of the fee for what is cancelled later."""

    def fee_back(self, payment: Payment, day: date) -> int:
        return 0


class FeesExchanged(Oracle):
    """An exchange leaves nothing behind for the fee that the close will charge."""

    def fees_to_come(self, shop: str) -> int:
        return 0


class LaterAdjustmentsPaidOut(Oracle):
    """A close does not look at what adjustments took after its day."""

    def adjusted_since(self, day: date, shop: str) -> int:
        return 0


@pytest.mark.parametrize(
    "wrong",
    [wrong for wrong in Oracle.__subclasses__() if wrong.__module__ == __name__],
    ids=lambda wrong: wrong.__name__,
)
def test_a_wrong_rule_is_found(databases: Databases, django_db_setup: None, wrong: type[Oracle]) -> None:
    url = databases.url(connections["default"].settings_dict["NAME"])
    found: list[str] = []

    class Recorded(Money):
        """Notes the difference itself: a second run has other ids, sorts them otherwise, and may take another course."""

        def __init__(self, connection: Any) -> None:
            super().__init__(connection, wrong)
            self.found = found

        def teardown(self) -> None:
            """Forget the story. Its audit would say nothing of the oracle; the machine itself is run with it."""
            self.kernel.connection.rollback()

    with connect(url, autocommit=False) as connection, suppress(AssertionError, DomainError, Flaky):
        run_state_machine_as_test(lambda: Recorded(connection), settings=FIRST_FINDING)
    assert found
