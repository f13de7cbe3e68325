"""What officials do with a list before they submit it: upload, check again, give up. Reading itself: ``intake``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Max
from procrastinate.contrib.django import app as jobs

from allowances.batches import inspecting
from allowances.batches.errors import FileAlreadyUploaded, NotToBeRedrafted, ProgrammeClosed, RedraftExists
from allowances.batches.intake import READABLE_STATES, UNREAD_STATES, delete_rows, read
from allowances.batches.models import Batch, BatchAction, BatchEvent, BatchKind, BatchState
from allowances.batches.reading.columns import Mapping
from allowances.programmes.models import Cycle, ProgrammeStatus
from vouchers.common.database import domain_errors
from vouchers.common.errors import NotPermitted, StateConflict
from vouchers.common.scope import scope
from vouchers.officials.models import Official
from vouchers.officials.rules import Role
from vouchers.officials.selectors import Authority
from vouchers.privacy.files import FileStore

__all__ = ["confirm_layout", "discard", "inspect", "inspect_again", "read", "recheck", "take_in", "upload"]


def upload(
    *, cycle: Cycle, file: UploadedFile, file_name: str, official: Official, authority: Authority, store: FileStore,
    limit: int, at: datetime, replaces: Batch | None = None, mended_from: Batch | None = None,
) -> Batch:  # fmt: skip
    """Keep an official's file sealed and have it read in the background. ``replaces``: the list that was sent back or
    taken back and that this file corrects (재기안).

    ``mended_from``: the list not yet submitted that this file mends; it is given up once this one has been checked.
    Raises NotPermitted, ProgrammeClosed, FileTooLarge (``limit`` in bytes), FileAlreadyUploaded, NotToBeRedrafted and
    RedraftExists; then nothing is kept.
    """
    _require_drafter(authority, cycle.municipality_id)
    before = replaces or mended_from
    takes_back = before is not None and before.kind == BatchKind.CLAWBACK
    if cycle.programme.status != ProgrammeStatus.OPEN and not takes_back:
        raise ProgrammeClosed
    return take_in(
        cycle=cycle, chunks=file.chunks(), file_name=file_name, official=official, store=store, limit=limit, at=at,
        replaces=replaces, mended_from=mended_from,
    )  # fmt: skip


def take_in(
    *, cycle: Cycle, chunks: Iterable[bytes], file_name: str, official: Official, store: FileStore, limit: int,
    at: datetime, kind: BatchKind = BatchKind.PAYMENT, parent: Batch | None = None,
    replaces: Batch | None = None, mended_from: Batch | None = None, prepare: Callable[[Batch], object] = id, is_our_own: bool = False,
) -> Batch:  # fmt: skip
    """Keep a list's file sealed and queue its reading; the caller has seen to who may do that.

    A top-up or clawback gets the next number in its cycle, so that it may name people whom other lists name. ``prepare``
    is called with the new list before it is read, in the same transaction. The layout of a file of ``is_our_own`` making
    needs nobody's confirmation.
    """
    stored = store.write(chunks, limit=limit)
    try:
        with transaction.atomic():
            place = _redrafting(replaces, cycle) | _mending(mended_from, cycle) or _placing(cycle, kind, parent)
            _refuse_same_file(cycle, stored.sha256, kind=place["kind"], sequence=place["sequence"])
            batch = Batch(
                municipality_id=cycle.municipality_id, cycle=cycle, uploaded_by=official, uploaded_at=at,
                file_name=file_name[-200:], file_key=stored.name, file_size=stored.size, file_sha256=stored.sha256,
                progress_total=stored.size, **place,
            )  # fmt: skip
            with domain_errors():
                batch.save(force_insert=True)
                prepare(batch)
            _log(batch, BatchAction.UPLOAD, official, at)
            if is_our_own:
                _begin_reading(batch, Mapping())
            else:
                _defer_inspection(batch)
    except BaseException:
        store.delete(stored.name)
        raise
    return batch


def _redrafting(replaces: Batch | None, cycle: Cycle) -> dict[str, Any]:
    """A corrected list is of the kind, parent and sequence of the one it replaces."""
    if replaces is None:
        return {}
    held = Batch.objects.select_for_update(of=("self",), no_key=True).get(pk=replaces.pk)
    if held.state not in (BatchState.RETURNED, BatchState.WITHDRAWN) or held.cycle_id != cycle.pk:
        raise NotToBeRedrafted
    return {"replaces": held, "kind": held.kind, "parent_id": held.parent_id, "sequence": held.sequence}


def _mending(mended_from: Batch | None, cycle: Cycle) -> dict[str, Any]:
    """So is a mended list, which also redrafts what the one before it did, once that is given up."""
    if mended_from is None:
        return {}
    held = _lock(mended_from.pk, BatchState.VALIDATED)
    if held.cycle_id != cycle.pk:
        raise StateConflict
    return {"mended_from": held, "kind": held.kind, "parent_id": held.parent_id, "sequence": held.sequence}


def _placing(cycle: Cycle, kind: BatchKind, parent: Batch | None) -> dict[str, Any]:
    """A top-up or clawback gets one more than the highest number in its cycle, whose row is held meanwhile."""
    if kind == BatchKind.PAYMENT:
        return {"kind": kind, "parent": parent, "sequence": 0}
    Cycle.objects.select_for_update(of=("self",), no_key=True).get(pk=cycle.pk)
    highest = Batch.objects.filter(cycle=cycle).aggregate(highest=Max("sequence"))["highest"] or 0
    return {"kind": kind, "parent": parent, "sequence": highest + 1}


def inspect(*, municipality: str, batch_id: UUID, store: FileStore) -> BatchState:
    """Look at an uploaded file; then its official confirms the layout. A file of the form of the list that it mends is
    read at once.
    """
    known = inspecting.look(municipality=municipality, batch_id=batch_id, store=store)
    with scope(municipalities=[municipality]):
        if known:
            _begin_reading(known, inspecting.settled(known, None))
        return BatchState(Batch.objects.values_list("state", flat=True).get(pk=batch_id))


def inspect_again(*, batch: Batch, chosen: Mapping, authority: Authority, store: FileStore) -> Batch:
    """Look at the file with another sheet, encoding, delimiter or header row, before anything of it is read.

    Raises ListUnreadable when it cannot be read so; then the layout stays as it was.
    """
    _require_drafter(authority, batch.municipality_id)
    with transaction.atomic():
        locked = _lock(batch.pk, BatchState.INSPECTED)
        inspecting.look_again(locked, chosen, store)
        locked.save()
    return locked


def confirm_layout(
    *, batch: Batch, official: Official, authority: Authority, at: datetime, mapping: Mapping | None = None
) -> Batch:
    """Have the list read with the layout that was found, or with ``columns`` and ``unit`` of ``mapping``, which the
    official's department then remembers.

    Raises LayoutIncomplete and ColumnMissing; then nothing is read.
    """
    _require_drafter(authority, batch.municipality_id)
    with transaction.atomic():
        locked = _lock(batch.pk, BatchState.INSPECTED)
        decided = inspecting.settled(locked, mapping)
        if inspecting.is_corrected(locked, decided):
            inspecting.remember(locked, decided, department=official.department, at=at)
        _log(locked, BatchAction.CONFIRM, official, at)
        _begin_reading(locked, decided)
    return locked


def _begin_reading(batch: Batch, mapping: Mapping) -> None:
    batch.mapping, batch.state = mapping.as_json(), BatchState.READING
    batch.layout.pop("preview", None)
    batch.progress_done, batch.progress_total = 0, batch.file_size
    batch.save()
    _defer_reading(batch)


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
        locked = _lock(
            batch.pk, *UNREAD_STATES, *READABLE_STATES, BatchState.VALIDATED, BatchState.RETURNED, BatchState.WITHDRAWN
        )
        if locked.redrafts.exclude(state__in=(BatchState.REFUSED, BatchState.DISCARDED)).exists():
            raise RedraftExists  # its rows show what the corrected list has changed
        locked.state = BatchState.DISCARDED
        locked.save()
        _log(locked, BatchAction.DISCARD, official, at)
        delete_rows(locked.municipality_id, locked.pk)
    return locked


def _log(batch: Batch, action: BatchAction, official: Official, at: datetime) -> None:
    BatchEvent.objects.create(
        municipality_id=batch.municipality_id, batch=batch, action=action, official=official, at=at
    )


def _require_drafter(authority: Authority, municipality: str) -> None:
    if not authority.has_role(Role.DRAFTER, municipality):
        raise NotPermitted


def _refuse_same_file(cycle: Cycle, sha256: str, *, kind: str, sequence: int) -> None:
    """Top-ups are compared with each other: each has a number of its own, and a file that is sent twice would give twice."""
    dead = (BatchState.REFUSED, BatchState.DISCARDED)
    lists = Batch.objects.filter(cycle=cycle, file_sha256=sha256).exclude(state__in=dead)
    of_its_place = {"kind": kind} if kind == BatchKind.TOP_UP else {"sequence": sequence}
    first = lists.filter(**of_its_place).first()
    if first is not None:
        raise FileAlreadyUploaded(batch_id=str(first.pk), file_name=first.file_name)


def _defer_inspection(batch: Batch) -> None:
    """Before longer jobs that wait: an official is looking at the screen."""
    jobs.configure_task("allowances.batches.inspect", lock=f"batch:{batch.pk}", priority=10).defer(
        municipality=batch.municipality_id, batch_id=str(batch.pk)
    )


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
