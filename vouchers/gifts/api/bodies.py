"""What requests about gifts may contain, and what answers do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, ClassVar, Final
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from msgspec import UNSET, Meta, Struct, UnsetType

from vouchers.common.api import RequestBody
from vouchers.gifts.selectors import GiftRow
from vouchers.partners.api.bodies import UUID_HINT, WON_HINT, Moment, Won

# No control characters, line separators, or marks that turn the direction of text: a message is one plain line.
_LINE: Final = "^[^\\x00-\\x1f\\x7f-\\x9f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u2069\\ufeff]*\\Z"
PHONE: Final = r"^[0-9+() .-]+\Z"


class NewGift(RequestBody, frozen=True):
    """The receiver is named by a wallet, or by name and phone."""

    about: ClassVar[Any] = _("받는 사람은 지갑번호로, 또는 성명과 휴대전화로 정합니다.")

    wallet_id: UUID
    amount: Won
    receiver_wallet_id: UUID | UnsetType = UNSET
    receiver_name: Annotated[str, Meta(min_length=1, max_length=40)] | UnsetType = UNSET
    receiver_phone: Annotated[str, Meta(min_length=9, max_length=20, pattern=PHONE)] | UnsetType = UNSET
    message: Annotated[str, Meta(max_length=40, pattern=_LINE)] = ""

    hints: ClassVar[Mapping[str, Any]] = {
        "wallet_id": UUID_HINT,
        "amount": WON_HINT,
        "receiver_wallet_id": _("받는 지갑번호(UUID)입니다. receiver_name, receiver_phone과 함께 보낼 수 없습니다."),
        "receiver_name": _("받는 분의 성명입니다. receiver_phone과 함께 보내야 합니다."),
        "receiver_phone": _("받는 분의 전화번호입니다. receiver_name과 함께 보내야 합니다. 예: 010-1234-5678"),
        "message": _("줄바꿈과 제어문자가 없는 40자 이하의 글이어야 합니다."),
    }


class GiftParty(Struct, frozen=True):
    """A citizen by masked name; ``wallet_id`` is null when the wallet is another app's."""

    about: ClassVar[Any] = _("성명을 가린 시민. 다른 앱의 지갑이면 `wallet_id`가 null입니다.")

    name: str
    wallet_id: UUID | None


class Gift(Struct, frozen=True):
    """Money that one citizen gave another. It keeps its expiry and where it may be spent."""

    about: ClassVar[Any] = _("한 시민이 다른 시민에게 선물한 금액. 유효기한과 사용처는 그대로입니다.")

    id: UUID
    amount: int
    message: str
    giver: GiftParty
    receiver: GiftParty
    business_date: date
    given_at: Moment


def gift_of(row: GiftRow) -> Gift:
    """The answer for a gift."""
    return Gift(
        id=row.id,
        amount=row.amount,
        message=row.message,
        giver=GiftParty(row.giver_name, row.giver_wallet),
        receiver=GiftParty(row.receiver_name, row.receiver_wallet),
        business_date=row.business_date,
        given_at=row.at,
    )


class GiftNotice(Struct, frozen=True):
    """A gift of ``amount`` won came into a wallet."""

    about: ClassVar[Any] = _("선물 `amount`원이 지갑에 들어왔습니다.")

    gift_id: UUID
    wallet_id: UUID
    amount: int
    given_at: Moment
