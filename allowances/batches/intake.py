"""From an uploaded file to checked rows: one run of a background job.

The file is streamed and normalised in a thread while the blocks before it go, by COPY, into temporary tables that
nobody else sees. Then the whole list is matched to members and written by one statement, and every check is one more.
A run may be killed at any point and started again from the top: it first removes what an earlier one left.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar
from uuid import UUID

from django.db import connection

from allowances.batches import clawbacks, top_ups
from allowances.batches.checking import Rules
from allowances.batches.errors import BatchIsFrozen, ContentAlreadyUploaded
from allowances.batches.models import (
    AcceptedProblem,
    Batch,
    BatchAction,
    BatchEvent,
    BatchKind,
    BatchState,
    RowCorrection,
)
from allowances.batches.reading.columns import Mapping, locate_columns
from allowances.batches.reading.errors import ListUnreadable
from allowances.batches.reading.fields import Requirements
from allowances.batches.reading.normalise import Chunk, Options, normalise_rows
from allowances.batches.reading.problems import PROBLEMS as CELL_PROBLEMS
from allowances.batches.reading.reader import Limits, ListReader
from allowances.batches.reading.tables import Table, filled, open_table
from allowances.batches.tally import count_kinds, count_left_out
from allowances.batches.wanted import further_columns, required_columns
from allowances.eligibility.errors import RulesInvalid
from allowances.eligibility.facts import Fact, needed_by
from allowances.programmes.models import Cycle, Programme
from vouchers.citizens.models import Citizen
from vouchers.common.database import domain_errors
from vouchers.common.errors import DomainError
from vouchers.common.scope import scope
from vouchers.common.seoul import business_date
from vouchers.privacy.fields import key_ring
from vouchers.privacy.files import FileStore

BLOCK_ROWS: Final = 40_000
"""Rows that one COPY takes: progress moves, and memory stays flat."""

FIRST_BLOCK_ROWS: Final = 4_000
"""Rows of the first one, so that whoever has just uploaded a long list soon sees that it is being read."""

READABLE_STATES: Final = (BatchState.READING, BatchState.VALIDATING)
UNREAD_STATES: Final = (BatchState.UPLOADED, BatchState.INSPECTED)

_SQL: Final = Path(__file__).parent / "sql"
_STAGE: Final = (_SQL / "stage.sql").read_text(encoding="utf-8")
_STAGE_BY_RESIDENT_NUMBER: Final = (_SQL / "stage_by_resident_number.sql").read_text(encoding="utf-8")
_STAGE_PROBLEMS: Final = (_SQL / "stage_problems.sql").read_text(encoding="utf-8")
_CHECKS: Final = tuple(path.read_text(encoding="utf-8") for path in sorted((_SQL / "checks").glob("*.sql")))
_CORRECTIONS: Final = (_SQL / "corrections.sql").read_text(encoding="utf-8")
_ACCEPTANCES: Final = (_SQL / "acceptances.sql").read_text(encoding="utf-8")
_SUMMARY: Final = (_SQL / "summary.sql").read_text(encoding="utf-8")
_STAGED_VALUES: Final = (
    "name", "birth_date", "phone", "dong", "amount", "resident_number_index", "account_number_index", "facts",
)  # fmt: skip
_STAGING_TABLES: Final = """
    DROP TABLE IF EXISTS batch_staging, problem_staging;
    CREATE TEMP TABLE batch_staging (row_number integer, name text, birth_date date, phone text, dong text,
                                     amount bigint, resident_number_index bytea, account_number_index bytea,
                                     facts jsonb);
    CREATE TEMP TABLE problem_staging (row_number integer, field text, code text, value text)
"""
_WARNINGS: Final = [code for code, kind in CELL_PROBLEMS.items() if kind.is_warning]
_ACCOUNT_NUMBER: Final = Citizen._meta.get_field("account_number_index")
_RESIDENT_NUMBER: Final = Citizen._meta.get_field("resident_number_index")

Item = TypeVar("Item")


@dataclass(frozen=True, kw_only=True)
class _Job:
    """What one run needs to know, read once at its start."""

    municipality: str
    batch_id: UUID
    kind: str
    sequence: int
    cycle: Cycle
    file_key: str
    file_size: int
    mapping: Mapping
    layout: dict[str, Any]
    conditions: dict[str, Any]
    today: date
    is_corrected: bool
    has_acceptances: bool

    @property
    def programme(self) -> Programme:
        """What the list is for."""
        return self.cycle.programme

    @property
    def cycle_id(self) -> UUID:
        """The round that the list is for."""
        return self.cycle.pk

    @property
    def by_resident_number(self) -> bool:
        """Whether a statute lets the programme process resident numbers."""
        return bool(self.programme.resident_number_basis)

    @property
    def facts(self) -> frozenset[str]:
        """The facts (keys of eligibility.facts.FACTS) that the list's further columns are read for, into ``facts``."""
        return needed_by(self.conditions)

    @property
    def required(self) -> Requirements:
        """Columns the list must have."""
        return required_columns(cycle=self.cycle, conditions=self.conditions, kind=self.kind)

    @property
    def takes_back(self) -> bool:
        """Whether the list is a clawback: an amount that is missing means all, and the programme's rules do not matter."""
        return self.kind == BatchKind.CLAWBACK

    @property
    def takes_own_amounts(self) -> bool:
        """Whether the list has to say how much."""
        return self.kind == BatchKind.TOP_UP or (not self.takes_back and self.rules.takes_own_amounts)

    @property
    def extra(self) -> Sequence[Fact]:
        """The further columns that the list is read for."""
        return [fact for fact in self.columns if fact.name not in _STAGED_VALUES]

    @cached_property
    def rules(self) -> Rules:
        """What the list is checked by."""
        return Rules(cycle=self.cycle, batch_id=self.batch_id, conditions=self.conditions)

    @property
    def columns(self) -> Sequence[Fact]:
        """The further columns, and further names of the usual ones, by which the header is found."""
        return further_columns(conditions=self.conditions, kind=self.kind)

    @property
    def parameters(self) -> dict[str, Any]:
        """The named parameters of this room's own SQL files."""
        return {
            "municipality": self.municipality, "batch": self.batch_id, "cycle": self.cycle_id,
            "currency": self.programme.currency_id, "warnings": _WARNINGS, "facts": sorted(self.facts),
            "required": [group[0] for group in self.required], "claim_days": self.conditions["claim_days"],
            "own_amounts": self.takes_own_amounts,
        }  # fmt: skip


class _Stopped(Exception):
    """Somebody discarded the list meanwhile."""


def read(*, municipality: str, batch_id: UUID, store: FileStore, at: datetime) -> BatchState:
    """Read and check a list; returns the state it is left in. Repeatable; a list past checking is left alone."""
    job = _begin(municipality, batch_id, at)
    if job is None:
        return _state_of(municipality, batch_id)
    try:
        with store.open(job.file_key) as file:
            columns = _copy_file(job, _opened(file, job))
        _check(job, columns)
    except (ListUnreadable, ContentAlreadyUploaded, RulesInvalid) as refusal:
        _refuse(job, refusal)
    except (_Stopped, BatchIsFrozen):
        with scope(municipalities=[municipality]):
            delete_rows(municipality, batch_id)
    return _state_of(municipality, batch_id)


def delete_rows(municipality: str, batch_id: UUID) -> None:
    """Remove the staged rows and problems of a list that is being read or was given up."""
    with connection.cursor() as cursor:
        for table in ("allowances_batchproblem", "allowances_batchrow"):
            cursor.execute(
                f"DELETE FROM {table} WHERE municipality_id = %s AND batch_id = %s", [municipality, batch_id]
            )


def _state_of(municipality: str, batch_id: UUID) -> BatchState:
    with scope(municipalities=[municipality]):
        return BatchState(Batch.objects.values_list("state", flat=True).get(pk=batch_id))


def _begin(municipality: str, batch_id: UUID, at: datetime) -> _Job | None:
    """Take the list up from the top; None when there is nothing to read any more."""
    with scope(municipalities=[municipality]):
        batch = Batch.objects.select_for_update(of=("self",), no_key=True).get(pk=batch_id)
        if batch.state not in READABLE_STATES:
            return None
        batch.state = BatchState.READING
        batch.progress_done, batch.progress_total, batch.rows_total, batch.failure = 0, batch.file_size, 0, None
        batch.corrections_pending, batch.problem_kinds = 0, []
        batch.save()
        delete_rows(municipality, batch_id)
        cycle = Cycle.objects.select_related("programme__type").get(pk=batch.cycle_id)
        return _Job(
            municipality=municipality, batch_id=batch_id, kind=batch.kind, sequence=batch.sequence, cycle=cycle,
            file_key=batch.file_key, file_size=batch.file_size, mapping=Mapping.of(batch.mapping), layout=batch.layout,
            conditions=cycle.conditions, today=business_date(at),
            is_corrected=RowCorrection.objects.filter(municipality=municipality, batch=batch_id).exists(),
            has_acceptances=AcceptedProblem.objects.filter(municipality=municipality, batch_id=batch_id).exists(),
        )  # fmt: skip


def _advance(job: _Job, expected: BatchState, **changes: Any) -> None:
    """Show progress; raises _Stopped, which undoes the step, when the list is not in ``expected`` any more."""
    if not Batch.objects.filter(pk=job.batch_id, state=expected).update(**changes):
        raise _Stopped


# Reading -----------------------------------------------------------------------------------------------------------


def _opened(file: BinaryIO, job: _Job) -> Table:
    mapping, limits = job.mapping, Limits(file_bytes=job.file_size)
    return open_table(
        file, limits=limits, sheet=mapping.sheet, encoding=mapping.encoding, delimiter=mapping.delimiter, whole=True
    )


def _copy_file(job: _Job, table: Table) -> frozenset[str]:
    """COPY the whole file into the staging tables; returns the fields that the file has columns for."""
    layout, rows = locate_columns(table, required=job.required, extra=job.columns, mapping=job.mapping)
    people = filled(rows, table, amount=layout.columns.get("amount"))
    options = Options(
        latest_birth=job.today, values=_STAGED_VALUES, required=job.required, extra=job.extra,
        seal_account_number=_index_account_number, wide_rows_are_broken=isinstance(table, ListReader),
        seal_resident_number=_index_resident_number if job.by_resident_number else None,
    )  # fmt: skip
    shown = job.layout | layout.summary() | table.description()
    staged = 0
    with scope(municipalities=[job.municipality]), connection.cursor() as cursor:
        _advance(job, BatchState.READING, layout=shown)
        cursor.execute(_STAGING_TABLES)
    for chunks in _ahead(_blocks(normalise_rows(people, layout, options))):
        staged += sum(len(chunk.rows) for chunk in chunks)
        with scope(municipalities=[job.municipality]):
            _copy(chunks)
            _advance(job, BatchState.READING, progress_done=table.bytes_read, rows_total=staged)
    with scope(municipalities=[job.municipality]):
        _advance(job, BatchState.READING, layout=shown | table.description() | {"last_row": table.row_number})
    return frozenset(layout.columns)


def _index_resident_number(number: str) -> tuple[bytes, bytes]:
    """Lists keep only the blind index: enough to find the member, useless to anybody else."""
    return b"", key_ring().blind_index(number, purpose=_RESIDENT_NUMBER.purpose)


def _index_account_number(number: str) -> tuple[bytes, bytes]:
    """Enough to see that many rows share one account."""
    return b"", key_ring().blind_index(number, purpose=_ACCOUNT_NUMBER.purpose)


def _blocks(chunks: Iterable[Chunk]) -> Iterator[list[Chunk]]:
    """The reader's small chunks, gathered into what one COPY takes."""
    block: list[Chunk] = []
    rows, full = 0, FIRST_BLOCK_ROWS
    for chunk in chunks:
        block.append(chunk)
        rows += len(chunk.rows)
        if rows >= full:
            yield block
            block, rows, full = [], 0, BLOCK_ROWS
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
        with cursor.copy(f"COPY batch_staging ({columns}) FROM STDIN") as copy:
            for row in chain.from_iterable(chunk.rows for chunk in chunks):
                copy.write_row(row)
        with cursor.copy("COPY problem_staging (row_number, field, code, value) FROM STDIN") as copy:
            for problem in chain.from_iterable(chunk.problems for chunk in chunks):
                copy.write_row(problem)


# Checking ----------------------------------------------------------------------------------------------------------


def _check(job: _Job, columns: frozenset[str]) -> None:
    """Match and write the whole list, run every check over it, and sum up: each step a statement and a commit."""
    with scope(municipalities=[job.municipality]):
        if job.takes_back:
            stage, parameters = _staging(job, amount="NULL::bigint"), job.parameters
            checks, last = list(clawbacks.CHECKS), list[str]()
        elif job.kind == BatchKind.TOP_UP:
            stage, parameters = _staging(job, amount="NULL::bigint"), job.parameters
            checks, last = list(top_ups.CHECKS), []
        else:
            rules = replace(job.rules, columns=columns)
            stage, values = _stage(job, rules)
            parameters = job.parameters | values | rules.parameters
            checks, last = [*_CHECKS, *rules.checks()], rules.last_checks()
        steps = [
            *([_CORRECTIONS] if job.is_corrected else []), f"ANALYZE batch_staging; {stage}", _STAGE_PROBLEMS,
            "ANALYZE allowances_batchrow", *checks, *([_ACCEPTANCES] if job.has_acceptances else []), *last,
            "ANALYZE allowances_batchproblem",
        ]  # fmt: skip
        _advance(
            job, BatchState.READING, state=BatchState.VALIDATING, progress_done=0, progress_total=len(steps) + 1
        )  # fmt: skip
    for number, statement in enumerate(steps, start=1):
        with scope(municipalities=[job.municipality]), domain_errors():
            _run(statement, parameters)
            _advance(job, BatchState.VALIDATING, progress_done=number)
    _sum_up(job)


def _stage(job: _Job, rules: Rules) -> tuple[str, dict[str, Any]]:
    """The statement that writes the list's rows, their amounts made by the programme's terms, and its parameters."""
    compiled = rules.staged_amount()
    return _staging(job, amount=compiled.amount, joins=compiled.joins), dict(compiled.values)


def _staging(job: _Job, *, amount: str, joins: str = "") -> str:
    statement = _STAGE_BY_RESIDENT_NUMBER if job.by_resident_number else _STAGE
    return statement.replace("{amount}", amount).replace("{joins}", joins)


def _run(statement: str, parameters: dict[str, Any]) -> None:
    """Run one step with room for a hash of a whole city; joins and sorts of a list must not go through the disk."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '256MB'")
        for part in statement.split("; ", 1):
            cursor.execute(part, parameters)


def _sum_up(job: _Job) -> None:
    with scope(municipalities=[job.municipality]), connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '256MB'")
        cursor.execute(_SUMMARY, job.parameters)
        rows_total, rows_bad, amount_total, content_sha256 = cursor.fetchone()
        cursor.execute("DROP TABLE IF EXISTS batch_staging, problem_staging, correction_staging")
        _refuse_same_content(job, content_sha256)
        with domain_errors():
            _advance(
                job, BatchState.VALIDATING, state=BatchState.VALIDATED, rows_total=rows_total, rows_bad=rows_bad,
                amount_total=amount_total, content_sha256=content_sha256, terms={"conditions": job.conditions},
                problem_kinds=count_kinds(municipality=job.municipality, batch_id=job.batch_id),
                rows_left_out=count_left_out(municipality=job.municipality, batch_id=job.batch_id),
            )  # fmt: skip
        _give_up_unmended(job)


def _give_up_unmended(job: _Job) -> None:
    """The list that this one mends is no longer needed, unless it went its way meanwhile."""
    old = Batch.objects.filter(mended_by=job.batch_id, state=BatchState.VALIDATED)
    for batch in old.select_for_update(of=("self",), no_key=True):
        mended = Batch.objects.get(pk=job.batch_id)
        batch.state = BatchState.DISCARDED
        batch.save(update_fields=["state"])
        BatchEvent.objects.create(
            municipality_id=job.municipality, batch=batch, action=BatchAction.REPLACE, official_id=mended.uploaded_by_id,
            at=mended.uploaded_at,
        )  # fmt: skip
        Batch.objects.filter(pk=job.batch_id).update(replaces=batch.replaces_id)
        delete_rows(job.municipality, batch.pk)


def _refuse_same_content(job: _Job, content_sha256: str) -> None:
    dead = (BatchState.REFUSED, BatchState.DISCARDED)
    same = Batch.objects.filter(cycle=job.cycle_id, sequence=job.sequence, content_sha256=content_sha256).exclude(
        state__in=dead
    )
    first = same.exclude(pk=job.batch_id).first()
    if first is not None:
        raise ContentAlreadyUploaded(batch_id=str(first.pk), file_name=first.file_name)


def _refuse(job: _Job, refusal: DomainError) -> None:
    """Leave no row behind, only why the list could not be taken."""
    with scope(municipalities=[job.municipality]):
        delete_rows(job.municipality, job.batch_id)
        Batch.objects.filter(pk=job.batch_id, state__in=READABLE_STATES).update(
            state=BatchState.REFUSED, failure={"code": refusal.code, "params": _plain(refusal.params)},
            duplicate_of_id=refusal.params.get("batch_id"), rows_total=0, rows_bad=0, problem_kinds=[],
        )  # fmt: skip


def _plain(params: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(params, default=str))
    return plain
