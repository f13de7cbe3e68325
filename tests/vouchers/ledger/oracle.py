"""A second kernel, in plain Python and written from the rules alone, to hold the real one against.

It works on one city and one currency. Wallets and shops are any hashable names; money is int won.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

SEOUL = ZoneInfo("Asia/Seoul")
DAY = timedelta(days=1)


class Refused(Exception):
    """The rules do not allow it; ``args[0]`` is the code."""


def _everywhere(_category: str, _sales: int) -> bool:
    """Bought money and benefits without a usage rule."""
    return True


@dataclass
class Lot:
    """Money with one source; ``order`` numbers the lots as they came into being."""

    wallet: str
    granted: int
    expires: datetime
    kind: str
    admits: Callable[[str, int], bool]
    order: int
    remaining: int = 0
    source: object = None
    of_programme: bool = True
    paid_by: Counter[str] = field(default_factory=Counter)
    grace: int | None = None
    lapsed: datetime | None = None

    @property
    def own_end(self) -> datetime:
        """When its time ran out, before any refund gave it more."""
        return self.lapsed or self.expires

    @property
    def purchased(self) -> bool:
        """Whether the citizen has paid for it."""
        return self.kind == "purchase"


@dataclass
class Payment:
    """What was drawn from which lot, in order, and what of it has been given back."""

    wallet: str
    shop: str
    drawn: list[tuple[Lot, int]]
    at: datetime
    returned: Counter[int] = field(default_factory=Counter)
    discount: int = 0
    discount_left: int = 0
    day: date | None = None
    back: Counter[date] = field(default_factory=Counter)

    def left_through(self, day: date) -> int:
        """Won that moved and were not given back until the end of that business day."""
        return sum(amount for _, amount in self.drawn) - sum(won for when, won in self.back.items() if when <= day)

    @property
    def price(self) -> int:
        """What the shop asked: the money that moved, and what the shop took off."""
        return sum(amount for _, amount in self.drawn) + self.discount

    @property
    def left(self) -> int:
        """Won of the price that can still be cancelled."""
        return self.price - self.discount - self.returned.total() + self.discount_left


@dataclass
class Trace:
    """What stands under a processor's trace number: a payment, or the mark of a reversal that came before any."""

    payment: object | None
    reversed: bool


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
        self.exchanged: Counter[tuple[date, str]] = Counter()
        self.settled: Counter[str] = Counter()
        self.charged: Counter[str] = Counter()
        self.adjusted: Counter[tuple[date, str]] = Counter()
        self.rate = 0
        """Of ten thousand, what shops bear of their sales."""
        self.operating = 0
        self.put_in = 0
        self.on_its_way = 0
        self.last_close: date | None = None
        self.carried: Counter[str] = Counter()
        self.funds: Counter[str] = Counter()
        self.in_transit = 0
        self.owed = 0
        self.at_bank = 0
        self.repaid = 0
        self.traces: dict[str, Trace] = {}

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

    def fee_on(self, won: int) -> int:
        """What a shop is charged for a payment of which so much is left, rounded down."""
        return won * self.rate // 10_000

    def fee_back(self, payment: Payment, day: date) -> int:
        """What a shop gets back of an earlier day's fee, for what was cancelled of the payment on that day."""
        return self.fee_on(payment.left_through(day - DAY)) - self.fee_on(payment.left_through(day))

    def adjusted_since(self, day: date, shop: str) -> int:
        """What adjustments took from a shop on later days, so that it is not paid out for this one any more."""
        return -sum(won for (when, at), won in self.adjusted.items() if at == shop and when > day and won < 0)

    def given_back_since(self, day: date, shop: str) -> int:
        """What a shop gave back on later days, so that it is not paid out for this one any more."""
        return sum(won for (when, at), won in self.given_back.items() if at == shop and when > day)

    def is_due(self, lot: Lot, until: datetime) -> bool:
        """Granted money is given back once it has expired; purchased money never."""
        return not lot.purchased and lot.expires <= until

    def may_live_again(self, lot: Lot, payment: Payment) -> bool:
        """What was spent in a lot's own time may be spent again after it, if its programme says so."""
        return lot.grace is not None and payment.at < lot.own_end

    def grace_end(self, lot: Lot, at: datetime) -> datetime:
        """The end of the day in Seoul that lies the lot's days of grace after the refund's."""
        last = at.astimezone(SEOUL).date() + (lot.grace or 0) * DAY
        return datetime.combine(last + DAY, time(), SEOUL)

    def left_for_clawback(self, lot: Lot, amount: int) -> int:
        """At most what is left in that very lot."""
        return min(lot.remaining, amount)

    def shares(self, lot: Lot) -> Counter[str]:
        """What is left of a benefit belongs to its funds by what each has paid and not got back, rounded down; what rounding
        leaves, to whoever has paid most."""
        paid = +lot.paid_by
        shares = Counter({fund: lot.remaining * won // paid.total() for fund, won in paid.items()})
        if paid:
            largest = max(paid, key=lambda fund: (paid[fund], -list(paid).index(fund)))
            shares[largest] += lot.remaining - shares.total()
        return shares

    def may_leave(self, lot: Lot, amount: int, *, to_citizen: bool) -> bool:
        """Only bought money is paid out to citizens, and never more than is left of it."""
        return amount <= lot.remaining and not lot.of_programme and (lot.purchased or not to_citizen)

    def may_be_undone(self, lots: list[Lot]) -> bool:
        """A top-up of which anything was used stays."""
        return all(lot.remaining == lot.granted for lot in lots)

    def suffices(self, fund: str, amount: int) -> bool:
        """A fund never owes."""
        return amount <= self.funds[fund]

    def left_for_take_back(self, lot: Lot, amount: int) -> int:
        """At most what is left in that very lot."""
        return min(lot.remaining, amount)

    def given_by(self, lot: Lot) -> Any:
        """A gift takes what expires first."""
        return lot.expires, lot.order

    def gift_expires(self, lot: Lot, at: datetime) -> datetime:
        """What is given lives as long as it would have."""
        return lot.expires

    def discount_on(self, price: int, rate: int) -> int:
        """What a shop takes off by itself, in percent, rounded down."""
        return price * rate // 100

    def discount_kept(self, payment: Payment, left: int) -> int:
        """Of what is left of a price the shop goes on bearing its share, rounded down."""
        return payment.discount * left // payment.price

    def stands_against(self, trace: Trace) -> str:
        """Why a trace number takes no further approval: one was there, or a reversal came before any."""
        return "approval_reversed" if trace.payment is None else "trace_number_used"

    # Events of bought money and benefits

    def endow(self, fund: str, amount: int) -> None:
        """Money for a fund reaches the bank, or what it has not spent leaves it."""
        if amount < 0 and not self.suffices(fund, -amount):
            raise Refused("benefit_fund_short")
        self.funds[fund] += amount
        self.at_bank += amount

    def top_up(
        self, wallet: str, source: object, paid: int, benefits: list[tuple[str, int]], *, expires: datetime,
        benefit_expires: datetime, at: datetime,
    ) -> date:  # fmt: skip
        """Money that the funding bank reported becomes bought money; what funds add is one benefit."""
        day = self.day_in_reach(at)
        if not all(self.suffices(fund, amount) for fund, amount in benefits):
            raise Refused("benefit_fund_short")
        self.in_transit += paid
        self.lots.append(
            Lot(wallet, paid, expires, "purchase", _everywhere, len(self.lots), paid, source=source, of_programme=False)
        )
        if benefits:
            self.grow(wallet, (source, "benefit"), benefits, expires=benefit_expires)
        return day

    def credit(
        self, wallet: str, source: object, benefits: list[tuple[str, int]], *, expires: datetime, at: datetime,
        kind: str = "incentive", admits: Callable[[str, int], bool] = _everywhere,
    ) -> int:  # fmt: skip
        """Funds pay into the wallet's lot of that source, which keeps the expiry and the shops that it was made with; all
        or nothing."""
        self.day_in_reach(at)
        sums: Counter[str] = Counter()
        for fund, amount in benefits:
            sums[fund] += amount
        if not all(self.suffices(fund, amount) for fund, amount in sums.items()):
            raise Refused("benefit_fund_short")
        self.grow(wallet, source, benefits, expires=expires, kind=kind, admits=admits)
        return sums.total()

    def grow(
        self, wallet: str, source: object, benefits: list[tuple[str, int]], *, expires: datetime,
        kind: str = "incentive", admits: Callable[[str, int], bool] = _everywhere,
    ) -> None:  # fmt: skip
        """The lot of a source in a wallet, made when it is not there yet."""
        lot = self.lot_of(wallet, source)
        if lot is None:
            lot = Lot(wallet, 0, expires, kind, admits, len(self.lots), 0, source=source, of_programme=False)
            self.lots.append(lot)
        for fund, amount in benefits:
            self.funds[fund] -= amount
            lot.paid_by[fund] += amount
            lot.granted += amount
            lot.remaining += amount

    def lot_of(self, wallet: str, source: object) -> Lot | None:
        """The one lot that a wallet has of a source."""
        return next((lot for lot in self.lots if (lot.wallet, lot.source) == (wallet, source)), None)

    def take_back(
        self, wallet: str, source: object, benefits: list[tuple[str, int]], *, at: datetime
    ) -> list[int]:  # fmt: skip
        """Funds get back what is left of a benefit, one after the other; what is not there they do not get."""
        lot = self.lot_of(wallet, source)
        if lot is not None and any(self.left_for_take_back(lot, amount) for _fund, amount in benefits):
            self.day_in_reach(at)
        taken = []
        for fund, amount in benefits:
            take = 0 if lot is None else self.left_for_take_back(lot, amount)
            self.to_fund(lot, fund, take)
            taken.append(take)
        return taken

    def to_fund(self, lot: Lot | None, fund: str, amount: int) -> None:
        """A fund gets money out of a lot."""
        self.funds[fund] += amount
        if lot is not None:
            lot.remaining -= amount
            lot.paid_by[fund] -= amount

    def cancel_top_up(self, wallet: str, source: object, *, at: datetime) -> date:
        """A top-up of which nothing was used: the money is owed to the citizen, the benefit returns to its funds."""
        day = self.day_in_reach(at)
        bought, benefit = self.lot_of(wallet, source), self.lot_of(wallet, (source, "benefit"))
        lots = [lot for lot in (bought, benefit) if lot is not None]
        if not self.may_be_undone(lots):
            raise Refused("lot_not_refundable")
        for lot in lots:
            if lot is bought:
                self.owed += lot.remaining
                lot.remaining = 0
            else:
                for fund, amount in list(lot.paid_by.items()):
                    self.to_fund(lot, fund, amount)
        return day

    def cash_out(self, lot: Lot, amount: int, *, at: datetime) -> date:
        """What is left of bought money is owed to the citizen."""
        day = self.day_in_reach(at)
        if not self.may_leave(lot, amount, to_citizen=True):
            raise Refused("lot_not_refundable")
        lot.remaining -= amount
        self.owed += amount
        return day

    def cash_paid(self, amount: int, *, at: datetime) -> None:
        """The bank has paid what was owed, and never more."""
        self.day_in_reach(at)
        if amount > self.owed:
            raise Refused("refund_payable_short")
        self.owed -= amount
        self.at_bank -= amount

    def receive(self, amount: int, *, at: datetime) -> None:
        """Money that was reported before stands at the bank."""
        self.day_in_reach(at)
        if amount > self.in_transit:
            raise Refused("deposit_short")
        self.in_transit -= amount
        self.at_bank += amount

    def gift(self, giver: str, receiver: str, amount: int, *, at: datetime) -> date:
        """Bought money changes hands and stays what it is: its kind, its expiry, and the lot that it came from."""
        day = self.day_in_reach(at)
        lots = [lot for lot in self.lots if lot.wallet == giver and lot.purchased and self.is_valid(lot, at)]
        if sum(lot.remaining for lot in lots) < amount:
            raise Refused("gift_exceeds_balance")
        for lot in sorted(lots, key=self.given_by):
            take = min(lot.remaining, amount)
            if not take:
                continue
            lot.remaining -= take
            amount -= take
            got = self.lot_of(receiver, ("gift", lot.order))
            if got is None:
                got = Lot(
                    receiver, 0, self.gift_expires(lot, at), "purchase", lot.admits, len(self.lots), 0, source=("gift", lot.order),
                    of_programme=False,
                )  # fmt: skip
                self.lots.append(got)
            got.granted += take
            got.remaining += take
        return day

    # Events

    def disburse(
        self, grants: list[tuple[str, int]], *, expires: datetime, purchased: bool, admits: Callable[[str, int], bool],
        grace: int | None = None,
    ) -> int:  # fmt: skip
        """New lots out of the budget, all or none."""
        total = sum(amount for _, amount in grants)
        if total > self.budget:
            raise Refused("budget")
        self.budget -= total
        for wallet, amount in grants:
            kind = "purchase" if purchased else "grant"
            self.lots.append(Lot(wallet, amount, expires, kind, admits, len(self.lots), amount, grace=grace))
        return total

    def pay(
        self, event: object, wallet: str, shop: str, amount: int, *, category: str, sales: int, at: datetime,
        rate: int = 0,
    ) -> date:  # fmt: skip
        """Draw what expires first, purchased money last, at shops that the lot admits."""
        day = self.day_in_reach(at)
        discount = self.discount_on(amount, rate)
        amount -= discount
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
        self.payments[event] = Payment(wallet, shop, drawn, at, discount=discount, discount_left=discount, day=day)
        self.paid[day, shop] += sum(take for _, take in drawn)
        return day

    def refund(self, event: object, amount: int | None, *, at: datetime) -> int:
        """Give so much of the price back, to the lots it came from, last drawn first; the shop bears less."""
        payment = self.payments[event]
        wanted = payment.left if amount is None else amount
        if not 0 < wanted <= payment.left:
            raise Refused("refund_exceeds_payment")
        kept = self.discount_kept(payment, payment.left - wanted)
        wanted = left = wanted - (payment.discount_left - kept)
        if not wanted:
            raise Refused("refund_below_discount")
        day = self.day_in_reach(at)
        payment.discount_left = kept
        again = [lot for lot, _ in payment.drawn if lot.expires <= at and self.may_live_again(lot, payment)]
        self.give_to_owners([lot for lot in again if not lot.purchased])
        for number, (lot, taken) in self.refund_order(payment):
            give = min(left, taken - payment.returned[number])
            if give and (lot in again or (lot.lapsed and self.may_live_again(lot, payment))):
                lot.lapsed = lot.own_end
                lot.expires = max(lot.expires, self.grace_end(lot, at))
            payment.returned[number] += give
            lot.remaining += give
            left -= give
        self.given_back[day, payment.shop] += wanted
        payment.back[day] += wanted
        return wanted

    def authorise(
        self, trace: str, event: object, wallet: str, shop: str, price: int, *, category: str, sales: int, rate: int,
        at: datetime,
    ) -> None:  # fmt: skip
        """A card pays, once for a trace number."""
        if trace in self.traces:
            raise Refused(self.stands_against(self.traces[trace]))
        self.pay(event, wallet, shop, price, category=category, sales=sales, rate=rate, at=at)
        self.traces[trace] = Trace(event, reversed=False)

    def reverse(self, trace: str, *, at: datetime) -> None:
        """Whatever is left of the approval goes back; where there is none yet, none may come later."""
        known = self.traces.setdefault(trace, Trace(None, reversed=True))
        if not known.reversed:
            if self.payments[known.payment].left:
                self.refund(known.payment, None, at=at)
            known.reversed = True

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
        self.repaid += amount

    def expire(self, until: datetime) -> tuple[int, int]:
        """Whatever is due goes back to the programme, also what a refund brought back later."""
        due = [lot for lot in self.lots if lot.remaining and self.is_due(lot, until)]
        won = sum(lot.remaining for lot in due)
        self.give_to_owners(due)
        return len(due), won

    def give_to_owners(self, lots: list[Lot]) -> None:
        """What is left goes to the programme or the funds that it came from."""
        for lot in lots:
            if lot.of_programme:
                self.returned += lot.remaining
            for fund, share in self.shares(lot).items():
                self.funds[fund] += share
            lot.remaining = 0

    def close(self, day: date) -> None:
        """Settle what each shop earned on the day; money given back since is kept back, debts are carried."""
        self.fence(day)
        self.last_close = day
        for shop in {shop for _, shop in [*self.paid, *self.adjusted]}:
            fee = self.fee_of_day(day, shop)
            net = self.carried[shop] + self.paid[day, shop] - self.given_back[day, shop] - self.exchanged[day, shop]
            net += self.adjusted[day, shop] - fee
            later = self.given_back_since(day, shop) + self.exchanged_since(day, shop) + self.adjusted_since(day, shop)
            payable = max(0, net - later)
            self.settled[shop] += payable
            self.charged[shop] += fee
            self.operating += fee
            self.carried[shop] = net - payable

    def fee_of_day(self, day: date, shop: str) -> int:
        """On what was sold, less what comes back for cancellations of earlier days' payments."""
        there = [payment for payment in self.payments.values() if payment.shop == shop]
        return sum(self.fee_on(payment.left_through(day)) for payment in there if payment.day == day) - sum(
            self.fee_back(payment, day) for payment in there if payment.day < day
        )

    def exchange(self, shop: str, amount: int | None, *, at: datetime) -> int:
        """Settle at once what a shop is owed, or a part of it, and send it on its way."""
        available = max(0, self.pending(shop))
        wanted = available if amount is None else amount
        if available == 0 or wanted > available:
            raise Refused("exchange_exceeds_pending")
        day = self.day_in_reach(at)
        self.exchanged[day, shop] += wanted
        self.on_its_way += wanted
        return wanted

    def adjust(self, shop: str | None, amount: int, *, at: datetime) -> None:
        """Won for a shop or from it; without a shop, money of the city's own for such things."""
        given = amount if shop else -amount
        if given > self.operating:
            raise Refused("operating_short")
        day = self.day(at) if shop else self.day_in_reach(at)
        self.operating -= given
        if shop:
            self.adjusted[day, shop] += amount
        else:
            self.put_in += amount

    def pending(self, shop: str) -> int:
        """What the shop earned in all its days, less what it gave back, was settled and was charged or will be."""
        earned = sum(won for (_, at), won in self.paid.items() if at == shop) - self.charged[shop] - self.settled[shop]
        for counted, sign in ((self.given_back, -1), (self.exchanged, -1), (self.adjusted, 1)):
            earned += sign * sum(won for (_, at), won in counted.items() if at == shop)
        return earned - self.fees_to_come(shop)

    def fees_to_come(self, shop: str) -> int:
        """On what was sold on days that are still open."""
        return sum(
            self.fee_on(payment.price - payment.discount - payment.returned.total())
            for payment in self.payments.values()
            if payment.shop == shop and (self.last_close is None or payment.day > self.last_close)
        )

    def exchanged_since(self, day: date, shop: str) -> int:
        """What the shop was settled on demand on later days."""
        return sum(won for (when, at), won in self.exchanged.items() if at == shop and when > day)

    def fence(self, day: date) -> None:
        """Money that moves from now on counts for a later day."""
        self.closed = day if self.closed is None else max(self.closed, day)
