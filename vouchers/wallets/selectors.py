"""What a partner may know of the wallets of its app."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

from django.db import connection

from vouchers.common.database import domain_errors
from vouchers.common.scope import scope
from vouchers.ledger import errors as _errors  # noqa: F401  (registers the kernel's codes)
from vouchers.partners import statements
from vouchers.partners.selectors import Caller
from vouchers.privacy.rules import mask_name
from vouchers.wallets.models import WalletLink

MOST_LOTS: Final = 100

_CREDITED = """
SELECT lot.id, programme.name, lot.granted, lot.expires_at
FROM vouchers_lot lot LEFT JOIN allowances_programme programme ON programme.id = lot.programme_id
WHERE lot.municipality_id = %s AND lot.id = ANY (%s) ORDER BY lot.id
"""


class Credited(NamedTuple):
    """An allowance that had been kept for a citizen and was paid when they joined; ``amount`` in won."""

    lot: UUID
    programme: str | None
    amount: int
    expires_at: datetime | None


class Membership(NamedTuple):
    """How a citizen became, or stayed, a member of an app."""

    link: WalletLink
    credited: list[Credited]


def membership(*, caller: Caller, link: UUID) -> Membership:
    """A link that this partner made, as it was made."""
    with scope(municipalities=[caller.municipality]):
        made = WalletLink.objects.select_related("wallet__currency").get(pk=link, partner=caller.partner)
        with connection.cursor() as cursor:
            cursor.execute(_CREDITED, [caller.municipality, made.credited_lots])
            return Membership(made, [Credited(*row) for row in cursor.fetchall()])


class WalletRow(NamedTuple):
    """A wallet and what may be spent of it now, in won by kind. ``balance`` also counts what has expired since."""

    id: UUID
    status: str
    currency_id: UUID
    currency_name: str
    opened_at: datetime
    balance: int
    allowances: int
    purchased: int
    incentives: int
    points: int
    purchase_cap: int | None
    next_expiry: datetime | None
    next_expiring: int | None


class LotRow(NamedTuple):
    """Money of one source; ``allowed`` and ``denied`` name kinds of shops, ``sales_cap`` their annual sales in won."""

    id: UUID
    kind: str
    source: str | None
    gifted: bool
    remaining: int
    held: int
    expires_at: datetime | None
    expired: bool
    allowed: list[str]
    allowed_en: list[str]
    denied: list[str]
    denied_en: list[str]
    dongs: list[str]
    sales_cap: int | None


class MovementRow(NamedTuple):
    """What moved a wallet: ``amount`` won in, or out when negative. ``person`` is masked."""

    id: UUID
    kind: str
    amount: int
    business_date: date
    at: datetime
    shop: str | None
    programme: str | None
    person: str | None

    @property
    def out(self) -> int:
        """What went out."""
        return max(0, -self.amount)


_WALLET: Final = statements.scoped(
    columns=", ".join(f"wallet.{name}" for name in WalletRow._fields),
    function="wallets.wallet(request.municipality, %(partner)s, %(wallet)s, %(at)s) AS wallet",
)
_LOTS: Final = statements.scoped(
    columns=", ".join(f"lot.{name}" for name in LotRow._fields),
    function="wallets.lots(request.municipality, %(partner)s, %(wallet)s, %(at)s, %(limit)s::integer) AS lot",
)
_MOVEMENTS: Final = statements.scoped(
    columns=", ".join(f"moved.{name}" for name in MovementRow._fields),
    function="wallets.movements(request.municipality, %(partner)s, %(wallet)s, %(before)s::uuid, %(limit)s::integer)"
    " AS moved",
)

_HISTORY: Final = f"SELECT {', '.join(MovementRow._fields)} FROM wallets.movements(%s, NULL, %s, %s, %s)"


def wallet(*, caller: Caller, wallet: UUID, at: datetime) -> WalletRow:
    """A wallet of the partner's app, as it stands at ``at``. Raises WalletUnknown."""
    return WalletRow(*statements.rows(_WALLET, _about(caller, wallet) | {"at": at})[0])


def lots(*, caller: Caller, wallet: UUID, at: datetime, limit: int = MOST_LOTS) -> list[LotRow]:
    """The money in the wallet in the order in which it will be spent, at most ``limit`` lots. Raises WalletUnknown."""
    return [LotRow(*row) for row in statements.rows(_LOTS, _about(caller, wallet) | {"at": at, "limit": limit})]


def movements(*, caller: Caller, wallet: UUID, before: UUID | None, limit: int) -> list[MovementRow]:
    """Everything that moved the wallet, newest first, with ids below ``before``. Raises WalletUnknown."""
    found = statements.rows(_MOVEMENTS, _about(caller, wallet) | {"before": before, "limit": limit})
    return [_masked(MovementRow(*row)) for row in found]


def history(*, municipality: str, wallet: UUID, before: UUID | None, limit: int) -> list[MovementRow]:
    """The same for officials, whichever app the wallet is of; inside their scope. Raises WalletUnknown."""
    with domain_errors(), connection.cursor() as cursor:
        cursor.execute(_HISTORY, [municipality, wallet, before, limit])
        return [_masked(MovementRow(*row)) for row in cursor.fetchall()]


def _masked(row: MovementRow) -> MovementRow:
    return row._replace(person=mask_name(row.person)) if row.person else row


def _about(caller: Caller, wallet: UUID) -> dict[str, object]:
    return {"partner": caller.partner, "municipality": caller.municipality, "wallet": wallet}
