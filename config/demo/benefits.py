"""혜택 of the demo: three funds with money, cashback and an incentive on top-ups, drafted by one official, published by another."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from vouchers.currencies.models import Currency
from vouchers.incentives import services
from vouchers.incentives.models import BenefitFund, BenefitKind, BenefitPolicy, BenefitTerms, BenefitTier, PayerKind

if TYPE_CHECKING:
    from config.demo.seed import City

EOK = 100_000_000
_FUNDS = (
    (PayerKind.NATIONAL, "국비 지원금", 5 * EOK, "행정안전부 지역경제-1187"),
    (PayerKind.PROVINCE, "도비 보조금", 3 * EOK, "경기도 지역금융과-902"),
    (PayerKind.CITY, "시비 부담금", 7 * EOK, "소상공인지원과-415"),
)
SMALL = 300_000_000
"""Annual sales up to which a shop's customers get more."""


def make_benefits(
    city: City, *, drafter: dict[str, Any], budget: dict[str, Any], approver: dict[str, Any], at: datetime, today: date
) -> None:
    """Funds are endowed by the budget team; what the drafter writes is published by the approver."""
    municipality, currency = city.municipality, city.currency
    funds: dict[PayerKind, BenefitFund] = {}
    for payer, name, amount, document in _FUNDS:
        fund = BenefitFund(municipality=municipality, currency=currency, name=f"{today.year}년 {name}", payer=payer)
        funds[payer] = services.save_fund(fund=fund, **budget)
        services.endow(
            fund=fund, amount=amount, reason=f"{currency.name} 발행 지원", document_number=document, at=at, **budget
        )  # fmt: skip
    own = funds[PayerKind.CITY]
    cashback = BenefitTerms(
        municipality=municipality, valid_from=today, legal_basis="지역사랑상품권 관리 및 운영 조례 제10조",
        spend_cap=700_000, benefit_cap=60_000, own_fund=own, usage_rule=city.usage_rule, budget_month=2 * EOK,
        budget_year=12 * EOK, step_percents=[80], step_factors=[5_000],
    )  # fmt: skip
    tiers = [
        BenefitTier(position=1, fund=funds[PayerKind.NATIONAL], rate=200),
        BenefitTier(position=2, fund=funds[PayerKind.PROVINCE], rate=200),
        BenefitTier(position=3, fund=own, rate=300, spend_up_to=300_000),
        BenefitTier(position=4, fund=own, rate=200, sales_up_to=SMALL),
    ]
    incentive = BenefitTerms(
        municipality=municipality, valid_from=today, legal_basis="지역사랑상품권 관리 및 운영 조례 제7조",
        spend_cap=700_000, own_fund=own,
    )  # fmt: skip
    for kind, name, terms, shares in (
        (BenefitKind.CASHBACK, "캐시백", cashback, tiers),
        (BenefitKind.TOP_UP, "충전 인센티브", incentive, [BenefitTier(fund=own, rate=500)]),
    ):
        terms.policy = _policy(currency, kind, f"{today.year}년 {currency.name} {name}", drafter)
        services.publish(terms=services.save_terms(terms=terms, tiers=shares, **drafter), at=at, **approver)


def _policy(currency: Currency, kind: BenefitKind, name: str, drafter: dict[str, Any]) -> BenefitPolicy:
    policy = BenefitPolicy(municipality=currency.municipality, currency=currency, kind=kind, name=name)
    return services.save_policy(policy=policy, **drafter)
