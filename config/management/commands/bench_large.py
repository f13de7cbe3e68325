"""``manage.py bench_large``: every page of the admin at the scale of 착."""

from __future__ import annotations

import json
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from config.bench import admin_pages
from config.bench.measure import Result, table
from config.bench.server import Server, kept_server
from config.management.commands.seed_large import add_size, seed_server, size_of


class Command(BaseCommand):
    """Seed, measure, print the tables, write var/bench-large.json."""

    help = "Measure every page of the admin with 2,200,000 citizens, 43,000 shops and 10,000,000 payments."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How large, and which pages."""
        add_size(parser)
        parser.add_argument("--rounds", type=int, default=3, help="how often each page is timed")
        parser.add_argument("--only", default="", help="pages whose name holds this")
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
        self._write(results, looks)
        self._say(f"\n{table(results)}\n{time.monotonic() - began:.0f} s, figures in var/bench-large.json")
        if missed := sorted({look.page for look in looks if not look.ok}):
            self.stderr.write(f"not reached: {', '.join(missed)}")

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
