"""The machine of bought money finds an error in any one of its rules: here it is the oracle that is wrong."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connections
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test

from tests.conftest import Databases
from tests.vouchers.ledger.kernel import connect
from tests.vouchers.ledger.oracle import Lot, Oracle, Payment, Trace
from tests.vouchers.ledger.test_sensitivity import FIRST_FINDING
from tests.vouchers.ledger.test_state_machine_benefits import Purse
from vouchers.common.errors import DomainError


class BenefitsArePaidOut(Oracle):
    """A benefit becomes cash like bought money."""

    def may_leave(self, lot: Lot, amount: int, *, to_citizen: bool) -> bool:
        return amount <= lot.remaining and not lot.of_programme


class GiftsLiveLonger(Oracle):
    """What is given begins a life of its own."""

    def gift_expires(self, lot: Lot, at: datetime) -> datetime:
        return at + timedelta(days=365)


class TakenBackInFull(Oracle):
    """A fund gets back all that it asks for, whatever is left."""

    def left_for_take_back(self, lot: Lot, amount: int) -> int:
        return amount


class UsedTopUpsAreUndone(Oracle):
    """A top-up is cancelled although some of it was used."""

    def may_be_undone(self, lots: list[Lot]) -> bool:
        return True


class DiscountsRoundedUp(Oracle):
    """A shop takes off a part of a won more."""

    def discount_on(self, price: int, rate: int) -> int:
        return -(-price * rate // 100)


class DiscountsStay(Oracle):
    """The shop bears its whole discount whatever is cancelled."""

    def discount_kept(self, payment: Payment, left: int) -> int:
        return payment.discount if left else 0


class ReversalsComeFirstInVain(Oracle):
    """An approval that was reversed before it came is refused like a number that was used."""

    def stands_against(self, trace: Trace) -> str:
        return "trace_number_used"


@pytest.mark.parametrize(
    "wrong",
    [wrong for wrong in Oracle.__subclasses__() if wrong.__module__ == __name__],
    ids=lambda wrong: wrong.__name__,
)
def test_a_wrong_rule_is_found(databases: Databases, django_db_setup: None, wrong: type[Oracle]) -> None:
    url = databases.url(connections["default"].settings_dict["NAME"])
    found: list[str] = []

    class Recorded(Purse):
        """Notes the difference itself: a second run has other ids and may take another course."""

        def __init__(self, connection: Any) -> None:
            super().__init__(connection, wrong)
            self.found = found

        def teardown(self) -> None:
            """Forget the story. Its audit would say nothing of the oracle; the machine itself is run with it."""
            self.kernel.connection.rollback()

    with connect(url, autocommit=False) as connection, suppress(AssertionError, DomainError, Flaky):
        run_state_machine_as_test(lambda: Recorded(connection), settings=FIRST_FINDING)
    assert found
