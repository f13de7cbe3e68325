"""``manage.py seed_large``: a made-up province at the scale of 착, in a database of its own."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from config.bench.server import Server, kept_server
from config.demo.seed import PASSWORD
from config.scale.seed import BIG, Size, seed
from vouchers.ledger.audit import audit

FOLDER = settings.VAR_DIR / "large"


class Command(BaseCommand):
    """Seed it, audit it, and leave it for a look."""

    help = (
        "Make 2,200,000 citizens, 43,000 shops and 10,000,000 payments of 84 made-up cities in a database of its own."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How much, and where."""
        add_size(parser)
        parser.add_argument("--folder", type=Path, default=FOLDER, help="the database's folder, which must not exist")
        parser.add_argument("--no-audit", action="store_true", help="do not prove the ledger's invariants at the end")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, saying how long each step takes."""
        folder: Path = options["folder"].resolve()
        if folder.exists():
            raise CommandError(f"{folder} exists: remove it, or name another folder (--folder).")
        with kept_server(folder) as server:
            seed_server(server, size_of(options), number=options["seed"], say=self.say)
            if not options["no_audit"]:
                self._audit()
        self.say(
            f"Serve it: .venv/bin/python -m config.database.embedded --directory {folder} start, and in another window\n"
            f"DATABASE_URL='{server.owner_url}' make serve; log in as goyang-auditor, goyang-settlement or gyeonggi-auditor"
            f" with {PASSWORD}. The big city is {BIG}."
        )

    def _audit(self) -> None:
        began = time.monotonic()
        findings = audit(using="owner")
        for found in findings:
            self.say(f"    {found.difference:>3,}  {found.invariant.name:<32} {found.figure:>20,}")
        self.say(f"{len(findings)} invariants of the ledger in {time.monotonic() - began:.0f} s")
        if any(found.difference for found in findings):
            raise CommandError("The ledger differs.")

    def say(self, text: str) -> None:
        """Print a line at once."""
        self.stdout.write(text)
        self.stdout.flush()


def add_size(parser: ArgumentParser) -> None:
    """The options that say how much."""
    full = Size()
    parser.add_argument("--citizens", type=int, default=full.citizens)
    parser.add_argument("--shops", type=int, default=full.shops)
    parser.add_argument("--payments", type=int, default=full.payments)
    parser.add_argument("--days", type=int, default=full.days, help="over how many days; today is the last, still open")
    parser.add_argument("--cities", type=int, default=full.cities)
    parser.add_argument("--part", type=int, default=1, metavar="N", help="an Nth of citizens, shops and payments")
    parser.add_argument("--seed", type=int, default=1, help="another number makes other people")


def size_of(options: dict[str, Any]) -> Size:
    """What the options ask for."""
    names = ("citizens", "shops", "payments", "days", "cities")
    return Size(**{name: options[name] for name in names}).part(options["part"])


def seed_server(server: Server, size: Size, *, number: int, say: Any) -> None:
    """Seed the server's empty database, saying after each step how long it took."""
    began = time.monotonic()
    seed(
        server.owner, size, number=number, at=timezone.now(),
        say=lambda what: say(f"[{time.monotonic() - began:4.0f} s] {what} …"),
    )  # fmt: skip
    say(f"[{time.monotonic() - began:4.0f} s] seeded")
