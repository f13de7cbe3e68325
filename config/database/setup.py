"""Everything between an empty database and a usable one; safe to run again at any time."""

from __future__ import annotations

from datetime import date, timedelta

from django.core.management import call_command
from django.db import connections, transaction

from allowances.catalogue.services import load_catalogue, load_exclusive_groups
from merchants.dispositions.services import load_violations
from merchants.registry.services import load_categories
from vouchers.guidelines.services import load_limits
from vouchers.officials.services import load_incompatible_roles

PARTITIONS_BEHIND = timedelta(days=62)
PARTITIONS_AHEAD = timedelta(days=400)


def prepare(*, today: date, verbosity: int = 0) -> None:
    """Create roles, migrate, load the shared reference data, and make the partitions around ``today``."""
    owner = connections["owner"]
    call_command("migrate", verbosity=verbosity, interactive=False)
    with transaction.atomic(using="owner"):
        load_catalogue(using="owner")
        load_exclusive_groups(using="owner")
        load_categories(using="owner")
        load_violations(using="owner")
        load_limits(using="owner")
        load_incompatible_roles(using="owner")
        with owner.cursor() as cursor:
            cursor.execute(
                "SELECT ledger.ensure_partitions(%s, %s)", [today - PARTITIONS_BEHIND, today + PARTITIONS_AHEAD]
            )
