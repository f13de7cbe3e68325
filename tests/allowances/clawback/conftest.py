"""An office that has paid a list, with a desk and a shop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories.clawbacks import Desk, Till
from tests.factories.lists import Office, make_office


@pytest.fixture
def office(db: None) -> Iterator[Office]:
    made = make_office(amount=100_000)
    with made.city.scope():
        yield made


@pytest.fixture
def desk(office: Office, tmp_path: Path) -> Desk:
    return Desk(office, tmp_path)


@pytest.fixture
def till(office: Office) -> Till:
    return Till(office)
