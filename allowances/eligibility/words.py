"""What conditions and amounts mean, as plain sentences in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from allowances.eligibility.facts import FACTS, FactType
from vouchers.citizens.rules import Category
from vouchers.common.korean import document_date
from vouchers.common.money import money

Spec = Mapping[str, Any]

OPERATORS: Final = {
    ">=": _("이상"), "<=": _("이하"), ">": _("초과"), "<": _("미만"), "=": _("같음"), "in": _("다음 중 하나"),
}  # fmt: skip


def day(value: str) -> str:
    """An ISO date as offices write it."""
    return document_date(date.fromisoformat(value))


def day_of(name: str) -> str:
    """Which day is meant."""
    special = {
        "reference": gettext("자격 기준일"), "birthday": gettext("대상자의 생일"), "child_birthday": gettext("자녀의 생일"),
    }  # fmt: skip
    return special.get(name) or str(FACTS[name].label)


def length(spec: Spec) -> str:
    """3년, 6개월, 90일."""
    number = spec["length"]
    return {
        "years": gettext("%(number)s년"), "months": gettext("%(number)s개월"), "days": gettext("%(number)s일"),
    }[spec.get("unit", "days")] % {"number": number}  # fmt: skip


def _range(low: Any, high: Any, unit: str) -> str:
    if low is not None and low == high:
        return f"{low}{unit}"
    if high is None:
        return gettext("%(low)s%(unit)s 이상") % {"low": low, "unit": unit}
    if low is None:
        return gettext("%(high)s%(unit)s 이하") % {"high": high, "unit": unit}
    return gettext("%(low)s%(unit)s 이상 %(high)s%(unit)s 이하") % {"low": low, "high": high, "unit": unit}


def age(spec: Spec) -> str:
    """자격 기준일에 만 19세 이상 39세 이하."""
    years = spec.get("unit", "years") == "years"
    unit = {"years": gettext("세"), "months": gettext("개월"), "days": gettext("일")}[spec.get("unit", "years")]
    who = gettext("자녀가 ") if spec.get("of") == "child" else ""
    number = (gettext("만 ") if years else gettext("생후 ")) + _range(spec.get("min"), spec.get("max"), unit)
    return gettext("%(who)s%(day)s에 %(age)s") % {
        "who": who,
        "day": day_of(spec.get("on", "reference")),
        "age": number,
    }


def born(spec: Spec) -> str:
    """2023년 이후 출생."""
    who = gettext("자녀가 ") if spec.get("of") == "child" else ""
    since, until = spec.get("since"), spec.get("until")
    if since and until:
        return gettext("%(who)s%(since)s부터 %(until)s까지 출생") % {
            "who": who,
            "since": day(since),
            "until": day(until),
        }
    if since:
        return gettext("%(who)s%(since)s 이후 출생") % {"who": who, "since": day(since)}
    return gettext("%(who)s%(until)s 이전 출생") % {"who": who, "until": day(str(until))}


def resident_for(spec: Spec) -> str:
    """자격 기준일까지 3년 이상 계속 거주."""
    return gettext("%(day)s까지 %(length)s 이상 계속 거주") % {
        "day": day_of(spec.get("before", "reference")), "length": length(spec),
    }  # fmt: skip


def resided_in_total(spec: Spec) -> str:
    """자격 기준일까지 합산 10년 이상 거주."""
    return gettext("%(day)s까지 합산 %(length)s 이상 거주") % {
        "day": day_of(spec.get("before", "reference")), "length": length(spec),
    }  # fmt: skip


def resident_since(spec: Spec) -> str:
    return gettext("%(day)s 이전부터 계속 거주") % {"day": day(spec["day"])}


def still_resident(spec: Spec) -> str:
    return gettext("%(event)s부터 %(length)s 뒤에도 계속 거주") % {
        "event": day_of(spec.get("event", "moved_in_on")), "length": length(spec),
    }  # fmt: skip


def lived_elsewhere(spec: Spec) -> str:
    return gettext("전입 전 %(length)s 이상 다른 지역에 거주(우리 지역에 산 적이 없으면 충족)") % {
        "length": length(spec)
    }


def dong(spec: Spec) -> str:
    return gettext("%(dongs)s 거주") % {"dongs": ", ".join(spec["dongs"])}


def household_size(spec: Spec) -> str:
    return gettext("세대원 %(people)s") % {"people": _range(spec.get("min"), spec.get("max"), gettext("명"))}


def children(spec: Spec) -> str:
    until = spec.get("age_max")
    of_age = gettext("만 %(age)s세 이하 ") % {"age": until} if until is not None else ""
    return gettext("%(age)s자녀 %(people)s") % {
        "age": of_age, "people": _range(spec.get("min"), spec.get("max"), gettext("명")),
    }  # fmt: skip


def household_member(spec: Spec) -> str:
    return gettext("만 %(age)s인 세대원 %(people)s명 이상(본인 포함)") % {
        "age": _range(spec.get("age_min"), spec.get("age_max"), gettext("세")), "people": spec.get("at_least", 1),
    }  # fmt: skip


def head_of_household(_spec: Spec) -> str:
    return gettext("세대주")


def category(spec: Spec) -> str:
    names = gettext(" 또는 ").join(str(name.label) for name in Category if name in spec["categories"])
    return gettext("%(names)s 자격") % {"names": names}


def applied_within(spec: Spec) -> str:
    early = spec.get("early")
    text = gettext("%(event)s부터 %(length)s 안에 신청") % {
        "event": day_of(spec.get("event", "event_date")), "length": length(spec),
    }  # fmt: skip
    return text + (gettext(" (%(days)s일 전부터 가능)") % {"days": early} if early else "")


def value_of(name: str, value: Any) -> str:
    """A value of a fact, as it is read aloud."""
    if isinstance(value, (list, tuple)):
        return ", ".join(value_of(name, item) for item in value)
    known = FACTS[name]
    if known.type == FactType.DATE:
        return day(str(value))
    if known.type == FactType.BOOLEAN:
        return gettext("예") if value in (True, "true") else gettext("아니오")
    if known.type == FactType.CHOICE:
        return str(known.choice_labels.get(str(value), value))
    return f"{value}{known.unit}"


def fact(spec: Spec) -> str:
    """출생 순위 2째 이상."""
    label, value = FACTS[spec["fact"]].label, value_of(spec["fact"], spec["value"])
    if spec["is"] in ("=", "in"):
        return gettext("%(label)s: %(value)s") % {"label": label, "value": value}
    return gettext("%(label)s %(value)s %(is)s") % {"label": label, "value": value, "is": OPERATORS[spec["is"]]}


def _period(spec: Spec) -> str:
    return {
        "lifetime": gettext("평생"), "fiscal_year": gettext("회계연도마다"), "cycle": gettext("이 회차에"),
        "months": gettext("최근 %(months)s개월에") % {"months": spec.get("months")},
    }[spec.get("period", "lifetime")]  # fmt: skip


def _scope(spec: Spec) -> str:
    if spec.get("scope") == "types":
        return gettext("지정 수당(%(types)s)을") % {"types": ", ".join(spec.get("types") or [])}
    return gettext("이 사업을")


def received(spec: Spec) -> str:
    """평생 이 사업을 1회까지 수급."""
    return gettext("%(period)s %(scope)s %(times)s회까지 수급") % {
        "period": _period(spec), "scope": _scope(spec), "times": spec.get("times", 1),
    }  # fmt: skip


def received_in_all(spec: Spec) -> str:
    return gettext("%(period)s %(scope)s 모두 %(won)s까지 수급") % {
        "period": _period(spec), "scope": _scope(spec), "won": money(spec["won"]),
    }  # fmt: skip


def per_household(spec: Spec) -> str:
    what = {
        "household": gettext("세대"), "farm_number": gettext("농어업 경영체"), "household_number": gettext("세대 번호"),
    }[spec.get("by", "household")]  # fmt: skip
    return gettext("%(period)s 한 %(what)s에서 %(times)s명까지") % {
        "period": _period({"period": "cycle", **spec}), "what": what, "times": spec.get("times", 1),
    }  # fmt: skip


def tranche_before(spec: Spec) -> str:
    return gettext("%(tranche)s차분을 받고 %(months)s개월이 지남") % {
        "tranche": spec["tranche"],
        "months": spec["months"],
    }


def tranche_once(spec: Spec) -> str:
    return gettext("%(tranche)s차분을 받은 적 없음") % {"tranche": spec["tranche"]}


# Amounts -----------------------------------------------------------------------------------------------------------


def tier(spec: Spec) -> str:
    """What a tier gives, without its conditions."""
    if spec.get("own"):
        return gettext("명단의 지급액")
    if "rate" in spec:
        return _rated(spec)
    text = money(spec["won"])
    cash = spec.get("won_in_cash")
    return (
        text if cash is None else gettext("상품권 %(won)s, 현금 선택 시 %(cash)s") % {"won": text, "cash": money(cash)}
    )


def _rated(spec: Spec) -> str:
    if spec.get("weekly"):
        text = gettext("주마다 이용액 × %(rate)s") % {"rate": spec["rate"]}
    else:
        known = FACTS[spec["of"]]
        label = f"{known.label}({known.unit})" if known.unit else str(known.label)
        above = spec.get("above")
        what = (
            gettext("%(label)s 가운데 %(above)s 초과분") % {"label": label, "above": f"{above:,}"} if above else label
        )
        text = gettext("%(what)s × %(rate)s원") % {"what": what, "rate": _number(spec["rate"])}
    cap = spec.get("cap")
    if cap is not None:
        each = gettext("주 최대 ") if spec.get("weekly") else gettext("최대 ")
        text += f" ({each}{money(cap)})"
    step = spec.get("step") or 1
    return text + (gettext(", %(step)s원 미만 버림") % {"step": f"{step:,}"} if step > 1 else "")


def _number(text: Any) -> str:
    whole = str(text)
    return f"{int(whole):,}" if whole.isdigit() else whole
