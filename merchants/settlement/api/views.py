"""The views: check what is asked, call one service, answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from merchants.settlement import exchanges
from merchants.settlement.api import documents
from merchants.settlement.api.bodies import NewExchange, exchange_of, exchangeable_of
from vouchers.common.api import answer, read
from vouchers.partners.api.views import PartnerView, moment_of, written
from vouchers.partners.rules import Scope


class ExchangesView(PartnerView):
    """수시 환전."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": Scope.EXCHANGES_WRITE}

    @documents.create_exchange
    def post(self, request: HttpRequest, shop: str) -> HttpResponse:
        """Exchange."""
        write, body = self.write(request)
        wanted = read(body, NewExchange)
        amount = wanted.amount if isinstance(wanted.amount, int) else None
        done = exchanges.exchange_by_shop(
            write=write, shop=shop, currency=wanted.currency_id, amount=amount, at=moment_of(request)
        )
        location = f"/api/v1/shops/{shop}/exchanges/{done.exchange.id}"
        return written(exchange_of(done.exchange), location, replayed=done.replayed)


class ExchangeView(PartnerView):
    """수시 환전 한 건."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": Scope.SHOPS_READ}

    @documents.read_exchange
    def get(self, request: HttpRequest, shop: str, exchange: UUID) -> HttpResponse:
        """An exchange of the shop."""
        return answer(exchange_of(exchanges.exchange_of_shop(caller=self.caller, shop=shop, exchange=exchange)))


class ExchangeableView(PartnerView):
    """환전 가능액."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": Scope.SHOPS_READ}

    @documents.read_exchangeable
    def get(self, request: HttpRequest, shop: str) -> HttpResponse:
        """What the shop could exchange now."""
        found = exchanges.exchangeable_of_shop(caller=self.caller, shop=shop, at=moment_of(request))
        return answer(exchangeable_of(found))
