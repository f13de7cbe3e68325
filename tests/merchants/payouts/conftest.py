"""A city whose three shops have 30,000, 20,000 and 10,000 won settled."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import factories
from tests.factories.payouts import PayoutDesk, make_payout_desk


@pytest.fixture
def desk(db: None) -> Iterator[PayoutDesk]:
    """Inside the city's scope."""
    city = factories.make_city()
    with city.scope():
        yield make_payout_desk(city)
