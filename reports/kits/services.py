"""Printing kits: one at once, those of a 읍면동 by a job that goes on where it stopped."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction

from merchants.qr_kit.models import MerchantQR
from merchants.registry.models import MerchantStatus
from reports.documents.models import PaperState
from reports.kits import errors, paper, selectors
from reports.kits.models import KitPart, KitPrint, KitSize
from vouchers.common import jobs
from vouchers.common.errors import NotPermitted
from vouchers.common.scope import scope
from vouchers.municipalities.models import Dong
from vouchers.officials.models import Official
from vouchers.officials.selectors import Authority
from vouchers.privacy.files import FileStore

MAKE_KITS: Final = "reports.kits.make"
PART_ROWS: Final = 100
"""Kits of one file: a stop in between costs at most so many again."""
_LIMIT_BYTES: Final = 256 * 1024**2


def print_kit(*, code: MerchantQR, size: KitSize, keys: Mapping[int, bytes], authority: Authority) -> bytes:
    """The kit of one code as PDF. ``code`` has its shop at hand. Raises NotPermitted and KitNotInForce."""
    if not authority.may("merchants.view", code.municipality_id):
        raise NotPermitted
    if code.retired_at or code.merchant.status != MerchantStatus.ACTIVE:
        raise errors.KitNotInForce
    return paper.render(selectors.kits_of([code], keys=keys), size=size)


def ask_for_kits(*, dong: Dong, size: KitSize, official: Official, authority: Authority, at: datetime) -> KitPrint:
    """Queue the kits of a 읍면동; those that are being made go on where they stopped. Raises NotPermitted, NoKitsThere."""
    if not authority.may("merchants.edit", dong.municipality_id):
        raise NotPermitted
    rows = selectors.in_force().filter(municipality=dong.municipality_id, merchant__dong=dong).count()
    if not rows:
        raise errors.NoKitsThere
    job = _job_of(dong, size, official, rows, at)
    jobs.defer(MAKE_KITS, lock=f"kits:{job.pk}", municipality=dong.municipality_id, job_id=str(job.pk))
    return job


def _job_of(dong: Dong, size: KitSize, official: Official, rows: int, at: datetime) -> KitPrint:
    """A new print, or the one that is not finished: there is one at a time."""
    try:
        with transaction.atomic():
            return KitPrint.objects.create(
                municipality_id=dong.municipality_id, dong=dong, size=size, official=official, rows=rows, asked_at=at
            )
    except IntegrityError:
        return KitPrint.objects.get(dong=dong, size=size, state__in=[PaperState.WAITING, PaperState.MAKING])


def make_part(*, municipality: str, job_id: UUID, keys: Mapping[int, bytes], store: FileStore, at: datetime) -> bool:
    """Make the next part of a print; returns whether there may be another one.

    A part is there or not: whoever runs it again goes on after the last one that is. Codes retired meanwhile are left
    out. No transaction is open while pages are laid out.
    """
    with scope(municipalities=[municipality]):
        job = KitPrint.objects.get(pk=job_id)
        if job.state == PaperState.READY:
            return False
        last = job.parts.order_by("-number").first()
        codes = selectors.next_codes(job, last, limit=PART_ROWS)
        kits = selectors.kits_of(codes, keys=keys)
        if not codes:
            KitPrint.objects.filter(pk=job.pk).update(state=PaperState.READY, rows=job.rows_done, ready_at=at)
            return False
        KitPrint.objects.filter(pk=job.pk).update(state=PaperState.MAKING)
    key = store.write([paper.render(kits, size=job.size)], limit=_LIMIT_BYTES).name
    with scope(municipalities=[municipality]):
        KitPart.objects.create(
            municipality_id=municipality, job=job, number=last.number + 1 if last else 1, rows=len(kits), file_key=key,
            last_shop=codes[-1].merchant.code, last_terminal=codes[-1].terminal,
        )  # fmt: skip
        KitPrint.objects.filter(pk=job.pk).update(rows_done=job.rows_done + len(kits))
    return True


def open_part(*, job: KitPrint, number: int, authority: Authority, store: FileStore) -> io.BufferedReader:
    """A finished part, also while the others are being made. Raises NotPermitted and KitFileNotThere."""
    if not authority.may("merchants.view", job.municipality_id):
        raise NotPermitted
    part = job.parts.filter(number=number).first()
    if part is None:
        raise errors.KitFileNotThere
    return store.open(part.file_key)
