"""The views: check what is asked, call one service, answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from merchants.qr_kit.services import scanned
from vouchers.common import problems
from vouchers.common.api import answer, read
from vouchers.ledger.errors import PaymentUnknown
from vouchers.partners.api.bodies import VISIBLE
from vouchers.partners.api.views import PartnerView, moment_of, written
from vouchers.partners.rules import Scope
from vouchers.payments import selectors, services
from vouchers.payments.api import documents
from vouchers.payments.api.bodies import NewCancellation, NewPayment, Payments, cancellation_of, payment_of

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


class PaymentView(PartnerView):
    """결제 한 건."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": Scope.PAYMENTS_READ}

    @documents.read_payment
    def get(self, request: HttpRequest, payment: UUID) -> HttpResponse:
        """One payment as it stands now."""
        found = selectors.payment(caller=self.caller, payment=payment)
        if found is None:
            raise PaymentUnknown
        return answer(payment_of(found))


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
