"""The tiers of benefit terms as sentences that an official can check: who gets how much, where, up to which amount.

Tiers that fit a payment add up, so no single tier tells what a shop's customer gets. The tiers are therefore laid over each
other: each line here holds for payments that no other line holds for, and tells the whole rate and each payer's share.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from django.utils.translation import gettext as _

from vouchers.common.money import brief

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Bounds(NamedTuple):
    """Won above the one and up to the other; None: without an end."""

    above: int | None = None
    up_to: int | None = None


FROM_NOTHING, ANY = Bounds(0), Bounds()


class Names(NamedTuple):
    """These, or with ``others`` all but these. No names and ``others``: all there are."""

    names: tuple[str, ...] = ()
    others: bool = True


@dataclass(frozen=True, kw_only=True)
class Tier:
    """A payer's share, 1/10000 of payments under its conditions; empty dongs and categories admit all shops."""

    payer: str
    rate: int
    spend: Bounds = FROM_NOTHING
    sales: Bounds = ANY
    dongs: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()


class Shops(NamedTuple):
    """Shops of these dongs, of these categories and of these annual sales."""

    dongs: Names = Names()
    categories: Names = Names()
    sales: Bounds = ANY


@dataclass(frozen=True, kw_only=True)
class Line:
    """What payments at some shops within one band of the month get, 1/10000 by payer; nothing: no benefit.

    ``shops`` None: all that no other line is about.
    """

    shops: Shops | None
    spend: Bounds
    rates: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Benefit:
    """What an official decides in benefit terms, in words and won. ``spend`` is what is spent: 월 사용액, or 월 충전액.

    ``money``: the kinds of money that count, None where the question does not arise; ``budgets`` of month and year and
    ``steps`` (percent used, 1/10000 of the rates) likewise.
    """

    spend: str
    tiers: Sequence[Tier]
    spend_cap: int | None = None
    benefit_cap: int | None = None
    money: Sequence[str] | None = None
    for_corporations: bool = False
    budgets: tuple[int | None, int | None] = (None, None)
    steps: Sequence[tuple[int, int]] = ()
    validity_months: int | None = None
    usage_rule: str = ""
    own_fund: str = ""


def percent(rate: int) -> str:
    """1/10000 as people say it: 7%, 0.3%."""
    return f"{rate / 100:g}%"


def of_benefit(benefit: Benefit) -> list[str]:
    """Everything that was decided, the rates first."""
    return [
        *(sentence(line, spend=benefit.spend) for line in lines(benefit.tiers, spend_cap=benefit.spend_cap)),
        *_members(benefit), *_budgets(benefit), *_what_is_given(benefit),
    ]  # fmt: skip


def conditions(tier: Tier, *, spend: str) -> str:
    """When one tier holds, told in a row of tiers."""
    dongs, categories = (Names(tuple(sorted(names)), not names) for names in (tier.dongs, tier.categories))
    shops, band = _shops(Shops(dongs, categories, tier.sales)), _band(tier.spend, spend)
    return f"{shops} · {band}" if shops else band


def sentence(line: Line, *, spend: str) -> str:
    """월 사용액 30만 원까지: 10% (국비 2%, 시비 8%)."""
    shops = _("그 밖의 가맹점") if line.shops is None else _shops(line.shops)
    if not line.rates and line.spend == FROM_NOTHING:
        return _("%(shops)s 제외") % {"shops": shops} if shops else _("혜택 없음")
    if len(line.rates) > 1:
        shares = ", ".join(f"{payer} {percent(rate)}" for payer, rate in line.rates.items())
        given = f"{percent(sum(line.rates.values()))} ({shares})"
    else:
        given = ", ".join(f"{percent(rate)} ({payer})" for payer, rate in line.rates.items()) or _("혜택 없음")
    told = f"{_band(line.spend, spend)}: {given}"
    return f"{shops} · {told}" if shops else told


def lines(tiers: Sequence[Tier], *, spend_cap: int | None) -> list[Line]:
    """Every payment up to the cap falls under exactly one line. What most kinds of shops get comes last, for all the others."""
    shops: dict[_Bands, list[Shops]] = {}
    for some, bands in _by_shops(tiers, spend_cap):
        shops.setdefault(bands, []).append(some)
    most = max(shops, key=lambda bands: len(shops[bands]))
    rest = [most] if len(shops[most]) > 1 else []
    told = [(some, bands) for bands, kinds in shops.items() if bands not in rest for some in kinds]
    return [
        Line(shops=some, spend=spend, rates=dict(rates))
        for some, bands in [*told, *((None, bands) for bands in rest)]
        for spend, rates in bands
    ]


def highest_rate(tiers: Sequence[Tier], *, spend_cap: int | None = None) -> int:
    """The most that a won of any payment gets, in 1/10000."""
    return max(sum(line.rates.values()) for line in lines(tiers, spend_cap=spend_cap))


def _by_shops(tiers: Sequence[Tier], spend_cap: int | None) -> Iterator[tuple[Shops, _Bands]]:
    dongs, categories = _kinds(tier.dongs for tier in tiers), _kinds(tier.categories for tier in tiers)

    def at(dong: Names, category: Names) -> tuple[tuple[Bounds, _Bands], ...]:
        there = [tier for tier in tiers if _admits(tier.dongs, dong) and _admits(tier.categories, category)]
        return _by_sales(there, spend_cap)

    for some_dongs, row in _alike(dongs, lambda dong: tuple(at(dong, category) for category in categories)):
        by_category = dict(zip(categories, row, strict=True))
        for some_categories, ranges in _alike(categories, by_category.__getitem__):
            for sales, bands in ranges:
                yield Shops(some_dongs, some_categories, sales), bands


_Rates = tuple[tuple[str, int], ...]
_Bands = tuple[tuple[Bounds, _Rates], ...]


def _kinds(named: Iterable[frozenset[str]]) -> list[Names]:
    """Names that the same tiers name, and last but first told all others."""
    sets = list(named)
    by_tiers: dict[tuple[int, ...], list[str]] = {}
    for name in sorted(frozenset().union(*sets)):
        by_tiers.setdefault(tuple(n for n, names in enumerate(sets) if name in names), []).append(name)
    every = tuple(sorted(frozenset().union(*sets)))
    return [Names(every, others=True), *(Names(tuple(names), others=False) for names in by_tiers.values())]


def _admits(admitted: frozenset[str], kind: Names) -> bool:
    return not admitted or (not kind.others and kind.names[0] in admitted)


def _alike(kinds: Sequence[Names], value: Callable[[Names], Value]) -> list[tuple[Names, Value]]:
    """Kinds of one value told as one."""
    groups: dict[Value, list[Names]] = {}
    for kind in kinds:
        groups.setdefault(value(kind), []).append(kind)
    return [(_together(group), result) for result, group in groups.items()]


def _together(kinds: Sequence[Names]) -> Names:
    named = {name for kind in kinds if not kind.others for name in kind.names}
    rest = next((kind for kind in kinds if kind.others), None)
    if rest is None:
        return Names(tuple(sorted(named)), others=False)
    return Names(tuple(name for name in rest.names if name not in named), others=True)


def _by_sales(tiers: Sequence[Tier], spend_cap: int | None) -> tuple[tuple[Bounds, _Bands], ...]:
    edges = sorted({edge for tier in tiers for edge in tier.sales if edge is not None})
    return _joined(
        (Bounds(above, up_to), _by_spend([tier for tier in tiers if _covers(tier.sales, above, up_to)], spend_cap))
        for above, up_to in zip([None, *edges], [*edges, None], strict=True)
    )


def _by_spend(tiers: Sequence[Tier], spend_cap: int | None) -> _Bands:
    """Up to the cap, above which nothing counts; where nothing is given at all, one band without an end."""
    edges = sorted({edge for tier in tiers for edge in tier.spend if edge and (spend_cap is None or edge < spend_cap)})
    bands: list[tuple[Bounds, _Rates]] = []
    for above, up_to in zip([0, *edges], [*edges, spend_cap], strict=True):
        rates: dict[str, int] = {}
        for tier in tiers:
            if _covers(tier.spend, above, up_to):
                rates[tier.payer] = rates.get(tier.payer, 0) + tier.rate
        bands.append((Bounds(above, up_to), tuple(rates.items())))
    return _joined(bands) if any(rates for _band_, rates in bands) else ((FROM_NOTHING, ()),)


def _covers(bounds: Bounds, above: int | None, up_to: int | None) -> bool:
    return (bounds.above is None or (above is not None and above >= bounds.above)) and (
        bounds.up_to is None or (up_to is not None and up_to <= bounds.up_to)
    )


def _joined(ranges: Iterable[tuple[Bounds, Value]]) -> tuple[tuple[Bounds, Value], ...]:
    """Neighbours of one value made one."""
    joined: list[tuple[Bounds, Value]] = []
    for bounds, value in ranges:
        if joined and joined[-1][1] == value:
            joined[-1] = (Bounds(joined[-1][0].above, bounds.up_to), value)
        else:
            joined.append((bounds, value))
    return tuple(joined)


def _shops(shops: Shops) -> str:
    told = [
        _named(shops.dongs, "%(names)s", _("%(names)s 밖")),
        _named(shops.categories, _("%(names)s 업종"), _("%(names)s 외 업종")),
        _sales(shops.sales),
    ]
    known = ", ".join(part for part in told if part)
    return _("%(conditions)s 가맹점") % {"conditions": known} if known else ""


def _named(names: Names, these: str, others: str) -> str:
    if not names.names:
        return ""
    return (others if names.others else these) % {"names": "·".join(names.names)}


def _sales(sales: Bounds) -> str:
    if sales.above is None and sales.up_to is None:
        return ""
    if sales.above is None:
        return _("연매출 %(up_to)s 이하") % {"up_to": brief(sales.up_to or 0)}
    if sales.up_to is None:
        return _("연매출 %(above)s 초과") % {"above": brief(sales.above)}
    return _("연매출 %(above)s 초과 %(up_to)s 이하") % {"above": brief(sales.above), "up_to": brief(sales.up_to)}


def _band(band: Bounds, spend: str) -> str:
    if not band.above:
        if band.up_to is None:
            return _("%(spend)s 전부") % {"spend": spend}
        return _("%(spend)s %(up_to)s까지") % {"spend": spend, "up_to": brief(band.up_to)}
    if band.up_to is None:
        return _("%(spend)s %(above)s 초과") % {"spend": spend, "above": brief(band.above)}
    told = {"spend": spend, "above": brief(band.above), "up_to": brief(band.up_to)}
    return _("%(spend)s %(above)s 초과 %(up_to)s까지") % told


def _members(benefit: Benefit) -> list[str]:
    told = []
    if benefit.money is not None:
        told.append(_("혜택을 주는 돈: %(kinds)s") % {"kinds": ", ".join(benefit.money)})
    told.append(
        _("개인 회원과 법인 회원에게 지급") if benefit.for_corporations else _("개인 회원에게만 지급, 법인 회원 제외")
    )
    if benefit.spend_cap is not None:
        told.append(
            _("한 회원의 %(spend)s은 %(cap)s까지만 인정") % {"spend": benefit.spend, "cap": brief(benefit.spend_cap)}
        )
    if benefit.benefit_cap is not None:
        told.append(_("한 회원이 한 달에 받는 혜택은 %(cap)s까지") % {"cap": brief(benefit.benefit_cap)})
    return told


def _budgets(benefit: Benefit) -> list[str]:
    month, year = benefit.budgets
    told = []
    if month is not None:
        told.append(_("월 예산 %(budget)s, 다 쓰면 그달에는 지급 중지") % {"budget": brief(month)})
    if year is not None:
        told.append(_("연 예산 %(budget)s, 다 쓰면 그해에는 지급 중지") % {"budget": brief(year)})
    told += [
        _("예산을 %(used)s 쓴 뒤의 결제에는 위 지급률의 %(factor)s만 적용")
        % {"used": f"{used}%", "factor": percent(factor)}
        for used, factor in benefit.steps
    ]
    return told


def _what_is_given(benefit: Benefit) -> list[str]:
    told = [
        _("지급된 혜택은 지급된 달의 말일부터 %(months)s개월 동안 사용") % {"months": benefit.validity_months}
        if benefit.validity_months is not None
        else _("지급된 혜택은 기한 없이 사용")
    ]
    if benefit.usage_rule:
        told.append(_("지급된 혜택의 사용처: %(rule)s") % {"rule": benefit.usage_rule})
    told.append(_("재원별로 나눌 때 생기는 1원 미만의 차이는 %(fund)s 부담") % {"fund": benefit.own_fund})
    return told
