"""A trial of terms on a past month: the figures reckoned by hand, and nothing of it left behind."""

from __future__ import annotations

from datetime import timedelta

from tests.vouchers.incentives.world import PERCENT, START, World


def test_a_month_is_replayed_by_fund_with_caps_and_what_was_given_back(world: World) -> None:
    national, city = world.fund(payer="national"), world.fund()
    terms = world.publish((national, 4 * PERCENT), (city, 6 * PERCENT), own=city, spend_cap=300_000, month=100_000)
    shop = world.shop()
    world.pay(world.members[0], shop, 200_000)
    world.pay(world.members[0], shop, 200_000, at=START + timedelta(days=1))  # 100,000 of it are above the cap
    cancelled = world.pay(world.members[1], shop, 50_000, at=START + timedelta(days=2))
    world.cancel(cancelled, 20_000, at=START + timedelta(days=3))
    world.pay(world.members[2], shop, 70_000, at=START - timedelta(days=5))  # in February
    found = world.try_out(terms)
    # 10 % of 200,000 + 100,000 + 30,000; 4 of 10 parts are the national fund's
    assert (found["cost"], found["funds"]) == (33_000, {str(national): 13_200, str(city): 19_800})
    assert sorted(tier["won"] for tier in found["tiers"].values()) == [13_200, 19_800]
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
    found = world.try_out(terms)
    assert (found["cost"], found["ended"], found["capped"]) == (10_000, "2026-03-05", 1)
    assert found["days"][1:6] == [5_000, 8_000, 8_000, 10_000, 10_000]
    assert world.month() is None


def test_a_trial_costs_what_the_same_payments_earn_in_fact(world: World) -> None:
    national, city = world.fund(payer="national"), world.fund()
    terms = world.publish((national, 333), (city, 457), own=city, spend_cap=100_000, month=20_000, steps={40: 7_000})
    shop = world.shop()
    for n, amount in enumerate((12_345, 67_891, 33_333, 98_765, 54_321, 7)):
        world.pay(world.members[n % 3], shop, amount, at=START + timedelta(hours=7 * n))
    tried = world.try_out(terms)
    world.follow_up()
    month = world.month()
    assert month is not None
    assert tried["cost"] == month[0] > 0


def test_the_cost_is_told_by_tier_and_adds_up_to_the_won(world: World) -> None:
    city = world.fund()
    terms = world.publish(
        {"fund": city, "rate": 3 * PERCENT, "up_to": 100_000},
        {"fund": city, "rate": 2 * PERCENT, "sales_up_to": 300_000_000},
        {"fund": city, "rate": 5 * PERCENT, "dongs": ["강화읍"]},
        own=city,
    )
    small, large = world.shop(sales=300_000_000), world.shop(sales=300_000_001)
    world.pay(world.members[0], small, 80_000)  # 2,400 + 1,600
    world.pay(
        world.members[0], small, 50_000, at=START + timedelta(days=1)
    )  # 600 on the 20,000 up to 100,000, and 1,000
    world.pay(world.members[1], large, 12_345, at=START + timedelta(days=1))  # 370.35 → 370
    world.pay(world.members[2], small, 33, at=START + timedelta(days=2))  # 0.99 + 0.66 → 1: three fifths, two fifths
    found = world.try_out(terms)
    rows = world.kernel.rows("SELECT id, rate FROM vouchers_benefittier WHERE terms_id = %s", terms)
    by_rate = {rate // PERCENT: found["tiers"].get(str(tier)) for tier, rate in rows}
    assert found["cost"] == 5_971
    # 2,400 + 600 + 370 + 0.6 and the won that rounding loses; 1,600 + 1,000 + 0.4
    assert by_rate == {3: {"won": 3_371, "payments": 4}, 2: {"won": 2_600, "payments": 3}, 5: None}
    assert (found["done"], found["total"], found["payments"]) == (4, 4, 4)


def test_what_caps_and_budgets_leave_is_shared_by_the_tiers_of_the_payment(world: World) -> None:
    city = world.fund()
    terms = world.publish(
        (city, 3 * PERCENT), {"fund": city, "rate": 1 * PERCENT}, own=city, benefit_cap=1_000, month=1_600
    )
    shop = world.shop()
    world.pay(world.members[0], shop, 50_000)  # 2,000, of which the cap leaves 1,000: 750 + 250
    world.pay(
        world.members[1], shop, 20_000, at=START + timedelta(days=1)
    )  # 800, of which the budget leaves 600: 450 + 150
    world.pay(world.members[2], shop, 20_000, at=START + timedelta(days=2))
    found = world.try_out(terms)
    assert sorted(tier["won"] for tier in found["tiers"].values()) == [400, 1_200]
    assert {tier["payments"] for tier in found["tiers"].values()} == {2}
    assert (found["cost"], found["payments"], found["ended"]) == (1_600, 3, "2026-03-03")


def test_corporations_cost_only_what_the_terms_give_them(world: World) -> None:
    city = world.fund()
    members_only = world.publish((city, 10 * PERCENT), own=city)
    for_all = world.publish((city, 10 * PERCENT), own=city, policy=world.add_policy(), corporations=True)
    world.pay(world.corporation(world.members[0]), world.shop(), 50_000)
    world.pay(world.members[1], world.shop(), 20_000)
    tried, tried_for_all = world.try_out(members_only), world.try_out(for_all)
    assert (tried["cost"], tried["payments"], tried["members"]) == (2_000, 1, 1)
    assert (tried_for_all["cost"], tried_for_all["payments"], tried_for_all["members"]) == (7_000, 2, 2)


def test_tiers_cost_together_what_their_fund_gives(world: World) -> None:
    national, city = world.fund(payer="national"), world.fund()
    terms = world.publish((national, 123), (city, 219), {"fund": city, "rate": 57, "up_to": 9_000}, own=city)
    shop = world.shop()
    for n, amount in enumerate((12_345, 6_789, 33_333, 75)):
        world.pay(world.members[n % 3], shop, amount, at=START + timedelta(hours=7 * n))
    found = world.try_out(terms)
    rows = world.kernel.rows("SELECT fund_id, id FROM vouchers_benefittier WHERE terms_id = %s", terms)
    costs: dict[str, int] = {}
    for fund, tier in rows:
        costs[str(fund)] = costs.get(str(fund), 0) + found["tiers"].get(str(tier), {"won": 0})["won"]
    assert costs == found["funds"]
