"""What the oracle says of payouts: batches of what shops have settled, their way to the bank, and what the bank answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from tests.vouchers.ledger.oracle import Oracle, Refused

NO_ACCOUNT = 0
PAID, REJECTED, RETURNED, NOTED = "paid", "rejected", "returned", "noted"


@dataclass
class Sent:
    """A batch: who made it, and how far it has come."""

    maker: str
    state: str = "made"
    rows: list[Owed] = field(default_factory=list)

    @property
    def left_us(self) -> bool:
        """Whether the bank can know of it."""
        return self.state in ("sent", "done")


@dataclass(eq=False)
class Owed:
    """A payout. ``account``: where it went when it was listed."""

    shop: str
    kind: str
    amount: int
    state: str = "queued"
    batch: Sent | None = None
    account: int = NO_ACCOUNT
    was_paid: bool = False
    to_mend: bool = False
    mended: bool = False


@dataclass(frozen=True)
class Said:
    """A line of the bank's file: of which payout (None: of none of ours), and whether it tells another amount."""

    payout: Owed | None
    outcome: str
    differs: bool
    mend: bool


class PayoutOracle(Oracle):
    """The state of one city's payouts besides that of its money."""

    def __init__(self) -> None:
        super().__init__()
        self.accounts: dict[str, int] = {}
        self.payouts: list[Owed] = []
        self.batches: list[Sent] = []
        self.payable: Counter[tuple[date, str]] = Counter()
        self.closed_days: set[date] = set()
        self.left: Counter[str] = Counter()
        self.holds: list[tuple[str, date, date | None]] = []
        self.left_bank = 0

    # Rules that test_sensitivity_payouts.py breaks one at a time

    def settled_through(self, shop: str, through: date) -> int:
        """What the shop has settled, without that of days after the batch's last."""
        later = sum(won for (day, at), won in self.payable.items() if at == shop and day > through)
        return max(0, self.left[shop] - later)

    def is_held(self, shop: str, day: date) -> bool:
        """From the hold's first day to its last."""
        return any(at == shop and first <= day and (last is None or day <= last) for at, first, last in self.holds)

    def is_refused(self, shop: str) -> bool:
        """The bank has refused the very account that the shop has now, and nobody has said that it takes money again."""
        return any(
            one.shop == shop and one.to_mend and not one.mended and one.account == self.accounts[shop]
            for one in self.payouts
        )

    def is_enough(self, settled: int, queued: int, minimum: int) -> bool:
        """Both together are worth sending."""
        return settled + queued >= minimum

    def may_approve(self, batch: Sent, official: str) -> bool:
        """Another one than who made it."""
        return official != batch.maker

    def may_cancel(self, batch: Sent) -> bool:
        """As long as the bank cannot know of it."""
        return batch.state in ("made", "approved")

    def effect(self, line: Said, *, before: Sequence[Said], whole: Sequence[Said]) -> str:
        """What comes of a line, by what was known before the file and what else the file says."""
        one = line.payout
        if one is None or one.batch is None or not one.batch.left_us:
            found = "unknown"
        elif line.outcome == NOTED:
            found = "noted"
        elif line.differs:
            found = "conflict"
        elif any((other.payout, other.outcome, other.differs) == (one, line.outcome, False) for other in before):
            found = "repeated"
        elif line.outcome == REJECTED:
            told = any(other.payout is one and other.outcome in (PAID, RETURNED) for other in whole)
            found = "conflict" if told or one.was_paid else "applied" if one.state == "listed" else "repeated"
        elif one.state == "listed" or (one.state == "paid" and line.outcome == RETURNED):
            found = "applied"
        else:
            found = "repeated" if one.was_paid else "conflict"
        return found

    # Events

    def close(self, day: date) -> None:
        """What is settled can go with a batch from then on."""
        before = Counter(self.settled)
        super().close(day)
        self.closed_days.add(day)
        for shop in self.accounts:
            self.payable[day, shop] = self.settled[shop] - before[shop]
            self.left[shop] += self.payable[day, shop]

    def exchange(self, shop: str, amount: int | None, *, at: datetime) -> int:
        """What is settled on demand waits for the next batch."""
        if self.is_held(shop, self.day(at)):
            raise Refused("payout_held")
        moved = super().exchange(shop, amount, at=at)
        self.payouts.append(Owed(shop, "exchange", moved))
        return moved

    def take(self, shop: str, amount: int, kind: str) -> None:
        """From what is settled to what is on its way; no shop owes for it."""
        if amount > self.left[shop]:
            raise Refused("settled_short")
        self.left[shop] -= amount
        self.payouts.append(Owed(shop, kind, amount))

    def make(self, through: date, *, minimum: int, maker: str, day: date) -> list[Any]:
        """Freeze all that can be paid."""
        if through not in self.closed_days:
            raise Refused("payout_day_open")
        chosen = [shop for shop in sorted(self.accounts) if self.can_be_paid(shop, through, minimum=minimum, day=day)]
        if not chosen:
            raise Refused("nothing_to_pay_out")
        for shop in chosen:
            if settled := self.settled_through(shop, through):
                self.take(shop, settled, "settlement")
        batch = Sent(maker)
        self.batches.append(batch)
        for one in self.payouts:
            if one.state == "queued" and one.shop in chosen:
                one.state, one.batch, one.account = "listed", batch, self.accounts[one.shop]
                batch.rows.append(one)
        batch.rows.sort(key=lambda one: (one.shop, one.kind, one.amount))
        return [(one.shop, one.kind, one.amount) for one in batch.rows]

    def queued(self, shop: str) -> int:
        """What waits for a batch."""
        return sum(one.amount for one in self.payouts if one.shop == shop and one.state == "queued")

    def in_reach(self, shop: str, through: date) -> int:
        """All that a batch could pay the shop."""
        return self.settled_through(shop, through) + self.queued(shop)

    def can_be_paid(self, shop: str, through: date, *, minimum: int, day: date) -> bool:
        """Something is owed, and nothing stands in its way."""
        settled, queued = self.settled_through(shop, through), self.queued(shop)
        return (
            settled + queued > 0 and self.is_enough(settled, queued, minimum) and not self.is_held(shop, day)
            and self.accounts[shop] != NO_ACCOUNT and not self.is_refused(shop)
        )  # fmt: skip

    def approve(self, batch: Sent, official: str, *, looked: bool) -> None:
        """Somebody signs what they have looked at."""
        if batch.state != "made":
            raise Refused("payout_batch_moved_on")
        if not looked:
            raise Refused("payout_digest_differs")
        if not self.may_approve(batch, official):
            raise Refused("payout_same_person")
        batch.state = "approved"

    def send(self, batch: Sent) -> None:
        """It goes to the bank, once."""
        if batch.state != "approved":
            raise Refused("payout_batch_moved_on")
        batch.state = "sent"

    def cancel(self, batch: Sent) -> None:
        """All of it is settled again."""
        if not self.may_cancel(batch):
            raise Refused("payout_batch_moved_on")
        batch.state = "cancelled"
        for one in batch.rows:
            one.state = "cancelled"
            self.left[one.shop] += one.amount

    def answer(self, lines: Sequence[Said]) -> list[str]:
        """What came of each line of a file."""
        effects = [self.effect(line, before=lines[:number], whole=lines) for number, line in enumerate(lines)]
        applied = [line for line, effect in zip(lines, effects, strict=True) if effect == "applied"]
        for line in applied:
            one = line.payout
            if one is not None and line.outcome in (PAID, RETURNED) and one.state == "listed":
                one.state, one.was_paid = "paid", True
                self.left_bank += one.amount
        for line in applied:
            one = line.payout
            if one is not None and line.outcome in (REJECTED, RETURNED):
                self.left_bank -= one.amount if one.was_paid else 0
                self.left[one.shop] += one.amount
                one.state, one.to_mend = "returned", line.mend
        for batch in self.batches:
            if batch.state == "sent" and not any(one.state == "listed" for one in batch.rows):
                batch.state = "done"
        return effects

    def mend(self, one: Owed) -> None:
        """An officer says that the account takes money after all."""
        if not one.to_mend or one.mended:
            raise Refused("payout_not_to_mend")
        one.mended = True
