"""The kernel in a transaction that is rolled back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connections

from tests.conftest import Databases
from tests.vouchers.ledger.kernel import Kernel, connect


@pytest.fixture
def kernel(databases: Databases, django_db_setup: None) -> Iterator[Kernel]:
    """The kernel on the shared test database; nothing is committed."""
    with connect(databases.url(connections["default"].settings_dict["NAME"]), autocommit=False) as connection:
        connection.execute("SELECT 1")  # begins the transaction; a savepoint without one would commit
        yield Kernel(connection, savepoint=True)
        connection.rollback()
