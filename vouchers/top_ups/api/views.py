"""The views: check what is asked, call one service, answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from vouchers.common import problems
from vouchers.common.api import answer, read
from vouchers.partners.api.bodies import VISIBLE
from vouchers.partners.api.views import PartnerView, moment_of, written
from vouchers.partners.rules import Scope
from vouchers.top_ups import errors, selectors, services
from vouchers.top_ups.api import documents
from vouchers.top_ups.api.bodies import (
    NewAutoTopUp,
    NewDeposit,
    NewRefund,
    NewTopUp,
    NewTopUpCancellation,
    TopUps,
    account_of,
    refund_of,
    rule_of,
    top_up_of,
)

_ORDER = re.compile(rf"(?=.{{1,64}}\Z){VISIBLE}")


class TopUpsView(PartnerView):
    """충전 신청과 주문번호 조회."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": Scope.TOP_UPS_WRITE, "GET": Scope.WALLETS_READ}

    @documents.create_top_up
    def post(self, request: HttpRequest) -> HttpResponse:
        """Ask for a top-up."""
        write, body = self.write(request)
        wanted, at = read(body, NewTopUp), moment_of(request)
        done = services.request(
            write=write, wallet=wanted.wallet_id, amount=wanted.amount, order=wanted.order_id, at=at
        )
        return written(top_up_of(done.top_up, at=at), f"/api/v1/top-ups/{done.top_up.id}", replayed=done.replayed)

    @documents.list_top_ups
    def get(self, request: HttpRequest) -> HttpResponse:
        """The top-ups of an order."""
        query = request.GET
        order = query.get("order_id", "")
        if list(query) != ["order_id"] or len(query.getlist("order_id")) != 1 or not _ORDER.match(order):
            raise problems.FieldsInvalid([problems.FieldProblem("/order_id", "invalid", NewTopUp.hints["order_id"])])
        found = selectors.top_ups_of_order(caller=self.caller, order=order)
        return answer(TopUps([top_up_of(row, at=moment_of(request)) for row in found]))


class TopUpView(PartnerView):
    """충전 한 건."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": Scope.WALLETS_READ}

    @documents.read_top_up
    def get(self, request: HttpRequest, top_up: UUID) -> HttpResponse:
        """One top-up as it stands now."""
        found = selectors.top_up(caller=self.caller, top_up=top_up)
        if found is None:
            raise errors.TopUpUnknown
        return answer(top_up_of(found, at=moment_of(request)))


class DepositView(PartnerView):
    """입금 확인."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": Scope.DEPOSITS_WRITE}

    @documents.confirm_deposit
    def post(self, request: HttpRequest, top_up: UUID) -> HttpResponse:
        """The bank has got the money."""
        write, body = self.write(request)
        wanted, at = read(body, NewDeposit), moment_of(request)
        done = services.deposit(write=write, top_up=top_up, amount=wanted.amount, reference=wanted.reference, at=at)
        return written(top_up_of(done.top_up, at=at), f"/api/v1/top-ups/{top_up}", replayed=done.replayed)


class TopUpCancellationView(PartnerView):
    """충전 취소(청약철회)."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": Scope.TOP_UPS_WRITE}

    @documents.cancel_top_up
    def post(self, request: HttpRequest, top_up: UUID) -> HttpResponse:
        """Take it back as a whole."""
        write, body = self.write(request)
        wanted, at = read(body or b"{}", NewTopUpCancellation), moment_of(request)
        done = services.cancel(write=write, top_up=top_up, account=account_of(wanted), at=at)
        return written(top_up_of(done.top_up, at=at), f"/api/v1/top-ups/{top_up}", replayed=done.replayed)


class RefundsView(PartnerView):
    """잔액 환불."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": Scope.TOP_UPS_WRITE}

    @documents.refund_balance
    def post(self, request: HttpRequest, wallet: UUID) -> HttpResponse:
        """Refund what may be refunded."""
        write, body = self.write(request)
        wanted = read(body or b"{}", NewRefund)
        done = services.refund_balance(write=write, wallet=wallet, account=account_of(wanted), at=moment_of(request))
        return written(refund_of(done.refund), f"/api/v1/wallets/{wallet}", replayed=done.replayed)


class AutoTopUpView(PartnerView):
    """자동충전."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": Scope.TOP_UPS_WRITE, "GET": Scope.WALLETS_READ}

    @documents.set_auto_top_up
    def post(self, request: HttpRequest, wallet: UUID) -> HttpResponse:
        """Set the wallet's rule."""
        write, body = self.write(request)
        wanted = read(body, NewAutoTopUp)
        below = wanted.below if isinstance(wanted.below, int) else None
        day = wanted.day_of_month if isinstance(wanted.day_of_month, int) else None
        if (below is None) == (day is None):
            hint = _("below와 day_of_month 가운데 하나만 보내야 합니다.")
            raise problems.FieldsInvalid([problems.FieldProblem("/below", "invalid", hint)])
        rule = services.set_auto(
            write=write, wallet=wallet, amount=wanted.amount, threshold=below, day_of_month=day, at=moment_of(request)
        )
        return written(rule_of(rule), f"/api/v1/wallets/{wallet}/auto-top-up", replayed=False)

    @documents.read_auto_top_up
    def get(self, request: HttpRequest, wallet: UUID) -> HttpResponse:
        """The wallet's rule."""
        rule = selectors.auto_of(caller=self.caller, wallet=wallet)
        if rule is None:
            raise errors.AutoTopUpUnknown
        return answer(rule_of(rule))


class AutoTopUpCancellationView(PartnerView):
    """자동충전 해지."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": Scope.TOP_UPS_WRITE}

    @documents.stop_auto_top_up
    def post(self, request: HttpRequest, wallet: UUID) -> HttpResponse:
        """End the wallet's rule."""
        write, _body = self.write(request)
        rule = services.stop_auto(write=write, wallet=wallet, at=moment_of(request))
        return written(rule_of(rule), f"/api/v1/wallets/{wallet}/auto-top-up", replayed=False)
