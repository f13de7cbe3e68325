"""On-demand exchange (수시 환전): settle a shop before the day is closed, and let it exchange more for some time."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

from django.db import connection, transaction
from psycopg.types.numeric import Int8

from merchants.registry.models import Merchant
from merchants.settlement import decisions, errors
from merchants.settlement.models import ExchangeUplift
from vouchers.common.database import domain_errors
from vouchers.ledger.services import call
from vouchers.officials.models import Official
from vouchers.officials.selectors import Authority
from vouchers.partners import statements
from vouchers.partners.selectors import Caller
from vouchers.partners.services import Write


class Exchangeable(NamedTuple):
    """What a shop could exchange in one currency. ``per_month`` None: the currency knows no on-demand exchange.

    ``pending`` below zero: the shop gave back more than it earned since.
    """

    currency_id: UUID
    currency: str
    pending: int
    per_month: int | None
    exchanged: int
    is_held: bool

    @property
    def left(self) -> int:
        """What the month's limit leaves."""
        return max(0, (self.per_month or 0) - self.exchanged)

    @property
    def available(self) -> int:
        """What an exchange of all would move."""
        return 0 if self.is_held else max(0, min(self.pending, self.left))


class ExchangeRow(NamedTuple):
    """An exchange as the shop's app sees it."""

    id: UUID
    currency_id: UUID
    amount: int
    business_date: date
    at: datetime


class Exchanged(NamedTuple):
    """An exchange, and whether this very request had made it before."""

    exchange: ExchangeRow
    replayed: bool


_EXCHANGE: Final = statements.scoped(
    columns="exchange_id, replayed",
    function="settlement.exchange_by_shop(request.municipality, %(partner)s, %(key)s, %(fingerprint)s, %(shop)s,"
    " %(currency)s, %(amount)s::bigint, %(at)s)",
)
_ONE: Final = statements.scoped(
    columns=", ".join(f"one.{name}" for name in ExchangeRow._fields),
    function="settlement.exchange_of_shop(request.municipality, %(partner)s, %(shop)s, %(exchange)s) AS one",
)
_EXCHANGEABLE: Final = statements.scoped(
    columns=", ".join(f"money.{name}" for name in Exchangeable._fields),
    function="settlement.exchangeable_of_shop(request.municipality, %(partner)s, %(shop)s, %(at)s) AS money",
)


def exchangeable(*, municipality: str, merchant: UUID, at: datetime) -> list[Exchangeable]:
    """What a shop could exchange now, currency by currency."""
    with domain_errors(), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM settlement.exchangeable(%s, %s, %s)", [municipality, merchant, at])
        return [Exchangeable(*row) for row in cursor.fetchall()]


def exchange(
    *, id: UUID, merchant: Merchant, currency: UUID, amount: int | None, official: Official, authority: Authority,
    at: datetime,
) -> int:  # fmt: skip
    """Settle ``amount`` won of a shop's open days at once (None: all that may be) and queue their payout; returns the won.

    Idempotent by ``id``.

    Raises NotPermitted, MerchantNotActive, PayoutHeld, ExchangeNotOffered, ExchangeExceedsPending or
    ExchangeLimitExceeded; then nothing moves.
    """
    decisions.require(official, authority, "settlement.exchange", merchant.municipality_id)
    moved: int = call(
        "settlement.exchange", merchant.municipality_id, id, currency, merchant.pk, amount, official.pk, None, at
    )[0]
    return moved


def request_uplift(*, uplift: ExchangeUplift, official: Official, authority: Authority, at: datetime) -> None:
    """Ask for a higher limit of one shop from one day to another. It counts once somebody else has approved it.

    Raises NotPermitted.
    """
    decisions.ask(uplift, municipality=uplift.merchant.municipality_id, official=official, authority=authority, at=at)


def exchange_by_shop(*, write: Write, shop: str, currency: UUID, amount: int | None, at: datetime) -> Exchanged:
    """The shop's own app asks for ``amount`` won, or for all that may be exchanged (None).

    Raises MerchantUnknown, CurrencyUnknown, IdempotencyKeyReused, or what `exchange` is refused for; then nothing is
    recorded, and the same request may be sent again.
    """
    made, replayed = statements.rows(_EXCHANGE, write.parameters() | {
        "shop": shop, "currency": currency, "amount": None if amount is None else Int8(amount), "at": at,
    })[0]  # fmt: skip
    return Exchanged(exchange_of_shop(caller=write.caller, shop=shop, exchange=made), replayed)


def exchange_of_shop(*, caller: Caller, shop: str, exchange: UUID) -> ExchangeRow:
    """An exchange of a shop of this partner's app. Raises MerchantUnknown or ExchangeUnknown."""
    asked = {"partner": caller.partner, "municipality": caller.municipality, "shop": shop, "exchange": exchange}
    found = statements.rows(_ONE, asked)
    if not found:
        raise errors.ExchangeUnknown
    return ExchangeRow(*found[0])


def exchangeable_of_shop(*, caller: Caller, shop: str, at: datetime) -> list[Exchangeable]:
    """What a shop of this partner's app could exchange now, currency by currency. Raises MerchantUnknown."""
    asked = {"partner": caller.partner, "municipality": caller.municipality, "shop": shop, "at": at}
    return [Exchangeable(*row) for row in statements.rows(_EXCHANGEABLE, asked)]


@transaction.atomic
def decide_uplift(
    *, uplift: ExchangeUplift, approve: bool, official: Official, authority: Authority, at: datetime
) -> None:
    """Approve or reject what another official asked for. Raises NotPermitted, OwnRequest or AlreadyDecided."""
    decisions.decide(ExchangeUplift, uplift.pk, approve=approve, official=official, authority=authority, at=at)
