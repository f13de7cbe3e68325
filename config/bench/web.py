"""A payment over HTTP with everything on, against pgbench's TPC-B-like transaction."""

from __future__ import annotations

from collections.abc import Sequence

from config.bench.http import Load, Target, bench_http, serving
from config.bench.kernel import Pgbench
from config.bench.measure import Result, alternately
from config.bench.server import Server
from config.bench.world import Scale, World


def measure(server: Server, world: World, scale: Scale) -> Sequence[Result]:
    """Payments a second at full load, and the slowest hundredth at half of it."""
    pgbench = Pgbench(server, scale)
    server.settle_down()
    with server.owner() as owner:
        wallets = [
            str(wallet) for (wallet,) in owner.execute("SELECT DISTINCT wallet_id FROM vouchers_lot LIMIT 20000")
        ]
    with serving() as port:
        target = Target(port, world.token, world.signing_secret, wallets, world.codes)
        bench_http(target=target, seconds=2)
        base, paid = alternately(
            scale.rounds, [pgbench.tpcb, lambda: _accepted(bench_http(target=target, seconds=scale.seconds)).tps]
        )
        half = _accepted(bench_http(target=target, seconds=scale.seconds, rate=max(paid) / 2))
    return [
        Result(
            name="HTTP payment", value=max(paid), unit="tps", against="pgbench TPC-B-like", against_value=max(base),
            reach=0.25, at_least=True,
        ),
        Result(name="HTTP payment, p99 at half load", value=half.p99_ms, unit="ms", reach=50, at_least=False),
    ]  # fmt: skip


def _accepted(load: Load) -> Load:
    if load.refused:
        raise RuntimeError(f"{load.refused} of {load.payments + load.refused} payments were refused")
    return load
