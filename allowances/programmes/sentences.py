"""지급 기준을 쉬운 말로: what a version of the terms means, sentence by sentence, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from allowances.eligibility.kinds import sentence_of_group
from allowances.eligibility.words import tier as tier_in_words
from allowances.programmes.models import ProgrammeTerms, QuotaPeriod
from vouchers.common.korean import document_date
from vouchers.common.money import money


@dataclass(frozen=True, kw_only=True)
class Words:
    """Who gets it, how much, and how it is paid and spent."""

    conditions: list[str]
    amounts: list[str]
    others: list[str]


def terms_in_words(terms: ProgrammeTerms) -> Words:
    """All that the terms say."""
    conditions = [sentence_of_group(group) for group in terms.conditions]
    if terms.residents_only:
        conditions.insert(0, gettext("자격 기준일에 관내 거주"))
    return Words(
        conditions=conditions or [gettext("조건 없음(명단에 오른 사람 모두)")],
        amounts=_amounts(terms),
        others=_others(terms),
    )


def _amounts(terms: ProgrammeTerms) -> list[str]:
    if not terms.tranches:
        return components_in_words(terms.amounts)
    return [line for number, tranche in enumerate(terms.tranches, start=1) for line in _tranche(number, tranche)]


def _tranche(number: int, tranche: Mapping[str, Any]) -> list[str]:
    label = f" ({tranche['label']})" if tranche.get("label") else ""
    when = gettext(", %(months)s개월 뒤") % {"months": tranche["months"]} if tranche.get("months") else ""
    head = gettext("%(number)s차%(label)s%(when)s: ") % {"number": number, "label": label, "when": when}
    conditions = [sentence_of_group(group) for group in tranche.get("conditions") or []]
    fresh = gettext(" — 조건: %(conditions)s") % {"conditions": ", ".join(conditions)} if conditions else ""
    return [head + line + fresh for line in components_in_words(tranche["amounts"])]


def components_in_words(components: list[Mapping[str, Any]]) -> list[str]:
    """One line for each tier; of several components each says that it is added."""
    lines = []
    for place, component in enumerate(components):
        plus = gettext("더하기 ") if place else ""
        label = f"{component['label']}: " if component.get("label") else ""
        lines += [f"{plus}{label}{_tier(tier, component)}" for tier in component["tiers"]]
    return lines


def _tier(tier: Mapping[str, Any], component: Mapping[str, Any]) -> str:
    gives = tier_in_words(tier)
    when = " + ".join(sentence_of_group(group) for group in tier.get("when") or [])
    if when:
        return gettext("%(when)s → %(gives)s") % {"when": when, "gives": gives}
    return gettext("그 밖 → %(gives)s") % {"gives": gives} if len(component["tiers"]) > 1 else gives


def _others(terms: ProgrammeTerms) -> list[str]:
    lines = [gettext("1인 최대 %(won)s") % {"won": money(terms.amount_max)}]
    if terms.quota:
        whole = terms.quota_period == QuotaPeriod.PROGRAMME
        scope = gettext("사업 전체에서") if whole else gettext("회차마다")
        lines.append(gettext("%(scope)s 신청일 순서로 %(quota)s명까지") % {"scope": scope, "quota": f"{terms.quota:,}"})
    lines.append(gettext("지급 주기: %(cycle)s") % {"cycle": terms.get_payout_cycle_display()})
    lines.append(_validity(terms))
    if terms.refund_grace_days:
        lines.append(
            gettext("유효기간이 지난 뒤 취소된 금액은 취소일부터 %(days)s일 동안 다시 사용")
            % {"days": terms.refund_grace_days}
        )
    where = terms.usage_rule.name if terms.usage_rule else gettext("제한 없음")
    lines.append(gettext("사용처: %(where)s") % {"where": where})
    if terms.claim_days:
        lines.append(gettext("가입하지 않은 대상자의 몫은 %(days)s일 동안 보관") % {"days": terms.claim_days})
    if terms.cash_choice:
        lines.append(gettext("현금을 고를 수 있음(명단의 ‘지급 방법’)"))
    return lines


def _validity(terms: ProgrammeTerms) -> str:
    if terms.valid_until:
        return gettext("사용 기한: %(day)s까지") % {"day": document_date(terms.valid_until)}
    text = gettext("유효기간: 지급일부터 %(days)s일") % {"days": terms.validity_days}
    own = ", ".join(
        gettext("%(dong)s %(days)s일") % {"dong": dong, "days": days} for dong, days in terms.validity_by_dong.items()
    )
    return f"{text} ({own})" if own else text
