"""가맹점 신청."""

from __future__ import annotations

from typing import Any

from tests import factories
from tests.api.conftest import Market
from tests.api.routes import Route
from vouchers.common.models import uuid7
from vouchers.partners.rules import Scope

_SCOPE, _PATH = Scope.APPLICATIONS_WRITE, "/api/v1/shop-applications"


def new_shop(_market: Market | None = None, **changes: Any) -> dict[str, Any]:
    """An application that is accepted as it is."""
    first = f"{factories.next_number():09d}"
    number = next(first + last for last in "0123456789" if factories._is_business_number(first + last))
    return {
        "business_number": number, "name": "행복분식", "representative": "김장터", "category": "restaurant",
        "address": "경기도 고양시 덕양구 고양시청로 10",
    } | changes  # fmt: skip


def applied(market: Market, **changes: Any) -> str:
    """The address of an application that the partner has sent."""
    made = market.request("POST", _PATH, new_shop(**changes), idempotency_key=str(uuid7()))
    assert made.status_code == 201, made.content
    return str(made["Location"])


ROUTES = {
    ("shop-applications", "POST"): Route(_SCOPE, _PATH, own=201, others=201, body=new_shop),
    ("shop-application", "GET"): Route(_SCOPE, applied, own=200, others=404),
}
