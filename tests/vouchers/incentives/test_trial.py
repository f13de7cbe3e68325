"""A trial of terms on a past month: the figures reckoned by hand, and nothing of it left behind."""

from __future__ import annotations

from datetime import date, timedelta

from tests.vouchers.incentives.world import PERCENT, START, World
from tests.vouchers.ledger.kernel import CITY

MARCH = date(2026, 3, 1)


def test_a_month_is_replayed_by_fund_with_caps_and_what_was_given_back(world: World) -> None:
    national, city = world.fund(payer="national"), world.fund()
    terms = world.publish((national, 4 * PERCENT), (city, 6 * PERCENT), own=city, spend_cap=300_000, month=100_000)
    shop = world.shop()
    world.pay(world.members[0], shop, 200_000)
    world.pay(world.members[0], shop, 200_000, at=START + timedelta(days=1))  # 100,000 of it are above the cap
    cancelled = world.pay(world.members[1], shop, 50_000, at=START + timedelta(days=2))
    world.cancel(cancelled, 20_000, at=START + timedelta(days=3))
    world.pay(world.members[2], shop, 70_000, at=START - timedelta(days=5))  # in February
    found = world.kernel.call("incentives.simulate", CITY, terms, MARCH)
    # 10 % of 200,000 + 100,000 + 30,000; 4 of 10 parts are the national fund's
    assert (found["cost"], found["funds"]) == (33_000, {str(national): 13_200, str(city): 19_800})
    assert (found["payments"], found["members"], found["capped"]) == (3, 2, 1)
    assert (found["ended"], found["budget"]) == (None, 100_000)
    assert found["days"][:5] == [0, 20_000, 30_000, 33_000, 33_000]
    assert len(found["days"]) == 31
    assert world.kernel.rows("SELECT count(*) FROM vouchers_membermonth")[0][0] == 0


def test_the_budget_steps_down_and_ends_on_the_day_on_which_it_would_have(world: World) -> None:
    city = world.fund()
    terms = world.publish((city, 10 * PERCENT), own=city, month=10_000, steps={50: 5_000}, benefit_cap=8_000)
    shop = world.shop()
    world.pay(world.members[0], shop, 50_000)  # 5,000: half of the budget
    world.pay(world.members[0], shop, 80_000, at=START + timedelta(days=1))  # 5 % are 4,000, the cap leaves 3,000
    world.pay(world.members[1], shop, 90_000, at=START + timedelta(days=3))  # 5 % are 4,500, the budget leaves 2,000
    world.pay(world.members[2], shop, 90_000, at=START + timedelta(days=4))  # nothing is left
    found = world.kernel.call("incentives.simulate", CITY, terms, MARCH)
    assert (found["cost"], found["ended"], found["capped"]) == (10_000, "2026-03-05", 1)
    assert found["days"][1:6] == [5_000, 8_000, 8_000, 10_000, 10_000]
    assert world.month() is None


def test_a_trial_costs_what_the_same_payments_earn_in_fact(world: World) -> None:
    national, city = world.fund(payer="national"), world.fund()
    terms = world.publish((national, 333), (city, 457), own=city, spend_cap=100_000, month=20_000, steps={40: 7_000})
    shop = world.shop()
    for n, amount in enumerate((12_345, 67_891, 33_333, 98_765, 54_321, 7)):
        world.pay(world.members[n % 3], shop, amount, at=START + timedelta(hours=7 * n))
    tried = world.kernel.call("incentives.simulate", CITY, terms, MARCH)
    world.follow_up()
    month = world.month()
    assert month is not None
    assert tried["cost"] == month[0] > 0
