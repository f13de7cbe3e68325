"""A payment over HTTP with everything on, against pgbench's TPC-B-like transaction."""

from __future__ import annotations

from collections.abc import Sequence

from config.bench.benefits import FollowUp
from config.bench.http import Load, Target, bench_http, serving
from config.bench.kernel import Pgbench
from config.bench.measure import Result, alternately
from config.bench.server import Server
from config.bench.world import Scale, World


def measure(server: Server, world: World, scale: Scale) -> Sequence[Result]:
    """Payments a second at full load, and how long they take then and at half of it.

    Requests are signed; limits, usage rules and cashback are on, and payments are worked off beside, as by the worker.
    """
    pgbench, follow_up = Pgbench(server, scale), FollowUp(server, world.code)
    server.settle_down()
    with server.owner() as owner:
        found = owner.execute(
            "SELECT id FROM vouchers_wallet WHERE currency_id = %s ORDER BY id LIMIT %s",
            [world.currency, min(20_000, scale.paying)],
        )
        wallets = [str(wallet) for (wallet,) in found]
    loads: list[Load] = []
    with serving() as port:
        target = Target(port, world.token, world.signing_secret, wallets, world.codes)

        def pay() -> float:
            loads.append(_accepted(bench_http(target=target, seconds=scale.seconds)))
            return loads[-1].tps

        with follow_up.beside():
            bench_http(target=target, seconds=2)
            base, paid = alternately(scale.rounds, [pgbench.tpcb, pay])
        follow_up.forget()
        with follow_up.beside():
            half = _accepted(bench_http(target=target, seconds=scale.seconds, rate=max(paid) / 2))
    follow_up.require_credits()
    full = max(loads, key=lambda load: load.tps)
    return [
        Result(
            name="HTTP payment", value=max(paid), unit="tps", against="pgbench TPC-B-like", against_value=max(base),
            reach=0.25, at_least=True,
        ),
        Result(name="HTTP payment, p50 at full load", value=full.p50_ms, unit="ms"),
        Result(name="HTTP payment, p99 at full load", value=full.p99_ms, unit="ms"),
        Result(name="HTTP payment, p50 at half load", value=half.p50_ms, unit="ms"),
        Result(name="HTTP payment, p99 at half load", value=half.p99_ms, unit="ms", reach=50, at_least=False),
    ]  # fmt: skip


def _accepted(load: Load) -> Load:
    if load.refused:
        raise RuntimeError(f"{load.refused} of {load.payments + load.refused} payments were refused")
    return load
