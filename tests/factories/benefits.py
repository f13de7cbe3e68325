"""Funds, published cashback terms, and payments that have earned under them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from tests.factories import AT, City, make_official
from vouchers.common.models import uuid7
from vouchers.common.seoul import business_date
from vouchers.incentives import services
from vouchers.incentives.models import (
    BenefitFund,
    BenefitPolicy,
    BenefitSimulation,
    BenefitTerms,
    BenefitTier,
    PayerKind,
)
from vouchers.ledger.services import call
from vouchers.officials.rules import Role
from vouchers.officials.selectors import authority_of


def as_official(city: City, role: Role) -> dict[str, Any]:
    """Somebody of that role, as services ask for it."""
    official = make_official(city, role)
    return {"official": official, "authority": authority_of(official_id=official.pk, day=business_date(AT))}


def make_fund(
    city: City, *, amount: int = 100_000_000, payer: str = PayerKind.CITY, at: datetime = AT, name: str = ""
) -> BenefitFund:  # fmt: skip
    """A fund with ``amount`` won."""
    budget = as_official(city, Role.BUDGET)
    fund = services.save_fund(
        fund=BenefitFund(
            municipality=city.municipality, currency=city.currency, name=name or f"재원 {uuid7()}", payer=payer
        ),
        **budget,
    )
    if amount:
        services.endow(fund=fund, amount=amount, reason="본예산", at=at, **budget)
    return fund


def make_draft(
    city: City, fund: BenefitFund, *, rate: int = 1_000, policy: BenefitPolicy | None = None, **fields: Any
) -> BenefitTerms:
    """Terms of one tier that begin today and count granted money, which tests have without a top-up."""
    drafter = as_official(city, Role.DRAFTER)
    policy = policy or services.save_policy(
        policy=BenefitPolicy(municipality=city.municipality, currency=city.currency, name=f"정책 {uuid7()}"), **drafter
    )
    fields = {"valid_from": business_date(AT), "base_kinds": ["grant", "purchase"], "own_fund": fund} | fields
    return services.save_terms(
        terms=BenefitTerms(municipality=city.municipality, policy=policy, **fields),
        tiers=[BenefitTier(fund=fund, rate=rate)], **drafter,
    )  # fmt: skip


def make_policy(city: City, fund: BenefitFund, **fields: Any) -> BenefitTerms:
    """The same, published by an approver."""
    return services.publish(terms=make_draft(city, fund, **fields), at=AT, **as_official(city, Role.APPROVER))


def follow_up(city: City, *, at: datetime = AT) -> int:
    """Everything that waits."""
    done: int = call("payments.follow_up", city.code, 1_000, at)[0]
    return done


def make_every_benefit(city: City, payments: Sequence[tuple[Any, ...]], *, at: datetime = AT) -> BenefitTerms:
    """A policy whose budget ends with these payments (arguments of payments.pay) and whose fund has no money, halted in
    the end; and a trial of it."""
    terms = make_policy(city, make_fund(city, amount=1), budget_month=50)
    for payment in payments:
        call("payments.pay", *payment)
    follow_up(city, at=at)
    approver = as_official(city, Role.APPROVER)
    services.halt(policy=terms.policy, reason="점검", at=at, **approver)
    BenefitSimulation.objects.create(
        municipality=city.municipality, terms=terms, month=date(at.year, at.month, 1) - timedelta(days=1),
        official=approver["official"],
    )  # fmt: skip
    return terms
