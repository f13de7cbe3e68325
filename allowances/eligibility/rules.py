"""Rules as JSON: what is well formed, and which of them a payment round is judged by.

``conditions`` is a list of groups, all of which must hold; a group is a list of conditions of which one is enough.
``amounts`` is a list of components that add up; each is ``{"label", "tiers", "add_on"}``, and of its tiers the first counts
whose own conditions (``when``, groups like the above) hold. A tier gives ``won`` (and ``won_in_cash``), or ``rate`` times the
fact ``of`` (``above`` a floor, up to ``cap``, floored to ``step`` won; ``weekly``: every week of the month by itself), or
``own``: what the list says. A component without a fitting tier gives nothing where it is an ``add_on``, and else leaves
the amount open, which is a problem of the row.
``tranches`` are ``{"label", "amounts", "conditions", "months"}``, the months after the tranche before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from allowances.eligibility.errors import RulesInvalid
from allowances.eligibility.facts import FACTS, FactType
from allowances.eligibility.kinds import KINDS, Kind, Param, ParamType, Spec, sentence_of
from allowances.eligibility.words import OPERATORS
from vouchers.citizens.rules import Category

Groups = list[list[Spec]]

MOST: Final = 10**12
"""Won, and any other number in a rule: so that no product of two leaves what SQL counts with."""


@dataclass(frozen=True, kw_only=True)
class Effective:
    """What one payment round is judged by: the terms' own rules, and those of the tranche it pays."""

    groups: Groups
    components: list[Spec]


def effective(terms: Mapping[str, Any], *, tranche: int | None) -> Effective:
    """The rules of a round that pays the ``tranche`` (from 1), or all at once. Raises RulesInvalid for one there is not."""
    groups, tranches = list(terms["conditions"]), terms.get("tranches") or []
    if not tranches:
        return Effective(groups=groups, components=terms["amounts"])
    if tranche is None or not 1 <= tranche <= len(tranches):
        raise RulesInvalid(where=_("분할 지급"), why=_("회차가 지급할 차수를 정하십시오."))
    chosen = tranches[tranche - 1]
    groups += chosen.get("conditions") or []
    groups.append([{"kind": "tranche_once", "tranche": tranche}])
    if tranche > 1:
        groups.append([{"kind": "tranche_before", "tranche": tranche - 1, "months": chosen.get("months") or 0}])
    return Effective(groups=groups, components=chosen["amounts"])


def highest_amount(components: Iterable[Spec]) -> int | None:
    """The most that these components can come to, None where that depends on the list alone."""
    total = 0
    for component in components:
        highest = [_highest(tier) for tier in component["tiers"]]
        if None in highest:
            return None
        total += max((won for won in highest if won is not None), default=0)
    return total


def _highest(tier: Spec) -> int | None:
    if "won" in tier:
        return max(tier["won"], tier.get("won_in_cash") or 0)
    cap = tier.get("cap")
    return cap * 6 if cap is not None and tier.get("weekly") else cap


def fixed_amount(components: list[Spec]) -> int | None:
    """The one amount that everybody gets, None where it depends on the row."""
    tiers = [component["tiers"][0] for component in components if len(component["tiers"]) == 1]
    simple = len(tiers) == len(components) and all(
        "won" in tier and not tier.get("when") and tier.get("won_in_cash") is None for tier in tiers
    )
    return sum(tier["won"] for tier in tiers) if simple else None


def takes_own_amounts(components: Iterable[Spec]) -> bool:
    """Whether the list itself says what somebody gets."""
    return any(tier.get("own") for component in components for tier in component["tiers"])


# Is it well formed? ------------------------------------------------------------------------------------------------


def check_terms(terms: Mapping[str, Any]) -> None:
    """Raise RulesInvalid for what cannot be judged: unknown kinds and facts, missing or impossible values."""
    check_groups(terms["conditions"], where=str(_("자격 조건")))
    tranches = terms.get("tranches") or []
    if tranches and terms["amounts"]:
        raise RulesInvalid(where=_("분할 지급"), why=_("지급액은 차수마다 정합니다. 전체 지급액을 비우십시오."))
    if not tranches:
        check_components(terms["amounts"], where=str(_("지급액")))
    for number, tranche in enumerate(tranches, start=1):
        where = str(_("%(number)s차 지급") % {"number": number})
        check_groups(tranche.get("conditions") or [], where=where)
        check_components(tranche["amounts"], where=where)
        _number(tranche.get("months"), where=where, label=_("이전 차수 뒤 개월 수"), required=False)


def check_groups(groups: Any, *, where: str, in_amount: bool = False) -> None:
    """Raise RulesInvalid unless these are groups of conditions that can be judged."""
    if not isinstance(groups, list) or not all(isinstance(group, list) and group for group in groups):
        raise RulesInvalid(where=where, why=_("조건 묶음이 비어 있습니다."))
    for group in groups:
        for spec in group:
            _check_condition(spec, where=where, in_amount=in_amount)


def check_components(components: Any, *, where: str) -> None:
    """Raise RulesInvalid unless these components say an amount."""
    if not isinstance(components, list) or not components:
        raise RulesInvalid(where=where, why=_("지급액을 정하십시오."))
    for component in components:
        tiers = component.get("tiers")
        if not isinstance(tiers, list) or not tiers:
            raise RulesInvalid(where=where, why=_("금액 구간을 하나 이상 정하십시오."))
        for tier in tiers:
            check_groups(tier.get("when") or [], where=where, in_amount=True)
            _check_tier(tier, where=where)
    if takes_own_amounts(components) and len(components) > 1:
        raise RulesInvalid(where=where, why=_("명단의 지급액은 다른 금액과 더할 수 없습니다."))


def _check_tier(tier: Spec, *, where: str) -> None:
    if tier.get("own"):
        return
    if "rate" not in tier:
        _number(tier.get("won"), where=where, label=_("금액"), least=1)
        _number(tier.get("won_in_cash"), where=where, label=_("현금 금액"), least=1, required=False)
        return
    try:
        rate = Decimal(str(tier["rate"]))
    except InvalidOperation:
        raise RulesInvalid(where=where, why=_("단가는 숫자여야 합니다.")) from None
    if not 0 < rate <= MOST:
        raise RulesInvalid(where=where, why=_("단가는 0보다 커야 합니다."))
    of = FACTS.get(str(tier.get("of")))
    if not tier.get("weekly") and (of is None or of.type not in (FactType.INTEGER, FactType.DECIMAL)):
        raise RulesInvalid(where=where, why=_("단가를 곱할 수량을 고르십시오."))
    for name, label in (("cap", _("상한")), ("step", _("버림 단위")), ("above", _("초과 기준"))):
        _number(tier.get(name), where=where, label=label, least=1, required=False)


def _check_condition(spec: Any, *, where: str, in_amount: bool) -> None:
    kind = KINDS.get(str(spec.get("kind"))) if isinstance(spec, Mapping) else None
    if kind is None:
        raise RulesInvalid(where=where, why=_("알 수 없는 조건입니다."))
    if in_amount and kind.once:
        raise RulesInvalid(where=where, why=_("금액 구간에는 쓸 수 없는 조건입니다: %(kind)s") % {"kind": kind.label})
    known = {"kind", "not", *(param.name for param in kind.params)}
    if unknown := set(spec) - known:
        raise RulesInvalid(where=where, why=", ".join(sorted(unknown)))
    place = f"{where} · {kind.label}"
    for param in kind.params:
        _check_param(spec, param, where=place)
    _check_together(kind, spec, where=place)


def _check_param(spec: Spec, param: Param, *, where: str) -> None:
    value = spec.get(param.name)
    if value in (None, "", []):
        if param.required and param.default is None:
            raise RulesInvalid(where=where, why=_("%(label)s 값을 정하십시오.") % {"label": param.label})
        return
    if not _fits(param, value, spec):
        raise RulesInvalid(where=where, why=_("%(label)s 값이 알맞지 않습니다.") % {"label": param.label})


def _fits(param: Param, value: Any, spec: Spec) -> bool:
    if param.type == ParamType.VALUE:
        known = FACTS.get(str(spec.get("fact")))
        return known is not None and all(
            _fits_fact(known.type, item) for item in (value if isinstance(value, list) else [value])
        )
    if param.type in (ParamType.CATEGORIES, ParamType.DONGS, ParamType.TYPES):
        known_items = set(Category.values) if param.type == ParamType.CATEGORIES else None
        return isinstance(value, list) and all(
            isinstance(item, str) and item and (known_items is None or item in known_items) for item in value
        )
    return _fits_alone(param, value)


def _fits_alone(param: Param, value: Any) -> bool:
    if param.type in (ParamType.COUNT, ParamType.WON):
        return _is_number(value) and 0 <= value <= (MOST if param.type == ParamType.WON else 100_000)
    if param.type == ParamType.DAY:
        return is_day(value)
    return isinstance(value, str) and value in (FACTS if param.type == ParamType.FACT else param.choices)


def _fits_fact(type: FactType, value: Any) -> bool:
    match type:
        case FactType.DATE:
            return is_day(value)
        case FactType.INTEGER:
            return _is_number(value) and abs(value) <= 10**9
        case FactType.DECIMAL:
            return _is_number(value) or (isinstance(value, str) and _is_decimal(value))
        case FactType.BOOLEAN:
            return isinstance(value, bool)
    return isinstance(value, str)


def _check_together(kind: Kind, spec: Spec, *, where: str) -> None:
    for low, high in (("min", "max"), ("age_min", "age_max"), ("since", "until")):
        if {low, high} <= {param.name for param in kind.params}:
            least, most = spec.get(low), spec.get(high)
            if least is None and most is None and kind.name != "children":
                raise RulesInvalid(where=where, why=_("최소와 최대 가운데 하나는 정해야 합니다."))
            if least is not None and most is not None and least > most:
                raise RulesInvalid(where=where, why=_("최소가 최대보다 큽니다."))
    if spec.get("scope") == "types" and not spec.get("types"):
        raise RulesInvalid(where=where, why=_("수당 종류를 고르십시오."))
    if spec.get("period") == "months" and not spec.get("months"):
        raise RulesInvalid(where=where, why=_("최근 몇 개월인지 정하십시오."))
    if kind.name == "fact":
        _check_comparison(spec, where=where)


def _check_comparison(spec: Spec, *, where: str) -> None:
    many, known = isinstance(spec["value"], list), FACTS[spec["fact"]]
    if (spec["is"] == "in") != many or spec["is"] not in OPERATORS:
        raise RulesInvalid(where=where, why=_("비교와 값이 맞지 않습니다."))
    ordered = known.type in (FactType.DATE, FactType.INTEGER, FactType.DECIMAL)
    if spec["is"] in (">=", "<=", ">", "<") and not ordered:
        raise RulesInvalid(where=where, why=_("크기를 견줄 수 없는 값입니다."))


def _number(value: Any, *, where: str, label: Any, least: int = 0, required: bool = True) -> None:
    if value is None and not required:
        return
    if not _is_number(value) or not least <= value <= MOST:
        raise RulesInvalid(where=where, why=_("%(label)s 값이 알맞지 않습니다.") % {"label": label})


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_decimal(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def is_day(value: Any) -> bool:
    """Whether this is an ISO date that a person can have to do with."""
    try:
        return isinstance(value, str) and date.fromisoformat(value).year >= 1800
    except ValueError:
        return False


# In words ----------------------------------------------------------------------------------------------------------


def conditions_in(groups: Groups) -> Iterator[Spec]:
    """Every condition of these groups."""
    for group in groups:
        yield from group


def sentences(groups: Groups) -> list[str]:
    """One line for each group."""
    return [str(_(" 또는 ")).join(sentence_of(spec) for spec in group) for group in groups]
