"""The kernel with shops and cashback, in a transaction that is rolled back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connections

from tests.conftest import Databases
from tests.vouchers.incentives.world import World
from tests.vouchers.ledger.kernel import Kernel, connect


@pytest.fixture
def world(databases: Databases, django_db_setup: None) -> Iterator[World]:
    """A city with four members whose money was bought; nothing is committed. Afterwards every invariant must hold."""
    with connect(databases.url(connections["default"].settings_dict["NAME"]), autocommit=False) as connection:
        connection.execute("SELECT 1")  # begins the transaction; a savepoint without one would commit
        world = World(Kernel(connection, savepoint=True))
        yield world
        world.assert_sound()
        connection.rollback()
