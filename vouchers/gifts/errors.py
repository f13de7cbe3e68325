"""Why a gift is not given. Nothing said here tells who is a member or what somebody else holds."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from vouchers.common.database import register
from vouchers.common.errors import DomainError, NotFound
from vouchers.ledger import errors as _ledger_errors  # noqa: F401  (registers the kernel's codes)
from vouchers.partners import errors as _partner_errors  # noqa: F401  (registers what every request may meet)


class GiftsNotOffered(DomainError):
    """The currency has no rules of purchase in force, or they allow no gifts."""

    code = "gifts_not_offered"
    message = _("선물하기를 운영하지 않는 상품권입니다.")


class GiftToOneself(DomainError):
    """Giver and receiver are one wallet."""

    code = "gift_to_oneself"
    message = _("자신에게는 선물할 수 없습니다.")


class GiftFromCorporation(DomainError):
    """The giving wallet is a corporation's: what it bought under its own limits does not reach citizens as gifts."""

    code = "gift_from_corporation"
    message = _("법인 지갑에서는 선물할 수 없습니다.")


class ReceiverUnknown(DomainError):
    """Nobody, several, or somebody who cannot get a gift. Which of them is not told."""

    code = "receiver_unknown"
    message = _("선물을 받을 수 있는 시민을 찾을 수 없습니다. 받는 분의 성명과 휴대전화를 확인하십시오.")


class GiftExceedsBalance(DomainError):
    """The giver has less money that may be given away. ``available`` in won."""

    code = "gift_exceeds_balance"
    message = _("선물할 수 있는 금액은 %(available)s원입니다. 정책수당 등 선물할 수 없는 금액은 빠집니다.")


class GiftLimitExceeded(DomainError):
    """More than the giver may give at once, in a day or in a month: ``period``. ``available`` is what is left of it."""

    code = "gift_limit_exceeded"
    message = _("선물 한도를 넘었습니다. 지금 선물할 수 있는 금액은 %(available)s원입니다.")


class ReceiverHoldsTooMuch(DomainError):
    """The receiver would hold more than the currency allows. How much they hold is not told."""

    code = "receiver_holds_too_much"
    message = _("받는 분의 보유 한도를 넘어 선물할 수 없습니다.")


class GiftUnknown(NotFound):
    """No such gift from or to a wallet of this partner's app."""

    code = "gift_unknown"
    message = _("선물을 찾을 수 없습니다.")


register(**{
    error.code: error
    for error in (
        GiftExceedsBalance, GiftFromCorporation, GiftLimitExceeded, GiftsNotOffered, GiftToOneself, ReceiverHoldsTooMuch, ReceiverUnknown,
    )
})  # fmt: skip
