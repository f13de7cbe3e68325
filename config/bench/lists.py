"""The lists of what is many, as the city's auditor opens, searches and filters them. ``bench_large`` looks at every page."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone

from config.bench import admin_pages
from config.bench.measure import Result
from config.bench.server import Server
from config.bench.world import Scale, World
from vouchers.common.scope import scope
from vouchers.common.seoul import business_date
from vouchers.officials.models import Official, RoleAssignment
from vouchers.officials.rules import Role

_LISTS = {"vouchers.Citizen", "vouchers.Wallet", "vouchers.Payment", "merchants.Merchant", "merchants.SettlementLine"}
_ROUNDS = 3


def measure(server: Server, world: World, scale: Scale) -> Sequence[Result]:  # noqa: ARG001 - as every measurement
    """Milliseconds, queries, and whether a page reads or counts a large table whole."""
    now = timezone.now()
    with scope(municipalities=[world.code]):
        auditor = Official.objects.create(municipality_id=world.code, username="bench-auditor", name="감사관")
        RoleAssignment.objects.create(
            municipality_id=world.code,
            official=auditor,
            role=Role.AUDITOR,
            valid_from=business_date(now),
            reason="측정",
        )
    server.settle_down()
    return admin_pages.measure(server, at=now, rounds=_ROUNDS, wanted=_LISTS.__contains__)[0]
