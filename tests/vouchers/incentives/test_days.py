"""What a policy gave day by day, which forecasts read: by the day in Seoul on which somebody paid."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from tests.vouchers.incentives.world import PERCENT, World
from vouchers.common.seoul import SEOUL

MIDNIGHT = datetime(2026, 4, 1, tzinfo=SEOUL)
LAST, FIRST = date(2026, 3, 31), date(2026, 4, 1)


def days_of(world: World) -> dict[date, int]:
    return dict(world.kernel.rows("SELECT day, used FROM vouchers_benefitday WHERE policy_id = %s", world.policy))


def test_a_day_begins_at_midnight_in_seoul_and_a_cancellation_is_of_the_day_of_its_payment(world: World) -> None:
    fund = world.fund()
    world.publish((fund, 10 * PERCENT), own=fund)
    member, shop = world.members[0], world.shop()
    before = world.pay(member, shop, 10_000, at=MIDNIGHT - timedelta(seconds=1))
    world.pay(member, shop, 20_000, at=MIDNIGHT)
    world.follow_up(at=MIDNIGHT)
    assert days_of(world) == {LAST: 1_000, FIRST: 2_000}
    world.cancel(before, 4_000, at=MIDNIGHT + timedelta(days=1))
    world.pay(world.members[1], shop, 30_000, at=MIDNIGHT + timedelta(hours=1))
    world.follow_up(at=MIDNIGHT + timedelta(days=1))
    assert days_of(world) == {LAST: 600, FIRST: 5_000}
    world.cancel(before, 6_000, at=MIDNIGHT + timedelta(days=2))
    world.follow_up(at=MIDNIGHT + timedelta(days=2))
    assert days_of(world) == {LAST: 0, FIRST: 5_000}
    assert [world.month(month=date(2026, month, 1)) for month in (3, 4)] == [(0, 10_000), (5_000, 10_000)]
