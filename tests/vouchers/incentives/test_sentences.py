"""Sentences of terms, beside the tiers from which they are made."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from vouchers.incentives.sentences import (
    Benefit,
    Bounds,
    Names,
    Tier,
    conditions,
    highest_rate,
    lines,
    of_benefit,
    sentence,
)

MAN, EOK = 10_000, 100_000_000


def told(*tiers: Tier, cap: int | None = None) -> list[str]:
    return [sentence(line, spend="월 사용액") for line in lines(tiers, spend_cap=cap)]


def test_shares_of_one_band_add_up_and_are_told_by_payer() -> None:
    tiers = (
        Tier(payer="국비", rate=200, spend=Bounds(0, 30 * MAN)),
        Tier(payer="시비", rate=500, spend=Bounds(0, 30 * MAN)),
        Tier(payer="시비", rate=300, spend=Bounds(0, 30 * MAN)),
        Tier(payer="시비", rate=30, spend=Bounds(30 * MAN, 50 * MAN)),
    )
    assert told(*tiers) == [
        "월 사용액 30만 원까지: 10% (국비 2%, 시비 8%)",
        "월 사용액 30만 원 초과 50만 원까지: 0.3% (시비)",
        "월 사용액 50만 원 초과: 혜택 없음",
    ]


def test_shops_that_no_tier_admits_are_excluded_in_words() -> None:
    tiers = (
        Tier(payer="시비", rate=1_000, sales=Bounds(None, 3 * EOK)),
        Tier(payer="시비", rate=700, sales=Bounds(3 * EOK, 30 * EOK)),
    )
    assert told(*tiers, cap=35 * MAN) == [
        "연매출 3억 원 이하 가맹점 · 월 사용액 35만 원까지: 10% (시비)",
        "연매출 3억 원 초과 30억 원 이하 가맹점 · 월 사용액 35만 원까지: 7% (시비)",
        "연매출 30억 원 초과 가맹점 제외",
    ]


def test_a_districts_extra_is_told_with_what_holds_everywhere() -> None:
    tiers = (
        Tier(payer="시비", rate=500),
        Tier(payer="구비", rate=200, dongs=frozenset({"길상면", "강화읍"})),
    )
    assert told(*tiers) == [
        "강화읍·길상면 밖 가맹점 · 월 사용액 전부: 5% (시비)",
        "강화읍·길상면 가맹점 · 월 사용액 전부: 7% (시비 5%, 구비 2%)",
    ]


def test_categories_and_sales_are_told_together() -> None:
    tiers = (Tier(payer="시비", rate=500, categories=frozenset({"음식점"}), sales=Bounds(None, EOK)),)
    assert told(*tiers) == [
        "음식점 업종, 연매출 1억 원 이하 가맹점 · 월 사용액 전부: 5% (시비)",
        "그 밖의 가맹점 제외",
    ]
    assert conditions(tiers[0], spend="월 사용액") == "음식점 업종, 연매출 1억 원 이하 가맹점 · 월 사용액 전부"


def test_amounts_to_the_won_keep_their_digits() -> None:
    assert told(Tier(payer="시비", rate=1_234, spend=Bounds(0, 123_456))) == [
        "월 사용액 123,456원까지: 12.34% (시비)",
        "월 사용액 123,456원 초과: 혜택 없음",
    ]


def test_the_rest_of_the_terms_follows() -> None:
    benefit = Benefit(
        spend="월 사용액", tiers=[Tier(payer="시비", rate=700)], spend_cap=70 * MAN, benefit_cap=60_000, money=["구매금"],
        budgets=(2 * EOK, None), steps=[(80, 5_000)], validity_months=60, own_fund="시비 부담금",
    )  # fmt: skip
    assert of_benefit(benefit) == [
        "월 사용액 70만 원까지: 7% (시비)",
        "혜택을 주는 돈: 구매금",
        "개인 회원에게만 지급, 법인 회원 제외",
        "한 회원의 월 사용액은 70만 원까지만 인정",
        "한 회원이 한 달에 받는 혜택은 6만 원까지",
        "월 예산 2억 원, 다 쓰면 그달에는 지급 중지",
        "예산을 80% 쓴 뒤의 결제에는 위 지급률의 50%만 적용",
        "지급된 혜택은 지급된 달의 말일부터 60개월 동안 사용",
        "재원별로 나눌 때 생기는 1원 미만의 차이는 시비 부담금 부담",
    ]


def test_they_are_told_in_english() -> None:
    with translation.override("en"):
        line = lines([Tier(payer="City", rate=700, sales=Bounds(None, 3 * EOK))], spend_cap=None)[0]
        assert sentence(line, spend="Monthly spending") == (
            "Shops (annual sales up to ₩300,000,000) · Monthly spending of any amount: 7% (City)"
        )


AMOUNTS = st.sampled_from([100, 200, 300])
BOUNDS = st.tuples(st.none() | st.just(0) | AMOUNTS, st.none() | AMOUNTS).filter(
    lambda b: b[0] is None or b[1] is None or b[0] < b[1]
)
NAMES = st.frozensets(st.sampled_from(["가동", "나동", "다동"]), max_size=3)
TIERS = st.lists(
    st.builds(
        lambda payer, rate, spend, sales, dongs, categories: Tier(
            payer=payer, rate=rate, spend=Bounds(spend[0] or 0, spend[1]), sales=Bounds(*sales), dongs=dongs,
            categories=categories,
        ),
        st.sampled_from(["국비", "시비"]), st.integers(1, 1_000), BOUNDS, BOUNDS, NAMES, NAMES,
    ),
    max_size=5,
)  # fmt: skip


def within(value: int, bounds: Bounds) -> bool:
    return (bounds.above is None or value > bounds.above) and (bounds.up_to is None or value <= bounds.up_to)


def among(name: str, names: Names) -> bool:
    return (name in names.names) != names.others


@given(TIERS, st.none() | AMOUNTS)
def test_every_payment_falls_under_one_line_that_tells_the_sum_of_its_tiers(tiers: list[Tier], cap: int | None) -> None:
    found = lines(tiers, spend_cap=cap)
    payments = product(
        ("가동", "나동", "라동"), ("다동", "라동"), (0, 100, 101, 300, 301), (1, 100, 101, 200, 201, 300, 301)
    )
    for dong, category, sales, spent in payments:
        named = [
            line for line in found
            if line.shops and among(dong, line.shops.dongs) and among(category, line.shops.categories)
            and within(sales, line.shops.sales)
        ]  # fmt: skip
        others = [line for line in found if line.shops is None]
        holding = [line for line in named or others if within(spent, line.spend)]
        fitting = [
            tier.rate for tier in tiers
            if (not tier.dongs or dong in tier.dongs) and (not tier.categories or category in tier.categories)
            and within(sales, tier.sales) and within(spent, tier.spend) and (cap is None or spent <= cap)
        ]  # fmt: skip
        assert sum(sum(line.rates.values()) for line in holding) == sum(fitting)
        assert len(holding) == 1 or (not holding and cap is not None and spent > cap)


@pytest.mark.parametrize("tiers", [[], [Tier(payer="시비", rate=100, dongs=frozenset({"가동"}))]])
def test_no_line_contradicts_an_empty_condition(tiers: list[Tier]) -> None:
    assert {line.shops.sales for line in lines(tiers, spend_cap=None) if line.shops} == {Bounds()}


def of(rate: int, **conditions: Any) -> Tier:
    return Tier(payer=str(rate), rate=rate, **conditions)


@pytest.mark.parametrize(
    ("tiers", "spend_cap", "expected"),
    [
        pytest.param([], None, 0, id="nothing"),
        pytest.param([of(200), of(200), of(300)], None, 700, id="three funds"),
        pytest.param([of(1_000), of(200), of(500, dongs=frozenset({"검암동"}))], None, 1_700, id="Seo-gu 2026"),
        pytest.param(
            [of(1_000, spend=Bounds(0, 30)), of(700, spend=Bounds(30, 50)), of(600, spend=Bounds(50))], None, 1_000,
            id="bands of spending, one after the other",
        ),
        pytest.param([of(500), of(400, spend=Bounds(100)), of(300, spend=Bounds(50, 101))], None, 1_200, id="bands that overlap"),
        pytest.param([of(300), of(900, spend=Bounds(500))], 500, 300, id="a band beyond the cap gives nothing"),
        pytest.param([of(300), of(900, spend=Bounds(499))], 500, 1_200, id="a band below the cap"),
        pytest.param(
            [of(1_300, sales=Bounds(None, 10)), of(1_100, sales=Bounds(10, 30)), of(50, sales=Bounds(5))], None, 1_350,
            id="sales bands, of which two overlap",
        ),
        pytest.param([of(700, sales=Bounds(30))], None, 700, id="large shops alone"),
        pytest.param(
            [of(500, dongs=frozenset({"가"})), of(600, dongs=frozenset({"나"})), of(100)], None, 700,
            id="no shop stands in two dongs",
        ),
        pytest.param(
            [of(500, dongs=frozenset({"가"}), categories=frozenset({"food"})), of(300, categories=frozenset({"food"})),
             of(700, categories=frozenset({"book"}))], None, 800, id="dongs and categories",
        ),
    ],
)  # fmt: skip
def test_the_highest_rate_that_a_payment_can_earn(tiers: list[Tier], spend_cap: int | None, expected: int) -> None:
    assert highest_rate(tiers, spend_cap=spend_cap) == expected
