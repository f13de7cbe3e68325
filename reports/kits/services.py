"""Printing kits: one at once, those of a 읍면동 or of all by a job that goes on where it stopped."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import datetime
from itertools import groupby
from tempfile import TemporaryFile
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction

from merchants.qr_kit.models import MerchantQR
from merchants.registry.models import MerchantStatus
from reports.documents.binding import bind, pieces
from reports.documents.models import PaperState
from reports.kits import errors, paper, selectors
from reports.kits.models import KitPart, KitPrint, KitSize
from vouchers.common import jobs
from vouchers.common.errors import NotPermitted
from vouchers.common.scope import scope
from vouchers.common.seoul import business_date
from vouchers.municipalities.models import Dong
from vouchers.officials.models import Official
from vouchers.officials.selectors import Authority
from vouchers.privacy.files import FileStore

MAKE_KITS: Final = "reports.kits.make"
PART_ROWS: Final = 100
"""Kits of one file: a stop in between costs at most so many again."""
_LIMIT_BYTES: Final = 256 * 1024**2
_LIMIT_OF_ALL: Final = 4 * 1024**3


def print_kit(*, code: MerchantQR, size: KitSize, keys: Mapping[int, bytes], authority: Authority) -> bytes:
    """The kit of one code as PDF. ``code`` has its shop at hand. Raises NotPermitted and KitNotInForce."""
    if not authority.may("merchants.view", code.municipality_id):
        raise NotPermitted
    if code.retired_at or code.merchant.status != MerchantStatus.ACTIVE:
        raise errors.KitNotInForce
    return paper.render(selectors.kits_of([code], keys=keys), size=size)


def ask_for_kits(
    *, municipality: str, dong: Dong | None, size: KitSize, official: Official, authority: Authority, at: datetime
) -> KitPrint:  # fmt: skip
    """Queue the kits of a 읍면동, or of all; those that are being made go on where they stopped.

    Raises NotPermitted, NoKitsThere.
    """
    if not authority.may("merchants.edit", municipality):
        raise NotPermitted
    rows = selectors.in_force(municipality=municipality, dong=dong.pk if dong else None).count()
    if not rows:
        raise errors.NoKitsThere
    asked = {"municipality_id": municipality, "dong": dong, "size": size}
    try:
        with transaction.atomic():
            job = KitPrint.objects.create(official=official, rows=rows, asked_at=at, **asked)
    except IntegrityError:  # there is one at a time
        job = KitPrint.objects.get(state__in=[PaperState.WAITING, PaperState.MAKING], **asked)
    jobs.defer(MAKE_KITS, lock=f"kits:{job.pk}", municipality=municipality, job_id=str(job.pk))
    return job


def make_next(*, municipality: str, job_id: UUID, keys: Mapping[int, bytes], store: FileStore, at: datetime) -> bool:
    """Make the next part of a print, or of all parts the one file; returns whether there is more to make.

    What is made is there or not: whoever runs it again goes on after the last part that is. Codes retired meanwhile are
    left out. No transaction is open while pages are laid out.
    """
    with scope(municipalities=[municipality]):
        job = KitPrint.objects.get(pk=job_id)
        if job.state == PaperState.READY:
            return False
        last = job.parts.select_related("dong").order_by("-number").first()
        codes = selectors.next_codes(job, last, limit=PART_ROWS)
        kits = selectors.kits_of(codes, keys=keys)
        KitPrint.objects.filter(pk=job.pk).update(state=PaperState.MAKING)
    if not codes:
        _bind(job, store=store, at=at)
        return False
    dong = codes[0].merchant.dong
    listed = paper.render_list(kits, size=job.size, dong=_called(dong), first=job.rows_done + 1)
    files = {
        "list_key": store.write([listed], limit=_LIMIT_BYTES).name,
        "file_key": store.write([paper.render(kits, size=job.size)], limit=_LIMIT_BYTES).name,
    }
    with scope(municipalities=[municipality]):
        KitPart.objects.create(
            municipality_id=municipality, job=job, number=last.number + 1 if last else 1, rows=len(kits), dong=dong,
            last_shop=codes[-1].merchant.code, last_terminal=codes[-1].terminal, **files,
        )  # fmt: skip
        KitPrint.objects.filter(pk=job.pk).update(rows_done=job.rows_done + len(kits))
    return True


def _bind(job: KitPrint, *, store: FileStore, at: datetime) -> None:
    """All parts as one file: a cover, then for each 읍면동 the list of its shops and their kits in that order."""
    with scope(municipalities=[job.municipality_id]):
        parts = list(job.parts.select_related("dong").order_by("number"))
        city = job.municipality.name
    shares, papers, done = [], [], 0
    for dong, of_dong in groupby(parts, key=lambda part: part.dong):
        some = list(of_dong)
        kits = sum(part.rows for part in some)
        shares.append(paper.Share(dong=_called(dong), kits=kits, first=done + 1, last=done + kits))
        papers += [(_called(dong), some[0].list_key), *(("", part.list_key) for part in some[1:])]
        papers += [("", part.file_key) for part in some]
        done += kits
    key = ""
    if parts:
        cover = paper.render_cover(shares, size=job.size, municipality=city, made_on=business_date(at))
        with TemporaryFile() as file:
            bind(cover, ((title, _read(store, key)) for title, key in papers), file)
            key = store.write(pieces(file), limit=_LIMIT_OF_ALL).name
    with scope(municipalities=[job.municipality_id]):
        KitPrint.objects.filter(pk=job.pk).update(state=PaperState.READY, rows=done, ready_at=at, file_key=key)


def _called(dong: Dong | None) -> str:
    """As the papers name it, which are Korean."""
    return dong.name if dong else "읍면동 없음"


def _read(store: FileStore, key: str) -> bytes:
    with store.open(key) as file:
        return file.read()


def open_file(*, job: KitPrint, number: int | None, authority: Authority, store: FileStore) -> io.BufferedReader:
    """A finished part, also while the others are being made, or without ``number`` all of them as one file.

    Raises NotPermitted and KitFileNotThere.
    """
    if not authority.may("merchants.view", job.municipality_id):
        raise NotPermitted
    part = job.parts.filter(number=number).first() if number else job
    if part is None or not part.file_key:
        raise errors.KitFileNotThere
    return store.open(part.file_key)
