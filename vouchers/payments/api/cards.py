"""What card processors call: bodies, documents and views of 카드 등록, 승인, 승인취소 and 망취소."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, ClassVar, Final, Literal
from urllib.parse import quote
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from msgspec import Meta, Struct

from merchants.qr_kit.errors import MerchantUnknown
from vouchers.common import problems
from vouchers.common.api import RequestBody, answer, read
from vouchers.common.errors import DomainError
from vouchers.ledger import errors as ledger
from vouchers.partners.api.bodies import UUID_HINT, VISIBLE, WON_HINT, Moment, Won
from vouchers.partners.api.documents import describe
from vouchers.partners.api.views import PartnerView, moment_of, written
from vouchers.partners.rules import Scope
from vouchers.payments import cards, errors, services
from vouchers.payments.api.bodies import MERCHANT_HINT, MerchantCode, NewCancellation, NoBody, Shop

_TRACE = re.compile(rf"(?=.{{1,40}}\Z){VISIBLE}")
TraceNumber = Annotated[str, Meta(min_length=1, max_length=40, pattern=VISIBLE, examples=["VAN1-20261122-000123"])]
CardToken = Annotated[
    str,
    Meta(
        min_length=16, max_length=128, pattern=r"^(?![0-9-]{16,23}\Z)[!-~]+\Z", examples=["tok_9f8e7d6c5b4a39281706"],
    ),
]  # fmt: skip
"""Digits alone may be a card's number, which we must never hold."""
_TRACE_HINT = _("공백 없는 ASCII 문자 1~40자인 거래고유번호여야 합니다.")
_TOKEN_HINT = _(
    "공백 없는 ASCII 문자 16~128자인 카드 토큰이어야 합니다. 카드번호를 보내지 마십시오. 숫자뿐인 16~23자리 값은 받지 않습니다."
)


class NewCard(RequestBody, frozen=True):
    """A check card, by the processor's own token for it: never its number."""

    about: ClassVar[Any] = _("체크카드. 카드번호가 아니라 카드사의 토큰을 보냅니다.")

    wallet_id: UUID
    card_token: CardToken
    last4: Annotated[str, Meta(pattern=r"^[0-9]{4}\Z", examples=["1234"])]

    hints: ClassVar[Mapping[str, Any]] = {
        "wallet_id": UUID_HINT, "card_token": _TOKEN_HINT, "last4": _("카드번호의 마지막 숫자 4자리여야 합니다."),
    }  # fmt: skip


class Card(Struct, frozen=True):
    """A card that pays from a wallet."""

    about: ClassVar[Any] = _("지갑에서 결제하는 카드.")

    id: UUID
    state: Literal["active", "ended"]
    wallet_id: UUID
    last4: str
    registered_at: Moment
    ended_at: Moment | None


class NewAuthorisation(RequestBody, frozen=True):
    """A request for approval. ``trace_number`` is the processor's own for this transaction, used once."""

    about: ClassVar[Any] = _("승인 요청. `trace_number`는 카드사가 이 거래에 붙인 번호로 한 번만 쓸 수 있습니다.")

    trace_number: TraceNumber
    card_token: CardToken
    merchant_code: MerchantCode
    terminal_id: Annotated[str, Meta(min_length=1, max_length=20, pattern=VISIBLE, examples=["CAT0012345"])]
    amount: Won

    hints: ClassVar[Mapping[str, Any]] = {
        "trace_number": _TRACE_HINT, "card_token": _TOKEN_HINT, "merchant_code": MERCHANT_HINT,
        "terminal_id": _("공백 없는 ASCII 문자 1~20자인 단말기번호여야 합니다."), "amount": WON_HINT,
    }  # fmt: skip


class NewReversal(RequestBody, frozen=True):
    """A network reversal of whatever came, or did not come, of an approval."""

    about: ClassVar[Any] = _("승인되었는지 알 수 없는 거래의 망취소.")

    trace_number: TraceNumber

    hints: ClassVar[Mapping[str, Any]] = {"trace_number": _TRACE_HINT}


class Authorisation(Struct, frozen=True):
    """An approval as it stands now. ``amount`` is the price, of which the card paid ``paid_amount``."""

    about: ClassVar[Any] = _("승인의 현재 상태. `amount`는 정가이고 카드는 `paid_amount`를 결제했습니다.")

    id: UUID
    response_code: Literal["00"]
    state: Literal["approved", "partly_cancelled", "cancelled", "reversed"]
    approval_number: str
    trace_number: str
    card_last4: str
    merchant: Shop
    terminal_id: str
    amount: int
    discount: int
    paid_amount: int
    cancelled_amount: int
    business_date: date
    approved_at: Moment


class CardCancellation(Struct, frozen=True):
    """A cancellation of ``amount`` won, and its approval as it stands now."""

    about: ClassVar[Any] = _("`amount`원의 취소와 승인의 현재 상태.")

    id: UUID
    response_code: Literal["00"]
    amount: int
    cancelled_at: Moment
    authorisation: Authorisation


class Reversal(Struct, frozen=True):
    """What came of a reversal: ``reversed``, an approval was undone; ``marked``, there was none and there will be none."""

    about: ClassVar[Any] = _(
        "망취소의 결과. reversed는 승인을 취소한 것, marked는 승인이 없었고 앞으로도 승인하지 않는 것입니다."
    )

    response_code: Literal["00"]
    state: Literal["reversed", "marked"]
    trace_number: str
    authorisation: Authorisation | None


def _authorisation(found: cards.Approval) -> Authorisation:
    paid = found.payment
    if paid is None:
        raise errors.ApprovalUnknown
    state = "approved" if paid.cancelled == 0 else "cancelled" if paid.cancelled == paid.amount else "partly_cancelled"
    return Authorisation(
        id=paid.id,
        response_code="00",
        state="reversed" if found.reversed_at else state,  # type: ignore[arg-type]
        approval_number=found.number or "",
        trace_number=found.trace_number,
        card_last4=found.last4 or "",
        merchant=Shop(paid.merchant_code, paid.merchant_name),
        terminal_id=found.terminal or "",
        amount=paid.amount,
        discount=paid.discount,
        paid_amount=paid.amount - paid.discount,
        cancelled_amount=paid.cancelled,
        business_date=paid.business_date,
        approved_at=paid.paid_at,
    )


def _card(found: cards.Card) -> Card:
    state: Literal["active", "ended"] = "ended" if found.ended_at else "active"
    return Card(found.id, state, found.wallet_id, found.last4, found.created_at, found.ended_at)


_TAG: Final = _("카드")
_A_CARD: Final = {
    "id": "019aa9a7-3c4d-7e5f-8a6b-7c8d9e0f1a2b", "state": "active", "wallet_id": "019aa9a0-11b2-7f00-8d3c-6a8f0c2e4d55",
    "last4": "1234", "registered_at": "2026-11-22T03:00:00.000000Z", "ended_at": None,
}  # fmt: skip
_AN_AUTHORISATION: Final[dict[str, Any]] = {
    "id": "019aa9a8-4d5e-7f60-9b7c-8d9e0f1a2b3c", "response_code": "00", "state": "approved", "approval_number": "00001234",
    "trace_number": "VAN1-20261122-000123", "card_last4": "1234", "merchant": {"code": "M000012345", "name": "행복분식"},
    "terminal_id": "CAT0012345", "amount": 15000, "discount": 0, "paid_amount": 15000, "cancelled_amount": 0,
    "business_date": "2026-11-22", "approved_at": "2026-11-22T03:04:05.678901Z",
}  # fmt: skip
_APPROVAL = OpenApiParameter("approval", OpenApiTypes.UUID, OpenApiParameter.PATH, description=_("승인 결제번호"))

create_card = describe(
    "createCard", tag=_TAG, summary=_("카드 등록"), writes=True, body=NewCard,
    body_example={"wallet_id": _A_CARD["wallet_id"], "card_token": "tok_9f8e7d6c5b4a39281706", "last4": "1234"},
    description=_("카드사가 발급한 체크카드의 토큰을 시민의 지갑에 연결합니다. 토큰은 키로 해시하여 보관하며 카드번호는 받지 않습니다."),
    reply=Card, example=_A_CARD, problems=(ledger.WalletUnknown, errors.CardRegistered),
)  # fmt: skip
end_card = describe(
    "endCard", tag=_TAG, summary=_("카드 해지"), writes=True, body=NoBody, body_required=False, reply=Card,
    example=_A_CARD | {"state": "ended", "ended_at": "2026-11-22T05:00:00.000000Z"},
    description=_("잃어버렸거나 해지한 카드로 더 이상 승인되지 않게 합니다. 이미 승인된 결제는 취소할 수 있습니다."),
    parameters=[OpenApiParameter("card", OpenApiTypes.UUID, OpenApiParameter.PATH, description=_("카드 등록번호"))],
    problems=(errors.CardUnknown,),
)  # fmt: skip
create_authorisation = describe(
    "createCardAuthorisation", tag=_TAG, summary=_("카드 승인"), writes=True, body=NewAuthorisation,
    body_example={
        "trace_number": "VAN1-20261122-000123", "card_token": "tok_9f8e7d6c5b4a39281706", "merchant_code": "M000012345",
        "terminal_id": "CAT0012345", "amount": 15000,
    },
    description=_(
        "체크카드 결제를 승인합니다. 거래고유번호는 한 번만 쓸 수 있습니다. 거절 사유는 code와 함께 params.response_code에 "
        "ISO 8583 응답코드로 표시합니다."
    ),
    reply=Authorisation, example=_AN_AUTHORISATION,
    problems=(
        errors.CardUnknown, errors.CardEnded, errors.TraceNumberUsed, errors.ApprovalReversed, MerchantUnknown,
        ledger.MerchantNotActive, ledger.WalletUnknown, ledger.WalletNotActive, ledger.PaymentLimitExceeded,
        ledger.InsufficientFunds,
    ),
)  # fmt: skip
find_authorisation = describe(
    "findCardAuthorisation", tag=_TAG, summary=_("거래고유번호로 승인 조회"), reply=Authorisation, example=_AN_AUTHORISATION,
    description=_("승인 응답을 받지 못했을 때 거래고유번호로 찾습니다."),
    parameters=[OpenApiParameter(
        "trace_number", {"type": "string", "minLength": 1, "maxLength": 40, "pattern": "^[!-~]+$"},
        OpenApiParameter.QUERY, required=True, description=_("거래고유번호"),
    )],
    problems=(problems.FieldsInvalid, errors.ApprovalUnknown),
)  # fmt: skip
cancel_authorisation = describe(
    "cancelCardAuthorisation", tag=_TAG, summary=_("카드 승인취소"), writes=True, body=NewCancellation,
    body_required=False, body_example={"amount": 5000}, reply=CardCancellation,
    example={
        "id": "019aa9a9-5e6f-7071-8c8d-9e0f1a2b3c4d", "response_code": "00", "amount": 5000,
        "cancelled_at": "2026-11-22T03:10:00.000000Z",
        "authorisation": _AN_AUTHORISATION | {"state": "partly_cancelled", "cancelled_amount": 5000},
    },
    description=_("원승인을 전부 또는 일부 취소합니다. amount가 없으면 남은 금액을 모두 취소합니다."),
    parameters=[_APPROVAL], problems=(errors.ApprovalUnknown, ledger.RefundExceedsPayment, ledger.RefundBelowDiscount),
)  # fmt: skip
create_reversal = describe(
    "createCardReversal", tag=_TAG, summary=_("카드 망취소"), writes=True, body=NewReversal,
    body_example={"trace_number": "VAN1-20261122-000123"}, reply=Reversal,
    example={
        "response_code": "00", "state": "reversed", "trace_number": "VAN1-20261122-000123",
        "authorisation": _AN_AUTHORISATION | {"state": "reversed", "cancelled_amount": 15000},
    },
    description=_(
        "승인 응답을 받지 못한 거래를 되돌립니다. 승인된 것이 있으면 남은 금액을 모두 취소하고, 아직 없으면 표시를 남겨 늦게 도착한 "
        "승인 요청을 거절합니다. 여러 번 보내도 결과가 같습니다."
    ),
)  # fmt: skip


class CardView(PartnerView):
    """Refusals tell the response code of card networks as well."""

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]
        """Beside our stable code."""
        if isinstance(exc, DomainError):
            exc.params = exc.params | {"response_code": cards.RESPONSE_CODES.get(exc.code, "05")}
        return super().handle_exception(exc)

    def approval(self, trace: str) -> Authorisation:
        """The approval of a trace number."""
        return _authorisation(cards.approval(caller=self.caller, trace=trace))


class CardsView(CardView):
    """카드 등록."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": Scope.CARDS_WRITE}

    @create_card
    def post(self, request: HttpRequest) -> HttpResponse:
        """Register a card."""
        write, body = self.write(request)
        wanted = read(body, NewCard)
        done = cards.register(
            write=write, wallet=wanted.wallet_id, token=wanted.card_token, last4=wanted.last4, at=moment_of(request)
        )
        found = cards.card(caller=self.caller, card=done.id)
        return written(_card(found), f"/api/v1/cards/{done.id}", replayed=done.replayed)


class CardEndView(CardView):
    """카드 해지."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": Scope.CARDS_WRITE}

    @end_card
    def post(self, request: HttpRequest, card: UUID) -> HttpResponse:
        """End a card."""
        write, body = self.write(request)
        read(body or b"{}", NoBody)
        done = cards.end(write=write, card=card, at=moment_of(request))
        found = cards.card(caller=self.caller, card=done.id)
        return written(_card(found), f"/api/v1/cards/{card}", replayed=done.replayed)


class AuthorisationsView(CardView):
    """카드 승인과 거래고유번호 조회."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": Scope.CARDS_WRITE, "GET": Scope.CARDS_WRITE}

    @create_authorisation
    def post(self, request: HttpRequest) -> HttpResponse:
        """Approve."""
        write, body = self.write(request)
        wanted = read(body, NewAuthorisation)
        done = cards.authorise(
            write=write,
            token=wanted.card_token,
            trace=wanted.trace_number,
            shop=wanted.merchant_code,
            terminal=wanted.terminal_id,
            amount=wanted.amount,
            at=moment_of(request),
        )
        made = self.approval(wanted.trace_number)
        return written(made, _by_trace(wanted.trace_number), replayed=done.replayed)

    @find_authorisation
    def get(self, request: HttpRequest) -> HttpResponse:
        """The approval of a trace number."""
        query = request.GET
        trace = query.get("trace_number", "")
        if list(query) != ["trace_number"] or len(query.getlist("trace_number")) != 1 or not _TRACE.match(trace):
            raise problems.FieldsInvalid([problems.FieldProblem("/trace_number", "invalid", _TRACE_HINT)])
        return answer(self.approval(trace))


class AuthorisationCancellationsView(CardView):
    """카드 승인취소."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": Scope.CARDS_WRITE}

    @cancel_authorisation
    def post(self, request: HttpRequest, approval: UUID) -> HttpResponse:
        """Cancel by the original approval."""
        write, body = self.write(request)
        wanted = read(body or b"{}", NewCancellation)
        trace = cards.trace_of(caller=self.caller, approval=approval)
        amount = wanted.amount if isinstance(wanted.amount, int) else None
        done = services.cancel(write=write, payment=approval, amount=amount, at=moment_of(request))
        made = CardCancellation(done.id, "00", done.amount, done.cancelled_at, self.approval(trace))
        return written(made, _by_trace(trace), replayed=done.replayed)


class ReversalsView(CardView):
    """카드 망취소."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": Scope.CARDS_WRITE}

    @create_reversal
    def post(self, request: HttpRequest) -> HttpResponse:
        """Reverse whatever there is, or keep out what is to come."""
        write, body = self.write(request)
        trace = read(body, NewReversal).trace_number
        done = cards.reverse(write=write, trace=trace, at=moment_of(request))
        found = cards.approval(caller=self.caller, trace=trace)
        undone = _authorisation(found) if found.payment else None
        made = Reversal("00", "reversed" if undone else "marked", trace, undone)
        return written(made, _by_trace(trace), replayed=done.replayed)


def _by_trace(trace: str) -> str:
    """The address of an approval by its trace number, which may hold any visible character."""
    return f"/api/v1/card-authorisations?trace_number={quote(trace, safe='')}"
