"""The result page of a list of every member with a problem in every eighth row, as its drafter opens and filters it."""

from __future__ import annotations

from statistics import median
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from allowances.batches.models import Batch, BatchState
from allowances.batches.tally import count_kinds, count_totals
from allowances.programmes.models import Cycle
from config.bench.measure import Result, seconds
from config.bench.server import Server
from config.bench.world import World
from vouchers.common.models import uuid7
from vouchers.common.scope import scope, set_local
from vouchers.officials.models import Official

REACH_SECONDS: Final = 0.3
ROUNDS: Final = 7
_ASKED: Final = {
    "opened": "", "a kind": "?kind=missing.phone", "errors": "?show=error", "to accept": "?show=open",
    "one row": "?row=500001", "a rare name": "?name=가나다라마", "nobody's name": "?name=하",
    "a usual name": "?name=가", "a dong": "?dong=주교",
    "far down": "?after=800000",
}  # fmt: skip
_ROWS: Final = """
    INSERT INTO allowances_batchrow (municipality_id, batch_id, row_number, name, birth_date, phone, dong, amount,
                                     citizen_id)
    SELECT c.municipality_id, %(batch)s, row_number() OVER () + 2, c.name, c.birth_date, c.phone, d.name, 100000, c.id
    FROM vouchers_citizen c JOIN vouchers_dong d ON d.id = c.dong_id
    WHERE c.municipality_id = %(city)s LIMIT %(rows)s
"""
_PROBLEMS: Final = """
    INSERT INTO allowances_batchproblem (municipality_id, batch_id, row_number, field, code, value, is_warning)
    SELECT %(city)s, %(batch)s, row_number, split_part(kind, '.', 2), split_part(kind, '.', 1), '',
           split_part(kind, '.', 1) IN ('dong_differs', 'account_shared')
    FROM (SELECT row_number, (ARRAY['missing.phone', 'not_a_member.row', 'birth_date_impossible.birth_date',
                                    'amount_unreadable.amount', 'dong_differs.dong', 'account_shared.account_number']
                             )[1 + row_number / 8 %% 6] AS kind
          FROM allowances_batchrow
          WHERE municipality_id = %(city)s AND batch_id = %(batch)s AND row_number %% 8 = 0) bad
"""


def measure(server: Server, world: World, cycle: Cycle, drafter: Official, *, rows: int) -> Result:
    """The slowest of the ways to look at the list, each at its median."""
    with scope(municipalities=[world.code]):
        batch = _dirty_list(world, cycle, drafter, rows=rows)
    server.settle_down()
    client = Client(SERVER_NAME="localhost")
    with scope(municipalities=[world.code]):
        set_local(official=str(drafter.pk))
        client.force_login(drafter)
    address = reverse("admin:batch_result", args=[batch])
    took = {name: median(_seconds(client, address + query) for _ in range(ROUNDS)) for name, query in _ASKED.items()}
    slowest = max(took, key=lambda name: took[name])
    return Result(
        name=f"result page of {rows:,} rows ({slowest})", value=took[slowest], unit="s", reach=REACH_SECONDS,
        at_least=False,
    )  # fmt: skip


def _seconds(client: Client, address: str) -> float:
    def work() -> None:
        answer = client.get(address)
        if answer.status_code != 200:
            raise RuntimeError(f"{address}: {answer.status_code}")

    return seconds(work)


def _dirty_list(world: World, cycle: Cycle, drafter: Official, *, rows: int) -> UUID:
    """A checked list of the city's members, written by SQL as its checks would have left it."""
    batch = Batch.objects.create(
        municipality_id=world.code, cycle=cycle, state=BatchState.READING, uploaded_by=drafter, uploaded_at=timezone.now(),
        file_name="명단.csv", file_key=uuid7().hex, file_size=1, file_sha256=uuid7().hex * 2, rows_total=rows,
        layout={"header_row": 2, "columns": {}},
    )  # fmt: skip
    parameters: dict[str, Any] = {"city": world.code, "batch": batch.pk, "rows": rows}
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, parameters)
        cursor.execute(_PROBLEMS, parameters)
        cursor.execute("ANALYZE allowances_batchproblem")
    batch.problem_kinds = count_kinds(municipality=world.code, batch_id=batch.pk)
    batch.rows_bad, batch.amount_total = count_totals(municipality=world.code, batch_id=batch.pk)
    for state in (BatchState.VALIDATING, BatchState.VALIDATED):
        batch.state = state
        batch.save()
    return batch.pk
