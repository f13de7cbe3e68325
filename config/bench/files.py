"""A list of every member: uploaded, validated, approved and paid, by the services and a real worker process.

Against a raw COPY of the same file into a table of texts, and against django-import-export.
"""

from __future__ import annotations

import csv
import io
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from import_export import resources
from tablib import Dataset

from allowances.approvals import services as approvals
from allowances.approvals.models import ApprovalLine, ApprovalLineStep
from allowances.batches import services as batches
from allowances.batches.models import Batch, BatchRow, BatchState
from allowances.budgets import services as budgets
from allowances.budgets.models import BudgetLine, EntryKind
from allowances.budgets.rules import Split
from allowances.catalogue.models import AllowanceType
from allowances.disbursement import services as disbursement
from allowances.programmes import services as programmes
from allowances.programmes.models import Cycle
from config.bench import result_page
from config.bench.measure import Result, seconds
from config.bench.server import Server
from config.bench.world import Scale, World
from vouchers.common.models import uuid7
from vouchers.common.scope import scope
from vouchers.common.seoul import business_date
from vouchers.currencies.models import Currency
from vouchers.municipalities.models import Municipality
from vouchers.officials.models import Official, RoleAssignment
from vouchers.officials.rules import Role
from vouchers.officials.selectors import Authority, authority_of
from vouchers.privacy.fields import key_ring
from vouchers.privacy.files import FileStore

AMOUNT = 100_000
CONDITIONS: list[list[dict[str, Any]]] = [
    [{"kind": "received", "scope": "own", "period": "lifetime", "times": 1}],
    [{"kind": "category", "categories": ["restricted"], "not": True}],
    [{"kind": "lived_elsewhere", "length": 1, "unit": "days"}, {"kind": "resident_for", "length": 1, "unit": "years"}],
    [{"kind": "born", "since": "1900-01-01"}],
]
"""Beside age, residence, quota and amount: earlier payments, categories, and one of two, so that every check is on."""
SAMPLE_ROWS = 5_000
MEMORY_MIB = 1024
FIRST_PROGRESS_SECONDS = 2
_HEADER = (
    "연번", "성명", "생년월일", "성별", "휴대전화", "우편번호", "주소", "읍면동", "은행명", "계좌번호", "예금주", "지급액", "지급사유",
    "신청일", "비고",
)  # fmt: skip
"""What a list of a city has, in CP949 and under a title, as officials keep it; five of the columns are read."""
_LIST = """
COPY (SELECT row_number() OVER (), c.name, to_char(c.birth_date, 'YYYY.MM.DD'), (ARRAY['남', '여'])[1 + n %% 2],
             '010-' || substr(c.phone, 4, 4) || '-' || substr(c.phone, 8), 10000 + n %% 1000,
             format('경기도 고양시 덕양구 고양시청로 %%s, %%s동 %%s호', n %% 300 + 1, n %% 20 + 101, n %% 1500 + 101), d.name, '농협',
             format('302-%%s-%%s-%%s', 1000 + n / 10000, lpad((n %% 10000)::text, 4, '0'), 10 + n %% 90), c.name, '100,000',
             '시민 지원금', format('2026.11.0%%s', n %% 9 + 1), ''
      FROM (SELECT *, substr(phone, 4)::bigint AS n FROM vouchers_citizen ORDER BY phone LIMIT %s) c
      JOIN vouchers_dong d ON d.id = c.dong_id ORDER BY c.phone)
TO STDOUT (FORMAT csv, ENCODING 'UHC')
"""
_RAW = f"CREATE TABLE bench_raw ({', '.join(f'column_{number} text' for number in range(len(_HEADER)))})"
_RAW_COPY = "COPY bench_raw FROM STDIN (FORMAT csv, HEADER, ENCODING 'UHC')"
_IMPORTED = (1, 2, 4, 7, 11)
"""Places of name, birth date, telephone, dong and amount among the columns."""


def measure(server: Server, world: World, scale: Scale) -> Sequence[Result]:
    """One whole run, between two rounds of the raw COPY and of import-export."""
    path = server.cluster.directory / "list.csv"
    _write_list(server, path, scale.rows)
    server.settle_down()
    officers = _officers(world)
    cycle = _cycle(world, officers, rows=scale.rows)
    copies = [_raw_copy(server, path) for _ in range(2)]
    imported = _import_export(world, path, cycle)
    took, memory, first = _main_job(server, world, path, cycle, officers)
    copies.append(_raw_copy(server, path))
    imported = max(imported, _import_export(world, path, cycle))
    return [
        Result(
            name=f"file of {scale.rows:,} rows: uploaded to paid", value=took, unit="s",
            against="raw COPY, s", against_value=min(copies), reach=40, at_least=False,
        ),
        Result(name="worker's peak memory", value=memory, unit="MiB", reach=MEMORY_MIB, at_least=False),
        Result(
            name="first progress after upload or confirmation", value=first, unit="s", reach=FIRST_PROGRESS_SECONDS, at_least=False
        ),
        Result(
            name="rows of that file", value=scale.rows / took, unit="rows/s",
            against="import-export, bulk and clean, rows/s", against_value=imported, reach=15, at_least=True,
        ),
        result_page.measure(server, world, cycle, officers[Role.DRAFTER][0], rows=scale.rows),
    ]  # fmt: skip


# The file


def _write_list(server: Server, path: Path, rows: int) -> None:
    with server.owner() as owner, path.open("wb") as file, owner.cursor() as cursor:
        file.write(("2026년 시민 지원금 지급 대상자 명단" + "," * (len(_HEADER) - 1) + "\n").encode("cp949"))
        file.write((",".join(_HEADER) + "\n").encode("cp949"))
        with cursor.copy(_LIST % rows) as copy:
            for piece in copy:
                file.write(piece)


def _raw_copy(server: Server, path: Path) -> float:
    with server.owner() as owner, owner.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_raw")
        cursor.execute(_RAW)

        def work() -> None:
            with path.open("rb") as file, cursor.copy(_RAW_COPY) as copy:
                while piece := file.read(1 << 16):
                    copy.write(piece)

        return seconds(work)


# The main job


def _officers(world: World) -> dict[Role, tuple[Official, Authority]]:
    made = {}
    with scope(municipalities=[world.code]):
        for role in (Role.DRAFTER, Role.REVIEWER, Role.BUDGET, Role.APPROVER, Role.PAYER):
            official = Official.objects.create(
                municipality_id=world.code, username=f"bench-{role}", name=str(role.label)
            )
            RoleAssignment.objects.create(
                municipality_id=world.code, official=official, role=role, valid_from=date(2020, 1, 1), reason="측정"
            )
            made[role] = (official, authority_of(official_id=official.pk, day=business_date(timezone.now())))
        line = ApprovalLine.objects.create(municipality_id=world.code, name="결재선", valid_from=date(2020, 1, 1))
        for position, role in enumerate((Role.REVIEWER, Role.APPROVER), start=1):
            ApprovalLineStep.objects.create(
                municipality_id=world.code, line=line, position=position, role=role, title=str(role.label)
            )
    return made


def _cycle(world: World, officers: dict[Role, tuple[Official, Authority]], *, rows: int) -> Cycle:
    at = timezone.now()
    (drafter, may_draft), (budget, may_fund) = officers[Role.DRAFTER], officers[Role.BUDGET]
    with scope(municipalities=[world.code]):
        line = BudgetLine(
            municipality_id=world.code, currency_id=world.currency, fiscal_year=at.year, department="기획과", code="301-01",
            name="전 시민 지원금",
        )  # fmt: skip
        budgets.save_line(line=line, official=budget, authority=may_fund)
        programme = programmes.create_programme(
            budget_line=line,
            official=drafter, authority=may_draft, municipality=Municipality.objects.get(pk=world.code),
            type=AllowanceType.objects.order_by("code")[0], currency=Currency.objects.get(pk=world.currency),
            is_not_wage=True, at=at, name="전 시민 지원금", fiscal_year=at.year, department="기획과", legal_basis="조례 제1조",
            amount=AMOUNT, amount_max=AMOUNT, age_min=0, age_max=120, residency_days=1, validity_days=90, quota=rows,
            quota_period="programme", conditions=CONDITIONS,
        )  # fmt: skip
        who: dict[str, Any] = {"official": budget, "authority": may_fund, "at": at}
        budgets.record(line=line, kind=EntryKind.ORIGINAL, split=Split(city=AMOUNT * rows), reason="본예산", **who)
        programmes.allot_budget(programme=programme, amount=AMOUNT * rows, **who)
        return programmes.open_cycle(
            programme=programme,
            name="1차",
            reference_date=business_date(at),
            official=drafter,
            authority=may_draft,
            at=at,
        )


def _main_job(
    server: Server, world: World, path: Path, cycle: Cycle, officers: dict[Role, tuple[Official, Authority]]
) -> tuple[float, float, float]:
    """(seconds from upload to paid, the worker's peak memory in MiB, seconds until the page shows the form of the file, or its
    rows: the longer)."""
    store = FileStore(directory=settings.SEALED_FILES_DIR / "lists", ring=key_ring())
    with _worker(server) as worker, path.open("rb") as file:
        began = time.perf_counter()
        official, authority = officers[Role.DRAFTER]
        with scope(municipalities=[world.code]):
            batch = batches.upload(
                cycle=cycle, file=UploadedFile(file, path.name, "text/csv", path.stat().st_size), file_name=path.name,
                official=official, authority=authority, store=store, limit=1 << 30, at=timezone.now(),
            )  # fmt: skip
        uploaded = time.perf_counter()
        batch = _when(world, batch.pk, BatchState.INSPECTED)
        first = time.perf_counter() - uploaded
        with scope(municipalities=[world.code]):
            batches.confirm_layout(batch=batch, official=official, authority=authority, at=timezone.now())
        confirmed = time.perf_counter()
        _when_under_way(world, batch.pk)
        first = max(first, time.perf_counter() - confirmed)
        batch = _when(world, batch.pk, BatchState.VALIDATED)
        with scope(municipalities=[world.code]):
            approvals.submit(
                batch=batch, official=official, authority=authority, exclude_bad_rows=False, at=timezone.now()
            )
        batch = _when(world, batch.pk, BatchState.SUBMITTED)
        for role, sign in (
            (Role.REVIEWER, approvals.sign),
            (Role.APPROVER, approvals.sign),
            (Role.PAYER, disbursement.start),
        ):
            official, authority = officers[role]
            with scope(municipalities=[world.code]):
                batch = sign(
                    batch=batch, official=official, authority=authority, digest=batch.digest, at=timezone.now()
                )
        _when(world, batch.pk, BatchState.PAID)
        took = time.perf_counter() - began
        memory = _peak_memory(worker.pid)
    store.delete(batch.file_key)
    return took, memory, first


@contextmanager
def _worker(server: Server) -> Iterator[subprocess.Popen[bytes]]:
    """A worker that has started: it has taken up its first job."""
    path = server.cluster.directory / "worker.log"
    with path.open("wb") as log:
        worker = subprocess.Popen(
            [sys.executable, "manage.py", "worker"], cwd=settings.BASE_DIR, stdout=log, stderr=log
        )  # fmt: skip
    try:
        _wait_for_worker(server, path)
        yield worker
    finally:
        worker.terminate()
        worker.wait()


def _wait_for_worker(server: Server, log: Path) -> None:
    with server.owner() as owner:
        for _ in range(300):
            if owner.execute("SELECT 1 FROM procrastinate_workers").fetchone():
                return
            time.sleep(0.1)
    raise RuntimeError(f"the worker did not start: {log.read_text()[-2000:]}")


def _when(world: World, batch: UUID, state: BatchState) -> Batch:
    """The list once it has come to a state; looked at twenty times a second."""
    while True:
        with scope(municipalities=[world.code]):
            found = Batch.objects.get(pk=batch)
        if found.state == state:
            return found
        if found.state in {BatchState.REFUSED, BatchState.DISCARDED} or found.failure:
            raise RuntimeError(f"the list is {found.state}: {found.failure}")
        time.sleep(0.05)


def _when_under_way(world: World, batch: UUID) -> None:
    """Until the list's page has something to show."""
    while True:
        with scope(municipalities=[world.code]):
            found = Batch.objects.get(pk=batch)
        if (found.state == BatchState.READING and found.progress_done) or found.rows_total:
            return
        time.sleep(0.05)


def _peak_memory(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


# django-import-export


class RowResource(resources.ModelResource):
    """The same columns, as a project on import-export would read them: bulk mode, every row new, no diff.

    Rows are checked, as ours are, by the means it has for that: the model's full_clean.
    """

    class Meta:
        model = BatchRow
        fields = ("row_number", "name", "birth_date", "phone", "dong", "amount")
        import_id_fields = ("row_number",)
        use_bulk = True
        batch_size = 1_000
        force_init_instance = True
        skip_diff = True
        clean_model_instances = True

    def __init__(self, *, municipality: str, batch: UUID) -> None:
        super().__init__()
        self._municipality = municipality
        self._batch = batch

    def init_instance(self, row: dict[str, Any] | None = None) -> BatchRow:
        """A row of the list. Members are not looked up: that would cost import-export a query a row."""
        return BatchRow(
            municipality_id=self._municipality, batch_id=self._batch, citizen_id=self._batch, wallet_id=self._batch
        )


def _import_export(world: World, path: Path, cycle: Cycle) -> float:
    """Rows a second of the first rows of the file; what it wrote is rolled back."""
    sample = io.StringIO()
    writer = csv.writer(sample)
    writer.writerow(RowResource._meta.fields)
    with path.open(encoding="cp949", newline="") as file:
        for number, row in enumerate(islice(csv.reader(file), 2, SAMPLE_ROWS + 2), start=3):
            name, birth_date, phone, dong, amount = (row[place] for place in _IMPORTED)
            writer.writerow([number, name, birth_date.replace(".", "-"), phone, dong, amount.replace(",", "")])
    with scope(municipalities=[world.code]), transaction.atomic():
        batch = Batch.objects.create(
            municipality_id=world.code, cycle=cycle, state=BatchState.UPLOADED, uploaded_at=timezone.now(),
            uploaded_by=Official.objects.get(username=f"bench-{Role.DRAFTER}"), file_name="", file_key="", file_size=0,
            file_sha256=uuid7().hex,
        )  # fmt: skip
        Batch.objects.filter(pk=batch.pk).update(state=BatchState.READING)

        def work() -> None:
            data = Dataset().load(sample.getvalue(), format="csv")
            result = RowResource(municipality=world.code, batch=batch.pk).import_data(data, raise_errors=True)
            if result.totals["new"] != SAMPLE_ROWS:
                raise RuntimeError(f"import-export made {result.totals}")

        took = seconds(work)
        transaction.set_rollback(True)
    return SAMPLE_ROWS / took
