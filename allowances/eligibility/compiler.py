"""From a programme's rules to SQL: boolean expressions over ``r`` and ``c``, an amount, and what their joins need.

Values go in as parameters, never as text. Everything that needs rows of other tables comes as one join over the whole
list, so that a list of any size is judged by one statement.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from allowances.eligibility.facts import FACTS, WEEKS, FactType
from allowances.eligibility.kinds import INTERNAL, KINDS, Kind, Spec

_SQL: Final = Path(__file__).parent / "sql"
_COMMENT: Final = re.compile(r"^--.*\n", re.MULTILINE)
_PLACE: Final = re.compile(r"{(\w+)}")
_INTERVALS: Final = {"years": "interval '1 year'", "months": "interval '1 month'", "days": "interval '1 day'"}
_OPERATORS: Final = {">=": ">=", "<=": "<=", ">": ">", "<": "<", "=": "="}

_CATEGORY_FACTS: Final = {
    "disability": "has_disability", "severe_disability": "", "veteran": "is_veteran", "single_parent": "is_single_parent",
    "multi_child": "is_multi_child", "farmer": "is_farmer", "basic_recipient": "is_basic_recipient",
    "near_poor": "is_near_poor", "basic_pension": "is_basic_pensioner", "artist": "is_artist",
}  # fmt: skip

Cycles = Callable[[Spec], list[UUID]]


@cache
def _template(name: str) -> str:
    return _COMMENT.sub("", (_SQL / f"{name}.sql").read_text(encoding="utf-8")).strip()


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What rules are judged in. ``cycles`` answers which payment rounds a condition on earlier payments looks at;
    ``rows`` is the relation that holds the whole list; ``batch`` its own id, whose entitlements are no earlier ones.
    ``columns``: the facts that the list has columns for, None where that is not known."""

    municipality: str
    reference_date: date
    batch: UUID
    series: UUID
    cycles: Cycles
    rows: str = "allowances_batchrow"
    columns: frozenset[str] | None = None
    with_strangers: bool = False


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One condition, compiled. ``sql`` is NULL where it cannot be judged; ``params`` makes the problem's JSON."""

    spec: Spec
    kind: Kind
    sql: str
    code: str
    params: str
    unknown_code: str
    unknown_params: str


@dataclass(frozen=True, kw_only=True)
class Compiled:
    """A rule set as SQL. ``amount`` is NULL where no amount can be told; ``values`` are the parameters of all of it."""

    groups: tuple[tuple[Condition, ...], ...]
    amount: str
    joins: str
    values: Mapping[str, Any]


def compile_rules(
    *, groups: list[list[Spec]], components: list[Spec], setting: Setting, prefix: str = "rule_"
) -> Compiled:
    """Compile conditions (all groups, of each one alternative) and components of the amount (added up).

    The names of the parameters begin with ``prefix``.
    """
    workshop = _Workshop(setting, prefix)
    compiled = tuple(tuple(workshop.condition(spec) for spec in group) for group in groups)
    amount = workshop.amount(components)
    return Compiled(groups=compiled, amount=amount, joins="\n".join(workshop.joins), values=workshop.values)


@dataclass
class _Workshop:
    """Collects parameters and joins while expressions are made."""

    setting: Setting
    prefix: str
    values: dict[str, Any] = field(default_factory=dict)
    joins: list[str] = field(default_factory=list)

    def value(self, value: Any, type: str) -> str:
        """A parameter, typed."""
        name = f"{self.prefix}{len(self.values)}"
        self.values[name] = value
        return f"%({name})s::{type}"

    # Conditions

    def condition(self, spec: Spec) -> Condition:
        kind = KINDS.get(spec["kind"]) or INTERNAL[spec["kind"]]
        places = self._places(kind, spec)
        sql = self._fact(spec) if kind.name == "fact" else _fill(_template(kind.name), places)
        if spec.get("not"):
            return self._negated(spec, kind, sql, places)
        unknown_code, unknown_params = self._unknown(kind, spec)
        return Condition(
            spec=spec, kind=kind, sql=f"({sql})", code=_fill(kind.code, places),
            params=self._params(spec, {name: _fill(text, places) for name, text in kind.found.items()}),
            unknown_code=unknown_code, unknown_params=unknown_params,
        )  # fmt: skip

    def _negated(self, spec: Spec, kind: Kind, sql: str, places: dict[str, str]) -> Condition:
        unknown_code, unknown_params = self._unknown(kind, spec)
        found = {name: _fill(text, places) for name, text in kind.found.items()}
        return Condition(
            spec=spec, kind=kind, sql=f"(NOT ({sql}))", code="'condition_excludes'", params=self._params(spec, found),
            unknown_code=unknown_code, unknown_params=unknown_params,
        )  # fmt: skip

    def _params(self, spec: Spec, found: Mapping[str, str]) -> str:
        pairs = "".join(f", '{name}', {sql}" for name, sql in found.items())
        return f"jsonb_build_object('condition', {self.value(_json(spec), 'jsonb')}{pairs})"

    def _unknown(self, kind: Kind, spec: Spec) -> tuple[str, str]:
        """Which problem it is when the condition cannot be judged: no column, an empty cell, or no record."""
        code = kind.unknown
        named = [name for name in self._facts_of(spec) if name in FACTS]
        if code == "fact_missing" and named and self.setting.columns is not None:
            absent = [name for name in named if name not in self.setting.columns]
            if absent:
                code, named = "fact_without_column", absent
        static = self.value(_json({"condition": dict(spec), "facts": named}), "jsonb")
        return code, static

    def _facts_of(self, spec: Spec) -> list[str]:
        kind = spec["kind"]
        named = [spec[key] for key in ("fact", "event", "on", "before") if isinstance(spec.get(key), str)]
        if kind == "applied_within":
            named.append("applied_on")
        if spec.get("of") == "child" or spec.get("event") == "child_birthday":
            named.append("child_birth_date")
        return named

    def _places(self, kind: Kind, spec: Spec) -> dict[str, str]:
        """What the placeholders of the kind's SQL stand for."""
        places = {
            "municipality": self.value(self.setting.municipality, "varchar"),
            "reference": self.value(self.setting.reference_date, "date"),
            "moved_in": _MOVED_IN, "birth": self._birth(spec.get("of", "recipient")),
            "unit": _INTERVALS[spec.get("unit") or ("years" if kind.name == "age" else "days")],
            "applied_on": FACTS["applied_on"].sql, "household_size": FACTS["household_size"].sql,
            "child_count": FACTS["child_count"].sql, "head_of_household": FACTS["head_of_household"].sql,
        }  # fmt: skip
        for name in ("min", "max", "length", "early", "at_least", "times", "months", "age_min", "age_max", "tranche"):
            if f"{{{name}}}" in _text_of(kind) or name in spec:
                places[name] = self.value(spec.get(name), "integer")
        for name, key in (("on", "on"), ("on", "before"), ("event", "event")):
            if key in {param.name for param in kind.params}:
                default = {"on": "reference", "before": "reference", "event": "event_date"}[key]
                places[name] = self._day_of(spec.get(key) or default, places)
        for name in ("day", "since", "until"):
            if name in {param.name for param in kind.params}:
                places[name] = self.value(spec.get(name), "date")
        getattr(self, f"_prepare_{kind.name}", lambda *_: None)(spec, places)
        return places

    def _birth(self, whose: str) -> str:
        return FACTS["child_birth_date"].sql if whose == "child" else "coalesce(r.birth_date, c.birth_date)"

    def _day_of(self, name: str, places: Mapping[str, str]) -> str:
        if name == "reference":
            return places["reference"]
        if name == "moved_in_on":
            return _MOVED_IN
        if name in ("birthday", "child_birthday"):
            birth = self._birth("child" if name == "child_birthday" else "recipient")
            applied = places["applied_on"]
            return f"({birth} + extract(year FROM age({applied}, {birth})) * interval '1 year')::date"
        return FACTS[name].sql

    def _fact(self, spec: Spec) -> str:
        known = FACTS[spec["fact"]]
        type_ = "text" if known.type in (FactType.TEXT, FactType.CHOICE) else str(known.type)
        value = spec["value"]
        if spec["is"] == "in":
            return f"{known.sql} = ANY ({self.value(list(value), f'{type_}[]')})"
        return f"{known.sql} {_OPERATORS[spec['is']]} {self.value(value, type_)}"

    # What single kinds need besides

    def _prepare_fact(self, spec: Spec, places: dict[str, str]) -> None:
        places["fact_name"] = self.value(spec["fact"], "text")

    def _prepare_dong(self, spec: Spec, places: dict[str, str]) -> None:
        places["dongs"] = self.value(list(spec["dongs"]), "text[]")

    def _prepare_resided_in_total(self, spec: Spec, places: dict[str, str]) -> None:
        self._join("earlier", places)

    def _prepare_lived_elsewhere(self, spec: Spec, places: dict[str, str]) -> None:
        self._join("earlier", places)
        places["left_on"] = f"coalesce({FACTS['left_on'].sql}, earlier.left_on)"

    def _prepare_household_size(self, spec: Spec, places: dict[str, str]) -> None:
        self._join("own", places)
        self._join("home", places)

    def _prepare_head_of_household(self, spec: Spec, places: dict[str, str]) -> None:
        self._join("own", places)

    def _prepare_children(self, spec: Spec, places: dict[str, str]) -> None:
        self._count_members(spec, places, relation="child")

    def _prepare_household_member(self, spec: Spec, places: dict[str, str]) -> None:
        self._count_members(spec, places, relation=None)

    def _count_members(self, spec: Spec, places: dict[str, str], *, relation: str | None) -> None:
        self._join("own", places)
        alias = self._alias("members")
        filled = places | {"relation": self.value(relation, "text"), "alias": alias}
        for name in ("age_min", "age_max"):
            filled[name] = self.value(spec.get(name), "integer")
        self._join("counted", filled)
        places["counted"] = f"{alias}.members"

    def _prepare_category(self, spec: Spec, places: dict[str, str]) -> None:
        told = [FACTS[_CATEGORY_FACTS[name]].sql for name in spec["categories"] if _CATEGORY_FACTS.get(name)]
        places["told"] = " OR ".join(f"coalesce({sql}, false)" for sql in told) or "false"
        places["categories"] = self.value(list(spec["categories"]), "text[]")

    def _prepare_received(self, spec: Spec, places: dict[str, str]) -> None:
        alias = self._received(spec, places)
        places["counted"] = self._either(alias, "times")

    def _prepare_received_in_all(self, spec: Spec, places: dict[str, str]) -> None:
        alias = self._received(spec, places)
        places |= {"summed": self._either(alias, "won"), "won": self.value(spec["won"], "bigint")}

    def _received(self, spec: Spec, places: dict[str, str]) -> str:
        alias = self._alias("received")
        filled = places | {
            "alias": alias, "person": _PERSON, "cycles": self.value(self.setting.cycles(spec), "uuid[]"),
            "batch": self.value(self.setting.batch, "uuid"),
        }  # fmt: skip
        self._join("received", filled)
        if self.setting.with_strangers:
            self._join("received_by_person", filled)
        return alias

    def _either(self, alias: str, column: str) -> str:
        """A member's own, or what was paid for the person before they joined."""
        mine = f"{alias}.{column}"
        return (
            f"coalesce({mine}, 0) + coalesce({alias}_person.{column}, 0)" if self.setting.with_strangers else mine
        )  # fmt: skip

    def _prepare_per_household(self, spec: Spec, places: dict[str, str]) -> None:
        alias, by = self._alias("household"), spec.get("by", "household")
        key = (
            "coalesce(q.facts ->> 'household_number', m.household_id::text)" if by == "household" else f"q.facts ->> '{by}'"
        )  # fmt: skip
        filled = places | {
            "alias": alias, "rows": self.setting.rows, "key_of_row": key,
            "cycles": self.value(self.setting.cycles({"period": "cycle", **spec}), "uuid[]"),
            "batch": self.value(self.setting.batch, "uuid"),
        }  # fmt: skip
        self._join("per_household", filled)
        places["place"] = f"{alias}.place"

    def _prepare_tranche_before(self, spec: Spec, places: dict[str, str]) -> None:
        self._tranche(places)

    def _prepare_tranche_once(self, spec: Spec, places: dict[str, str]) -> None:
        self._tranche(places)

    def _tranche(self, places: dict[str, str]) -> None:
        alias = self._alias("tranche")
        filled = places | {
            "alias": alias, "series": self.value(self.setting.series, "uuid"),
            "batch": self.value(self.setting.batch, "uuid"),
        }  # fmt: skip
        self._join("tranche", filled)
        places["paid_on"] = places["counted"] = f"{alias}.paid_on"

    def _alias(self, name: str) -> str:
        return f"{name}_{len(self.joins)}"

    def _join(self, name: str, places: Mapping[str, str]) -> None:
        sql = _template(f"joins/{name}")
        if "{alias}" not in sql and any(join.startswith(f"/* {name} */") for join in self.joins):
            return
        self.joins.append(f"/* {name} */ {_fill(sql, places)}")

    # Amounts

    def amount(self, components: list[Spec]) -> str:
        """Won, floored: components add up; in each the first tier whose conditions hold."""
        return " + ".join(f"({self._component(component)})" for component in components)

    def _component(self, component: Spec) -> str:
        cases = []
        for tier in component["tiers"]:
            held = self._all(tier.get("when") or [])
            if held == "true":
                cases.append(("true", self._tier(tier)))
                break
            cases += [(held, self._tier(tier)), (f"({held}) IS NULL", "NULL::bigint")]
        rest = "0" if component.get("add_on") else "NULL::bigint"
        if cases == [("true", cases[0][1])]:
            return cases[0][1]
        return "CASE " + " ".join(f"WHEN {held} THEN {won}" for held, won in cases) + f" ELSE {rest} END"

    def _all(self, groups: list[list[Spec]]) -> str:
        each = [" OR ".join(self.condition(spec).sql for spec in group) for group in groups]
        return " AND ".join(f"({group})" for group in each) or "true"

    def _tier(self, tier: Spec) -> str:
        if tier.get("own"):
            return "r.amount"
        if "rate" in tier:
            return self._rated(tier)
        won = self.value(tier["won"], "bigint")
        if tier.get("won_in_cash") is None:
            return won
        return f"CASE WHEN {_IN_CASH} THEN {self.value(tier['won_in_cash'], 'bigint')} ELSE {won} END"

    def _rated(self, tier: Spec) -> str:
        rate, step = self.value(str(tier["rate"]), "numeric"), self.value(int(tier.get("step") or 1), "bigint")
        if tier.get("weekly"):
            weeks = [self._won(f"{rate} * coalesce({FACTS[week].sql}, 0)", step, tier.get("cap")) for week in WEEKS]
            known = " AND ".join(f"{FACTS[week].sql} IS NULL" for week in WEEKS)
            return f"CASE WHEN {known} THEN NULL ELSE {' + '.join(weeks)} END"
        quantity = FACTS[tier["of"]].sql
        if tier.get("above"):
            quantity = f"greatest({quantity} - {self.value(tier['above'], 'numeric')}, 0)"
        told = f"{FACTS[tier['of']].sql} IS NULL"
        return f"CASE WHEN {told} THEN NULL ELSE {self._won(f'{rate} * {quantity}', step, tier.get('cap'))} END"

    def _won(self, exact: str, step: str, cap: Any) -> str:
        floored = f"(floor({exact} / {step}) * {step})::bigint"
        return floored if cap is None else f"least({floored}, {self.value(cap, 'bigint')})"


_MOVED_IN: Final = f"coalesce(c.resident_since, {FACTS['moved_in_on'].sql})"
_PERSON: Final = (
    "coalesce('number|' || encode(r.resident_number_index, 'hex'),"
    " r.name || '|' || to_char(r.birth_date, 'YYYY-MM-DD') || '|' || r.phone)"
)
"""Who is no member, as approvals.entitle writes them down."""
_IN_CASH: Final = "coalesce(r.facts ->> 'payment_method' = 'cash', false)"


def _text_of(kind: Kind) -> str:
    text = "" if kind.name == "fact" else _template(kind.name)
    return " ".join((text, kind.code, *kind.found.values()))


def _fill(text: str, places: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda place: places[place[1]], text)


def _json(spec: Mapping[str, Any]) -> str:
    return json.dumps(spec, ensure_ascii=False, sort_keys=True)
