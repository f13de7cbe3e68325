"""은행 거래내역."""

from __future__ import annotations

from typing import Any

from tests.api.conftest import Market
from tests.api.routes import Route
from tests.factories import AT
from vouchers.common.seoul import business_date
from vouchers.partners.rules import Scope


def a_day(_market: Market) -> dict[str, Any]:
    """A day without lines."""
    return {"date": business_date(AT).isoformat(), "closing_balance": 5000, "lines": []}


ROUTES = {
    ("bank-statements", "POST"): Route(
        Scope.DEPOSITS_WRITE, "/api/v1/bank-statements", own=201, others=201, rival=201, body=a_day
    ),
}
