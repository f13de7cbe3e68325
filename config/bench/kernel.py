"""pay() of the kernel against pgbench's TPC-B-like transaction: the same server, clients, protocol and durability."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence

from config.bench.measure import Result, alternately
from config.bench.server import Server
from config.bench.world import Scale, World
from config.database.embedded import binary

CLIENTS, THREADS = 16, 2
_PAY = """\\set wallet random(1, :wallets)
\\set shop random(1, :shops)
SELECT ledger.pay(
    '{city}', uuidv7(), ('00000000-0000-7000-8000-' || lpad(to_hex(:wallet::bigint), 12, '0'))::uuid,
    ('00000000-0000-7000-9000-' || lpad(to_hex(:shop::bigint), 12, '0'))::uuid,
    100, 1000000, 'restaurant', 100000000, '{partner}', 'order', now())
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
    """The best of several rounds each."""
    pgbench = Pgbench(server, scale)
    server.settle_down()
    pay = _PAY.format(city=world.code, partner=world.partner)
    wallets = scale.paying
    base, spread, single = alternately(
        scale.rounds,
        [
            pgbench.tpcb,
            lambda: pgbench.script(pay, wallets=wallets, shops=scale.shops),
            lambda: pgbench.script(pay, wallets=wallets, shops=1),
        ],
    )
    return [
        Result(
            name="kernel pay, 16 clients", value=max(spread), unit="tps", against="pgbench TPC-B-like",
            against_value=max(base), reach=1.0, at_least=True,
        ),
        Result(
            name="kernel pay, all to one shop", value=max(single), unit="tps", against="kernel pay, spread",
            against_value=max(spread), reach=0.9, at_least=True,
        ),
    ]  # fmt: skip
