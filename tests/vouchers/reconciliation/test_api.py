"""The funding partner tells what the account did: once per request, and only what adds up."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.api.conftest import Market, make_market
from tests.factories import AT
from vouchers.common.models import uuid7
from vouchers.common.seoul import business_date
from vouchers.reconciliation.models import BankDay, BankLine, BankStatement

DAY = business_date(AT).isoformat()
NINE = f"{DAY}T09:00:00+09:00"


@pytest.fixture
def market(committed_db: str) -> Market:
    return make_market("41280", "고양시")


def _send(market: Market, key: str | None = None, **changes):
    body = {
        "date": DAY, "closing_balance": 1500,
        "lines": [
            {"at": NINE, "amount": 2000, "balance": 2000, "memo": "충전"},
            {"at": f"{DAY}T10:00:00+09:00", "amount": -500, "balance": 1500},
        ],
    } | changes  # fmt: skip
    return market.request("POST", "/api/v1/bank-statements", body, idempotency_key=key or str(uuid7()))


def test_a_day_is_taken_in_once(market: Market) -> None:
    key = str(uuid7())
    first, again = _send(market, key), _send(market, key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert first.json() == again.json()
    assert {name: first.json()[name] for name in ("date", "closing_balance", "lines", "new_lines")} == {
        "date": DAY, "closing_balance": 1500, "lines": 2, "new_lines": 2,
    }  # fmt: skip
    assert _send(market).json()["new_lines"] == 0
    with market.city.scope():
        assert [(line.amount, line.memo) for line in BankLine.objects.order_by("row")] == [(2000, "충전"), (-500, "")]
        assert set(BankDay.objects.values_list("balance", flat=True)) == {1500}
        assert BankStatement.objects.filter(partner=market.partner).count() == 2


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"closing_balance": 1499}, "statement_balance_broken"),
        ({"lines": [{"at": NINE, "amount": 1, "balance": 1}, {"at": NINE, "amount": 1, "balance": 3}]}, "statement_balance_broken"),
        ({"date": (business_date(AT) - timedelta(days=1)).isoformat()}, "statement_unreadable"),
        ({"date": (business_date(AT) + timedelta(days=2)).isoformat(), "lines": []}, "statement_ahead"),
        ({"currency_id": str(uuid7())}, "currency_not_named"),
        ({"lines": [{"at": "2026-11-22T09:00:00", "amount": 1, "balance": 1}]}, "fields_invalid"),
        ({"lines": [{"at": NINE, "amount": 0, "balance": 1}]}, "fields_invalid"),
        ({"lines": [{"at": "0001-01-01T00:00:00+14:00", "amount": 1, "balance": 1}]}, "fields_invalid"),
        ({"lines": [{"at": "9999-12-31T23:59:59-12:00", "amount": 1, "balance": 1}]}, "fields_invalid"),
        ({"lines": [{"at": NINE, "amount": 1, "balance": 1, "memo": "a\x00b"}]}, "fields_invalid"),
        ({"date": "0001-01-01", "lines": []}, "fields_invalid"),
        ({"date": "9999-12-31", "lines": []}, "fields_invalid"),
        ({"lines": [{"at": NINE, "amount": 1, "balance": 1, "bank": "x"}]}, "fields_invalid"),
    ],
)  # fmt: skip
def test_what_does_not_add_up_is_refused_and_leaves_nothing(market: Market, changes, code: str) -> None:
    reply = _send(market, **changes)
    assert (reply.status_code, reply.json()["code"]) == (422, code)
    with market.city.scope():
        assert not BankStatement.objects.exists()
        assert not BankLine.objects.exists()
