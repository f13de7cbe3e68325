from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vouchers.common import seoul


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 3, 2, 14, 59, 59, 999_999, tzinfo=UTC), date(2026, 3, 2)),
        (datetime(2026, 3, 2, 15, 0, tzinfo=UTC), date(2026, 3, 3)),
        (datetime(2025, 12, 31, 15, 0, tzinfo=UTC), date(2026, 1, 1)),
        (datetime(2026, 3, 3, 0, 0, tzinfo=seoul.SEOUL), date(2026, 3, 3)),
    ],
)
def test_business_date(at, day):
    assert seoul.business_date(at) == day


def test_a_time_without_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        seoul.business_date(datetime(2026, 3, 2, 12, 0, tzinfo=UTC).replace(tzinfo=None))


@given(st.integers(946_684_800, 4_102_444_800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)))
def test_every_moment_lies_in_exactly_its_own_day(at):
    day = seoul.business_date(at)
    begin, end = seoul.day_bounds(day)
    assert begin <= at < end
    assert end - begin == timedelta(hours=24)
    assert seoul.business_date(begin) == day
    assert seoul.business_date(end) == day + timedelta(days=1)
