"""The kinds of conditions: for each its parameters, its sentence, what is told when it is not met, and its SQL.

The SQL of a kind stands in ``sql/<name>.sql``, one boolean expression: true, false, or NULL where something is not known.
It speaks of ``r`` (the row of the list), ``c`` (the member it was matched to) and of what its joins bring in. The same
expression judges a whole city's list and one person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from allowances.eligibility import words
from allowances.eligibility.facts import FACTS, FactType
from allowances.eligibility.words import OPERATORS
from vouchers.citizens.rules import Category

Spec = Mapping[str, Any]
"""A condition as JSON: ``kind``, ``not`` (true for the opposite) and the kind's parameters."""


class ParamType(StrEnum):
    """How a parameter is written in JSON, asked for in a form, and handed to SQL."""

    COUNT = "count"  # a whole number, 0 or more
    WON = "won"
    DAY = "day"  # an ISO date
    CHOICE = "choice"
    DATE_OF = "date_of"  # which day: the reference date, or a day that the list or the record tells
    CATEGORIES = "categories"
    DONGS = "dongs"
    TYPES = "types"  # codes of the catalogue
    FACT = "fact"
    VALUE = "value"  # compared with a fact: a text, a number, a date, or several of them


@dataclass(frozen=True, kw_only=True)
class Param:
    """One parameter of a kind."""

    name: str
    label: Any
    type: ParamType
    required: bool = False
    default: Any = None
    choices: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of condition. ``code`` is the code of its problem, or SQL that decides between several.

    ``found`` are SQL expressions whose values the text of the problem shows. ``unknown`` is the code of the problem when
    it cannot be judged. ``once`` kinds look at rows and payments, so an amount cannot depend on them.
    """

    name: str
    label: Any
    params: tuple[Param, ...]
    sentence: Callable[[Spec], str]
    code: str
    unknown: str = "fact_missing"
    column: str = "row"
    found: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    once: bool = False


UNITS: Final = {"years": _("년"), "months": _("개월"), "days": _("일")}
DATES: Final[Mapping[str, Any]] = {
    "reference": _("자격 기준일"),
    **{name: fact.label for name, fact in FACTS.items() if fact.type == FactType.DATE},
}
EVENTS: Final[Mapping[str, Any]] = {
    **{name: label for name, label in DATES.items() if name != "reference"},
    "birthday": _("대상자의 생일"),
    "child_birthday": _("자녀의 생일"),
}
PERIODS: Final = {
    "lifetime": _("평생"), "fiscal_year": _("회계연도"), "months": _("최근 몇 개월"), "cycle": _("이 회차"),
}  # fmt: skip
SCOPES: Final = {"own": _("이 사업(연도가 달라도)"), "types": _("지정한 수당 종류")}
KEYS: Final = {
    "household": _("세대"), "farm_number": FACTS["farm_number"].label, "household_number": FACTS["household_number"].label,
}  # fmt: skip
WHO: Final = {"recipient": _("대상자"), "child": _("자녀")}


def _count(name: str, label: Any, *, required: bool = False, default: int | None = None) -> Param:
    return Param(name=name, label=label, type=ParamType.COUNT, required=required, default=default)


def _choice(name: str, label: Any, choices: Mapping[str, Any], default: str) -> Param:
    return Param(
        name=name, label=label, type=ParamType.CHOICE, choices=choices, default=default, required=True
    )  # fmt: skip


def _day_of(name: str, label: Any, choices: Mapping[str, Any], default: str) -> Param:
    return Param(
        name=name, label=label, type=ParamType.DATE_OF, choices=choices, default=default, required=True
    )  # fmt: skip


_LENGTH: Final = (_count("length", _("기간"), required=True), _choice("unit", _("단위"), UNITS, "days"))
_MOVED_IN: Final = {"since": "{moved_in}"}


_ALL: Final = (
    Kind(
        name="age", label=_("나이"), sentence=words.age, column="birth_date", unknown="birth_unknown",
        params=(
            _choice("of", _("누구의"), WHO, "recipient"), _choice("unit", _("단위"), UNITS, "years"),
            _count("min", _("최소")), _count("max", _("최대")), _day_of("on", _("판단일"), DATES, "reference"),
        ),
        code="CASE WHEN {birth} > ({on} - {min} * {unit})::date THEN 'too_young' ELSE 'too_old' END",
        found={
            "years": "CASE {unit} WHEN interval '1 year' THEN extract(year FROM age({on}, {birth}))"
                     " WHEN interval '1 day' THEN {on} - {birth}"
                     " ELSE extract(year FROM age({on}, {birth})) * 12 + extract(month FROM age({on}, {birth})) END",
            "expected": "CASE WHEN {birth} > ({on} - {min} * {unit})::date THEN {min} ELSE {max} END",
        },
    ),
    Kind(
        name="born", label=_("출생일"), sentence=words.born, column="birth_date", unknown="birth_unknown",
        params=(
            _choice("of", _("누구의"), WHO, "recipient"),
            Param(name="since", label=_("이 날부터"), type=ParamType.DAY),
            Param(name="until", label=_("이 날까지"), type=ParamType.DAY),
        ),
        code="'born_outside'", found={"birth": "{birth}"},
    ),
    Kind(
        name="resident_for", label=_("계속 거주 기간"), sentence=words.resident_for, unknown="residence_unknown",
        params=(*_LENGTH, _day_of("before", _("언제까지"), DATES, "reference")),
        code="'residence_too_short'", found=_MOVED_IN, needs=("moved_in_on",),
    ),
    Kind(
        name="resided_in_total", label=_("합산 거주 기간"), sentence=words.resided_in_total, unknown="residence_unknown",
        params=(*_LENGTH, _day_of("before", _("언제까지"), DATES, "reference")),
        code="'residence_total_too_short'", found=_MOVED_IN, needs=("moved_in_on",),
    ),
    Kind(
        name="resident_since", label=_("특정일부터 거주"), sentence=words.resident_since, unknown="residence_unknown",
        params=(Param(name="day", label=_("이 날 이전부터"), type=ParamType.DAY, required=True),),
        code="'resident_too_late'", found=_MOVED_IN, needs=("moved_in_on",),
    ),
    Kind(
        name="still_resident", label=_("사유 뒤 계속 거주"), sentence=words.still_resident, unknown="residence_unknown",
        params=(*_LENGTH, _day_of("event", _("언제부터"), EVENTS, "moved_in_on")),
        code="'not_still_resident'", found=_MOVED_IN, needs=("moved_in_on",),
    ),
    Kind(
        name="lived_elsewhere", label=_("전입 전 관외 거주"), sentence=words.lived_elsewhere, unknown="residence_unknown",
        params=_LENGTH, code="'lived_here_before'", found={**_MOVED_IN, "left": "{left_on}"}, needs=("moved_in_on",),
    ),
    Kind(
        name="dong", label=_("읍면동"), sentence=words.dong, unknown="dong_missing", column="dong",
        params=(Param(name="dongs", label=_("읍면동"), type=ParamType.DONGS, required=True),),
        code="'dong_outside'",
        found={"dong": "coalesce((SELECT name FROM vouchers_dong d WHERE d.id = c.dong_id), r.dong)"},
    ),
    Kind(
        name="household_size", label=_("세대원 수"), sentence=words.household_size, unknown="household_unknown",
        params=(_count("min", _("최소")), _count("max", _("최대"))), code="'household_size_differs'",
        found={"people": "coalesce({household_size}, home.members)"}, needs=("household_size",),
    ),
    Kind(
        name="children", label=_("자녀 수"), sentence=words.children, unknown="household_unknown",
        params=(
            _count("min", _("최소")), _count("max", _("최대")), _count("age_max", _("자녀의 최대 나이(만)")),
        ),
        code="'children_differ'", found={"children": "coalesce({child_count}, {counted}, 0)"}, needs=("child_count",),
    ),
    Kind(
        name="household_member", label=_("세대원의 나이"), sentence=words.household_member, unknown="household_unknown",
        params=(
            _count("age_min", _("최소 나이(만)")), _count("age_max", _("최대 나이(만)")),
            _count("at_least", _("최소 인원"), required=True, default=1),
        ),
        code="'household_member_missing'", found={"people": "coalesce({counted}, 0)"},
    ),
    Kind(
        name="head_of_household", label=_("세대주"), sentence=words.head_of_household, unknown="household_unknown",
        params=(), code="'not_head_of_household'", needs=("head_of_household",),
    ),
    Kind(
        name="category", label=_("자격 구분"), sentence=words.category, code="'category_missing'",
        params=(
            Param(
                name="categories", label=_("자격(하나 이상)"), type=ParamType.CATEGORIES, required=True,
                choices=dict(Category.choices),
            ),
        ),
    ),
    Kind(
        name="applied_within", label=_("신청 기한"), sentence=words.applied_within, column="applied_on",
        params=(
            _day_of("event", _("무엇으로부터"), EVENTS, "event_date"), *_LENGTH, _count("early", _("미리 신청(일 전부터)")),
        ),
        code="CASE WHEN {applied_on} < {event} THEN 'applied_too_early' ELSE 'applied_too_late' END",
        found={"applied": "{applied_on}", "event": "{event}"}, needs=("applied_on",),
    ),
    Kind(
        name="fact", label=_("명단의 값"), sentence=words.fact, code="'fact_differs'",
        params=(
            Param(name="fact", label=_("열"), type=ParamType.FACT, required=True),
            _choice("is", _("비교"), OPERATORS, ">="),
            Param(name="value", label=_("값"), type=ParamType.VALUE, required=True),
        ),
        found={"value": "r.facts -> {fact_name}"},
    ),
    Kind(
        name="received", label=_("받은 횟수"), sentence=words.received, unknown="not_known", once=True,
        params=(
            _choice("scope", _("무엇을"), SCOPES, "own"),
            Param(name="types", label=_("수당 종류 코드"), type=ParamType.TYPES),
            _choice("period", _("기간"), PERIODS, "lifetime"), _count("months", _("최근 개월 수")),
            _count("times", _("최대 횟수(이번 지급 포함)"), required=True, default=1),
        ),
        code="'received_before'", found={"times": "coalesce({counted}, 0)"},
    ),
    Kind(
        name="received_in_all", label=_("받은 금액"), sentence=words.received_in_all, unknown="not_known", once=True,
        params=(
            _choice("scope", _("무엇을"), SCOPES, "own"),
            Param(name="types", label=_("수당 종류 코드"), type=ParamType.TYPES),
            _choice("period", _("기간"), PERIODS, "fiscal_year"), _count("months", _("최근 개월 수")),
            Param(name="won", label=_("최대 금액(이번 지급 포함, 원)"), type=ParamType.WON, required=True),
        ),
        code="'received_too_much'", found={"expected": "{won} - coalesce({summed}, 0)", "before": "coalesce({summed}, 0)"},
        column="amount",
    ),
    Kind(
        name="per_household", label=_("세대당 인원"), sentence=words.per_household, unknown="household_unknown", once=True,
        params=(
            _choice("by", _("무엇마다"), KEYS, "household"), _choice("period", _("기간"), PERIODS, "cycle"),
            _count("months", _("최근 개월 수")), _count("times", _("최대 인원"), required=True, default=1),
        ),
        code="'household_full'", found={"place": "{place}"}, needs=("household_number",),
    ),
)  # fmt: skip

KINDS: Final[Mapping[str, Kind]] = {kind.name: kind for kind in _ALL}

INTERNAL: Final[Mapping[str, Kind]] = {
    kind.name: kind
    for kind in (
        Kind(
            name="tranche_before", label=_("이전 차수 지급"), sentence=words.tranche_before, once=True, code="'tranche_too_early'",
            params=(_count("tranche", _("차수"), required=True), _count("months", _("개월 수"), required=True)),
            found={"paid": "{paid_on}"},
        ),
        Kind(
            name="tranche_once", label=_("같은 차수는 한 번"), sentence=words.tranche_once, once=True,
            code="'tranche_paid_before'", params=(_count("tranche", _("차수"), required=True),), found={"paid": "{paid_on}"},
        ),
    )
}  # fmt: skip
"""Conditions that a tranche brings with it; nobody writes them down."""


def sentence_of(spec: Spec) -> str:
    """One condition in the reader's language, the opposite where it is negated."""
    kind = KINDS.get(spec["kind"]) or INTERNAL[spec["kind"]]
    text = kind.sentence(spec)
    return gettext("%(condition)s — 해당하면 제외") % {"condition": text} if spec.get("not") else text


def sentence_of_group(group: list[Spec]) -> str:
    """Alternatives of which one is enough."""
    return gettext(" 또는 ").join(sentence_of(spec) for spec in group)
