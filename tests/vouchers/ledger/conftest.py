"""The kernel in a transaction that is rolled back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connections
from hypothesis import settings

from tests.conftest import Databases
from tests.vouchers.ledger.kernel import Kernel, connect

# Here, because profiles are chosen before any test is read.
settings.register_profile("thorough", max_examples=1_000, stateful_step_count=80, deadline=None)


@pytest.fixture
def kernel(databases: Databases, django_db_setup: None) -> Iterator[Kernel]:
    """The kernel on the shared test database; nothing is committed."""
    with connect(databases.url(connections["default"].settings_dict["NAME"]), autocommit=False) as connection:
        connection.execute("SELECT 1")  # begins the transaction; a savepoint without one would commit
        yield Kernel(connection, savepoint=True)
        connection.rollback()
