"""``manage.py bench``: the promised speeds, measured on a private server."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from config.bench import close, files, kernel, lists, payouts, statements, web
from config.bench.measure import Result, table
from config.bench.server import Server, private_server
from config.bench.world import FULL, QUICK, Scale, World, make_world

MEASUREMENTS: Final[dict[str, Callable[[Server, World, Scale], Sequence[Result]]]] = {
    "close": close.measure,
    "payouts": payouts.measure,
    "statements": statements.measure,
    "lists": lists.measure,
    "file": files.measure,
    "kernel": kernel.measure,
    "http": web.measure,
}
"""In the order of a run. The close comes first, so that nothing but its own payments lies in its tables."""


class Command(BaseCommand):
    """Measure, print the table, write var/bench.json."""

    help = "Measure the speeds that Jangteo promises, each beside what it is compared with, on a server of its own."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to measure, and how large."""
        parser.add_argument("--only", choices=MEASUREMENTS, action="append", help="measure this alone (repeatable)")
        parser.add_argument("--quick", action="store_true", help="a twentieth of the size; the ratios say little")

    def handle(self, *args: Any, **options: Any) -> None:
        """Measure; a promise that is not kept is said, and is no error of the command."""
        scale, chosen = QUICK if options["quick"] else FULL, options["only"] or list(MEASUREMENTS)
        results: list[Result] = []
        began = time.monotonic()
        with private_server() as server:
            self._say(began, f"making a city of {scale.citizens:,} citizens and {scale.shops:,} shops")
            with server.owner() as owner:
                world = make_world(owner, scale, at=timezone.now() - timedelta(days=2))
            for name in (name for name in MEASUREMENTS if name in chosen):
                self._say(began, f"measuring: {name}")
                measured = MEASUREMENTS[name](server, world, scale)
                results += measured
                self.stdout.write(table(measured))
        self._write(results)
        self.stdout.write(f"\n{table(results)}\n{time.monotonic() - began:.0f} s, figures in var/bench.json")
        if missed := [result.name for result in results if not result.ok]:
            self.stderr.write(f"not reached: {', '.join(missed)}")

    def _say(self, began: float, text: str) -> None:
        self.stdout.write(f"[{time.monotonic() - began:4.0f} s] {text} …")
        self.stdout.flush()

    def _write(self, results: Sequence[Result]) -> None:
        figures = [result.as_json() for result in results]
        (settings.VAR_DIR / "bench.json").write_text(json.dumps(figures, ensure_ascii=False, indent=2) + "\n")
