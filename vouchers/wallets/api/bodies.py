"""What requests about members may contain, and what answers about members and wallets do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, ClassVar, Literal, cast
from uuid import UUID

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from msgspec import UNSET, Meta, Struct, UnsetType

from vouchers.common.api import RequestBody
from vouchers.partners.api.bodies import UUID_HINT, Moment
from vouchers.wallets.rules import KINDS, SOURCES, MoneyKind, Movement, movement, where_spent
from vouchers.wallets.selectors import LotRow, Membership, MovementRow, WalletRow


class NewMember(RequestBody, frozen=True):
    """A person whose identity the partner has verified."""

    name: Annotated[str, Meta(min_length=1, max_length=40)]
    birth_date: date
    phone: Annotated[str, Meta(min_length=9, max_length=20, pattern=r"^[0-9+() .-]+\Z", examples=["010-1234-5678"])]
    currency_id: UUID | UnsetType = UNSET
    dong_code: Annotated[str, Meta(pattern=r"^[0-9]{10}\Z")] | UnsetType = UNSET
    ci: Annotated[str, Meta(pattern=r"^[A-Za-z0-9+/]{86}==\Z")] | UnsetType = UNSET
    guardian_consent: bool = False

    hints: ClassVar[Mapping[str, Any]] = {
        "name": _("본인인증으로 확인한 성명 1~40자여야 합니다. 숫자와 기호는 사용할 수 없습니다."),
        "birth_date": _("YYYY-MM-DD 형식의 생년월일이어야 합니다."),
        "phone": _("전화번호여야 합니다. 예: 010-1234-5678"),
        "currency_id": UUID_HINT,
        "dong_code": _("행정동 코드 숫자 10자리여야 합니다."),
        "ci": _("본인인증기관이 준 연계정보(CI), base64 88자여야 합니다."),
        "guardian_consent": _("true 또는 false여야 합니다."),
    }


class CurrencyName(Struct, frozen=True):
    """A local currency."""

    id: UUID
    name: str


class MemberWallet(Struct, frozen=True):
    """The member's wallet; its id is what every other request about it takes."""

    id: UUID
    status: Literal["active", "frozen", "closed"]
    currency: CurrencyName


class CreditedAllowance(Struct, frozen=True):
    """An allowance that had been kept for the person and is in the wallet now."""

    programme: str
    amount: int
    expires_at: Moment | None


class Member(Struct, frozen=True):
    """opened: a new wallet. kept: it was this app's, or nobody's. moved: it was another app's, which has lost it."""

    id: UUID
    outcome: Literal["opened", "kept", "moved"]
    wallet: MemberWallet
    credited_amount: int
    credited: list[CreditedAllowance]
    joined_at: Moment


def member_of(made: Membership) -> Member:
    """The answer for a membership."""
    link, wallet = made.link, made.link.wallet
    return Member(
        id=link.pk,
        outcome=cast("Any", str(link.outcome)),
        wallet=MemberWallet(
            wallet.pk, cast("Any", str(wallet.status)), CurrencyName(wallet.currency_id, wallet.currency.name)
        ),
        credited_amount=sum(lot.amount for lot in made.credited),
        credited=[CreditedAllowance(lot.programme or "", lot.amount, lot.expires_at) for lot in made.credited],
        joined_at=link.at,
    )


class Spendable(Struct, frozen=True):
    """What may be spent now, in won: policy money, bought money, incentives on it, points; and all of them together."""

    total: int
    allowances: int
    purchased: int
    incentives: int
    points: int


class NextExpiry(Struct, frozen=True):
    """The next moment at which money expires, and how much of it."""

    at: Moment
    amount: int


class LotSource(Struct, frozen=True):
    """Where money came from; ``name`` is the programme's, or says the kind. ``gifted``: another citizen gave it."""

    kind: MoneyKind
    name: str
    gifted: bool


class WalletLot(Struct, frozen=True):
    """Money of one source, one expiry and one rule of where it may be spent, which ``usage`` says in words."""

    id: UUID
    amount: int
    source: LotSource
    usage: str
    expires_at: Moment | None
    expired: bool


class Wallet(Struct, frozen=True):
    """``lots`` stand in the order in which they will be spent, at most 100 of them; the sums count every lot.

    ``balance`` also counts money that has expired and is not yet taken back.
    """

    id: UUID
    status: Literal["active", "frozen", "closed"]
    currency: CurrencyName
    opened_at: Moment
    balance: int
    spendable: Spendable
    next_expiry: NextExpiry | None
    lots: list[WalletLot]


class Transaction(Struct, frozen=True):
    """What moved the wallet: ``amount`` won came in, or went out when negative; all together are the balance.

    ``counterpart`` is the shop, the programme, or the citizen who gave or got a gift, masked; null where there is none.
    """

    id: UUID
    type: Movement
    amount: int
    counterpart: str | None
    business_date: date
    at: Moment


class Transactions(Struct, frozen=True):
    """Newest first. ``next_cursor`` leads to the next page; null at the end."""

    transactions: list[Transaction]
    next_cursor: str | None


def wallet_of(row: WalletRow, lots: list[LotRow]) -> Wallet:
    """The answer for a wallet, in the language of the request."""
    expiry = None if row.next_expiry is None else NextExpiry(row.next_expiry, row.next_expiring or 0)
    return Wallet(
        id=row.id,
        status=cast("Any", row.status),
        currency=CurrencyName(row.currency_id, row.currency_name),
        opened_at=row.opened_at,
        balance=row.balance,
        spendable=Spendable(
            row.allowances + row.purchased + row.incentives + row.points, row.allowances, row.purchased,
            row.incentives, row.points,
        ),
        next_expiry=expiry,
        lots=[_lot_of(lot, row.purchase_cap) for lot in lots],
    )  # fmt: skip


def _lot_of(lot: LotRow, purchase_cap: int | None) -> WalletLot:
    english = get_language() == "en"
    bought = lot.kind in {"purchase", "incentive"}
    caps = [cap for cap in (lot.sales_cap, purchase_cap if bought else None) if cap is not None]
    return WalletLot(
        id=lot.id,
        amount=lot.remaining - lot.held,
        source=LotSource(KINDS[lot.kind], lot.source or str(SOURCES[lot.kind]), lot.gifted),
        usage=where_spent(
            allowed=lot.allowed_en if english else lot.allowed, denied=lot.denied_en if english else lot.denied,
            dongs=lot.dongs, sales_cap=min(caps, default=None),
        ),
        expires_at=lot.expires_at,
        expired=lot.expired,
    )  # fmt: skip


def transaction_of(row: MovementRow) -> Transaction:
    """The answer for one movement."""
    return Transaction(
        id=row.id, type=movement(kind=row.kind, amount=row.amount), amount=row.amount,
        counterpart=row.shop or row.programme or row.person, business_date=row.business_date, at=row.at,
    )  # fmt: skip


class MovedNotice(Struct, frozen=True):
    """A wallet of this app belongs to another app now, through which its holder joined."""

    wallet_id: UUID
    moved_at: Moment
