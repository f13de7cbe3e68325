"""What online channels and citizens' apps call: bodies, documents and views of orders."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from msgspec import UNSET, Meta, Struct, UnsetType

from merchants.qr_kit.errors import MerchantUnknown
from vouchers.common import problems
from vouchers.common.api import RequestBody, answer, read
from vouchers.ledger import errors as ledger
from vouchers.partners.api.bodies import ORDER_HINT, UUID_HINT, VISIBLE, WON_HINT, Moment, OrderId, Won
from vouchers.partners.api.documents import describe
from vouchers.partners.api.views import PartnerView, moment_of, written
from vouchers.partners.rules import Scope
from vouchers.payments import errors, orders, services
from vouchers.payments.api.bodies import MERCHANT_HINT, MerchantCode, NewCancellation, Shop

_ORDER = re.compile(rf"(?=.{{1,64}}\Z){VISIBLE}")


class NewOrder(RequestBody, frozen=True):
    """An order to be paid. Without ``wallet_id``, whoever confirms it pays."""

    about: ClassVar[Any] = _("결제할 주문. `wallet_id`가 없으면 승인하는 사람이 결제합니다.")

    channel: Annotated[str, Meta(pattern=r"^[a-z0-9_-]{1,20}\Z", examples=["delivery"])]
    merchant_code: MerchantCode
    order_id: OrderId
    amount: Won
    items_total: Won
    wallet_id: UUID | UnsetType = UNSET

    hints: ClassVar[Mapping[str, Any]] = {
        "channel": _("영문 소문자·숫자 1~20자인 채널 코드여야 합니다."), "merchant_code": MERCHANT_HINT,
        "order_id": ORDER_HINT, "amount": WON_HINT, "items_total": WON_HINT, "wallet_id": UUID_HINT,
    }  # fmt: skip


class NewConfirmation(RequestBody, frozen=True):
    """The payer's yes to exactly this amount."""

    about: ClassVar[Any] = _("결제할 사람이 확인한 금액.")

    wallet_id: UUID
    amount: Won

    hints: ClassVar[Mapping[str, Any]] = {"wallet_id": UUID_HINT, "amount": WON_HINT}


class OnlineOrder(Struct, frozen=True):
    """An order as it stands now. ``fee`` is the channel's, recorded when it was paid; it is not taken from the payment."""

    about: ClassVar[Any] = _("주문의 현재 상태. `fee`는 결제할 때 기록한 채널 수수료이며 결제금액에서 빼지 않습니다.")

    id: UUID
    state: Literal["prepared", "expired", "paid", "partly_cancelled", "cancelled"]
    channel: str
    order_id: str
    merchant: Shop
    amount: int
    items_total: int
    discount: int
    cancelled_amount: int
    fee: int
    expires_at: Moment
    paid_at: Moment | None
    payment_id: UUID | None


class OnlineOrders(Struct, frozen=True):
    """One for each of the partner's channels that has the number."""

    about: ClassVar[Any] = _("그 주문번호가 있는 이 기관의 채널마다 한 건.")

    orders: list[OnlineOrder]


class OrderCancellation(Struct, frozen=True):
    """A cancellation of ``amount`` won of the price, and its order as it stands now."""

    about: ClassVar[Any] = _("정가 기준 `amount`원의 취소와 주문의 현재 상태.")

    id: UUID
    amount: int
    cancelled_at: Moment
    order: OnlineOrder


def _told(row: orders.Order, at: datetime) -> OnlineOrder:
    return OnlineOrder(
        id=row.id,
        state=_state(row, at),
        channel=row.channel,
        order_id=row.order_id,
        merchant=Shop(row.merchant_code, row.merchant_name),
        amount=row.amount,
        items_total=row.items_total,
        discount=row.discount,
        cancelled_amount=row.cancelled,
        fee=row.fee,
        expires_at=row.expires_at,
        paid_at=row.paid_at,
        payment_id=row.payment_id,
    )


def _state(row: orders.Order, at: datetime) -> Literal["prepared", "expired", "paid", "partly_cancelled", "cancelled"]:
    if row.paid_at is None:
        return "prepared" if at < row.expires_at else "expired"
    if row.cancelled == 0:
        return "paid"
    return "cancelled" if row.cancelled == row.amount else "partly_cancelled"


_TAG: Final = _("온라인 주문")
_ID = OpenApiParameter("order", OpenApiTypes.UUID, OpenApiParameter.PATH, description=_("주문 등록번호"))
_AN_ORDER: Final[dict[str, Any]] = {
    "id": "019aa9aa-6f70-7182-8d9e-0f1a2b3c4d5e", "state": "prepared", "channel": "delivery",
    "order_id": "ORD-20261122-0001", "merchant": {"code": "M000012345", "name": "행복분식"}, "amount": 15000,
    "items_total": 15000, "discount": 0, "cancelled_amount": 0, "fee": 0, "expires_at": "2026-11-22T03:34:05.678901Z",
    "paid_at": None, "payment_id": None,
}  # fmt: skip
_PAID: Final = _AN_ORDER | {
    "state": "paid", "fee": 225, "paid_at": "2026-11-22T03:06:00.000000Z",
    "payment_id": "019aa9ab-7081-7293-8eaf-1a2b3c4d5e6f",
}  # fmt: skip
create_order = describe(
    "createOrder", tag=_TAG, summary=_("온라인 주문 준비"), writes=True, body=NewOrder,
    body_example={
        "channel": "delivery", "merchant_code": "M000012345", "order_id": "ORD-20261122-0001", "amount": 15000,
        "items_total": 15000,
    },
    description=_(
        "배달앱·택시·온라인몰이 결제할 주문을 준비합니다. 돈은 시민의 앱이 승인할 때 움직이며, expires_at까지 승인할 수 있습니다. "
        "채널마다 order_id는 한 번만 쓸 수 있습니다."
    ),
    reply=OnlineOrder, example=_AN_ORDER,
    problems=(
        errors.ChannelUnknown, MerchantUnknown, ledger.MerchantNotActive, errors.OrderAmountExceedsItems,
        errors.OrderPrepared, errors.PaymentTermsMissing,
    ),
)  # fmt: skip
find_orders = describe(
    "findOrders", tag=_TAG, summary=_("주문번호로 온라인 주문 조회"), reply=OnlineOrders, example={"orders": [_PAID]},
    description=_("준비나 결제의 결과를 받지 못했을 때 채널의 주문번호로 찾습니다. 없으면 빈 목록입니다."),
    parameters=[OpenApiParameter(
        "order_id", {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[!-~]+$"}, OpenApiParameter.QUERY,
        required=True, description=_("주문할 때 보낸 주문번호"),
    )],
    problems=(problems.FieldsInvalid,),
)  # fmt: skip
confirm_order = describe(
    "confirmOrder", tag=_TAG, summary=_("온라인 주문 승인"), writes=True, body=NewConfirmation,
    body_example={"wallet_id": "019aa9a0-11b2-7f00-8d3c-6a8f0c2e4d55", "amount": 15000},
    description=_("시민의 앱이 시민에게 보여 준 금액으로 주문을 결제합니다. 금액이 주문과 다르면 거절합니다."),
    reply=OnlineOrder, example=_PAID, parameters=[_ID],
    problems=(
        errors.OrderUnknown, errors.OrderPaid, errors.OrderExpired, errors.OrderAmountDiffers, MerchantUnknown,
        ledger.MerchantNotActive, ledger.WalletUnknown, ledger.WalletNotActive, ledger.PaymentLimitExceeded,
        ledger.InsufficientFunds,
    ),
)  # fmt: skip
cancel_order = describe(
    "cancelOrder", tag=_TAG, summary=_("온라인 주문 취소"), writes=True, body=NewCancellation, body_required=False,
    body_example={"amount": 5000}, reply=OrderCancellation,
    example={
        "id": "019aa9ac-8192-73a4-8fb0-2b3c4d5e6f70", "amount": 5000, "cancelled_at": "2026-11-22T03:10:00.000000Z",
        "order": _PAID | {"state": "partly_cancelled", "cancelled_amount": 5000},
    },
    description=_("채널이 결제된 주문을 전부 또는 일부 취소합니다. amount가 없으면 남은 금액을 모두 취소합니다."),
    parameters=[_ID],
    problems=(errors.OrderUnknown, errors.OrderNotPaid, ledger.PaymentUnknown, ledger.RefundExceedsPayment,
              ledger.RefundBelowDiscount),
)  # fmt: skip


class OrdersView(PartnerView):
    """온라인 주문 준비와 조회."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": Scope.ORDERS_WRITE, "GET": Scope.ORDERS_WRITE}

    @create_order
    def post(self, request: HttpRequest) -> HttpResponse:
        """Prepare an order."""
        write, body = self.write(request)
        wanted, at = read(body, NewOrder), moment_of(request)
        done = orders.prepare(
            write=write,
            channel=wanted.channel,
            shop=wanted.merchant_code,
            order=wanted.order_id,
            amount=wanted.amount,
            items_total=wanted.items_total,
            wallet=wanted.wallet_id if isinstance(wanted.wallet_id, UUID) else None,
            at=at,
        )
        return written(_told(done.order, at), f"/api/v1/orders?order_id={wanted.order_id}", replayed=done.replayed)

    @find_orders
    def get(self, request: HttpRequest) -> HttpResponse:
        """The orders of a number."""
        query = request.GET
        order = query.get("order_id", "")
        if list(query) != ["order_id"] or len(query.getlist("order_id")) != 1 or not _ORDER.match(order):
            raise problems.FieldsInvalid([problems.FieldProblem("/order_id", "invalid", ORDER_HINT)])
        at = moment_of(request)
        return answer(OnlineOrders([_told(row, at) for row in orders.of_channel(caller=self.caller, order=order)]))


class ConfirmationView(PartnerView):
    """온라인 주문 승인."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": Scope.PAYMENTS_WRITE}

    @confirm_order
    def post(self, request: HttpRequest, order: UUID) -> HttpResponse:
        """Pay the order."""
        write, body = self.write(request)
        wanted, at = read(body, NewConfirmation), moment_of(request)
        done = orders.confirm(write=write, order=order, wallet=wanted.wallet_id, amount=wanted.amount, at=at)
        return written(_told(done.order, at), f"/api/v1/payments/{done.order.payment_id}", replayed=done.replayed)


class OrderCancellationsView(PartnerView):
    """온라인 주문 취소."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": Scope.ORDERS_WRITE}

    @cancel_order
    def post(self, request: HttpRequest, order: UUID) -> HttpResponse:
        """Cancel a paid order of this channel in full or in part."""
        write, body = self.write(request)
        wanted, at = read(body or b"{}", NewCancellation), moment_of(request)
        found = orders.find(caller=self.caller, order=order)
        if found.payment_id is None:
            raise errors.OrderNotPaid
        amount = wanted.amount if isinstance(wanted.amount, int) else None
        done = services.cancel(write=write, payment=found.payment_id, amount=amount, at=at)
        now = _told(orders.find(caller=self.caller, order=order), at)
        made = OrderCancellation(done.id, done.amount, done.cancelled_at, now)
        return written(made, f"/api/v1/orders?order_id={found.order_id}", replayed=done.replayed)
