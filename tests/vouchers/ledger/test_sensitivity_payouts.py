"""The machine of payouts finds an error in any one of its rules: here it is the oracle that is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connections
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test

from tests.conftest import Databases
from tests.vouchers.ledger.kernel import connect
from tests.vouchers.ledger.oracle_payouts import PAID, REJECTED, RETURNED, PayoutOracle, Said, Sent
from tests.vouchers.ledger.test_sensitivity import FIRST_FINDING
from tests.vouchers.ledger.test_state_machine_payouts import Payouts
from vouchers.common.errors import DomainError


class LaterDaysGoToo(PayoutOracle):
    """A batch takes what later days have settled."""

    def settled_through(self, shop: str, through: date) -> int:
        return self.left[shop]


class HeldIsPaid(PayoutOracle):
    """A hold stops nothing but exchange."""

    def can_be_paid(self, shop: str, through: date, *, minimum: int, day: date) -> bool:
        return super().can_be_paid(shop, through, minimum=minimum, day=date.min)


class HoldsEndADayEarly(PayoutOracle):
    """The last day of a hold is not held any more."""

    def is_held(self, shop: str, day: date) -> bool:
        return super().is_held(shop, day) and super().is_held(shop, day + timedelta(days=1))


class RefusedIsTriedAgain(PayoutOracle):
    """An account that the bank has refused gets the next batch's money."""

    def is_refused(self, shop: str) -> bool:
        return False


class RefusedForEver(PayoutOracle):
    """Neither another account nor an officer's word lets a shop be paid again."""

    def is_refused(self, shop: str) -> bool:
        return any(one.shop == shop and one.to_mend for one in self.payouts)


class MinimumOfEachPart(PayoutOracle):
    """What is queued does not help what is settled over the minimum."""

    def is_enough(self, settled: int, queued: int, minimum: int) -> bool:
        return max(settled, queued) >= minimum


class OnePersonSuffices(PayoutOracle):
    """Who made a batch approves it."""

    def may_approve(self, batch: Sent, official: str) -> bool:
        return True


class SentIsCancelled(PayoutOracle):
    """A batch is taken back that the bank has."""

    def may_cancel(self, batch: Sent) -> bool:
        return super().may_cancel(batch) or batch.state == "sent"


class UnsentIsAnswered(PayoutOracle):
    """The bank's word counts for a batch that it never got."""

    def effect(self, line: Said, *, before: Sequence[Said], whole: Sequence[Said]) -> str:
        if line.payout and line.payout.batch and line.payout.batch.state == "approved":
            line.payout.batch.state = "sent"
        return super().effect(line, before=before, whole=whole)


class AnyAmountCounts(PayoutOracle):
    """Whatever amount the bank names, it means the payout."""

    def effect(self, line: Said, *, before: Sequence[Said], whole: Sequence[Said]) -> str:
        return super().effect(replace(line, differs=False), before=before, whole=whole)


class FirstLineCounts(PayoutOracle):
    """A line that tells another amount stands for those that tell the right one."""

    def effect(self, line: Said, *, before: Sequence[Said], whole: Sequence[Said]) -> str:
        return super().effect(line, before=[replace(other, differs=False) for other in before], whole=whole)


class PaidIsRejected(PayoutOracle):
    """A late refusal takes back what the bank has paid."""

    def effect(self, line: Said, *, before: Sequence[Said], whole: Sequence[Said]) -> str:
        if line.outcome == REJECTED and line.payout and line.payout.state == "paid":
            line = replace(line, outcome=RETURNED)
        return super().effect(line, before=before, whole=whole)


class RefusalsBesidePaymentsCount(PayoutOracle):
    """What else a file says of a payout is not looked at."""

    def effect(self, line: Said, *, before: Sequence[Said], whole: Sequence[Said]) -> str:
        return super().effect(line, before=before, whole=[line])


class ReturnNeedsItsPayment(PayoutOracle):
    """A return counts only after its payment was told."""

    def effect(self, line: Said, *, before: Sequence[Said], whole: Sequence[Said]) -> str:
        found = super().effect(line, before=before, whole=whole)
        early = line.outcome == RETURNED and line.payout is not None and line.payout.state == "listed"
        return "conflict" if found == "applied" and early else found


class ReturnsComeTwice(PayoutOracle):
    """A return that is told again is given back again."""

    def effect(self, line: Said, *, before: Sequence[Said], whole: Sequence[Said]) -> str:
        found = super().effect(line, before=before, whole=whole)
        return "applied" if found == "repeated" and line.outcome == RETURNED else found


class PaidAfterRefusal(PayoutOracle):
    """A payout that was refused and settled again is paid all the same."""

    def effect(self, line: Said, *, before: Sequence[Said], whole: Sequence[Said]) -> str:
        found = super().effect(line, before=before, whole=whole)
        return "repeated" if found == "conflict" and line.outcome == PAID and not line.differs else found


@pytest.mark.parametrize(
    "wrong",
    [wrong for wrong in PayoutOracle.__subclasses__() if wrong.__module__ == __name__],
    ids=lambda wrong: wrong.__name__,
)
def test_a_wrong_rule_is_found(databases: Databases, django_db_setup: None, wrong: type[PayoutOracle]) -> None:
    url = databases.url(connections["default"].settings_dict["NAME"])
    found: list[str] = []

    class Recorded(Payouts):
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
