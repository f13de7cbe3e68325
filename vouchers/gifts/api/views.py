"""The views of gifts: check what is asked, call one service, answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from msgspec import UNSET, UnsetType

from vouchers.citizens.rules import tidy_name
from vouchers.common import problems
from vouchers.common.api import answer, read
from vouchers.gifts import selectors, services
from vouchers.gifts.api import documents
from vouchers.gifts.api.bodies import NewGift, gift_of
from vouchers.gifts.services import Receiver
from vouchers.partners.api.views import PartnerView, moment_of, written
from vouchers.partners.rules import Scope
from vouchers.privacy.rules import PhoneUnreadable, parse_phone


class GiftsView(PartnerView):
    """선물하기."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": Scope.GIFTS_WRITE}

    @documents.create_gift
    def post(self, request: HttpRequest) -> HttpResponse:
        """Give."""
        write, body = self.write(request)
        wanted = read(body, NewGift)
        done = services.give(
            write=write, giver=wanted.wallet_id, receiver=_receiver(wanted), amount=wanted.amount,
            message=wanted.message.strip(), at=moment_of(request),
        )  # fmt: skip
        return written(gift_of(done.gift), f"/api/v1/gifts/{done.gift.id}", replayed=done.replayed)


class GiftView(PartnerView):
    """선물 한 건."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": Scope.GIFTS_WRITE}

    @documents.read_gift
    def get(self, request: HttpRequest, gift: UUID) -> HttpResponse:
        """A gift of this app's wallets."""
        return answer(gift_of(selectors.gift(caller=self.caller, gift=gift)))


def _receiver(wanted: NewGift) -> Receiver:
    """One of the two ways to name somebody. Raises FieldsInvalid."""
    named = {"receiver_name": wanted.receiver_name, "receiver_phone": wanted.receiver_phone}
    given = [name for name, value in named.items() if value is not UNSET]
    if not isinstance(wanted.receiver_wallet_id, UnsetType):
        if given:
            raise _invalid(*given)
        return Receiver(wallet=wanted.receiver_wallet_id)
    if isinstance(wanted.receiver_name, UnsetType) or isinstance(wanted.receiver_phone, UnsetType):
        missing = [name for name in named if name not in given]
        raise problems.FieldsInvalid(
            [problems.FieldProblem(f"/{name}", "required", NewGift.hints[name]) for name in missing]
        )
    name = tidy_name(wanted.receiver_name)
    if not name:
        raise _invalid("receiver_name")
    try:
        return Receiver(name=name, phone=parse_phone(wanted.receiver_phone))
    except PhoneUnreadable as error:
        raise _invalid("receiver_phone") from error


def _invalid(*names: str) -> problems.FieldsInvalid:
    return problems.FieldsInvalid([problems.FieldProblem(f"/{name}", "invalid", NewGift.hints[name]) for name in names])
