"""The views: check who asks and what is asked, call one service, answer."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse

from merchants.qr_kit.services import scanned
from vouchers.common import problems
from vouchers.common.api import LeanView, answer, body_of, read
from vouchers.common.errors import NotFound
from vouchers.ledger.errors import PaymentUnknown
from vouchers.payments import selectors, services
from vouchers.payments.api import documents
from vouchers.payments.api.bodies import (
    VISIBLE,
    Health,
    NewCancellation,
    NewPayment,
    Payments,
    cancellation_of,
    payment_of,
)
from vouchers.payments.api.credentials import Credentials
from vouchers.payments.selectors import Caller

credentials = Credentials()
_KEY = re.compile(rf"(?=.{{1,255}}\Z){VISIBLE}")
_ORDER = re.compile(rf"(?=.{{1,64}}\Z){VISIBLE}")


class PartnerView(LeanView):
    """A view for partners with a live key. Everything it shows or does concerns that partner's municipality alone."""

    caller: Caller

    def admit(self, request: HttpRequest) -> None:
        """Raises CredentialsInvalid."""
        self.caller = credentials.caller(request)


class PaymentsView(PartnerView):
    """결제 생성과 주문번호 조회."""

    @documents.create_payment
    def post(self, request: HttpRequest) -> HttpResponse:
        """Pay."""
        write, body = _write(request, self.caller)
        wanted = read(body, NewPayment)
        shop = scanned(wanted.qr, settings.QR_KEYS)
        done = services.pay(
            write=write,
            wallet=wanted.wallet_id,
            shop=shop,
            amount=wanted.amount,
            order=wanted.order_id,
            at=_at(request),
        )
        return _written(payment_of(done.payment), f"/api/v1/payments/{done.payment.id}", replayed=done.replayed)

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

    @documents.read_payment
    def get(self, request: HttpRequest, payment: UUID) -> HttpResponse:
        """One payment as it stands now."""
        found = selectors.payment(caller=self.caller, payment=payment)
        if found is None:
            raise PaymentUnknown
        return answer(payment_of(found))


class CancellationsView(PartnerView):
    """결제 취소."""

    @documents.cancel_payment
    def post(self, request: HttpRequest, payment: UUID) -> HttpResponse:
        """Cancel a payment in full, or a part of it."""
        write, body = _write(request, self.caller)
        wanted = read(body or b"{}", NewCancellation)
        amount = wanted.amount if isinstance(wanted.amount, int) else None
        done = services.cancel(write=write, payment=payment, amount=amount, at=_at(request))
        return _written(cancellation_of(done), f"/api/v1/payments/{payment}", replayed=done.replayed)


class HealthView(LeanView):
    """Whether requests can be served: for load balancers, without credentials."""

    @documents.health
    def get(self, request: HttpRequest) -> HttpResponse:
        """Ask the database for nothing."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return answer(Health())


class UnknownView(LeanView):
    """Every other address below /api/: a problem document instead of a page."""

    schema = None

    def initial(self, request: HttpRequest) -> None:
        """No method is right here."""
        raise NotFound


def _at(request: HttpRequest) -> datetime:
    """The moment of the request, for everything that it does; the middleware has read the clock."""
    at: datetime = request.at  # type: ignore[attr-defined]
    return at


def _write(request: HttpRequest, caller: Caller) -> tuple[services.Write, bytes]:
    """What identifies a write request, and its body. Raises IdempotencyKeyMissing or IdempotencyKeyInvalid."""
    key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if not key:
        raise problems.IdempotencyKeyMissing
    if not _KEY.match(key):
        raise problems.IdempotencyKeyInvalid
    body = body_of(request)
    said = b"|".join([request.method.encode(), request.path.encode(), body])  # type: ignore[union-attr]
    return services.Write(caller, key, hashlib.sha256(said).digest()), body


def _written(value: Any, location: str, *, replayed: bool) -> HttpResponse:
    """201 the first time and every time: the client that repeats a request gets the answer that it missed."""
    headers = {"Location": location} | ({"Idempotency-Replayed": "true"} if replayed else {})
    return answer(value, status=201, headers=headers)
