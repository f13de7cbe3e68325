"""What requests may contain and answers do contain. The OpenAPI document is made from the same classes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from msgspec import UNSET, Meta, Struct, UnsetType, convert

from vouchers.common.api import RequestBody
from vouchers.partners.api.bodies import ORDER_HINT, UUID_HINT, WON_HINT, Moment, OrderId, Won
from vouchers.top_ups.models import AutoTopUp
from vouchers.top_ups.selectors import RefundAccount, RefundRow, TopUpRow

_ACCOUNT_HINT = _("은행 코드 3자리(bank), 숫자만 적은 계좌번호(number), 예금주(holder)를 모두 보내야 합니다.")


class NewTopUp(RequestBody, frozen=True):
    """How much is wanted: the face value where the currency is sold at a discount, else the money to be paid."""

    about: ClassVar[Any] = _("충전할 금액. 할인하여 파는 상품권은 액면가, 그 밖에는 낼 금액입니다.")

    wallet_id: UUID
    amount: Won
    order_id: OrderId

    hints: ClassVar[Mapping[str, Any]] = {"wallet_id": UUID_HINT, "amount": WON_HINT, "order_id": ORDER_HINT}


class NewDeposit(RequestBody, frozen=True):
    """The money that the funding bank has got, and the number under which its statement shows it."""

    about: ClassVar[Any] = _("펀딩은행이 받은 금액과, 거래내역에 나타나는 번호.")

    amount: Won
    reference: OrderId

    hints: ClassVar[Mapping[str, Any]] = {"amount": WON_HINT, "reference": ORDER_HINT}


class Account(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the bank pays a refund."""

    about: ClassVar[Any] = _("환불금을 받을 계좌.")

    bank: Annotated[str, Meta(pattern=r"^[0-9]{3}\Z", examples=["088"])]
    number: Annotated[str, Meta(pattern=r"^[0-9]{6,16}\Z", examples=["110123456789"])]
    holder: Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f]+\Z", examples=["KIM JANGTEO"])]


class NewTopUpCancellation(RequestBody, frozen=True):
    """Without ``account``, the money goes to the account that the member has registered."""

    about: ClassVar[Any] = _("`account`가 없으면 회원이 등록한 계좌로 돌려줍니다.")

    account: Account | UnsetType = UNSET

    hints: ClassVar[Mapping[str, Any]] = {"account": _ACCOUNT_HINT}


class NewRefund(RequestBody, frozen=True):
    """Without ``account``, the money goes to the account that the member has registered."""

    about: ClassVar[Any] = _("`account`가 없으면 회원이 등록한 계좌로 환불합니다.")

    account: Account | UnsetType = UNSET

    hints: ClassVar[Mapping[str, Any]] = {"account": _ACCOUNT_HINT}


class NewAutoTopUp(RequestBody, frozen=True):
    """Either ``below`` (top up when the balance is less) or ``day_of_month`` (each month, at the latest its last day)."""

    about: ClassVar[Any] = _(
        "`below`(잔액이 이보다 적으면) 또는 `day_of_month`(매월 그 날, 없는 날이면 말일) 가운데 하나."
    )

    amount: Won
    below: Won | UnsetType = UNSET
    day_of_month: Annotated[int, Meta(ge=1, le=31, examples=[25])] | UnsetType = UNSET

    hints: ClassVar[Mapping[str, Any]] = {
        "amount": WON_HINT, "below": WON_HINT, "day_of_month": _("1 이상 31 이하의 정수여야 합니다."),
    }  # fmt: skip


class AutoTopUpRule(Struct, frozen=True):
    """A wallet's automatic rule. ``reason`` says why it failed last; after three failures in a row it is paused."""

    about: ClassVar[Any] = _("지갑의 자동충전. `reason`은 마지막으로 실패한 까닭이며, 잇달아 세 번 실패하면 멈춥니다.")

    id: UUID
    wallet_id: UUID
    state: Literal["active", "paused", "stopped"]
    amount: int
    below: int | None
    day_of_month: int | None
    failures: int
    reason: str


class Payer(Struct, frozen=True):
    """Who bears how much of a benefit."""

    about: ClassVar[Any] = _("혜택의 부담 주체와 부담액.")

    name: str
    kind: Literal["national", "province", "city", "district", "other"]
    amount: int


class TopUp(Struct, frozen=True):
    """A top-up as it stands now. Amounts are in won: the buyer ``pays``, the wallet ``gets``."""

    about: ClassVar[Any] = _("충전의 현재 상태. 금액은 원이며, 구매자가 `pays`를 내고 지갑에 `gets`가 들어옵니다.")

    id: UUID
    state: Literal["requested", "expired", "completed", "cancelled"]
    order_id: str
    wallet_id: UUID
    kind: Literal["plain", "discount", "top_up"]
    amount: int
    pays: int
    benefit: int
    gets: int
    payers: list[Payer]
    refunded: int
    requested_at: Moment
    expires_at: Moment
    completed_at: Moment | None
    cancelled_at: Moment | None
    refund_id: UUID | None


class TopUps(Struct, frozen=True):
    """Newest first."""

    about: ClassVar[Any] = _("최근 것부터.")

    top_ups: list[TopUp]


class Kept(Struct, frozen=True):
    """What stayed in the wallet of one top-up, why, and how many won more must be used before it can be refunded."""

    about: ClassVar[Any] = _("한 충전에서 지갑에 남은 금액과 까닭, 환불받으려면 더 써야 할 금액(`needed`).")

    top_up_id: UUID
    amount: int
    reason: Literal["not_used_enough", "expired", "benefit_only", "refundable"]
    needed: int


class BalanceRefund(Struct, frozen=True):
    """A refund of the balance: ``amount`` won to the buyer's account, ``benefit_returned`` won back to the payers."""

    about: ClassVar[Any] = _("잔액 환불. `amount`원은 구매자의 계좌로, `benefit_returned`원은 재원으로 돌아갑니다.")

    id: UUID
    wallet_id: UUID
    state: Literal["waiting", "paid"]
    amount: int
    benefit_returned: int
    requested_at: Moment
    paid_at: Moment | None
    kept: list[Kept]


def account_of(body: NewTopUpCancellation | NewRefund) -> RefundAccount | None:
    """The account of the request; None: it names none."""
    if not isinstance(body.account, Account):
        return None
    return RefundAccount(body.account.bank, body.account.number, body.account.holder)


def top_up_of(row: TopUpRow, *, at: datetime) -> TopUp:
    """The answer for a top-up; a request whose deadline has passed at ``at`` has expired."""
    state = "expired" if row.state == "requested" and at > row.expires_at else row.state
    return convert(row._asdict() | {"state": state}, TopUp)


def rule_of(rule: AutoTopUp) -> AutoTopUpRule:
    """The answer for an automatic rule."""
    return convert(
        {
            "id": rule.pk, "wallet_id": rule.wallet_id, "state": rule.state, "amount": rule.amount,
            "below": rule.threshold, "day_of_month": rule.day_of_month, "failures": rule.failures,
            "reason": rule.reason,
        },
        AutoTopUpRule,
    )  # fmt: skip


def refund_of(row: RefundRow) -> BalanceRefund:
    """The answer for a refund."""
    state = "paid" if row.paid_at else "waiting"
    return convert(row._asdict() | {"state": state, "benefit_returned": row.benefit}, BalanceRefund)


class TopUpNotice(Struct, frozen=True):
    """A top-up as a notice tells it: the member pays ``pays`` won and the wallet gets ``gets``."""

    about: ClassVar[Any] = _("알림에 담기는 충전. 회원이 `pays`원을 내고 지갑에 `gets`원이 들어옵니다.")

    top_up_id: UUID
    state: Literal["requested", "completed", "cancelled"]
    order_id: str | None
    wallet_id: UUID
    pays: int
    gets: int
    expires_at: Moment | None


class RefundNotice(Struct, frozen=True):
    """The bank has paid a refund of ``amount`` won out; ``top_up_id`` is null where it was one of the balance."""

    about: ClassVar[Any] = _("은행이 환불금 `amount`원을 지급했습니다. 잔액 환불이면 `top_up_id`가 null입니다.")

    refund_id: UUID
    state: Literal["paid"]
    wallet_id: UUID
    top_up_id: UUID | None
    amount: int
