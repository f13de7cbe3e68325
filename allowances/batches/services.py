"""A list's way from the official's file to checked rows.

``upload`` keeps the file and defers ``read``; ``read`` streams it, stages the rows in blocks with COPY, runs every check
as one statement over the whole list and leaves the list ``validated`` or ``refused``. It may be killed at any point and
run again from the top: staged rows count for nothing before that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from procrastinate.contrib.django import app as jobs

from allowances.batches.errors import ContentAlreadyUploaded, FileAlreadyUploaded, ProgrammeClosed
from allowances.batches.models import Batch, BatchAction, BatchEvent, BatchState
from allowances.batches.reading.columns import locate_columns
from allowances.batches.reading.errors import ListUnreadable
from allowances.batches.reading.fields import REQUIRED, Requirements
from allowances.batches.reading.normalise import Chunk, Options, normalise_rows
from allowances.batches.reading.problems import PROBLEMS as CELL_PROBLEMS
from allowances.batches.reading.reader import Limits, ListReader
from allowances.programmes.models import Cycle, Programme, ProgrammeStatus
from vouchers.citizens.models import Citizen
from vouchers.common.database import domain_errors
from vouchers.common.errors import DomainError, NotPermitted, StateConflict
from vouchers.common.scope import scope
from vouchers.common.seoul import business_date
from vouchers.officials.models import Official
from vouchers.officials.rules import Role
from vouchers.officials.selectors import Authority
from vouchers.privacy.fields import key_ring
from vouchers.privacy.files import FileStore

BLOCK_ROWS: Final = 40_000
"""Rows staged in one transaction: progress moves and a restart is cheap, memory stays flat."""

_SQL: Final = Path(__file__).parent / "sql"
_CHECKS: Final = tuple(path.read_text(encoding="utf-8") for path in sorted((_SQL / "checks").glob("*.sql")))
_STAGE: Final = (_SQL / "stage.sql").read_text(encoding="utf-8")
_STAGE_BY_RESIDENT_NUMBER: Final = (_SQL / "stage_by_resident_number.sql").read_text(encoding="utf-8")
_SUMMARY: Final = (_SQL / "summary.sql").read_text(encoding="utf-8")
_STAGED_VALUES: Final = ("name", "birth_date", "phone", "dong", "amount", "resident_number_index")
_STAGING_TABLES: Final = """
    CREATE TEMP TABLE IF NOT EXISTS batch_staging (row_number integer, name text, birth_date date, phone text,
        dong text, amount bigint, resident_number_index bytea) ON COMMIT DROP;
    CREATE TEMP TABLE IF NOT EXISTS problem_staging (row_number integer, field text, code text, value text)
        ON COMMIT DROP;
    TRUNCATE batch_staging, problem_staging
"""
_ANALYSE_FROM: Final = 5_000
_READABLE_STATES: Final = (BatchState.UPLOADED, BatchState.READING, BatchState.VALIDATING)

_RESIDENT_NUMBER: Final = Citizen._meta.get_field("resident_number_index")

Item = TypeVar("Item")


# Uploading ---------------------------------------------------------------------------------------------------------


def upload(
    *, cycle: Cycle, file: UploadedFile, file_name: str, official: Official, authority: Authority, store: FileStore,
    limit: int, at: datetime,
) -> Batch:  # fmt: skip
    """Keep an official's file sealed and have it read in the background.

    Raises NotPermitted, ProgrammeClosed, FileTooLarge (``limit`` in bytes) and FileAlreadyUploaded; then nothing is kept.
    """
    _require_drafter(authority, cycle.municipality_id)
    if cycle.programme.status != ProgrammeStatus.OPEN:
        raise ProgrammeClosed
    stored = store.write(file.chunks(), limit=limit)
    try:
        with transaction.atomic():
            _refuse_same_file(cycle, stored.sha256)
            batch = Batch(
                municipality_id=cycle.municipality_id, cycle=cycle, uploaded_by=official, uploaded_at=at,
                file_name=file_name[-200:], file_key=stored.name, file_size=stored.size, file_sha256=stored.sha256,
                progress_total=stored.size,
            )  # fmt: skip
            with domain_errors():
                batch.save(force_insert=True)
            _log(batch, BatchAction.UPLOAD, official, at)
            _defer_reading(batch)
    except BaseException:
        store.delete(stored.name)
        raise
    return batch


def recheck(*, batch: Batch, official: Official, authority: Authority, at: datetime) -> Batch:
    """Read and check the list again, for when members have joined or the programme was corrected since."""
    _require_drafter(authority, batch.municipality_id)
    with transaction.atomic():
        locked = _lock(batch.pk, BatchState.VALIDATED)
        locked.state = BatchState.READING
        locked.progress_done, locked.progress_total = 0, locked.file_size
        locked.save()
        _log(locked, BatchAction.RECHECK, official, at)
        _defer_reading(locked)
    return locked


def discard(*, batch: Batch, official: Official, authority: Authority, at: datetime) -> Batch:
    """Give a list up before it is submitted; reading stops at the next block. The file is kept for the auditor."""
    _require_drafter(authority, batch.municipality_id)
    with transaction.atomic():
        locked = _lock(batch.pk, *_READABLE_STATES, BatchState.VALIDATED, BatchState.RETURNED, BatchState.WITHDRAWN)
        locked.state = BatchState.DISCARDED
        locked.save()
        _log(locked, BatchAction.DISCARD, official, at)
        _delete_rows(locked.municipality_id, locked.pk)
    return locked


def _log(batch: Batch, action: BatchAction, official: Official, at: datetime) -> None:
    BatchEvent.objects.create(
        municipality_id=batch.municipality_id, batch=batch, action=action, official=official, at=at
    )


def _require_drafter(authority: Authority, municipality: str) -> None:
    if not authority.has_role(Role.DRAFTER, municipality):
        raise NotPermitted


def _refuse_same_file(cycle: Cycle, sha256: str) -> None:
    dead = (BatchState.REFUSED, BatchState.DISCARDED)
    first = Batch.objects.filter(cycle=cycle, file_sha256=sha256).exclude(state__in=dead).first()
    if first is not None:
        raise FileAlreadyUploaded(batch_id=str(first.pk), file_name=first.file_name)


def _defer_reading(batch: Batch) -> None:
    jobs.configure_task("allowances.batches.read", lock=f"batch:{batch.pk}").defer(
        municipality=batch.municipality_id, batch_id=str(batch.pk)
    )


def _lock(batch_id: UUID, *states: str) -> Batch:
    """The batch, locked; raises StateConflict unless it is in one of the states."""
    batch = Batch.objects.select_for_update(of=("self",), no_key=True).get(pk=batch_id)
    if batch.state not in states:
        raise StateConflict
    return batch


# Reading -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _Job:
    """What one run of reading needs to know, read once at its start."""

    municipality: str
    batch_id: UUID
    cycle_id: UUID
    file_key: str
    file_size: int
    programme: Programme
    reference_date: date
    today: date

    @property
    def by_resident_number(self) -> bool:
        return bool(self.programme.resident_number_basis)

    @property
    def required(self) -> Requirements:
        """Columns the list must have: no amount where it is fixed, no telephone where the number identifies."""
        needed: Requirements = (("name",), ("resident_number",)) if self.by_resident_number else REQUIRED
        return [group for group in needed if group != ("amount",) or self.programme.amount is None]

    def parameters(self) -> dict[str, Any]:
        """The named parameters of the SQL files."""
        programme = self.programme
        return {
            "municipality": self.municipality, "batch": self.batch_id, "cycle": self.cycle_id,
            "currency": programme.currency_id, "amount": programme.amount, "amount_max": programme.amount_max,
            "age_min": programme.age_min, "age_max": programme.age_max, "reference_date": self.reference_date,
            "residency_required": programme.residency_required, "residency_days": programme.residency_days,
        }  # fmt: skip


class _Stopped(Exception):
    """Somebody discarded the list meanwhile."""


def read(*, municipality: str, batch_id: UUID, store: FileStore, at: datetime) -> BatchState:
    """Read, stage and check a list; returns the state it is left in. Safe to repeat after any crash."""
    job = _begin(municipality, batch_id, at)
    if job is None:
        with scope(municipalities=[municipality]):
            return BatchState(Batch.objects.values_list("state", flat=True).get(pk=batch_id))
    try:
        with store.open(job.file_key) as file:
            _stage(job, ListReader(file, limits=Limits(file_bytes=job.file_size)))
        return _check(job)
    except (ListUnreadable, ContentAlreadyUploaded) as refusal:
        return _refuse(job, refusal)
    except _Stopped:
        return _clear_discarded(job)


def _begin(municipality: str, batch_id: UUID, at: datetime) -> _Job | None:
    """Take the list up from the top, whatever an earlier run left; None when there is nothing to read any more."""
    with scope(municipalities=[municipality]):
        batch = Batch.objects.select_for_update(of=("self",), no_key=True).get(pk=batch_id)
        if batch.state not in _READABLE_STATES:
            return None
        batch.state = BatchState.READING
        batch.progress_done, batch.progress_total, batch.rows_total, batch.failure = 0, batch.file_size, 0, None
        batch.save()
        _delete_rows(batch.municipality_id, batch.pk)
        cycle = Cycle.objects.select_related("programme").get(pk=batch.cycle_id)
        return _Job(
            municipality=municipality, batch_id=batch.pk, cycle_id=cycle.pk, file_key=batch.file_key,
            file_size=batch.file_size, programme=cycle.programme, reference_date=cycle.reference_date, today=business_date(at),
        )  # fmt: skip


def _delete_rows(municipality: str, batch_id: UUID) -> None:
    with connection.cursor() as cursor:
        for table in ("allowances_batchproblem", "allowances_batchrow"):
            cursor.execute(
                f"DELETE FROM {table} WHERE municipality_id = %s AND batch_id = %s", [municipality, batch_id]
            )


def _stage(job: _Job, reader: ListReader) -> None:
    """Stage the whole file in blocks; the fixed amount of the programme stands in for a missing amount column."""
    layout, rows = locate_columns(reader, required=job.required)
    options = Options(
        latest_birth=job.today, values=_STAGED_VALUES, required=job.required, chunk_rows=2_000,
        seal_resident_number=_index_resident_number if job.by_resident_number else None,
    )  # fmt: skip
    default_amount = None if "amount" in layout.columns else job.programme.amount
    for chunks in _ahead(_blocks(normalise_rows(rows, layout, options))):
        with scope(municipalities=[job.municipality]):
            batch = Batch.objects.select_for_update(of=("self",), no_key=True).get(pk=job.batch_id)
            if batch.state != BatchState.READING:
                raise _Stopped
            _copy(chunks)
            _insert_rows(job, default_amount)
            batch.layout = layout.summary() | {"encoding": reader.form.encoding, "delimiter": reader.form.delimiter}
            batch.progress_done = reader.bytes_read
            batch.rows_total += sum(len(chunk.rows) for chunk in chunks)
            batch.save(update_fields=["layout", "progress_done", "rows_total"])


def _index_resident_number(number: str) -> tuple[bytes, bytes]:
    """Lists keep only the blind index: enough to find the member, useless to anybody else."""
    return b"", key_ring().blind_index(number, purpose=_RESIDENT_NUMBER.purpose)


def _blocks(chunks: Iterable[Chunk]) -> Iterator[list[Chunk]]:
    """The reader's small chunks, gathered into what one transaction stages."""
    block: list[Chunk] = []
    for chunk in chunks:
        block.append(chunk)
        if sum(len(part.rows) for part in block) >= BLOCK_ROWS:
            yield block
            block = []
    if block:
        yield block


def _ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The same items, each made in a thread while the one before is being used: parsing overlaps the database."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        upcoming = thread.submit(next, items, None)
        while (item := upcoming.result()) is not None:
            upcoming = thread.submit(next, items, None)
            yield item


def _copy(chunks: list[Chunk]) -> None:
    columns = ", ".join(("row_number", *_STAGED_VALUES))
    with connection.cursor() as cursor:
        cursor.execute(_STAGING_TABLES)
        with cursor.copy(f"COPY batch_staging ({columns}) FROM STDIN") as copy:
            for row in chain.from_iterable(chunk.rows for chunk in chunks):
                copy.write_row(row)
        with cursor.copy("COPY problem_staging (row_number, field, code, value) FROM STDIN") as copy:
            for problem in chain.from_iterable(chunk.problems for chunk in chunks):
                copy.write_row(problem)


def _insert_rows(job: _Job, default_amount: int | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE batch_staging")
        cursor.execute(
            _STAGE_BY_RESIDENT_NUMBER if job.by_resident_number else _STAGE,
            job.parameters() | {"default_amount": default_amount},
        )
        cursor.execute(
            "INSERT INTO allowances_batchproblem"
            " (municipality_id, batch_id, row_number, field, code, value, is_warning)"
            " SELECT %s, %s, row_number, field, code, value, code = ANY (%s) FROM problem_staging",
            [job.municipality, job.batch_id, [code for code, kind in CELL_PROBLEMS.items() if kind.is_warning]],
        )


# Checking ----------------------------------------------------------------------------------------------------------


def _check(job: _Job) -> BatchState:
    """Run every check over the whole list, each as one statement, and sum up."""
    _show_checking(job)
    with scope(municipalities=[job.municipality]), connection.cursor() as cursor:
        batch = Batch.objects.select_for_update(of=("self",), no_key=True).get(pk=job.batch_id)
        if batch.state != BatchState.VALIDATING:
            raise _Stopped
        if batch.rows_total >= _ANALYSE_FROM:
            cursor.execute("ANALYZE allowances_batchrow")
        for check in _CHECKS:
            cursor.execute(check, job.parameters())
        cursor.execute(_SUMMARY, job.parameters())
        batch.rows_total, batch.rows_bad, batch.amount_total, batch.content_sha256 = cursor.fetchone()
        _refuse_same_content(batch)
        batch.state = BatchState.VALIDATED
        batch.progress_done = batch.progress_total
        with domain_errors():
            batch.save()
    return BatchState.VALIDATED


def _show_checking(job: _Job) -> None:
    with scope(municipalities=[job.municipality]):
        changed = Batch.objects.filter(pk=job.batch_id, state=BatchState.READING).update(state=BatchState.VALIDATING)
        if not changed:
            raise _Stopped


def _refuse_same_content(batch: Batch) -> None:
    dead = (BatchState.REFUSED, BatchState.DISCARDED)
    same = Batch.objects.filter(cycle=batch.cycle_id, content_sha256=batch.content_sha256).exclude(state__in=dead)
    first = same.exclude(pk=batch.pk).first()
    if first is not None:
        raise ContentAlreadyUploaded(batch_id=str(first.pk), file_name=first.file_name)


def _refuse(job: _Job, refusal: DomainError) -> BatchState:
    """Leave no row behind, only why the list could not be taken."""
    with scope(municipalities=[job.municipality]):
        _delete_rows(job.municipality, job.batch_id)
        first = refusal.params.get("batch_id")
        Batch.objects.filter(pk=job.batch_id, state__in=_READABLE_STATES).update(
            state=BatchState.REFUSED, failure={"code": refusal.code, "params": _plain(refusal.params)},
            duplicate_of_id=first, rows_total=0,
        )  # fmt: skip
    return BatchState.REFUSED


def _plain(params: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(params, default=str))
    return plain


def _clear_discarded(job: _Job) -> BatchState:
    """A list that was discarded while it was read keeps no rows either."""
    with scope(municipalities=[job.municipality]):
        _delete_rows(job.municipality, job.batch_id)
    return BatchState.DISCARDED
