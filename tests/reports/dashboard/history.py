"""Two cities with a history: what the dashboard's tests work out by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from reports.dashboard import services
from tests import factories
from tests.factories import City
from vouchers.common.models import uuid7
from vouchers.common.seoul import business_date, start_of_day
from vouchers.ledger.services import call

TODAY = business_date(datetime.now(UTC))
"""The day that pages take for today, whatever hour the tests run at."""
NOON = start_of_day(TODAY) + timedelta(hours=12)
YESTERDAY, LAST_WEEK = TODAY - timedelta(days=1), TODAY - timedelta(days=7)


def on(day: date, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """That time in Seoul."""
    return start_of_day(day) + timedelta(hours=hour, minutes=minute, seconds=second)


def make_history() -> City:
    """100,000 won granted eight days ago. A week ago 10,000 in the morning and 5,000 in the afternoon; yesterday 20,000 in the
    last second; today 3,000 in the first, 7,000 at five past nine, and 4,000 of yesterday's given back at eleven."""
    city = factories.make_city()
    with city.scope():
        call("ledger.ensure_partitions", TODAY - timedelta(days=40), TODAY)
        diner = factories.make_merchant(city)
        store = factories.make_merchant(city, category_id="convenience")
        store.dong = None
        store.save()
        partner = factories.make_partner(city).pk
        citizen = factories.make_citizen(city, birth_date=date(TODAY.year - 41, 1, 1))
        young = factories.make_citizen(
            city, birth_date=TODAY.replace(year=TODAY.year - 20, day=min(TODAY.day, 28)) + timedelta(days=30)
        )
        factories.grant(city, {citizen: 90_000, young: 10_000}, at=on(TODAY - timedelta(days=8), 9))
        wallet, his = factories.wallet_of(citizen).pk, factories.wallet_of(young).pk

        def paid(holder: UUID, shop: str, amount: int, at: datetime) -> UUID:
            key = str(uuid7())
            found: UUID = call(
                "payments.pay", city.code, partner, key, b"\0" * 32, holder, shop, "T001", amount, key, at
            )[0]
            return found

        paid(wallet, diner.code, 10_000, on(LAST_WEEK, 9, 15))
        paid(wallet, diner.code, 5_000, on(LAST_WEEK, 15))
        late = paid(wallet, diner.code, 20_000, on(YESTERDAY, 23, 59, 59))
        paid(wallet, diner.code, 3_000, on(TODAY, 0))
        paid(his, store.code, 7_000, on(TODAY, 9, 5))
        call("payments.cancel", city.code, partner, str(uuid7()), b"\0" * 32, late, 4_000, on(TODAY, 11))
    return city


def close(city: City, *, through: date = YESTERDAY) -> None:
    """Fence, settle and sum up every day, in the present transaction."""
    call("ledger.fence", city.code, through)
    day = call("reconciliation.next_day", city.code)[0]
    while day <= through:
        call("settlement.close_day", city.code, city.currency.pk, day, NOON)
        call("reconciliation.sum_day", city.code, day)
        day += timedelta(days=1)


def sum_up(city: City, *, at: datetime = NOON) -> list[date]:
    """What the job does."""
    return services.sum_up(municipality=city.code, at=at)
