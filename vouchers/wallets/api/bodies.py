"""What requests about members may contain, and what answers about members and wallets do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Literal, cast
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from msgspec import UNSET, Meta, Struct, UnsetType

from vouchers.common.api import RequestBody
from vouchers.partners.api.bodies import UUID_HINT
from vouchers.wallets.selectors import Membership


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
    expires_at: datetime | None


class Member(Struct, frozen=True):
    """opened: a new wallet. kept: it was this app's, or nobody's. moved: it was another app's, which has lost it."""

    id: UUID
    outcome: Literal["opened", "kept", "moved"]
    wallet: MemberWallet
    credited_amount: int
    credited: list[CreditedAllowance]
    joined_at: datetime


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
