"""A city with points."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.factories.points import PointDesk, make_point_desk


@pytest.fixture
def desk(db: None) -> Iterator[PointDesk]:
    """The desk, inside its city's scope."""
    made = make_point_desk()
    with made.city.scope():
        yield made
