"""Benefit terms as the sentences an official reads. Call it inside the municipality's scope."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from fractions import Fraction
from typing import NamedTuple
from uuid import UUID

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from merchants.registry.models import MerchantCategory
from vouchers.incentives import sentences
from vouchers.incentives.models import (
    BenefitFund,
    BenefitKind,
    BenefitSimulation,
    BenefitTerms,
    BenefitTier,
    PayerKind,
    TermsState,
)
from vouchers.incentives.sentences import Benefit, Bounds, Tier
from vouchers.ledger.models import LotKind


def category_names() -> list[tuple[str, str]]:
    """Code and name of each category, in the reader's language."""
    name = "name" if get_language() == "ko" else "name_en"
    return list(MerchantCategory.objects.order_by("code").values_list("code", name))


def told(terms: BenefitTerms) -> list[str]:
    """The terms in sentences, the rates first; nothing without a tier."""
    benefit = _benefit(terms, list(terms.tiers.select_related("fund")))
    return sentences.of_benefit(benefit) if benefit.tiers else []


class Changes(NamedTuple):
    """What terms would change of those in force on their day: sentences that no longer hold, and new ones."""

    since: date
    ends: list[str]
    begins: list[str]


def changes(terms: BenefitTerms, *, new: Sequence[str]) -> Changes | None:
    """``new``: the terms as told. None where nothing is in force that they would replace."""
    published = terms.policy.terms.filter(state=TermsState.PUBLISHED, valid_from__lte=terms.valid_from)
    related = published.select_related("policy", "own_fund", "usage_rule")
    before = related.exclude(pk=terms.pk).order_by("-valid_from").first()
    if before is None:
        return None
    old = told(before)
    return Changes(
        before.valid_from, [line for line in old if line not in new], [line for line in new if line not in old]
    )


def _benefit(terms: BenefitTerms, rows: Sequence[BenefitTier]) -> Benefit:
    """Of a top-up nobody asks for the shop, the kind of money or the budget, so these are not told."""
    of_payments = terms.policy.kind == BenefitKind.CASHBACK
    kinds = dict(LotKind.choices)
    return Benefit(
        spend=_spend(terms), tiers=_tiers(terms, rows), spend_cap=terms.spend_cap, benefit_cap=terms.benefit_cap,
        money=[str(kinds[kind]) for kind in terms.base_kinds] if of_payments else None,
        for_corporations=terms.for_corporations,
        budgets=(terms.budget_month, terms.budget_year) if of_payments else (None, None),
        steps=list(zip(terms.step_percents, terms.step_factors, strict=True)) if of_payments else (),
        validity_months=terms.validity_months, usage_rule=str(terms.usage_rule or ""), own_fund=terms.own_fund.name,
    )  # fmt: skip


def _spend(terms: BenefitTerms) -> str:
    return _("월 사용액") if terms.policy.kind == BenefitKind.CASHBACK else _("월 충전액")


def _tiers(terms: BenefitTerms, rows: Sequence[BenefitTier]) -> list[Tier]:
    names = dict(category_names()) if any(row.categories for row in rows) else {}
    payers = _payers(row.fund for row in rows)
    of_payments = terms.policy.kind == BenefitKind.CASHBACK
    return [
        Tier(
            payer=payers[row.fund_id], rate=row.rate, spend=Bounds(row.spend_above, row.spend_up_to),
            sales=Bounds(row.sales_above, row.sales_up_to) if of_payments else Bounds(),
            dongs=frozenset(row.dongs if of_payments else ()),
            categories=frozenset(names.get(code, code) for code in row.categories) if of_payments else frozenset(),
        )
        for row in rows
    ]  # fmt: skip


def _payers(funds: Iterable[BenefitFund]) -> dict[UUID, str]:
    """국비, 시·도비, … where one fund is that payer's; otherwise the fund's own name."""
    known = {fund.pk: fund for fund in funds}
    often = Counter(fund.payer for fund in known.values())
    return {
        key: fund.name if fund.payer == PayerKind.OTHER or often[fund.payer] > 1 else str(fund.get_payer_display())
        for key, fund in known.items()
    }


class TierCost(NamedTuple):
    """What one tier cost in a trial; ``share``: of the payments that were given something to reckon, how many it reached."""

    conditions: str
    payer: str
    rate: str
    won: int
    payments: int
    share: Fraction | None


class Trial(NamedTuple):
    """A trial's result in figures."""

    tiers: list[TierCost]
    funds: list[tuple[str, int]]
    ended: date | None


def trial(found: BenefitSimulation) -> Trial:
    """The result of a trial that is done. Tiers that were taken out of the draft since then are told without their words."""
    result, terms = found.result, found.terms
    rows = list(terms.tiers.select_related("fund"))
    costs = dict(result["tiers"])
    tiers = []
    for row, tier in zip(rows, _tiers(terms, rows), strict=True):
        cost = costs.pop(str(row.pk), {"won": 0, "payments": 0})
        words = sentences.conditions(tier, spend=_spend(terms))
        tiers.append(_cost(words, tier.payer, sentences.percent(tier.rate), cost, result["payments"]))
    tiers += [_cost(_("삭제한 구간"), "-", "-", cost, result["payments"]) for cost in costs.values()]
    if fractions := result["cost"] - sum(tier.won for tier in tiers):
        words = _("재원별로 나눌 때 생긴 1원 미만의 차이")
        tiers.append(TierCost(words, terms.own_fund.name, "-", fractions, 0, None))
    names = {
        str(key): name for key, name in BenefitFund.objects.filter(pk__in=result["funds"]).values_list("pk", "name")
    }
    funds = sorted((names.get(key, key), won) for key, won in result["funds"].items())
    return Trial(tiers, funds, date.fromisoformat(result["ended"]) if result["ended"] else None)


def _cost(conditions: str, payer: str, rate: str, cost: dict[str, int], payments: int) -> TierCost:
    share = Fraction(cost["payments"], payments) if payments else None
    return TierCost(conditions, payer, rate, cost["won"], cost["payments"], share)
