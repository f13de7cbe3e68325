"""Wallets and their history, as a partner's developer meets them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests import factories
from tests.api.conftest import Market
from tests.factories import AT
from vouchers.currencies.models import UsageRule


def get(market: Market, path: str, **headers: str) -> Any:
    return market.request("GET", f"/api/v1/wallets/{path}", **headers)


def test_a_wallet_tells_what_may_be_spent_where_and_until_when(market: Market):
    with market.city.scope():
        citizen = factories.make_citizen(market.city)
        rule = UsageRule.objects.create(
            municipality=market.city.municipality, name="동네 음식점", allowed_categories=["restaurant"],
            denied_categories=["mart"], allowed_dongs=["주교동"], annual_sales_cap=3_000_000_000,
        )  # fmt: skip
        programme = factories.make_programme(market.city, name="청년 지원금")
        factories.grant(market.city, {citizen: 30_000}, programme=programme, validity_days=10, usage_rule=rule.pk)
        factories.grant(market.city, {citizen: 5_000}, validity_days=90)
        wallet = factories.wallet_of(citizen)
    told = get(market, str(wallet.pk)).json()
    assert (told["balance"], told["status"]) == (35_000, "active")
    assert told["currency"] == {"id": str(market.city.currency.pk), "name": "고양시페이"}
    assert told["spendable"] == {"total": 35_000, "allowances": 35_000, "purchased": 0, "incentives": 0, "points": 0}
    first, second = told["lots"]
    assert first["source"] == {"kind": "allowance", "name": "청년 지원금", "gifted": False}
    assert (first["amount"], first["expired"], second["amount"], second["usage"]) == (
        30_000,
        False,
        5_000,
        "모든 가맹점",
    )
    assert told["next_expiry"] == {"at": first["expires_at"], "amount": 30_000}
    assert first["usage"].endswith("주교동에서만 · 연매출 3,000,000,000원 이하 가맹점")
    assert first["usage"].startswith("음식점")
    english = get(market, str(wallet.pk), accept_language="en").json()["lots"][0]["usage"]
    assert english.endswith("only in 주교동 · shops with annual sales of at most 3,000,000,000 won")


def test_an_empty_wallet(market: Market):
    told = get(market, market.wallet_with(1))
    assert told.status_code == 200
    with market.city.scope():
        wallet = factories.wallet_of(factories.make_citizen(market.city)).pk
    told = get(market, str(wallet)).json()
    assert (told["balance"], told["next_expiry"], told["lots"]) == (0, None, [])
    assert get(market, f"{wallet}/transactions").json() == {"transactions": [], "next_cursor": None}


def test_pages_of_history_show_everything_once_with_its_counterpart(market: Market):
    wallet = market.wallet_with(50_000)
    paid = [market.pay(wallet_id=wallet, amount=1_000 + n).json()["id"] for n in range(5)]
    market.cancel(paid[0], amount=400)
    seen, cursor = [], ""
    while cursor is not None:
        page = get(market, f"{wallet}/transactions?limit=3{cursor and '&cursor=' + cursor}").json()
        seen += page["transactions"]
        cursor = page["next_cursor"]
    assert [row["type"] for row in seen] == ["payment_cancelled", *["payment"] * 5, "allowance"]
    assert [row["amount"] for row in seen] == [400, -1_004, -1_003, -1_002, -1_001, -1_000, 50_000]
    assert sum(row["amount"] for row in seen) == get(market, wallet).json()["balance"]
    assert {row["counterpart"] for row in seen[:-1]} == {market.merchant.name}
    assert seen[-1]["counterpart"].startswith("청년 지원금")
    assert [row["id"] for row in seen[1:6]] == paid[::-1]


def test_what_has_expired_is_told_apart(market: Market):
    with market.city.scope():
        citizen = factories.make_citizen(market.city)
        factories.grant(market.city, {citizen: 9_000}, validity_days=1, at=AT - timedelta(days=20))
        wallet = factories.wallet_of(citizen).pk
    told = get(market, str(wallet)).json()
    assert (told["balance"], told["spendable"]["total"], told["next_expiry"]) == (9_000, 0, None)
    assert [lot["expired"] for lot in told["lots"]] == [True]


def test_a_corporations_wallet_is_read_by_its_partner_alone(market: Market):
    with market.city.scope():
        own = factories.corporate_wallet(market.city, market.partner)
        others = factories.corporate_wallet(market.city, factories.make_partner(market.city))
    told = get(market, str(own))
    assert (told.status_code, told.json()["balance"]) == (200, 0)
    assert get(market, f"{own}/transactions").json()["transactions"] == []
    assert get(market, str(others)).status_code == 404
