"""Who gets what from each route of the API: each room adds a file here with a ``ROUTES`` of its own.

    ROUTES = {
        ("payment", "GET"): Route(Scope.PAYMENTS_READ, lambda market: f"/api/v1/payments/{paid(market)}", own=200, others=404),
    }

test_permissions asks each route with every kind of credential and fails when a route of config.api_urls is missing.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from tests.api.conftest import Market
from vouchers.partners.rules import Scope


@dataclass(frozen=True)
class Route:
    """A method at an address, and the status with which it answers.

    ``path`` is the address with its query, or makes what the request is about in the market's city and returns it.
    ``own``: the partner's own key. ``others``: the key of another city's partner, with the market's things in path and
    body. ``rival``: another partner of the same city; as ``others`` unless given. ``scope`` is None where no key is
    needed. ``signed``: it is a write, which needs a signature; every POST is, but those that only ask. The rest follows
    from them: no key or a wrong one is 401, a key without the scope 403, a write without a signature 401.
    """

    scope: Scope | None
    path: str | Callable[[Market], str]
    own: int
    others: int
    rival: int | None = None
    body: Callable[[Market], Any] | None = None
    signed: bool = True

    def address(self, market: Market) -> str:
        """Where to ask."""
        return self.path if isinstance(self.path, str) else self.path(market)


def table() -> dict[tuple[str, str], Route]:
    """The routes of every room, by name and method."""
    routes: dict[tuple[str, str], Route] = {}
    for module in pkgutil.iter_modules(__path__):
        for key, route in import_module(f"{__name__}.{module.name}").ROUTES.items():
            assert key not in routes, f"{key} stands twice"
            routes[key] = route
    return routes
