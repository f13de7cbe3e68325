"""Cashback as an accountant would reckon it by hand: bands, caps, funds, rounding, budgets, cancellations."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.vouchers.incentives.world import PERCENT, START, World
from tests.vouchers.ledger.kernel import CITY
from vouchers.common.models import uuid7
from vouchers.incentives.errors import BudgetUsedUp, PolicyRuns

MAN = 10_000
"""만 원: ten thousand won."""


def minutes(n: int) -> datetime:
    return START + timedelta(minutes=n)


def test_a_flat_rate_is_rounded_down_and_credited_into_one_lot_a_month(world: World) -> None:
    fund = world.fund()
    world.publish((fund, 7 * PERCENT), own=fund)
    shop = world.shop()
    first = world.pay(world.members[0], shop, 12_345)
    assert world.told(first) == {"state": "pending", "amount": 0, "funds": []}
    second = world.pay(world.members[0], shop, 10, at=minutes(1))
    assert world.follow_up() == 2
    assert [world.cashback(first), world.cashback(second)] == [864, 0]
    third = world.pay(world.members[1], shop, 100, at=minutes(2))
    assert world.follow_up() == 1
    assert world.told(third) == {"state": "credited", "amount": 7, "funds": [{"payer": "city", "amount": 7}]}
    assert world.told(second)["state"] == "none"
    fourth = world.pay(world.members[0], shop, 1_064, at=minutes(3))  # 864 of it are cashback, which earns none
    world.follow_up()
    assert world.cashback(fourth) == 14
    assert world.credited(world.members[0]) == [14]
    assert world.follow_up() == 0


# Seoul, 2019-08 (서로e음): up to 300,000 won 10 %, up to 500,000 7 %, up to 1,000,000 6 %, above nothing.
SEORO = ((0, 30 * MAN, 10), (30 * MAN, 50 * MAN, 7), (50 * MAN, 100 * MAN, 6))


@pytest.mark.parametrize(
    ("before", "amount", "expected"),
    [
        (0, 30 * MAN, 30_000),
        (0, 40 * MAN, 37_000),                # 30,000 + 10만 × 7 %
        (0, 100 * MAN, 74_000),               # 30,000 + 14,000 + 30,000
        (0, 250 * MAN, 74_000),
        (29 * MAN, 2 * MAN, 1_700),           # 1만 × 10 % + 1만 × 7 %
        (99 * MAN, 2 * MAN, 600),
        (100 * MAN, 5 * MAN, 0),
    ],
)  # fmt: skip
def test_bands_are_marginal_over_the_members_month(world: World, before: int, amount: int, expected: int) -> None:
    fund, city = world.fund(), world.fund()
    world.publish(
        *({"fund": fund, "rate": rate * PERCENT, "above": above, "up_to": up_to} for above, up_to, rate in SEORO),
        own=city,
    )
    shop, member = world.shop(), world.members[0]
    # whether the month so far was reckoned before or lies in the same step makes no difference
    if before:
        world.pay(member, shop, before)
        world.pay(world.members[1], shop, before)
        world.follow_up()
        world.run("UPDATE vouchers_lot SET held = remaining WHERE kind = 'incentive'")  # only bought money is spent
    payment = world.pay(member, shop, amount, at=minutes(5))
    world.follow_up()
    assert world.cashback(payment) == expected
    if before:
        world.pay(world.members[2], shop, before)
    other = world.pay(world.members[2], shop, amount, at=minutes(9))
    world.follow_up()
    assert world.cashback(other) == expected


def test_funds_share_one_payment_and_the_own_fund_bears_what_flooring_loses(world: World) -> None:
    national, province, city = world.fund(payer="national"), world.fund(payer="province"), world.fund()
    world.publish((national, 4 * PERCENT), (province, 2 * PERCENT), (city, 1 * PERCENT), own=city)
    payment = world.pay(world.members[0], world.shop(), 1_234)
    world.follow_up()
    # 49.36 + 24.68 + 12.34 = 86.38 → 86; floors 49 + 24 + 12 = 85; the one won is the city's
    assert world.parts(payment) == {national: 49, province: 24, city: 13}
    assert world.told(payment)["funds"] == [
        {"payer": "city", "amount": 13}, {"payer": "national", "amount": 49}, {"payer": "province", "amount": 24},
    ]  # fmt: skip


def test_a_sum_that_makes_a_won_only_together_is_borne_by_the_own_fund(world: World) -> None:
    national, province, city = world.fund(), world.fund(), world.fund()
    world.publish((national, 50), (province, 50), own=city)
    payment = world.pay(world.members[0], world.shop(), 199)
    world.follow_up()
    assert world.parts(payment) == {city: 1}  # 0.995 + 0.995


@pytest.mark.parametrize(
    ("sales", "category", "dong", "expected"),
    [
        (300_000_000, "restaurant", None, 1_000),
        (300_000_001, "restaurant", None, 700),
        (3_000_000_000, "cafe", None, 700),
        (3_000_000_001, "restaurant", None, 0),
        (300_000_000, "restaurant", "강화읍", 1_500),
        (300_000_000, "bar", "강화읍", 1_500),
        (3_000_000_001, "restaurant", "강화읍", 500),
    ],
)
def test_tiers_go_by_the_shops_sales_and_district(
    world: World, sales: int, category: str, dong: str | None, expected: int
) -> None:
    fund = world.fund()
    world.publish(
        {"fund": fund, "rate": 10 * PERCENT, "sales_up_to": 300_000_000},
        {"fund": fund, "rate": 7 * PERCENT, "sales_above": 300_000_000, "sales_up_to": 3_000_000_000},
        {"fund": fund, "rate": 5 * PERCENT, "dongs": ["강화읍"]},
        own=fund,
    )
    categories = {row[0] for row in world.kernel.rows("SELECT code FROM merchants_merchantcategory")}
    payment = world.pay(world.members[0], world.shop(
        sales=sales, category=category if category in categories else "restaurant", dong=dong), 10_000)  # fmt: skip
    world.follow_up()
    assert world.cashback(payment) == expected


def test_a_tier_for_categories_holds_there_alone(world: World) -> None:
    fund = world.fund()
    codes = [row[0] for row in world.kernel.rows("SELECT code FROM merchants_merchantcategory ORDER BY code LIMIT 2")]
    world.publish({"fund": fund, "rate": 10 * PERCENT, "categories": codes[:1]}, own=fund)
    inside, outside = (world.pay(world.members[0], world.shop(category=code), 1_000) for code in codes)
    world.follow_up()
    assert [world.cashback(inside), world.cashback(outside)] == [100, 0]


def test_money_that_counts_is_told_by_its_kind(world: World) -> None:
    fund, member, shop = world.fund(), world.members[0], world.shop()
    world.publish((fund, 10 * PERCENT), own=fund)
    programme = world.kernel.open_programme(3_000, at=START)
    world.kernel.disburse(programme, [(member, 3_000)], at=START)
    payment = world.pay(member, shop, 10_000, at=minutes(1))
    world.follow_up()
    assert world.cashback(payment) == 700  # 3,000 of it were a grant


def test_caps_of_a_members_month_are_never_exceeded(world: World) -> None:
    fund, member, shop = world.fund(), world.members[0], world.shop()
    world.publish((fund, 10 * PERCENT), own=fund, spend_cap=30 * MAN, benefit_cap=25_000)
    first = world.pay(member, shop, 20 * MAN)
    second = world.pay(member, shop, 4 * MAN, at=minutes(1))
    third = world.pay(member, shop, 20 * MAN, at=minutes(2))
    fourth = world.pay(member, shop, 1 * MAN, at=minutes(3))
    other = world.pay(world.members[1], shop, 40 * MAN, at=minutes(3))
    world.follow_up()
    assert [world.cashback(p) for p in (first, second, third, fourth)] == [20_000, 4_000, 1_000, 0]
    assert world.cashback(other) == 25_000
    # what is cancelled gives room again
    world.cancel(second, at=minutes(4))
    world.follow_up()
    fifth = world.pay(member, shop, 40 * MAN, at=minutes(5))
    world.follow_up()
    assert world.cashback(second) == 0
    assert sum(world.cashback(p) for p in (first, second, third, fourth, fifth)) <= 25_000


def test_the_month_is_seouls(world: World) -> None:
    fund, member, shop = world.fund(), world.members[0], world.shop()
    world.publish((fund, 10 * PERCENT), own=fund, spend_cap=1 * MAN)
    last = datetime(2026, 3, 31, 14, 59, 59, tzinfo=UTC)
    march = world.pay(member, shop, 2 * MAN, at=last)
    april = world.pay(member, shop, 2 * MAN, at=last + timedelta(seconds=1))
    world.follow_up()
    assert [world.cashback(march), world.cashback(april)] == [1_000, 1_000]
    assert world.credited(member) == [1_000, 1_000]
    assert (world.month(), world.month(month=date(2026, 4, 1))) == ((1_000, 10_000), (1_000, 10_000))
    expiries = world.kernel.rows("SELECT DISTINCT expires_at FROM vouchers_lot WHERE kind = 'incentive' ORDER BY 1")
    assert [at for (at,) in expiries] == [
        datetime(2031, 3, 31, 15, 0, tzinfo=UTC), datetime(2031, 4, 30, 15, 0, tzinfo=UTC),
    ]  # fmt: skip


def test_new_terms_hold_from_their_day_and_the_members_month_goes_on(world: World) -> None:
    fund, member, shop = world.fund(), world.members[0], world.shop()
    world.publish((fund, 10 * PERCENT), own=fund, spend_cap=10 * MAN)
    world.publish((fund, 5 * PERCENT), own=fund, spend_cap=10 * MAN, valid_from=date(2026, 3, 3))
    first = world.pay(member, shop, 6 * MAN)
    second = world.pay(member, shop, 6 * MAN, at=START + timedelta(days=1))
    world.follow_up()
    assert [world.cashback(first), world.cashback(second)] == [6_000, 2_000]


def test_two_policies_give_each_its_own(world: World) -> None:
    fund, member, shop, plus = world.fund(), world.members[0], world.shop(), world.add_policy()
    world.publish((fund, 5 * PERCENT), own=fund)
    world.publish((fund, 3 * PERCENT), own=fund, policy=plus)
    payment = world.pay(member, shop, 10_000)
    world.follow_up()
    assert world.cashback(payment) == 800
    assert world.credited(member) in ([500, 300], [300, 500])
    world.cancel(payment, 5_000, at=minutes(1))
    world.follow_up()
    assert world.cashback(payment) == 400
    assert sum(world.credited(member)) == 400


# Budgets


def test_the_budget_stops_at_the_exact_payment_in_the_middle_of_a_step(world: World) -> None:
    fund, shop = world.fund(), world.shop()
    world.publish((fund, 10 * PERCENT), own=fund, month=2_500)
    payments = [world.pay(world.members[n % 4], shop, 10_000, at=minutes(n)) for n in range(6)]
    assert world.follow_up() == 6
    assert [world.cashback(p) for p in payments] == [1_000, 1_000, 500, 0, 0, 0]
    assert world.month() == (2_500, 0)
    steps = world.kernel.rows("SELECT event_id, used, factor FROM vouchers_benefitstep")
    assert steps == [(payments[2], 2_500, 0)]
    # next month goes on by itself
    april = world.pay(world.members[3], shop, 10_000, at=datetime(2026, 4, 1, tzinfo=UTC))
    world.follow_up()
    assert world.cashback(april) == 1_000


def test_the_cut_benefit_is_split_in_proportion(world: World) -> None:
    national, city, shop = world.fund(), world.fund(), world.shop()
    world.publish((national, 4 * PERCENT), (city, 6 * PERCENT), own=city, month=1_001)
    world.pay(world.members[0], shop, 9_000)
    last = world.pay(world.members[1], shop, 10_000, at=minutes(1))
    world.follow_up()
    assert world.parts(last) == {national: 40, city: 61}  # 101 × 400/1000 = 40.4


def test_the_budget_steps_down_and_then_stops(world: World) -> None:
    fund, shop = world.fund(), world.shop()
    world.publish((fund, 10 * PERCENT), own=fund, month=3_000, steps={50: 5_000, 80: 2_000})
    payments = [world.pay(world.members[n % 4], shop, 10_000, at=minutes(n)) for n in range(9)]
    world.follow_up()
    # 1,000 1,000 (≥ 50 %: half) 500 (≥ 80 %: a fifth) 200 200 then the last 100
    assert [world.cashback(p) for p in payments] == [1_000, 1_000, 500, 200, 200, 100, 0, 0, 0]
    assert world.kernel.rows("SELECT used, factor FROM vouchers_benefitstep ORDER BY id") == [
        (2_000, 5_000), (2_500, 2_000), (3_000, 0),
    ]  # fmt: skip


def test_steps_are_the_same_one_by_one_and_all_at_once(world: World) -> None:
    fund, shop, other = world.fund(), world.shop(), world.add_policy()
    for policy in (world.policy, other):
        world.publish(
            (fund, 10 * PERCENT), own=fund, policy=policy, month=3_000, steps={50: 5_000, 80: 2_000}, benefit_cap=1_200
        )
    payments = [world.pay(world.members[n % 4], shop, 7_000 + n * 311, at=minutes(n)) for n in range(12)]
    while world.follow_up(limit=1):
        pass
    by_policy = [
        [world.kernel.rows("SELECT amount FROM vouchers_cashback WHERE payment_id = %s AND policy_id = %s", p, policy)[0][0]
         for p in payments]
        for policy in (world.policy, other)
    ]  # fmt: skip
    assert by_policy[0] == by_policy[1]
    april = [
        world.pay(world.members[n % 4], shop, 7_000 + n * 311, at=minutes(n) + timedelta(days=31)) for n in range(12)
    ]
    world.run("UPDATE vouchers_lot SET held = remaining WHERE kind = 'incentive'")
    assert world.follow_up() == 12
    assert len([p for p in april if world.cashback(p)]) >= 3
    assert world.month(month=date(2026, 4, 1)) == (3_000, 0)


def test_the_years_budget_ends_every_later_month(world: World) -> None:
    fund, shop = world.fund(), world.shop()
    world.publish((fund, 10 * PERCENT), own=fund, month=2_000, year=3_000)
    payments = [
        world.pay(world.members[0], shop, 20_000, at=datetime(2026, month, 2, tzinfo=UTC)) for month in (3, 4, 5)
    ]
    world.run("UPDATE vouchers_lot SET held = remaining WHERE kind = 'incentive'")
    world.follow_up()
    assert [world.cashback(p) for p in payments] == [2_000, 1_000, 0]


def test_an_official_restarts_what_a_larger_budget_allows(world: World) -> None:
    fund, shop = world.fund(), world.shop()
    world.publish((fund, 10 * PERCENT), own=fund, month=1_000)

    def restart() -> None:
        world.kernel.call(
            "incentives.restart", CITY, world.policy, date(2026, 3, 1), world.author, "예산 증액", minutes(9)
        )

    first = world.pay(world.members[0], shop, 10_000)
    world.follow_up()
    with pytest.raises(BudgetUsedUp):
        restart()
    world.publish((fund, 10 * PERCENT), own=fund, month=1_500, valid_from=date(2026, 3, 2))
    stopped = world.pay(world.members[1], shop, 10_000, at=minutes(5))
    world.follow_up()
    restart()
    with pytest.raises(PolicyRuns):
        restart()
    after = world.pay(world.members[2], shop, 10_000, at=minutes(10))
    world.follow_up()
    assert [world.cashback(p) for p in (first, stopped, after)] == [1_000, 0, 500]
    reasons = world.kernel.rows("SELECT factor, reason, official_id FROM vouchers_benefitstep ORDER BY id")
    assert reasons == [(0, "", None), (10_000, "예산 증액", world.author), (0, "", None)]


def test_a_halt_is_for_payments_made_while_it_lasts(world: World) -> None:
    fund, shop = world.fund(), world.shop()
    world.publish((fund, 10 * PERCENT), own=fund, spend_cap=3 * MAN)
    world.run(
        "INSERT INTO vouchers_benefithalt (municipality_id, policy_id, begins_at, reason, official_id, ended_at, ended_by_id,"
        " end_reason) VALUES (%s, %s, %s, '점검', %s, %s, %s, '')",
        CITY, world.policy, minutes(1), world.author, minutes(3), world.author,
    )  # fmt: skip
    payments = [world.pay(world.members[0], shop, 2 * MAN, at=minutes(n)) for n in (0, 1, 3)]
    world.follow_up()
    # what is paid during the halt does not use up the member's month either
    assert [world.cashback(p) for p in payments] == [2_000, 0, 1_000]


# Cancellations


def test_cancellations_leave_the_share_of_what_is_left(world: World) -> None:
    national, city, shop = world.fund(payer="national"), world.fund(), world.shop()
    world.publish((national, 4 * PERCENT), (city, 6 * PERCENT), own=city)
    payment = world.pay(world.members[0], shop, 9_999)
    world.follow_up()
    assert world.parts(payment) == {national: 399, city: 600}
    world.cancel(payment, 3_333, at=minutes(1))
    world.follow_up()
    assert world.parts(payment) == {national: 266, city: 400}  # ⌊399 × 6666/9999⌋, ⌊600 × 6666/9999⌋
    world.cancel(payment, 3_334, at=minutes(2))
    world.follow_up()
    assert world.parts(payment) == {national: 132, city: 199}
    world.cancel(payment, at=minutes(3))
    world.follow_up()
    assert world.parts(payment) == {}
    assert world.told(payment)["state"] == "none"
    assert world.credited(world.members[0]) == [0]
    assert (world.free(national), world.free(city)) == (100_000_000, 100_000_000)
    assert world.month() == (0, 10_000)


def test_payment_and_cancellations_in_one_step_and_out_of_order(world: World) -> None:
    fund, shop, member = world.fund(), world.shop(), world.members[0]
    world.publish((fund, 10 * PERCENT), own=fund, spend_cap=2 * MAN)
    payment = world.pay(member, shop, 2 * MAN, at=minutes(5))
    world.cancel(payment, 1 * MAN, at=minutes(1))  # of a clock that is late: its id lies before the payment's
    later = world.pay(member, shop, 2 * MAN, at=minutes(6))
    assert world.follow_up(limit=1) == 2
    world.follow_up()
    assert [world.cashback(payment), world.cashback(later)] == [1_000, 1_000]


def test_a_cancellation_between_two_payments_of_one_step_counts_between_them(world: World) -> None:
    fund, shop, member = world.fund(), world.shop(), world.members[0]
    world.publish((fund, 10 * PERCENT), own=fund, spend_cap=2 * MAN)
    first = world.pay(member, shop, 2 * MAN)
    world.cancel(first, at=minutes(1))
    second = world.pay(member, shop, 2 * MAN, at=minutes(2))
    third = world.pay(member, shop, 2 * MAN, at=minutes(3))
    assert world.follow_up() == 4
    assert [world.cashback(p) for p in (first, second, third)] == [0, 2_000, 0]


def test_cashback_spent_before_the_cancellation_is_set_off_against_the_next(world: World) -> None:
    fund, shop, member = world.fund(), world.shop(), world.members[0]
    world.publish((fund, 10 * PERCENT), own=fund)
    first = world.pay(member, shop, 10_000)
    world.follow_up()
    assert world.credited(member) == [1_000]
    world.pay(member, shop, 800, at=minutes(1))  # out of the cashback, which earns nothing
    world.follow_up()
    world.cancel(first, at=minutes(2))
    world.follow_up()
    assert world.credited(member) == [0]
    assert world.kernel.rows("SELECT amount FROM vouchers_benefitdue") == [(-800,)]
    assert world.free(fund) == 100_000_000 - 800
    world.pay(member, shop, 5_000, at=minutes(3))
    world.follow_up()
    assert world.credited(member) == [0]
    assert world.kernel.rows("SELECT amount FROM vouchers_benefitdue") == [(-300,)]
    world.pay(member, shop, 5_000, at=datetime(2026, 4, 2, tzinfo=UTC))
    world.follow_up()
    assert world.credited(member) == [0, 200]
    assert world.kernel.rows("SELECT amount FROM vouchers_benefitdue") == []


# Funds without money


def test_a_fund_without_money_lets_credits_wait_and_nobody_else(world: World) -> None:
    empty, full, shop = world.fund(1_500, payer="national"), world.fund(), world.shop()
    world.publish((empty, 10 * PERCENT), (full, 1 * PERCENT), own=full)
    payments = [world.pay(member, shop, 10_000, at=minutes(n)) for n, member in enumerate(world.members[:3])]
    assert world.follow_up() == 3
    assert sorted(world.told(p)["state"] for p in payments) == ["credited", "pending", "pending"]
    assert world.free(empty) == 500
    assert world.kernel.rows("SELECT payments.municipalities_to_follow_up()") == []
    world.endow(empty, 600)
    assert world.kernel.rows("SELECT payments.municipalities_to_follow_up()") == [(CITY,)]
    assert world.follow_up() == 0
    assert sorted(world.told(p)["state"] for p in payments) == ["credited", "credited", "pending"]
    world.endow(empty, 10_000)
    world.follow_up()
    assert [sum(world.credited(member)) for member in world.members[:3]] == [1_100, 1_100, 1_100]
    assert world.kernel.rows("SELECT count(*) FROM vouchers_benefitdue") == [(0,)]


def test_what_waits_and_is_cancelled_is_never_paid(world: World) -> None:
    empty, shop = world.fund(0), world.shop()
    world.publish((empty, 10 * PERCENT), own=empty)
    payment = world.pay(world.members[0], shop, 10_000)
    world.follow_up()
    assert world.told(payment)["state"] == "pending"
    world.cancel(payment, 4_000, at=minutes(1))
    world.follow_up()
    world.endow(empty, 10_000)
    world.follow_up()
    assert world.credited(world.members[0]) == [600]


def test_corporations_earn_nothing_unless_the_terms_say_so(world: World) -> None:
    fund, shop, other = world.fund(), world.shop(), world.add_policy()
    world.publish((fund, 7 * PERCENT), own=fund)
    corporation, person = world.corporation(world.members[0]), world.members[1]
    payments = [world.pay(member, shop, 30_000) for member in (corporation, person)]
    world.follow_up()
    assert [world.cashback(p) for p in payments] == [0, 2_100]
    assert world.told(payments[0]) == {"state": "none", "amount": 0, "funds": []}
    world.cancel(payments[0], 10_000, at=minutes(1))
    world.follow_up()
    assert world.month() == (2_100, 10_000)
    world.publish((fund, 3 * PERCENT), own=fund, policy=other, corporations=True)
    both = [world.pay(member, shop, 30_000, at=minutes(2)) for member in (corporation, world.members[2])]
    world.follow_up()
    assert [world.cashback(p) for p in both] == [900, 2_100 + 900]
    world.cancel(both[0], 10_000, at=minutes(3))
    world.follow_up()
    assert world.cashback(both[0]) == 600
    assert world.credited(corporation) == [600]


# Top-ups


@pytest.mark.parametrize(
    ("kind", "amount", "so_far", "given_so_far", "expected"),
    [
        ("discount", 500_000, 0, 0, 50_000),       # 450,000 are paid, 500,000 stand in the wallet
        ("top_up", 500_000, 0, 0, 50_000),         # 500,000 are paid, 550,000 stand in the wallet
        ("top_up", 500_000, 300_000, 30_000, 40_000),
        ("top_up", 500_000, 300_000, 65_000, 5_000),
        ("top_up", 15, 0, 0, 1),
        ("top_up", 9, 0, 0, 0),
        ("discount", 100, 700_000, 70_000, 0),
    ],
)  # fmt: skip
def test_quotes_of_top_ups(world: World, kind: str, amount: int, so_far: int, given_so_far: int, expected: int) -> None:
    national, city, policy = world.fund(), world.fund(), uuid7()
    world.run(
        "INSERT INTO vouchers_benefitpolicy (id, municipality_id, currency_id, kind, name)"
        " SELECT %s, municipality_id, currency_id, %s, '충전' FROM vouchers_benefitpolicy", policy, kind,
    )  # fmt: skip
    world.publish(
        (national, 4 * PERCENT), (city, 6 * PERCENT), own=city, policy=policy, spend_cap=70 * MAN, benefit_cap=70_000
    )
    currency = world.kernel.rows("SELECT currency_id FROM vouchers_benefitfund LIMIT 1")[0][0]
    rows = world.kernel.rows(
        "SELECT fund_id, benefit, terms_id FROM incentives.quote_top_up(%s, %s, %s, %s, %s, %s, %s)",
        CITY, currency, kind, amount, START, so_far, given_so_far,
    )  # fmt: skip
    assert sum(row[1] for row in rows) == expected
    assert all(won >= 0 for _, won, _ in rows)
    if expected == 50_000:
        assert {fund: won for fund, won, _ in rows} == {national: 20_000, city: 30_000}


def test_corporations_are_quoted_only_what_the_terms_in_force_give_them(world: World) -> None:
    fund, currency = world.fund(), world.kernel.rows("SELECT currency_id FROM vouchers_benefitpolicy LIMIT 1")[0][0]
    world.run("UPDATE vouchers_benefitpolicy SET kind = 'top_up'")

    def quoted(at: datetime, *, corporate: bool) -> int:
        rows = world.kernel.rows(
            "SELECT benefit FROM incentives.quote_top_up(%s, %s, 'top_up', 100000, %s, p_corporate => %s)",
            CITY, currency, at, corporate,
        )  # fmt: skip
        return sum(won for (won,) in rows)

    world.publish((fund, 5 * PERCENT), own=fund, corporations=True)
    world.publish((fund, 8 * PERCENT), own=fund, valid_from=date(2026, 3, 10))
    later = START + timedelta(days=10)
    assert [quoted(START, corporate=True), quoted(START, corporate=False)] == [5_000, 5_000]
    assert [quoted(later, corporate=True), quoted(later, corporate=False)] == [0, 8_000]
