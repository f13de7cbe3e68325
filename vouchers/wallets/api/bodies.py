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

    about: ClassVar[Any] = _("연계기관이 본인확인을 마친 사람.")

    name: Annotated[str, Meta(min_length=1, max_length=40)]
    birth_date: date
    phone: Annotated[str, Meta(min_length=9, max_length=20, pattern=r"^[0-9+() .-]+\Z", examples=["010-1234-5678"])]
    currency_id: UUID | UnsetType = UNSET
    dong_code: Annotated[str, Meta(pattern=r"^[0-9]{10}\Z")] | UnsetType = UNSET
    ci: Annotated[str, Meta(pattern=r"^[A-Za-z0-9+/]{86}==\Z")] | UnsetType = UNSET
    guardian_consent: bool = False
    sex: Literal["male", "female"] | UnsetType = UNSET

    hints: ClassVar[Mapping[str, Any]] = {
        "name": _("본인인증으로 확인한 성명 1~40자여야 합니다. 숫자와 기호는 사용할 수 없습니다."),
        "birth_date": _("YYYY-MM-DD 형식의 생년월일이어야 합니다."),
        "phone": _("전화번호여야 합니다. 예: 010-1234-5678"),
        "currency_id": UUID_HINT,
        "dong_code": _("행정동 코드 숫자 10자리여야 합니다."),
        "ci": _("본인인증기관이 준 연계정보(CI), base64 88자여야 합니다."),
        "guardian_consent": _("true 또는 false여야 합니다."),
        "sex": _("본인인증으로 확인한 성별 male 또는 female이어야 합니다."),
    }


class CurrencyName(Struct, frozen=True):
    """A local currency."""

    about: ClassVar[Any] = _("상품권.")

    id: UUID
    name: str


class MemberWallet(Struct, frozen=True):
    """The member's wallet; its id is what every other request about it takes."""

    about: ClassVar[Any] = _("회원의 지갑. 이 지갑에 관한 모든 요청에 `id`를 씁니다.")

    id: UUID
    status: Literal["active", "frozen", "closed"]
    currency: CurrencyName


class CreditedAllowance(Struct, frozen=True):
    """An allowance that had been kept for the person and is in the wallet now."""

    about: ClassVar[Any] = _("가입할 때까지 보관했다가 지갑에 넣은 수당.")

    programme: str
    amount: int
    expires_at: Moment | None


class Member(Struct, frozen=True):
    """opened: a new wallet. kept: it was this app's, or nobody's. moved: it was another app's, which has lost it."""

    about: ClassVar[Any] = _(
        "opened는 새 지갑, kept는 이 앱의 지갑이거나 앱이 없던 지갑, moved는 다른 앱에서 옮겨 온 지갑입니다."
    )

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

    about: ClassVar[Any] = _("지금 쓸 수 있는 금액(원): 정책수당, 구매금, 인센티브, 포인트와 그 합계.")

    total: int
    allowances: int
    purchased: int
    incentives: int
    points: int


class NextExpiry(Struct, frozen=True):
    """The next moment at which money expires, and how much of it."""

    about: ClassVar[Any] = _("가장 먼저 오는 유효기한과 그때 없어지는 금액.")

    at: Moment
    amount: int


class LotSource(Struct, frozen=True):
    """Where money came from; ``name`` is the programme's, or says the kind. ``gifted``: another citizen gave it."""

    about: ClassVar[Any] = _(
        "금액의 출처. `name`은 사업명 또는 종류의 이름이고, `gifted`면 다른 시민이 선물한 것입니다."
    )

    kind: MoneyKind
    name: str
    gifted: bool


class WalletLot(Struct, frozen=True):
    """Money of one source, one expiry and one rule of where it may be spent, which ``usage`` says in words."""

    about: ClassVar[Any] = _("출처, 유효기한, 사용처가 같은 금액. `usage`는 사용처를 말로 쓴 것입니다.")

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

    about: ClassVar[Any] = _(
        "`lots`는 사용되는 순서로 100건까지이며, 합계는 모든 금액을 셉니다. `balance`에는 유효기한이 지났으나 아직 회수하지 않은 금액도 "
        "있습니다."
    )

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

    about: ClassVar[Any] = _(
        "지갑의 거래. `amount`원이 들어왔거나 음수면 나갔으며, 모두 더하면 잔액입니다. `counterpart`는 가맹점, 사업, 또는 선물을 주고받은 "
        "시민(성명을 가림)이고 없으면 null입니다."
    )

    id: UUID
    type: Movement
    amount: int
    counterpart: str | None
    business_date: date
    at: Moment


class Transactions(Struct, frozen=True):
    """Newest first. ``next_cursor`` leads to the next page; null at the end."""

    about: ClassVar[Any] = _("최근 것부터. `next_cursor`로 다음 쪽을 조회하며, 끝이면 null입니다.")

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

    about: ClassVar[Any] = _("이 앱의 지갑이 소유자가 새로 가입한 다른 앱으로 옮겨졌습니다.")

    wallet_id: UUID
    moved_at: Moment
