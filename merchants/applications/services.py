"""Taking applications in: by file, read and shown first, then all of them or none; and one by one over the API."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, BinaryIO, Final, NamedTuple
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from tablib import Dataset

from merchants.applications import selectors
from merchants.applications.errors import CellsWrong, UploadDecided
from merchants.applications.models import ApplicationUpload, UploadState
from merchants.applications.resource import (
    BATCH,
    COLUMNS,
    LABELS,
    NAMES,
    REQUIRED,
    SECRET,
    ApplicationResource,
    register_of,
)
from merchants.registry import selectors as registry
from merchants.registry.errors import RegistrationBarred, RegistrationRefused
from merchants.registry.models import Merchant
from merchants.registry.services import next_code, open_for_payments
from vouchers.common.database import domain_errors
from vouchers.common.errors import NotPermitted
from vouchers.common.korean import document_date
from vouchers.common.seoul import business_date
from vouchers.common.sheets import FileUnreadable, Row, open_sheet, text_of
from vouchers.officials.models import Official
from vouchers.officials.selectors import Authority
from vouchers.partners.services import Once, Write, once
from vouchers.privacy.rules import HIDDEN

MOST_ROWS: Final = 10_000
_PLACEHOLDER: Final = "M000000000"


class Examined(NamedTuple):
    """A file as it was read: what would be inserted, and what is said of it, by row."""

    shops: list[Merchant]
    problems: list[dict[str, Any]]

    @property
    def rows_wrong(self) -> int:
        """How many rows keep the file from being taken in."""
        return len({problem["row"] for problem in self.problems if problem["blocks"]})


def take_in(
    *, municipality: str, file: BinaryIO, file_name: str, official: Official, authority: Authority, at: datetime
) -> ApplicationUpload:  # fmt: skip
    """Read a file and try it; no application is made yet. Raises NotPermitted, FileUnreadable."""
    _require(authority, municipality)
    digest = hashlib.sha256(file.read()).hexdigest()
    file.seek(0)
    sheet = open_sheet(file, columns=COLUMNS, required=REQUIRED, most_rows=MOST_ROWS)
    rows = [Row(row.number, {name: _plain(cell) for name, cell in row.cells.items()}) for row in sheet.rows]
    if not rows:
        raise FileUnreadable(why=_("신청이 한 건도 없습니다."))
    examined = _examine(rows, municipality=municipality, official=official, day=business_date(at))
    return ApplicationUpload.objects.create(
        municipality_id=municipality, file_name=file_name[-200:], file_sha256=digest, rows=json.dumps(rows),
        problems=examined.problems, rows_total=len(rows), rows_wrong=examined.rows_wrong, uploaded_by=official,
        uploaded_at=at,
    )  # fmt: skip


def confirm(*, upload: ApplicationUpload, official: Official, authority: Authority, at: datetime) -> ApplicationUpload:
    """Make an application of every row, measured again by what holds now.

    When a row has become wrong meanwhile, nothing is taken in: the upload comes back undecided with its problems.
    Raises NotPermitted, UploadDecided, and ShopAppliedAlready when somebody enters one of the shops at this moment.
    """
    _require(authority, upload.municipality_id)
    with transaction.atomic(), domain_errors():
        held = _undecided(upload)
        codes = _codes_from(next_code(municipality=held.municipality_id))
        examined = _examine(
            rows_of(held), municipality=held.municipality_id, official=official, day=business_date(at), codes=codes
        )
        held.problems, held.rows_wrong = examined.problems, examined.rows_wrong
        if examined.rows_wrong:
            held.save(update_fields=["problems", "rows_wrong"])
            return held
        made = Merchant.objects.bulk_create(examined.shops, batch_size=BATCH)
        Merchant.history.bulk_history_create(
            made, default_user=official, default_date=at, default_change_reason=held.file_name[:100]
        )
        open_for_payments(municipality=held.municipality_id, merchants=[shop.pk for shop in made])
        return _decide(held, UploadState.CONFIRMED, official=official, at=at)


def discard(*, upload: ApplicationUpload, official: Official, authority: Authority, at: datetime) -> ApplicationUpload:
    """Give a file up. Raises NotPermitted, UploadDecided."""
    _require(authority, upload.municipality_id)
    with transaction.atomic():
        return _decide(_undecided(upload), UploadState.DISCARDED, official=official, at=at)


def forget(*, municipality: str, before: datetime, at: datetime) -> int:
    """Give up what was uploaded before a moment and never decided; returns how many files."""
    waiting = ApplicationUpload.objects.filter(
        municipality=municipality, state=UploadState.CHECKED, uploaded_at__lt=before
    )
    return waiting.update(state=UploadState.DISCARDED, decided_at=at, rows=None, problems=[])


def rows_of(upload: ApplicationUpload) -> list[Row]:
    """What the file said, while it is undecided."""
    return [Row(*row) for row in json.loads(upload.rows.reveal())] if upload.rows else []


def apply(*, write: Write, said: Mapping[str, Any], at: datetime) -> Once:
    """Make the application of a shop that a partner's app has sent; the same request once.

    ``said`` are the values of the fields of `resource.NAMES`. Raises CellsWrong by field, RegistrationRefused,
    RegistrationBarred, ShopAppliedAlready.
    """

    def act(made: UUID) -> None:
        city, day = write.caller.municipality, business_date(at)
        code = next_code(municipality=city)  # not within the trial, whose end would let go of the lock
        resource = ApplicationResource(register_of(municipality=city, official=None, standard=None), lambda: code)
        result = resource.import_data(Dataset([said[name] for name in NAMES], headers=list(NAMES)), dry_run=True)
        for invalid in result.invalid_rows:
            raise CellsWrong({name: " ".join(reasons) for name, reasons in invalid.error_dict.items()})
        _row, shop = resource.read[0]
        found = registry.findings_of(
            municipality=city, ksic_code=shop.ksic_code, annual_sales=shop.annual_sales, is_chain=shop.is_chain, day=day
        )
        if reasons := [str(finding.text) for finding in found if finding.refuses]:
            raise RegistrationRefused(reasons=" ".join(reasons))
        if registry.barred_until(municipality=city, business_number=shop.business_number, day=day):
            raise RegistrationBarred
        shop.pk, shop.applied_through_id = made, write.caller.partner
        shop.save(force_insert=True)
        open_for_payments(municipality=city, merchants=[made])

    return once(write=write, at=at, act=act)


def _plain(cell: Any) -> Any:
    """A cell as JSON keeps it."""
    return cell if isinstance(cell, bool) else text_of(cell)


def _examine(
    rows: list[Row], *, municipality: str, official: Official, day: date, codes: Iterator[str] | None = None
) -> Examined:
    """Every row by itself, then among the others and against the register."""
    standard = registry.standard_on(municipality=municipality, day=day)
    register = register_of(municipality=municipality, official=official, standard=standard)
    resource = ApplicationResource(register, lambda: next(codes) if codes else _PLACEHOLDER)
    dataset = Dataset(headers=list(NAMES))
    dataset.extend([row.cells.get(name, "") for name in NAMES] for row in rows)
    result = resource.import_data(dataset, dry_run=True, raise_errors=False)
    if result.has_errors():
        raise AssertionError([str(error) for row in result.error_rows for error in row.errors] or result.base_errors)
    problems = [
        _problem(rows[invalid.number - 1], name, " ".join(reasons), blocks=True)
        for invalid in result.invalid_rows
        for name, reasons in invalid.error_dict.items()
    ]
    read = [(rows[number - 1], shop) for number, shop in resource.read]
    problems += [
        _problem(row, finding.field, str(finding.text), blocks=False)
        for row, shop in read
        for finding in resource.findings(shop)
    ]
    problems += [*_twice(read), *_known(read, municipality=municipality, day=day)]
    return Examined([shop for _row, shop in read], sorted(problems, key=lambda told: (told["row"], not told["blocks"])))


def _problem(row: Row, name: str, reason: str, *, blocks: bool) -> dict[str, Any]:
    said = text_of(row.cells.get(name, ""))[:60]
    value = HIDDEN if said and name in SECRET else said
    return {
        "row": row.number,
        "column": LABELS.get(name, ""),
        "value": value,
        "reason": reason,
        "blocks": blocks,
    }


def _twice(read: Iterable[tuple[Row, Merchant]]) -> Iterator[dict[str, Any]]:
    """Rows of one file that name the same shop, or the same business."""
    shops: dict[tuple[str, str], int] = {}
    numbers: dict[str, int] = {}
    for row, shop in read:
        key = (shop.business_number, shop.name)
        if key in shops:
            said = gettext("같은 가맹점이 %(row)s행에 있습니다.") % {"row": shops[key]}
            yield _problem(row, "business_number", said, blocks=True)
        elif shop.business_number in numbers:
            said = gettext("사업자등록번호가 %(row)s행과 같습니다. 지점인지 확인하십시오.") % {
                "row": numbers[shop.business_number]
            }
            yield _problem(row, "business_number", said, blocks=False)
        shops.setdefault(key, row.number)
        numbers.setdefault(shop.business_number, row.number)


def _known(read: list[tuple[Row, Merchant]], *, municipality: str, day: date) -> Iterator[dict[str, Any]]:
    """Rows that the register knows already, or bars."""
    rows = dict(enumerate(read))
    for at, what, name, until in selectors.known(
        municipality=municipality, shops=[shop for _row, shop in read], day=day
    ):
        row = rows[at][0]
        if what == "barred" and until:
            said: Any = _("등록취소된 사업자입니다. %(day)s까지 다시 등록할 수 없습니다.") % {
                "day": document_date(until)
            }
            yield _problem(row, "business_number", str(said), blocks=True)
        elif what == "same":
            said = _("사업자등록번호와 상호가 같은 가맹점이 이미 있습니다.")
            yield _problem(row, "business_number", str(said), blocks=True)
        else:
            said = _KNOWN[what] % {"name": name}
            yield _problem(row, "business_number" if what == "number" else "name", str(said), blocks=False)


_KNOWN: Final = {
    "number": _("같은 사업자등록번호의 가맹점 '%(name)s'이(가) 있습니다. 지점인지 확인하십시오."),
    "place": _("상호와 소재지가 같은 가맹점 '%(name)s'이(가) 있습니다. 중복인지 확인하십시오."),
}


def _codes_from(first: str) -> Iterator[str]:
    return (f"M{number:09d}" for number in itertools.count(int(first[1:])))


def _require(authority: Authority, municipality: str) -> None:
    if not authority.may("merchants.edit", municipality):
        raise NotPermitted


def _undecided(upload: ApplicationUpload) -> ApplicationUpload:
    held = ApplicationUpload.objects.select_for_update(of=("self",), no_key=True).get(pk=upload.pk)
    if held.state != UploadState.CHECKED:
        raise UploadDecided
    return held


def _decide(
    held: ApplicationUpload, state: UploadState, *, official: Official, at: datetime
) -> ApplicationUpload:  # fmt: skip
    """What the file said of people is in the applications now, or of no use: it is kept no longer."""
    held.state, held.decided_by, held.decided_at = state, official, at
    held.rows, held.problems = None, []
    held.save(update_fields=["state", "decided_by", "decided_at", "rows", "problems", "rows_wrong"])
    return held
