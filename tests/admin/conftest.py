"""Officials at their browsers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from tests.factories.everything import Everything, make_everything
from vouchers.common.scope import set_local
from vouchers.officials.rules import Role

Login = Callable[[Role], Client]


@pytest.fixture
def world(db: None) -> Everything:
    """A city where each thing has happened once."""
    return make_everything()


@pytest.fixture
def login(world: Everything) -> Login:
    """Log an official of the city in."""

    def as_role(role: Role) -> Client:
        client = Client()
        official = world.officials[role]
        set_local(official=str(official.pk))
        client.force_login(official)
        return client

    return as_role
