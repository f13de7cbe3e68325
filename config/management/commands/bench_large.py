"""``manage.py bench_large``: every page of the admin, and a month's statements of the largest city, at the scale of 착."""

from __future__ import annotations

import json
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from config.bench import admin_pages, statements
from config.bench.measure import Result, table
from config.bench.server import Server, kept_server
from config.management.commands.seed_large import add_size, seed_server, size_of
from config.scale.seed import BIG
from vouchers.common.seoul import business_date
from vouchers.currencies.models import Currency


class Command(BaseCommand):
    """Seed, measure, print the tables, write var/bench-large.json."""

    help = (
        "Measure every page of the admin with 2,200,000 citizens, 43,000 shops and 10,000,000 payments, and print last month's"
        " statements of the largest city."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How large, and which pages."""
        add_size(parser)
        parser.add_argument("--rounds", type=int, default=3, help="how often each page is timed")
        parser.add_argument("--only", default="", help="pages whose name holds this, and no statements")
        parser.add_argument(
            "--folder", type=Path, help="what `manage.py seed_large` made; unset, all is made and removed"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Measure; a promise that is not kept is said, and is no error of the command."""
        began = time.monotonic()
        with self._server(options) as server:
            server.settle_down()
            results, looks = admin_pages.measure(
                server,
                at=timezone.now(),
                rounds=options["rounds"],
                wanted=lambda name: options["only"] in name,
                say=self._say,
            )
            if not options["only"]:
                results += self._statements()
        self._write(results, looks)
        self._say(f"\n{table(results)}\n{time.monotonic() - began:.0f} s, figures in var/bench-large.json")
        if missed := sorted({look.page for look in looks if not look.ok}):
            self.stderr.write(f"not reached: {', '.join(missed)}")

    def _statements(self) -> list[Result]:
        """A paper for each shop that had a settlement, in one job."""
        month = (business_date(timezone.now()).replace(day=1) - timedelta(days=1)).replace(day=1)
        self._say(f"\nstatements of {month:%Y-%m} of {BIG} …")
        currency = Currency.objects.using("owner").get(municipality=BIG)
        return statements.results(statements.print_month(municipality=BIG, currency=currency.pk, month=month))

    @contextmanager
    def _server(self, options: dict[str, Any]) -> Iterator[Server]:
        if options["folder"]:
            with kept_server(options["folder"].resolve()) as server:
                yield server
            return
        with tempfile.TemporaryDirectory(prefix="jangteo-large-") as folder, kept_server(Path(folder)) as server:
            seed_server(server, size_of(options), number=options["seed"], say=self._say)
            yield server

    def _write(self, results: Sequence[Result], looks: Sequence[admin_pages.Look]) -> None:
        figures = {"results": [result.as_json() for result in results], "pages": [look.as_json() for look in looks]}
        (settings.VAR_DIR / "bench-large.json").write_text(json.dumps(figures, ensure_ascii=False, indent=2) + "\n")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
