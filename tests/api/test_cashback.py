"""What an app is told of cashback: expected before a payment, waiting after it, credited, and less after a cancellation."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.api.conftest import Market, make_market
from tests.api.test_previews import preview
from tests.factories import AT
from tests.factories.benefits import as_official, follow_up, make_draft, make_fund
from vouchers.incentives import services
from vouchers.incentives.models import BenefitTier, MemberMonth
from vouchers.officials.rules import Role


def publish(market: Market, rates: dict[str, int], **fields) -> None:
    """Terms of a tier for each payer, in 1/100 %; the first one's fund takes what rounding leaves."""
    with market.city.scope():
        funds = [make_fund(market.city, payer=payer) for payer in rates]
        terms = make_draft(market.city, funds[0], **fields)
        tiers = [BenefitTier(fund=fund, rate=rate) for fund, rate in zip(funds, rates.values(), strict=True)]
        services.save_terms(terms=terms, tiers=tiers, **as_official(market.city, Role.DRAFTER))
        services.publish(terms=terms, at=AT, **as_official(market.city, Role.APPROVER))


def reckon(market: Market) -> None:
    with market.city.scope():
        follow_up(market.city, at=datetime.now(UTC))


def cashback(market: Market, payment: dict) -> dict:
    return market.request("GET", f"/api/v1/payments/{payment['id']}").json()["cashback"]


def test_cashback_is_told_from_the_preview_to_the_cancellation(module_db: None):
    market = make_market("41300", "캐시백시")
    publish(market, {"city": 501, "national": 500})
    expected = preview(market, amount=1_999).json()["cashback"]
    # 10.01 % of 1,999 is 200.09; the nation bears 99.95, rounded down, and the city the rest
    assert expected == {"amount": 200, "funds": [{"payer": "city", "amount": 101}, {"payer": "national", "amount": 99}]}
    paid = market.pay(amount=1_999).json()
    assert "cashback" not in paid
    assert cashback(market, paid) == {"state": "pending", "amount": 0, "funds": []}
    reckon(market)
    assert cashback(market, paid) == {"state": "credited"} | expected
    market.cancel(paid["id"], amount=999)
    reckon(market)
    left = {"amount": 99, "funds": [{"payer": "city", "amount": 50}, {"payer": "national", "amount": 49}]}
    assert cashback(market, paid) == {"state": "credited"} | left
    market.cancel(paid["id"])
    reckon(market)
    assert cashback(market, paid) == {"state": "none", "amount": 0, "funds": []}


def test_a_preview_goes_by_the_members_month_and_the_budget_and_writes_nothing(module_db: None):
    market = make_market("41310", "한도시")
    publish(market, {"city": 1_000}, spend_cap=10_000, budget_month=950)
    steps = []
    for amount in (4_000, 4_000, 4_000, 4_000):  # the cap leaves 2,000 won of the third; the budget 150 of its benefit
        steps.append(preview(market, amount=amount).json()["cashback"]["amount"])
        assert preview(market, amount=amount).json()["cashback"]["amount"] == steps[-1]
        paid = market.pay(amount=amount).json()
        reckon(market)
        assert cashback(market, paid)["amount"] == steps[-1]
    assert steps == [400, 400, 150, 0]
    with market.city.scope():
        assert MemberMonth.objects.get().benefit == 950
