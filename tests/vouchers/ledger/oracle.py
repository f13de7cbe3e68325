"""A second kernel, in plain Python and written from the rules alone, to hold the real one against.

It works on one city and one currency. Wallets and shops are any hashable names; money is int won.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

SEOUL = ZoneInfo("Asia/Seoul")
DAY = timedelta(days=1)


class Refused(Exception):
    """The rules do not allow it; ``args[0]`` is the code."""


@dataclass
class Lot:
    """Money with one source; ``order`` numbers the lots as they came into being."""

    wallet: str
    granted: int
    expires: datetime
    purchased: bool
    admits: Callable[[str, int], bool]
    order: int
    remaining: int = 0


@dataclass
class Payment:
    """What was drawn from which lot, in order, and what of it has been given back."""

    wallet: str
    shop: str
    drawn: list[tuple[Lot, int]]
    returned: Counter[int] = field(default_factory=Counter)

    @property
    def left(self) -> int:
        """Won that can still be given back."""
        return sum(amount for _, amount in self.drawn) - self.returned.total()


class Oracle:
    """The state of one city's money."""

    def __init__(self) -> None:
        self.budget = 0
        self.returned = 0
        self.lots: list[Lot] = []
        self.payments: dict[object, Payment] = {}
        self.answers: dict[object, tuple[object, object]] = {}
        self.closed: date | None = None
        self.paid: Counter[tuple[date, str]] = Counter()
        self.given_back: Counter[tuple[date, str]] = Counter()
        self.settled: Counter[str] = Counter()
        self.carried: Counter[str] = Counter()

    # One event has one answer

    def once(self, event: object, request: object, act: Callable[[], object]) -> object:
        """The answer to an event: the first one's, if it is repeated; refused, if it changed."""
        if event in self.answers:
            known, answer = self.answers[event]
            if known != request:
                raise Refused("journal_conflict")
            return answer
        answer = act()
        self.answers[event] = (request, answer)
        return answer

    def day(self, at: datetime) -> date:
        """The first day that is still open, from the day in Seoul on."""
        today = at.astimezone(SEOUL).date()
        return today if self.closed is None else max(today, self.closed + DAY)

    def day_in_reach(self, at: datetime) -> date:
        """The same, unless the close of that day would not find it."""
        day = self.day(at)
        if at.astimezone(SEOUL).date() < day - DAY:
            raise Refused("time_out_of_range")
        return day

    # Rules that test_sensitivity.py breaks one at a time

    def is_valid(self, lot: Lot, at: datetime) -> bool:
        """Until the moment of expiry, that moment excluded."""
        return lot.expires > at

    def drawn_by(self, lot: Lot) -> Any:
        """What expires first, purchased money last; of equals, the older."""
        return lot.purchased, lot.expires, lot.order

    def refund_order(self, payment: Payment) -> list[tuple[int, tuple[Lot, int]]]:
        """Last drawn first."""
        return list(enumerate(payment.drawn))[::-1]

    def given_back_since(self, day: date, shop: str) -> int:
        """What a shop gave back on later days, so that it is not paid out for this one any more."""
        return sum(won for (when, at), won in self.given_back.items() if at == shop and when > day)

    def is_due(self, lot: Lot, until: datetime) -> bool:
        """Granted money is given back once it has expired; purchased money never."""
        return not lot.purchased and lot.expires <= until

    def left_for_clawback(self, lot: Lot, amount: int) -> int:
        """At most what is left in that very lot."""
        return min(lot.remaining, amount)

    # Events

    def disburse(
        self, grants: list[tuple[str, int]], *, expires: datetime, purchased: bool, admits: Callable[[str, int], bool]
    ) -> int:
        """New lots out of the budget, all or none."""
        total = sum(amount for _, amount in grants)
        if total > self.budget:
            raise Refused("budget")
        self.budget -= total
        for wallet, amount in grants:
            self.lots.append(Lot(wallet, amount, expires, purchased, admits, len(self.lots), amount))
        return total

    def pay(
        self, event: object, wallet: str, shop: str, amount: int, *, category: str, sales: int, at: datetime
    ) -> date:
        """Draw what expires first, purchased money last, at shops that the lot admits."""
        day = self.day_in_reach(at)
        usable = [
            lot for lot in self.lots
            if lot.wallet == wallet and lot.remaining and self.is_valid(lot, at) and lot.admits(category, sales)
        ]  # fmt: skip
        if sum(lot.remaining for lot in usable) < amount:
            raise Refused("insufficient_funds")
        drawn = []
        for lot in sorted(usable, key=self.drawn_by):
            take = min(lot.remaining, amount)
            if take:
                lot.remaining -= take
                amount -= take
                drawn.append((lot, take))
        self.payments[event] = Payment(wallet, shop, drawn)
        self.paid[day, shop] += sum(take for _, take in drawn)
        return day

    def refund(self, event: object, amount: int | None, *, at: datetime) -> int:
        """Give back to the lots it came from, last drawn first."""
        payment = self.payments[event]
        wanted = left = payment.left if amount is None else amount
        if not 0 < wanted <= payment.left:
            raise Refused("refund_exceeds_payment")
        day = self.day_in_reach(at)
        for number, (lot, taken) in self.refund_order(payment):
            give = min(left, taken - payment.returned[number])
            payment.returned[number] += give
            lot.remaining += give
            left -= give
        self.given_back[day, payment.shop] += wanted
        return wanted

    def claw_back(self, lots: list[Lot], amount: int) -> int:
        """Take up to the amount from each; what is taken is back at the programme."""
        taken = 0
        for lot in lots:
            take = self.left_for_clawback(lot, amount)
            lot.remaining -= take
            taken += take
        self.returned += taken
        return taken

    def repay(self, amount: int) -> None:
        """Money comes back at the bank."""
        self.returned += amount

    def expire(self, until: datetime) -> tuple[int, int]:
        """Whatever is due goes back to the programme, also what a refund brought back later."""
        due = [lot for lot in self.lots if lot.remaining and self.is_due(lot, until)]
        won = sum(lot.remaining for lot in due)
        for lot in due:
            lot.remaining = 0
        self.returned += won
        return len(due), won

    def close(self, day: date) -> None:
        """Settle what each shop earned on the day; money given back since is kept back, debts are carried."""
        self.fence(day)
        for shop in {shop for _, shop in self.paid}:
            net = self.carried[shop] + self.paid[day, shop] - self.given_back[day, shop]
            payable = max(0, net - self.given_back_since(day, shop))
            self.settled[shop] += payable
            self.carried[shop] = net - payable

    def fence(self, day: date) -> None:
        """Money that moves from now on counts for a later day."""
        self.closed = day if self.closed is None else max(self.closed, day)
