"""pay() of the kernel against pgbench's TPC-B-like transaction: the same server, clients, protocol and durability.

A payment here does what payments.take does with money: the limits of one payment and of bought money, the usage rule of the
lot it draws, and its row in the outbox, from which cashback and notices follow later.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Sequence

from django.utils import timezone

from config.bench.benefits import FollowUp
from config.bench.measure import Result, alternately
from config.bench.server import Server
from config.bench.world import Scale, World, make_more_currencies
from config.database.embedded import binary

CLIENTS, THREADS = 16, 2
CURRENCIES, SHOPS = 16, 2_000
"""Of the comparison of one cashback budget with many."""
_PAY = """\\set wallet random(1, :wallets)
\\set shop random(1, :shops)
WITH made AS MATERIALIZED (SELECT uuidv7() AS id)
INSERT INTO vouchers_outbox (municipality_id, event_id, at)
SELECT '{city}', made.id, now() FROM made, LATERAL ledger.pay(
    '{city}', made.id, ('00000000-0000-7000-{series}-' || lpad(to_hex(:wallet::bigint), 12, '0'))::uuid,
    ('00000000-0000-7000-9000-' || lpad(to_hex(:shop::bigint), 12, '0'))::uuid,
    100, 1000000, 'restaurant', 100000000, '{partner}', 'order', now(), 'static_qr', 0, 3000000000)
"""


class Pgbench:
    """The server's own benchmark program."""

    def __init__(self, server: Server, scale: Scale) -> None:
        self._server = server
        self._scale = scale
        with server.owner() as owner:
            if not owner.execute("SELECT 1 FROM pg_database WHERE datname = 'tpcb'").fetchone():
                owner.execute("CREATE DATABASE tpcb")
                self._run("tpcb", "--initialize", "--quiet", "--scale", str(scale.tpcb))

    def tpcb(self) -> float:
        """Transactions a second of the built-in TPC-B-like script."""
        return self._timed("tpcb", "--builtin", "tpcb-like")

    def script(self, text: str, **variables: int) -> float:
        """Transactions a second of a script of ours, which runs as the owner in the city's scope."""
        path = self._server.cluster.directory / "pay.pgbench"
        path.write_text(text)
        defined = [word for name, value in variables.items() for word in ("--define", f"{name}={value}")]
        return self._timed("jangteo", "--file", str(path), *defined)

    def _timed(self, database: str, *options: str) -> float:
        said = self._run(
            database, "--no-vacuum", "--protocol", "prepared", "--client", str(CLIENTS), "--jobs", str(THREADS),
            "--time", str(self._scale.seconds), *options,
        )  # fmt: skip
        failed = re.search(r"number of failed transactions: (\d+)", said)
        found = re.search(r"tps = ([\d.]+)", said)
        if found is None or (failed and failed[1] != "0"):
            raise RuntimeError(f"pgbench: {said[-500:]}")
        return float(found[1])

    def _run(self, database: str, *options: str) -> str:
        done = subprocess.run(
            [binary("pgbench"), *options, self._server.cluster.url(database=database)],
            env=os.environ | {"PGOPTIONS": f"-c app.municipalities={World.code}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"pgbench: {done.stdout[-500:]}")
        return done.stdout


def measure(server: Server, world: World, scale: Scale) -> Sequence[Result]:
    """The best of several rounds each.

    Cashback must not make payments wait for each other: under one budget they run as fast as under many, with the job
    beside them in both cases. How much the job works off by itself is told for comparison.
    """
    pgbench, follow_up = Pgbench(server, scale), FollowUp(server, world.code)
    shops = min(SHOPS, scale.shops)
    with server.owner() as owner:
        make_more_currencies(owner, world, scale, count=CURRENCIES, shops=shops, at=timezone.now())
    server.settle_down()

    def pay(*, shops: int, series: str = "8000") -> float:
        script = _PAY.format(city=world.code, partner=world.partner, series=series)
        return pgbench.script(script, wallets=scale.paying, shops=shops)

    base, spread, single = alternately(
        scale.rounds, [pgbench.tpcb, lambda: pay(shops=scale.shops), lambda: pay(shops=1)]
    )
    worked_off = _worked_off(follow_up, scale)
    follow_up.require_credits()

    def pay_beside(series: str) -> float:
        follow_up.forget()
        with follow_up.beside():
            return pay(shops=shops, series=series)

    one, many = alternately(scale.rounds, [lambda: pay_beside("8000"), lambda: pay_beside("a000")])
    follow_up.forget()
    return [
        Result(
            name="kernel pay, 16 clients", value=max(spread), unit="tps", against="pgbench TPC-B-like",
            against_value=max(base), reach=1.0, at_least=True,
        ),
        Result(
            name="kernel pay, all to one shop", value=max(single), unit="tps", against="kernel pay, spread",
            against_value=max(spread), reach=0.9, at_least=True,
        ),
        Result(
            name="kernel pay under one cashback budget", value=max(one), unit="tps",
            against=f"kernel pay, {CURRENCIES} budgets", against_value=max(many), reach=0.9, at_least=True,
        ),
        Result(
            name="follow-up of payments", value=worked_off, unit="a second", against="kernel pay, spread",
            against_value=max(spread), reach=0.5, at_least=True,
        ),
    ]  # fmt: skip


def _worked_off(follow_up: FollowUp, scale: Scale) -> float:
    """Payments a second of those that wait, with cashback credited, as long as a round lasts."""
    began = time.perf_counter()
    done = follow_up.work_off(until=lambda: time.perf_counter() - began > scale.seconds)
    return done / (time.perf_counter() - began)
