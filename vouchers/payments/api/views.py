"""The views: check what is asked, call one service, answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from merchants.qr_kit.services import keys_from, scanned
from vouchers.common import problems
from vouchers.common.api import answer, body_of, read
from vouchers.ledger.errors import PaymentUnknown
from vouchers.partners.api import cursors
from vouchers.partners.api.bodies import VISIBLE
from vouchers.partners.api.views import PartnerView, moment_of, written
from vouchers.partners.rules import Scope
from vouchers.partners.selectors import Caller
from vouchers.payments import selectors, services
from vouchers.payments.api import bodies, documents
from vouchers.payments.api.bodies import NewCancellation, NewPayment, Payments, cancellation_of, payment_of
from vouchers.payments.errors import SaleUnknown

_ORDER = re.compile(rf"(?=.{{1,64}}\Z){VISIBLE}")


class PaymentsView(PartnerView):
    """결제 생성과 주문번호 조회."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": Scope.PAYMENTS_WRITE, "GET": Scope.PAYMENTS_READ}

    @documents.create_payment
    def post(self, request: HttpRequest) -> HttpResponse:
        """Pay."""
        write, body = self.write(request)
        wanted = read(body, NewPayment)
        shop = scanned(wanted.qr, settings.QR_KEYS)
        done = services.pay(
            write=write,
            wallet=wanted.wallet_id,
            shop=shop,
            amount=wanted.amount,
            order=wanted.order_id,
            at=moment_of(request),
        )
        return written(payment_of(done.payment), f"/api/v1/payments/{done.payment.id}", replayed=done.replayed)

    @documents.list_payments
    def get(self, request: HttpRequest) -> HttpResponse:
        """The payments of an order."""
        query = request.GET
        order = query.get("order_id", "")
        if list(query) != ["order_id"] or len(query.getlist("order_id")) != 1 or not _ORDER.match(order):
            raise problems.FieldsInvalid([problems.FieldProblem("/order_id", "invalid", NewPayment.hints["order_id"])])
        found = selectors.payments_of_order(caller=self.caller, order=order)
        return answer(Payments([payment_of(row) for row in found]))


class PreviewsView(PartnerView):
    """결제 미리보기."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": Scope.PAYMENTS_WRITE}

    @documents.preview_payment
    def post(self, request: HttpRequest) -> HttpResponse:
        """What a payment would do. Nothing is recorded, so no key is asked for."""
        wanted = read(body_of(request), bodies.NewPreview)
        shop = scanned(wanted.qr, settings.QR_KEYS)
        found = services.preview(
            caller=self.caller, wallet=wanted.wallet_id, shop=shop, amount=wanted.amount, at=moment_of(request)
        )
        return answer(bodies.preview_of(found, shop=shop.merchant_code, amount=wanted.amount))


class ShopPaymentsView(PartnerView):
    """가맹점 결제내역."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": Scope.SHOPS_READ}

    @documents.list_shop_payments
    def get(self, request: HttpRequest, shop: str) -> HttpResponse:
        """A page of a shop's payments."""
        page = cursors.page_of(request, caller=self.caller)
        found = selectors.payments_of_shop(caller=self.caller, shop=shop, before=page.before, limit=page.fetch)
        shown, next_cursor = page.cut(found)
        return answer(bodies.ShopPayments([bodies.shop_payment_of(row) for row in shown], next_cursor))


class ShopPaymentView(PartnerView):
    """가맹점 결제 한 건."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": Scope.SHOPS_READ}

    @documents.read_shop_payment
    def get(self, request: HttpRequest, shop: str, payment: UUID) -> HttpResponse:
        """One payment of a shop as it stands now."""
        found = selectors.payment_of_shop(caller=self.caller, shop=shop, payment=payment)
        if found is None:
            raise PaymentUnknown
        return answer(bodies.shop_payment_of(found))


class ShopCancellationsView(PartnerView):
    """가맹점의 결제 취소."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": Scope.SHOPS_WRITE}

    @documents.cancel_shop_payment
    def post(self, request: HttpRequest, shop: str, payment: UUID) -> HttpResponse:
        """Cancel a sale of this app in full, or a part of it."""
        write, body = self.write(request)
        wanted = read(body or b"{}", NewCancellation)
        amount = wanted.amount if isinstance(wanted.amount, int) else None
        done = services.cancel_at_shop(write=write, shop=shop, payment=payment, amount=amount, at=moment_of(request))
        location = f"/api/v1/shops/{shop}/payments/{payment}"
        return written(bodies.shop_cancellation_of(done), location, replayed=done.replayed)


class SaleCodesView(PartnerView):
    """거래별 QR 생성."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": Scope.SHOPS_WRITE}

    @documents.create_sale_code
    def post(self, request: HttpRequest, shop: str) -> HttpResponse:
        """A code for one sale."""
        write, body = self.write(request)
        wanted = read(body, bodies.NewSaleCode)
        at = moment_of(request)
        done = services.new_sale(write=write, shop=shop, amount=wanted.amount, order=wanted.order_id, at=at)
        made = _sale(self.caller, done.sale, done.sale.created_at)
        return written(made, f"/api/v1/shops/{shop}/qr-codes/{done.sale.id}", replayed=done.replayed)


class SaleCodeView(PartnerView):
    """거래별 QR 한 건."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": Scope.SHOPS_READ}

    @documents.read_sale_code
    def get(self, request: HttpRequest, shop: str, code: UUID) -> HttpResponse:
        """Whether it was paid."""
        found = selectors.sale(caller=self.caller, sale=code)
        if found is None or found.merchant_code != shop:
            raise SaleUnknown
        return answer(_sale(self.caller, found, moment_of(request)))


class PaymentTokensView(PartnerView):
    """시민 바코드 발급."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": Scope.PAYMENTS_WRITE}

    @documents.create_payment_token
    def post(self, request: HttpRequest, wallet: UUID) -> HttpResponse:
        """A code for the next payment."""
        write, body = self.write(request)
        read(body or b"{}", bodies.NoBody)
        keys = keys_from(settings.QR_KEYS)
        made = services.new_token(write=write, wallet=wallet, key=keys[max(keys)], at=moment_of(request))
        return written(bodies.token_of(made), f"/api/v1/wallets/{wallet}/payment-tokens", replayed=made.replayed)


class ScannedPaymentsView(PartnerView):
    """시민 바코드 결제."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": Scope.SHOPS_WRITE}

    @documents.create_scanned_payment
    def post(self, request: HttpRequest) -> HttpResponse:
        """Pay by the code that a citizen shows."""
        write, body = self.write(request)
        wanted = read(body, bodies.NewScannedPayment)
        done = services.pay_by_token(
            write=write,
            code=wanted.code,
            shop=wanted.merchant_code,
            amount=wanted.amount,
            order=wanted.order_id,
            at=moment_of(request),
        )
        return written(payment_of(done.payment), f"/api/v1/payments/{done.payment.id}", replayed=done.replayed)


def _sale(caller: Caller, row: selectors.SaleRow, at: datetime) -> bodies.SaleCode:
    return bodies.sale_of(row, municipality=caller.municipality, keys=keys_from(settings.QR_KEYS), at=at)


class PaymentView(PartnerView):
    """결제 한 건."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": Scope.PAYMENTS_READ}

    @documents.read_payment
    def get(self, request: HttpRequest, payment: UUID) -> HttpResponse:
        """One payment as it stands now."""
        found = selectors.payment_in_full(caller=self.caller, payment=payment)
        if found is None:
            raise PaymentUnknown
        return answer(bodies.payment_in_full_of(found))


class CancellationsView(PartnerView):
    """결제 취소."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": Scope.PAYMENTS_WRITE}

    @documents.cancel_payment
    def post(self, request: HttpRequest, payment: UUID) -> HttpResponse:
        """Cancel a payment in full, or a part of it."""
        write, body = self.write(request)
        wanted = read(body or b"{}", NewCancellation)
        amount = wanted.amount if isinstance(wanted.amount, int) else None
        done = services.cancel(write=write, payment=payment, amount=amount, at=moment_of(request))
        return written(cancellation_of(done), f"/api/v1/payments/{payment}", replayed=done.replayed)
