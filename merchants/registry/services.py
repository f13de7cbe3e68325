"""Registering shops, what becomes of them, and loading the business categories that usage rules speak of.

Everything that happens to a registered shop is a `MerchantChange`: requested by one official, approved by another,
carried over to the shop by the database on its first day.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from merchants.registry import selectors
from merchants.registry.errors import (
    ApprovedByOneself,
    ChangeDecided,
    NothingChanges,
    PaperUnreadable,
    RegistrationRefused,
)
from merchants.registry.models import (
    ChangeKind,
    ChangeState,
    Merchant,
    MerchantCategory,
    MerchantChange,
    MerchantPaper,
    PaperKind,
)
from merchants.registry.rules import GUARDED, months_after
from vouchers.common.database import domain_errors
from vouchers.common.errors import NotPermitted
from vouchers.common.seoul import business_date
from vouchers.ledger.models import AccountKind
from vouchers.officials.models import Official
from vouchers.officials.selectors import Authority
from vouchers.privacy.files import FileStore

CATEGORIES = Path(__file__).parent / "data" / "categories.csv"
LARGEST_PAPER: Final = 20 * 1024 * 1024
_BEGINNINGS: Final = (b"%PDF-", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")


def load_categories(*, using: str, path: Path = CATEGORIES) -> int:
    """Insert or update every category of the file by its code; returns how many it names."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [MerchantCategory(**row) for row in csv.DictReader(file)]
    MerchantCategory.objects.using(using).bulk_create(
        rows, update_conflicts=True, unique_fields=["code"], update_fields=["name", "name_en", "mcc"]
    )
    return len(rows)


def open_for_payments(*, municipality: str, merchants: Sequence[UUID]) -> None:
    """Open the two accounts that a shop's money passes through, in every currency of its municipality; once each."""
    with domain_errors(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(ledger.open_account(currency.municipality_id, currency.id, kind, merchant))"
            " FROM vouchers_currency currency, unnest(%s::text[]) AS kind, unnest(%s::uuid[]) AS merchant"
            " WHERE currency.municipality_id = %s",
            [[AccountKind.MERCHANT_PENDING.value, AccountKind.MERCHANT_SETTLED.value], list(merchants), municipality],
        )  # fmt: skip


def next_code(*, municipality: str) -> str:
    """The number for the municipality's next shop (가맹점번호); whoever else asks waits until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('merchants.code'), hashtext(%s))", [municipality])
    last = Merchant.objects.filter(municipality=municipality).order_by("-code").values_list("code", flat=True).first()
    return f"M{int(last[1:]) + 1 if last else 1:09d}"


def request_change(
    *, merchant: Merchant, kind: ChangeKind | str, effective_from: date, reason: str, official: Official,
    authority: Authority, at: datetime, document: str = "", effective_until: date | None = None,
    details: Mapping[str, Any] | None = None,
) -> MerchantChange:  # fmt: skip
    """Ask for a change of a shop; it waits for another person's approval.

    ``details`` are the new values of GUARDED fields, for the kind ``details`` alone; what equals the present value or is
    empty stays. Raises NotPermitted, NothingChanges, RegistrationRefused (with the standard's sentences), and what the
    database refuses: ChangeDoesNotFit, ChangeWaitsAlready, RegistrationBarred.
    """
    _require(authority, "merchants.edit", merchant)
    new = _altered(merchant, details or {}) if kind == ChangeKind.DETAILS else {}
    if kind == ChangeKind.DETAILS and not new:
        raise NothingChanges
    if kind == ChangeKind.REGISTER:
        _measure(merchant, day=effective_from)
    with transaction.atomic(), domain_errors():
        return MerchantChange.objects.create(
            municipality_id=merchant.municipality_id, merchant=merchant, kind=kind, effective_from=effective_from,
            effective_until=effective_until, reason=reason, document=document, entered_by=official, entered_at=at,
            barred_until=_barred_until(merchant, effective_from) if kind == ChangeKind.CANCEL else None, **new,
        )  # fmt: skip


def _altered(merchant: Merchant, details: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: details[name]
        for name in GUARDED
        if details.get(name) and details[name] != _plain(getattr(merchant, name))
    }


def _plain(value: Any) -> Any:
    return value.reveal() if hasattr(value, "reveal") else value


def _measure(merchant: Merchant, *, day: date) -> None:
    found = selectors.findings_of(
        municipality=merchant.municipality_id, ksic_code=merchant.ksic_code, annual_sales=merchant.annual_sales,
        is_chain=merchant.is_chain, day=day,
    )  # fmt: skip
    if reasons := [str(finding.text) for finding in found if finding.refuses]:
        raise RegistrationRefused(reasons=" ".join(reasons))


def _barred_until(merchant: Merchant, day: date) -> date | None:
    """The bar's last day; none where no standard names a bar."""
    standard = selectors.standard_on(municipality=merchant.municipality_id, day=day)
    return months_after(day, standard.bar_months) if standard and standard.bar_months else None


def approve(
    *, change: MerchantChange, official: Official, authority: Authority, at: datetime, note: str = ""
) -> MerchantChange:
    """Let a change count: at once when its first day has come, otherwise on that day.

    A registration is measured by the standard again, because the standard may have changed meanwhile. Raises
    NotPermitted, ApprovedByOneself, ChangeDecided, ChangeDoesNotFit, RegistrationRefused, RegistrationBarred.
    """
    with transaction.atomic(), domain_errors():
        held = _undecided(change)
        _require(authority, "merchants.approve", held)
        shop = held.merchant
        if official.pk in {held.entered_by_id, shop.entered_by_id if held.kind == ChangeKind.REGISTER else None}:
            raise ApprovedByOneself
        if held.kind == ChangeKind.REGISTER:
            _measure(shop, day=held.effective_from)
        held.before = selectors.details_of(shop) if held.kind == ChangeKind.DETAILS else {}
        due = held.effective_from <= business_date(at)
        _decide(held, ChangeState.APPLIED if due else ChangeState.APPROVED, official=official, note=note, at=at)
        if due:
            remember(merchants=[held.merchant_id], official=official, reason=held.reason, at=at)
    return held


def order_change(
    *, merchant: Merchant, kind: ChangeKind | str, effective_from: date, reason: str, document: str, entered_by: Official,
    entered_at: datetime, official: Official, authority: Authority, at: datetime, effective_until: date | None = None,
) -> MerchantChange:  # fmt: skip
    """A change that two people have signed elsewhere, as a case against the shop: entered and approved in one step.

    Raises what `approve` raises.
    """
    with transaction.atomic(), domain_errors():
        change = MerchantChange.objects.create(
            municipality_id=merchant.municipality_id, merchant=merchant, kind=kind, effective_from=effective_from,
            effective_until=effective_until, reason=reason, document=document, entered_by=entered_by, entered_at=entered_at,
            barred_until=_barred_until(merchant, effective_from) if kind == ChangeKind.CANCEL else None,
        )  # fmt: skip
        return approve(change=change, official=official, authority=authority, at=at)


def give_back(
    *, change: MerchantChange, official: Official, authority: Authority, at: datetime, note: str
) -> MerchantChange:
    """Return a change to who entered it, saying why (반려). Raises NotPermitted, ChangeDecided."""
    with transaction.atomic(), domain_errors():
        held = _undecided(change)
        _require(authority, "merchants.approve", held)
        if official.pk == held.entered_by_id:
            raise ApprovedByOneself
        return _decide(held, ChangeState.RETURNED, official=official, note=note, at=at)


def withdraw(*, change: MerchantChange, authority: Authority) -> MerchantChange:
    """Take a change back before it is decided (회수). Raises NotPermitted, ChangeDecided."""
    with transaction.atomic(), domain_errors():
        held = _undecided(change)
        _require(authority, "merchants.edit", held)
        held.state = ChangeState.WITHDRAWN
        held.save(update_fields=["state"])
    return held


def _undecided(change: MerchantChange) -> MerchantChange:
    held = MerchantChange.objects.select_for_update(of=("self",), no_key=True).get(pk=change.pk)
    if held.state != ChangeState.WAITING:
        raise ChangeDecided
    return held


def _decide(
    change: MerchantChange, state: ChangeState, *, official: Official, note: str, at: datetime
) -> MerchantChange:
    change.state, change.decided_by, change.decided_at, change.note = state, official, at, note
    change.applied_at = at if state == ChangeState.APPLIED else None
    change.save(update_fields=["state", "before", "decided_by", "decided_at", "note", "applied_at"])
    return change


def apply_due(*, municipality: str, day: date, at: datetime) -> int:
    """Apply every approved change whose first day has come; returns how many were applied.

    A statement takes one change of each shop, the earliest, because each decides what the next may do. What the shop's
    status no longer allows, because something else happened to it meanwhile, is withdrawn.
    """
    applied: list[tuple[Any, Any]] = []
    with transaction.atomic(), connection.cursor() as cursor:
        while True:
            cursor.execute(_APPLY_DUE, {"city": municipality, "day": day, "at": at})
            rows = cursor.fetchall()
            if not rows:
                break
            applied += [(merchant, official) for merchant, state, official in rows if state == ChangeState.APPLIED]
        for official in Official.objects.filter(pk__in={by for _, by in applied}):
            remember(
                merchants=[merchant for merchant, by in applied if by == official.pk],
                official=official,
                reason="",
                at=at,
            )
    return len(applied)


_APPLY_DUE = """
WITH due AS (
    SELECT DISTINCT ON (change.merchant_id) change.id,
           public.merchant_status_after(change.kind, shop.status) IS NOT NULL AS fits
    FROM merchants_merchantchange change JOIN merchants_merchant shop ON shop.id = change.merchant_id
    WHERE change.municipality_id = %(city)s AND change.state = 'approved' AND change.effective_from <= %(day)s
    ORDER BY change.merchant_id, change.effective_from, change.id)
UPDATE merchants_merchantchange change
SET state = CASE WHEN due.fits THEN 'applied' ELSE 'withdrawn' END,
    applied_at = CASE WHEN due.fits THEN %(at)s::timestamptz END
FROM due WHERE due.id = change.id
RETURNING change.merchant_id, change.state, change.decided_by_id
"""


def remember(*, merchants: Iterable[Any], official: Official, reason: str, at: datetime) -> None:
    """Keep the versions that the database's trigger made, in the history that forms write by themselves."""
    Merchant.history.bulk_history_create(
        list(Merchant.objects.filter(pk__in=list(merchants))), update=True, default_user=official,
        default_change_reason=reason[:100] or None, default_date=at,
    )  # fmt: skip


def add_paper(
    *, merchant: Merchant, kind: PaperKind | str, file_name: str, content: Iterable[bytes], official: Official,
    authority: Authority, store: FileStore, at: datetime,
) -> MerchantPaper:  # fmt: skip
    """Keep a paper of a shop, sealed. Raises NotPermitted, PaperUnreadable by its first bytes, FileTooLarge."""
    _require(authority, "merchants.edit", merchant)
    sealed = store.write(_pictures_alone(content), limit=LARGEST_PAPER)
    return MerchantPaper.objects.create(
        municipality_id=merchant.municipality_id, merchant=merchant, kind=kind, file_name=file_name[-200:],
        file_key=sealed.name, sha256=sealed.sha256, size=sealed.size, added_by=official, added_at=at,
    )  # fmt: skip


def _pictures_alone(content: Iterable[bytes]) -> Iterable[bytes]:
    pieces = iter(content)
    first = next(pieces, b"")
    if not first.startswith(_BEGINNINGS):
        raise PaperUnreadable
    yield first
    yield from pieces


def _require(authority: Authority, permission: str, row: Merchant | MerchantChange) -> None:
    if not authority.may(permission, row.municipality_id):
        raise NotPermitted
