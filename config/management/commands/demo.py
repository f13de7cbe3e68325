"""``manage.py demo``: the main job on made-up people, then the admin."""

from __future__ import annotations

import json
import signal
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from config.demo import seed
from config.demo.database import demo_database
from config.demo.job import Main, steps
from config.demo.lists import DUPLICATES, make_lists
from config.demo.people import People
from config.demo.sandbox import CHANNEL, make_sandbox
from config.demo.server import Server, serving
from merchants.qr_kit.rules import decode
from merchants.qr_kit.services import keys_from
from vouchers.common.scope import scope
from vouchers.common.seoul import business_date
from vouchers.ledger.audit import audit

CITIZENS, SHOPS, LIST_ROWS = 20_000, 500, 5_000


class Command(BaseCommand):
    """Seed, do the main job, write the figures, serve."""

    help = (
        "Do the main job on made-up people and serve the admin. Uses the embedded database, or the one that"
        " DATABASE_URL names if it is empty or was made by the demo, and makes everything in it anew each time."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whether to stay, and where to write."""
        parser.add_argument("--no-serve", action="store_true", help="stop after the job")
        parser.add_argument("--folder", type=Path, default=settings.VAR_DIR / "demo", help="where its files go")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it. Ctrl-C at any moment stops everything that was started."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _interrupt)
        try:
            self._run(folder=options["folder"].resolve(), serve=not options["no_serve"])
        except KeyboardInterrupt:
            self.say("\nstopped")

    def _run(self, *, folder: Path, serve: bool) -> None:
        began, now = time.monotonic(), timezone.now()
        today = business_date(now)
        folder.mkdir(parents=True, exist_ok=True)
        self.say("Jangteo demo: everybody and everything in it is made up.")
        with demo_database(today=today) as name:
            self.say(f"  database {name} emptied and prepared  ({time.monotonic() - began:.1f} s)")
            world = self._timed(
                f"One province, two cities, {CITIZENS:,} citizens and {SHOPS} shops",
                lambda: seed.seed(
                    citizens=CITIZENS, recipients=LIST_ROWS - DUPLICATES, shops=SHOPS, at=now, today=today
                ),
            )
            with serving(log=folder / "server.log", stays=serve) as server:
                main = Main(world, server, folder, self.say)
                for what, work in steps(main, lambda: _lists(world, today.year)):
                    self._timed(what, work)
                self._open_sandbox(main, folder / "sandbox")
                self._finish(main, folder, time.monotonic() - began)
                if serve:
                    self._serve(server, world)

    def _timed(self, what: str, work: Any) -> Any:
        self.say(f"• {what}")
        began = time.monotonic()
        result = work()
        self.say(f"    ({time.monotonic() - began:.1f} s)")
        return result

    def _open_sandbox(self, main: Main, folder: Path) -> None:
        wallets, codes = main.wallets_and_codes()
        things = {
            "JANGTEO_URL": main.server.url, "JANGTEO_WALLET": wallets[0], "JANGTEO_QR": codes[0],
            "JANGTEO_SHOP": decode(codes[0], keys=keys_from(settings.QR_KEYS)).merchant_code, "JANGTEO_CHANNEL": CHANNEL,
        }  # fmt: skip
        made = make_sandbox(city=main.city, folder=folder, at=timezone.now(), things=things)
        self.say(f"• A sandbox partner of each kind; its keys, for you alone, in {folder}")
        self.say(f"    {', '.join(path.name for path in made)}")
        self.say(f"    the first payment, line by line: {main.server.url}/api/start/")

    def _finish(self, main: Main, folder: Path, seconds: float) -> None:
        with scope(municipalities=[seed.PROVINCE, main.world.goyang.code, main.world.gimpo.code]):
            findings = audit()
        self.say("• The ledger is audited")
        for finding in findings:
            kind = finding.invariant
            self.say(f"    {finding.difference:>3,}  {kind.title} ({kind.figure} {finding.figure:,}{kind.unit})")
        main.figures["ledger_difference"] = sum(abs(finding.difference) for finding in findings)
        main.figures["seconds"] = round(seconds, 1)
        (folder / "summary.json").write_text(json.dumps(main.figures, ensure_ascii=False, indent=2) + "\n")
        for name, value in main.figures.items():
            self.say(f"    {name:<18} {value:,}" if isinstance(value, int) else f"    {name:<18} {value}")
        self.say(f"Settlement statement: {main.figures['statement_pdf']}")

    def _serve(self, server: Server, world: seed.World) -> None:
        self.say(f"\nThe admin is at {server.url}/admin/ and the API's documentation at {server.url}/api/docs/")
        self.say(f"Everybody's password is {seed.PASSWORD}")
        for login in world.logins:
            self.say(f"    {login.username:<20} {login.official}  {login.role}  {login.where}")
        self.say("Ctrl-C stops everything.")
        server.wait()

    def say(self, text: str) -> None:
        """Print a line at once."""
        self.stdout.write(text)
        self.stdout.flush()


def _lists(world: seed.World, year: int) -> Any:
    return make_lists(
        People(seed=5), world.young, amount=250_000, title=f"{year}년 청년기본소득 지급 대상자 명단"
    )  # fmt: skip


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt
