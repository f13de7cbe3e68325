"""The page on which terms are written: what its fields say as rules, and rules as its fields.

Every field has a path for a name, like ``conditions.0.1.min`` or ``amounts.0.tiers.2.when.0.0.kind``, so a whole form reads
as one tree of lists. Adding and removing are buttons that send the form back with one branch more or less; no rule is
ever lost on the way, and nothing needs a script.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.utils.translation import gettext

from allowances.eligibility.facts import FACTS, FactType
from allowances.eligibility.kinds import KINDS, Kind, Param, ParamType
from allowances.eligibility.rules import is_day

LISTS: Final = ("conditions", "amounts", "tranches")
_MOST: Final = 60
"""Branches that one list of a form may have; more is no form that a person filled in."""

_MULTIPLE: Final = (ParamType.CATEGORIES,)
_WORDS: Final = (ParamType.DONGS, ParamType.TYPES)

# From the form to rules --------------------------------------------------------------------------------------------


def read_form(data: Mapping[str, Any]) -> dict[str, Any]:
    """The rules that a sent form says; values that cannot be read stay texts, and ``check_terms`` tells of them."""
    tree: dict[str, Any] = {}
    for key in data:
        if key.split(".", 1)[0] in LISTS:
            values = data.getlist(key) if hasattr(data, "getlist") else [data[key]]
            _plant(tree, key.split("."), values)
    return {
        "conditions": _groups(tree.get("conditions")),
        "amounts": [_component(branch) for branch in _branches(tree.get("amounts"))],
        "tranches": [_tranche(branch) for branch in _branches(tree.get("tranches"))],
    }


def _plant(tree: dict[str, Any], path: list[str], values: list[str]) -> None:
    for step in path[:-1]:
        branch: Any = tree.setdefault(step, {})
        if not isinstance(branch, dict):
            return
        tree = branch
    tree[path[-1]] = values


def _branches(tree: Any) -> list[dict[str, Any]]:
    if not isinstance(tree, dict):
        return []
    keys = sorted((key for key in tree if key.isdigit()), key=int)[:_MOST]
    return [tree[key] for key in keys if isinstance(tree[key], dict)]


def _groups(tree: Any) -> list[list[dict[str, Any]]]:
    groups = [[_condition(one) for one in _branches(branch)] for branch in _branches(tree)]
    return [group for group in groups if group]


def _one(branch: Mapping[str, Any], name: str) -> str:
    values = branch.get(name)
    return values[-1].strip() if isinstance(values, list) and values else ""


def _condition(branch: dict[str, Any]) -> dict[str, Any]:
    kind = KINDS.get(_one(branch, "kind"))
    spec: dict[str, Any] = {"kind": _one(branch, "kind")}
    if _one(branch, "not"):
        spec["not"] = True
    for param in kind.params if kind else ():
        value = _param(param, branch, spec)
        if value not in (None, "", []):
            spec[param.name] = value
    return spec


def _param(param: Param, branch: Mapping[str, Any], spec: Mapping[str, Any]) -> Any:
    text = _one(branch, param.name)
    if param.type in _MULTIPLE:
        return list(branch.get(param.name) or [])
    if param.type in _WORDS:
        return [word.strip() for word in text.split(",") if word.strip()]
    if param.type in (ParamType.COUNT, ParamType.WON):
        return _whole(text)
    return _value(text, spec) if param.type == ParamType.VALUE else text


def _value(text: str, spec: Mapping[str, Any]) -> Any:
    known = FACTS.get(str(spec.get("fact")))
    if known is None or not text:
        return text
    if spec.get("is") == "in":
        return [_single(part.strip(), known.type) for part in text.split(",") if part.strip()]
    return _single(text, known.type)


def _single(text: str, type: FactType) -> Any:
    if type == FactType.BOOLEAN:
        return text in ("true", "예", "Y", "y", "yes", "Yes")
    return _whole(text) if type == FactType.INTEGER else text.replace(",", "") if type == FactType.DECIMAL else text


def _whole(text: str) -> Any:
    digits = text.replace(",", "")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 15 else (text or None)


def _component(branch: dict[str, Any]) -> dict[str, Any]:
    component: dict[str, Any] = {"tiers": [_tier(one) for one in _branches(branch.get("tiers"))]}
    if label := _one(branch, "label"):
        component["label"] = label
    if _one(branch, "add_on"):
        component["add_on"] = True
    return component


def _tier(branch: dict[str, Any]) -> dict[str, Any]:
    kind, tier = _one(branch, "tier"), dict[str, Any]()
    if when := _groups(branch.get("when")):
        tier["when"] = when
    if kind == "own":
        return tier | {"own": True}
    if kind in ("rate", "weekly"):
        tier |= {
            "rate": _one(branch, "rate").replace(",", ""),
            "cap": _whole(_one(branch, "cap")),
            "step": _whole(_one(branch, "step")),
        }
        tier |= (
            {"weekly": True} if kind == "weekly" else {"of": _one(branch, "of"), "above": _whole(_one(branch, "above"))}
        )
    else:
        tier |= {"won": _whole(_one(branch, "won")), "won_in_cash": _whole(_one(branch, "won_in_cash"))}
    return {name: value for name, value in tier.items() if value is not None or name == "won"}


def _tranche(branch: dict[str, Any]) -> dict[str, Any]:
    tranche: dict[str, Any] = {
        "label": _one(branch, "label"), "months": _whole(_one(branch, "months")),
        "conditions": _groups(branch.get("conditions")),
        "amounts": [_component(one) for one in _branches(branch.get("amounts"))],
    }  # fmt: skip
    return {name: value for name, value in tranche.items() if value is not None}


# Adding and removing -----------------------------------------------------------------------------------------------


def act(rules: dict[str, Any], action: str, chosen: Mapping[str, str]) -> str:
    """Do what a button says (``add:amounts.0.tiers`` or ``remove:conditions.2``); returns the path of what is new.

    ``chosen`` are the selects beside the buttons: which kind of thing is to be added.
    """
    verb, _colon, path = action.partition(":")
    if verb == "remove":
        _remove(rules, path.split("."))
        return ""
    if verb != "add":
        return ""
    target, last = _reach(rules, path.split("."), grow=True), path.rsplit(".", 1)[-1]
    if not isinstance(target, list) or len(target) >= _MOST:
        return ""
    made = _new(last, chosen.get(f"new.{path}", ""))
    if made is None:
        return ""
    target.append(made)
    return f"{path}.{len(target) - 1}"


def _new(last: str, choice: str) -> Any:
    if last == "tranches":
        return {"label": "", "conditions": [], "amounts": [{"tiers": [{"won": None}]}]}
    if last == "amounts":
        return {"tiers": [_new_tier(choice)]}
    if last == "tiers":
        return _new_tier(choice)
    kind = KINDS.get(choice)
    if kind is None:
        return None
    spec = {"kind": choice} | {param.name: param.default for param in kind.params if param.default is not None}
    return [spec] if last in ("conditions", "when") else spec


def _new_tier(choice: str) -> dict[str, Any]:
    made: dict[str, dict[str, Any]] = {
        "rate": {"rate": "", "of": "quantity"}, "weekly": {"rate": "1", "weekly": True}, "own": {"own": True},
    }  # fmt: skip
    return made.get(choice, {"won": None})


def _reach(rules: Any, steps: list[str], *, grow: bool = False) -> Any:
    for step in steps:
        if isinstance(rules, dict):
            if grow and step in ("when", "conditions", "amounts", "tranches"):
                rules.setdefault(step, [])
            rules = rules.get(step)
        elif isinstance(rules, list) and step.isdigit() and int(step) < len(rules):
            rules = rules[int(step)]
        else:
            return None
    return rules


def _remove(rules: dict[str, Any], steps: list[str]) -> None:
    holder = _reach(rules, steps[:-1])
    if isinstance(holder, list) and steps[-1].isdigit() and int(steps[-1]) < len(holder):
        del holder[int(steps[-1])]
        if not holder and len(steps) >= 3 and steps[-3] in ("conditions", "when"):
            _remove(rules, steps[:-1])  # the last alternative takes its group along


# From rules to fields ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of the page. ``input``: number, date, text, select or boxes; ``choices`` as (value, label, chosen)."""

    name: str
    label: Any
    input: str
    value: str = ""
    hint: Any = ""
    choices: list[tuple[str, Any, bool]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class ConditionFields:
    """One condition with only the fields that its kind needs."""

    path: str
    kind: str
    label: Any
    negated: bool
    fields: list[Field]


@dataclass(frozen=True, kw_only=True)
class TierFields:
    """One tier of an amount, and the conditions under which it counts."""

    path: str
    kind: str
    label: Any
    fields: list[Field]
    when: list[GroupFields]


@dataclass(frozen=True, kw_only=True)
class GroupFields:
    """Conditions of which one is enough."""

    path: str
    number: int
    conditions: list[ConditionFields]


@dataclass(frozen=True, kw_only=True)
class ComponentFields:
    """One component of an amount."""

    path: str
    number: int
    label: Field
    add_on: bool
    tiers: list[TierFields]


@dataclass(frozen=True, kw_only=True)
class TrancheFields:
    """One tranche."""

    path: str
    number: int
    fields: list[Field]
    groups: list[GroupFields]
    components: list[ComponentFields]


def group_fields(groups: list[Any], path: str) -> list[GroupFields]:
    """The fields of groups of conditions that stand at a path."""
    return [
        GroupFields(
            path=f"{path}.{number}", number=number + 1,
            conditions=[_condition_fields(spec, f"{path}.{number}.{place}") for place, spec in enumerate(group)],
        )
        for number, group in enumerate(groups)
    ]  # fmt: skip


def _condition_fields(spec: Mapping[str, Any], path: str) -> ConditionFields:
    kind = KINDS.get(str(spec.get("kind")))
    return ConditionFields(
        path=path, kind=str(spec.get("kind")), label=kind.label if kind else spec.get("kind"),
        negated=bool(spec.get("not")), fields=list(_param_fields(kind, spec, path)) if kind else [],
    )  # fmt: skip


def _param_fields(kind: Kind, spec: Mapping[str, Any], path: str) -> Iterator[Field]:
    for param in kind.params:
        value, name = spec.get(param.name, param.default), f"{path}.{param.name}"
        match param.type:
            case ParamType.CHOICE | ParamType.DATE_OF:
                yield _select(name, param.label, param.choices, value)
            case ParamType.FACT:
                yield _select(name, param.label, {key: fact.label for key, fact in FACTS.items()}, value)
            case ParamType.CATEGORIES:
                chosen = value or []
                boxes = [(key, label, key in chosen) for key, label in param.choices.items()]
                yield Field(name=name, label=param.label, input="boxes", choices=boxes)
            case ParamType.DAY:
                yield Field(name=name, label=param.label, input="date", value=_text(value))
            case ParamType.COUNT | ParamType.WON:
                yield Field(name=name, label=param.label, input="number", value=_text(value))
            case ParamType.VALUE:
                yield _value_field(name, param.label, spec)
            case _:
                hint = gettext("쉼표로 나누어 여럿을 적을 수 있습니다.")
                yield Field(name=name, label=param.label, input="text", value=", ".join(value or []), hint=hint)


def _value_field(name: str, label: Any, spec: Mapping[str, Any]) -> Field:
    known, value = FACTS.get(str(spec.get("fact"))), spec.get("value")
    if known is not None and known.type == FactType.BOOLEAN:
        return _select(
            name, label, {"true": gettext("예"), "false": gettext("아니오")}, "true" if value is True else "false"
        )
    shown = ", ".join(map(str, value)) if isinstance(value, list) else _text(value)
    hint = gettext("날짜는 2026-01-31과 같이, 여럿은 쉼표로 나누어 적습니다.")
    return Field(name=name, label=label, input="text", value=shown, hint=hint)


def _select(name: str, label: Any, choices: Mapping[str, Any], value: Any) -> Field:
    return Field(
        name=name, label=label, input="select", value=_text(value),
        choices=[(key, text, key == value) for key, text in choices.items()],
    )  # fmt: skip


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def component_fields(components: list[Any], path: str) -> list[ComponentFields]:
    """The fields of the components of an amount that stand at a path."""
    return [
        ComponentFields(
            path=f"{path}.{number}", number=number + 1, add_on=bool(component.get("add_on")),
            label=Field(name=f"{path}.{number}.label", label=gettext("이름"), input="text", value=component.get("label", "")),
            tiers=[_tier_fields(tier, f"{path}.{number}.tiers.{place}") for place, tier in enumerate(component["tiers"])],
        )
        for number, component in enumerate(components)
    ]  # fmt: skip


def _tier_fields(tier: Mapping[str, Any], path: str) -> TierFields:
    kind = "own" if tier.get("own") else "weekly" if tier.get("weekly") else "rate" if "rate" in tier else "won"
    labels = {
        "own": gettext("명단의 지급액"), "weekly": gettext("주별 이용액 × 단가"), "rate": gettext("수량 × 단가"), "won": gettext("정액"),
    }  # fmt: skip
    return TierFields(
        path=path, kind=kind, label=labels[kind], fields=list(_amount_fields(kind, tier, path)),
        when=group_fields(tier.get("when") or [], f"{path}.when"),
    )  # fmt: skip


def _amount_fields(kind: str, tier: Mapping[str, Any], path: str) -> Iterator[Field]:
    def number(name: str, label: str) -> Field:
        return Field(name=f"{path}.{name}", label=label, input="number", value=_text(tier.get(name)))

    if kind == "won":
        yield number("won", gettext("금액(원)"))
        yield number("won_in_cash", gettext("현금을 고를 때(원)"))
    if kind == "rate":
        counted = {key: fact.label for key, fact in FACTS.items() if fact.type in (FactType.INTEGER, FactType.DECIMAL)}
        yield _select(f"{path}.of", gettext("수량"), counted, tier.get("of"))
    if kind in ("rate", "weekly"):
        yield Field(name=f"{path}.rate", label=gettext("단가(원)"), input="text", value=_text(tier.get("rate")))
        yield number("cap", gettext("주 상한(원)") if kind == "weekly" else gettext("상한(원)"))
        yield number("step", gettext("버림 단위(원)"))
    if kind == "rate":
        yield number("above", gettext("이 값을 넘는 만큼만"))


def tranche_fields(tranches: list[Any]) -> list[TrancheFields]:
    """The fields of the tranches."""
    return [
        TrancheFields(
            path=f"tranches.{number}", number=number + 1,
            fields=[
                Field(name=f"tranches.{number}.label", label=gettext("이름"), input="text", value=tranche.get("label", "")),
                Field(
                    name=f"tranches.{number}.months", label=gettext("이전 차수 뒤 개월 수"), input="number",
                    value=_text(tranche.get("months")),
                ),
            ][: 2 if number else 1],
            groups=group_fields(tranche.get("conditions") or [], f"tranches.{number}.conditions"),
            components=component_fields(tranche.get("amounts") or [], f"tranches.{number}.amounts"),
        )
        for number, tranche in enumerate(tranches)
    ]  # fmt: skip


def kind_choices() -> list[tuple[str, Any]]:
    """The kinds of conditions, for the select beside the button that adds one."""
    return [(kind.name, kind.label) for kind in KINDS.values()]


def amount_kind_choices() -> list[tuple[str, Any]]:
    """The kinds of conditions that an amount can depend on."""
    return [(kind.name, kind.label) for kind in KINDS.values() if not kind.once]


def parse_validity_by_dong(text: str) -> dict[str, int]:
    """'화천읍 90, 사내면 180' as days by dong; raises ValueError for anything else."""
    found = {}
    for part in filter(None, (part.strip() for part in text.replace("\n", ",").split(","))):
        name, _blank, days = part.rpartition(" ")
        found[name.strip()] = int(days.removesuffix("일"))
        if not name.strip() or not 0 < found[name.strip()] <= 36_500:
            raise ValueError(part)
    return found


def fact_fields(names: Iterator[str] | list[str], facts: Mapping[str, str]) -> list[Field]:
    """Fields to type in what a list would tell of one person."""
    fields = []
    for name in names:
        known, key = FACTS[name], f"fact.{name}"
        if known.type == FactType.BOOLEAN:
            choices = {"": gettext("모름"), "true": gettext("예"), "false": gettext("아니오")}
            fields.append(_select(key, known.label, choices, facts.get(name, "")))
        elif known.type == FactType.CHOICE:
            fields.append(_select(key, known.label, {"": gettext("모름"), **known.choice_labels}, facts.get(name, "")))
        else:
            input_ = {FactType.DATE: "date", FactType.INTEGER: "number"}.get(known.type, "text")
            fields.append(Field(name=key, label=known.label, input=input_, value=facts.get(name, "")))
    return fields


def read_facts(data: Mapping[str, str], names: list[str]) -> tuple[dict[str, Any], list[str]]:
    """Typed-in facts as a list would tell them, and the labels of those that cannot be read."""
    facts: dict[str, Any] = {}
    wrong = []
    for name in names:
        text = str(data.get(f"fact.{name}", "")).strip()
        if not text:
            continue
        value = _typed(text, FACTS[name].type, FACTS[name].choices)
        if value is None:
            wrong.append(str(FACTS[name].label))
        else:
            facts[name] = value
    return facts, wrong


def _typed(text: str, type: FactType, choices: Mapping[str, Any]) -> Any:
    """The value, None for what cannot be read."""
    if type == FactType.CHOICE:
        return text if text in choices else None
    if type == FactType.BOOLEAN:
        return {"true": True, "false": False}.get(text)
    if type == FactType.DATE:
        return text if is_day(text) else None
    if type in (FactType.INTEGER, FactType.DECIMAL):
        return _number(text.replace(",", ""), type)
    return text[:200]


def _number(text: str, type: FactType) -> Any:
    try:
        exact = Decimal(text)
    except InvalidOperation:
        return None
    if not exact.is_finite() or abs(exact) >= 10**9 or (type == FactType.INTEGER and exact != int(exact)):
        return None
    return int(exact) if exact == int(exact) else float(exact)
