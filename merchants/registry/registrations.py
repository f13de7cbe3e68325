"""Many applications at once: a few statements say what stands against each, and one registers all that nothing stands against.

The rules are those of `services.request_change` and `services.approve`, and one more: what may be registered already is looked
at by itself, never approved among others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from merchants.registry.errors import ChangeDecided, TooManyAtOnce
from merchants.registry.models import (
    ChangeKind,
    ChangeState,
    Merchant,
    MerchantChange,
    MerchantStatus,
    PaperKind,
    RegistrationStandard,
)
from merchants.registry.rules import Finding, findings
from merchants.registry.services import remember
from vouchers.common.database import domain_errors
from vouchers.common.errors import NotPermitted
from vouchers.common.korean import document_date
from vouchers.common.seoul import business_date
from vouchers.officials.models import Official
from vouchers.officials.selectors import Authority

MOST_AT_ONCE: Final = 500


@dataclass(frozen=True, kw_only=True)
class Examined:
    """An application: why it is not taken with the others, and what an official should look at nevertheless."""

    shop: Merchant
    change: MerchantChange | None
    refused: list[Any]
    noted: list[Any]


class Done(NamedTuple):
    """How many were taken, and what was left."""

    taken: int
    left: list[Examined]


def to_submit(*, shops: Sequence[UUID], day: date, authority: Authority) -> list[Examined]:
    """What stands against submitting each of these shops for registration on a day. Raises TooManyAtOnce."""
    _bounded(shops)
    found = Merchant.objects.filter(pk__in=shops).select_related("category").order_by("pk")
    on_its_way = set(
        MerchantChange.objects.filter(
            merchant__in=shops, kind=ChangeKind.REGISTER, state__in=[ChangeState.WAITING, ChangeState.APPROVED]
        ).values_list("merchant_id", flat=True)
    )
    judge = _Judge(dict.fromkeys(shops, day))

    def refused(shop: Merchant) -> Iterator[Any]:
        if not authority.may("merchants.edit", shop.municipality_id):
            yield NotPermitted.message
        if shop.status != MerchantStatus.APPLIED:
            yield _("신청 상태가 아닙니다.")
        elif shop.pk in on_its_way:
            yield _("이미 결재를 올렸습니다.")
        else:
            yield from judge.refused(shop)

    return [Examined(shop=shop, change=None, refused=list(refused(shop)), noted=judge.noted(shop)) for shop in found]


def to_approve(*, changes: Sequence[UUID], official: Official, authority: Authority) -> list[Examined]:
    """What stands against approving each of these changes. Raises TooManyAtOnce."""
    _bounded(changes)
    rows = MerchantChange.objects.filter(pk__in=changes).order_by("pk")
    found = list(rows.select_related("merchant__category", "entered_by"))
    judge = _Judge({change.merchant_id: change.effective_from for change in found})

    def refused(change: MerchantChange) -> Iterator[Any]:
        if not authority.may("merchants.approve", change.municipality_id):
            yield NotPermitted.message
        if change.kind != ChangeKind.REGISTER:
            yield _("등록 신청이 아닙니다. 한 건씩 결재하십시오.")
        elif change.state != ChangeState.WAITING:
            yield ChangeDecided.message
        else:
            if official.pk in {change.entered_by_id, change.merchant.entered_by_id}:
                yield _("직접 입력한 신청이므로 다른 결재권자가 결재해야 합니다.")
            yield from judge.refused(change.merchant)

    return [
        Examined(shop=row.merchant, change=row, refused=list(refused(row)), noted=judge.noted(row.merchant)) for row in found
    ]  # fmt: skip


def submit(
    *, shops: Sequence[UUID], effective_from: date, reason: str, document: str, official: Official, authority: Authority,
    at: datetime,
) -> Done:  # fmt: skip
    """Submit every shop of these that nothing stands against; the others stay as they are.

    Raises TooManyAtOnce, and ChangeWaitsAlready when somebody submits one of them at this moment.
    """
    with transaction.atomic(), domain_errors():
        _lock_shops(shops)
        examined = to_submit(shops=shops, day=effective_from, authority=authority)
        made = MerchantChange.objects.bulk_create(
            MerchantChange(
                municipality_id=one.shop.municipality_id, merchant=one.shop, kind=ChangeKind.REGISTER,
                effective_from=effective_from, reason=reason, document=document, entered_by=official, entered_at=at,
            )
            for one in examined
            if not one.refused
        )  # fmt: skip
    return Done(len(made), [one for one in examined if one.refused])


def approve(*, changes: Sequence[UUID], official: Official, authority: Authority, at: datetime, note: str = "") -> Done:
    """Approve every registration of these that nothing stands against; the others wait on.

    Raises TooManyAtOnce, and RegistrationBarred when a shop of the same business is cancelled at this moment.
    """
    with transaction.atomic(), domain_errors(), connection.cursor() as cursor:
        _bounded(changes)
        said: dict[str, Any] = {
            "changes": list(changes),
            "official": official.pk,
            "at": at,
            "today": business_date(at),
            "note": note,
        }
        cursor.execute(_LOCK_CHANGES, said)
        _lock_shops([shop for (shop,) in cursor.fetchall()])
        examined = to_approve(changes=changes, official=official, authority=authority)
        cursor.execute(
            _APPROVE, said | {"changes": [one.change.pk for one in examined if one.change and not one.refused]}
        )
        taken = cursor.fetchall()
        remember(merchants=[shop for shop, due in taken if due], official=official, reason=note, at=at)
    return Done(len(taken), [one for one in examined if one.refused])


_LOCK_CHANGES = """
SELECT merchant_id FROM merchants_merchantchange WHERE id = ANY(%(changes)s::uuid[]) ORDER BY id FOR NO KEY UPDATE
"""
_LOCK_SHOPS = "SELECT id FROM merchants_merchant WHERE id = ANY(%s::uuid[]) ORDER BY id FOR NO KEY UPDATE"
_APPROVE = """
UPDATE merchants_merchantchange
SET state = CASE WHEN effective_from <= %(today)s THEN 'applied' ELSE 'approved' END, decided_by_id = %(official)s,
    decided_at = %(at)s, note = %(note)s, applied_at = CASE WHEN effective_from <= %(today)s THEN %(at)s::timestamptz END
WHERE id = ANY(%(changes)s::uuid[]) AND state = 'waiting'
RETURNING merchant_id, state = 'applied'
"""


def _bounded(keys: Sequence[UUID]) -> None:
    if len(keys) > MOST_AT_ONCE:
        raise TooManyAtOnce(most=f"{MOST_AT_ONCE:,}")


def _lock_shops(shops: Sequence[UUID]) -> None:
    """In the order of cases that are decided together, so that neither waits for the other."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_SHOPS, [list(shops)])


class _Judge:
    """What the standards and the register say of shops, read once for all of them; each is measured by its first day."""

    def __init__(self, days: Mapping[UUID, date]) -> None:
        self._days = days
        self._standards = list(RegistrationStandard.objects.order_by("-valid_from"))
        with connection.cursor() as cursor:
            cursor.execute(_KNOWN, {"shops": list(days), "days": list(days.values())})
            self._known = {shop: _Known(*rest) for shop, *rest in cursor.fetchall()}

    def refused(self, shop: Merchant) -> list[Any]:
        """Why it is not registered, or not among others."""
        known = self._known[shop.pk]
        said = [finding.text for finding in self._findings(shop) if finding.refuses]
        if known.barred_until:
            text = _("등록취소된 사업자입니다. %(day)s까지 다시 등록할 수 없습니다.")
            said.append(text % {"day": document_date(known.barred_until)})
        if known.place:
            text = _("상호와 소재지가 같은 가맹점 '%(name)s'이(가) 있습니다. 중복인지 확인하여 한 건씩 처리하십시오.")
            said.append(text % {"name": known.place})
        return said

    def noted(self, shop: Merchant) -> list[Any]:
        """What does not keep it from being registered."""
        known = self._known[shop.pk]
        said = [finding.text for finding in self._findings(shop) if not finding.refuses]
        if known.number:
            text = _("같은 사업자등록번호의 가맹점 '%(name)s'이(가) 있습니다. 지점인지 확인하십시오.")
            said.append(text % {"name": known.number})
        missing = [str(kind.label) for kind in (PaperKind.BUSINESS, PaperKind.BANKBOOK) if kind not in known.papers]
        if missing:
            said.append(_("첨부하지 않은 서류: %(papers)s") % {"papers": ", ".join(missing)})
        return said

    def _findings(self, shop: Merchant) -> list[Finding]:
        for standard in self._standards:
            if standard.municipality_id == shop.municipality_id and standard.valid_from <= self._days[shop.pk]:
                return findings(
                    standard=standard, ksic_code=shop.ksic_code, annual_sales=shop.annual_sales, is_chain=shop.is_chain
                )
        return []


class _Known(NamedTuple):
    """What the register knows: the end of a bar, a shop of the same number, one of the same name and place, papers."""

    barred_until: date | None
    number: str | None
    place: str | None
    papers: list[str]


_KNOWN = """
WITH asked AS MATERIALIZED (
    SELECT shop.id, shop.municipality_id, shop.business_number, said.day,
           lower(replace(shop.name || '|' || shop.address, ' ', '')) AS place
    FROM unnest(%(shops)s::uuid[], %(days)s::date[]) AS said (id, day) JOIN merchants_merchant shop ON shop.id = said.id),
placed AS (
    SELECT asked.id, min(other.name || ' ' || other.code) AS name
    FROM asked JOIN merchants_merchant other ON other.municipality_id = asked.municipality_id AND other.id <> asked.id
     AND other.status NOT IN ('cancelled', 'closed')
     AND lower(replace(other.name || '|' || other.address, ' ', '')) = asked.place
    GROUP BY asked.id)
SELECT asked.id,
       (SELECT max(bar.barred_until) FROM merchants_merchant other
        JOIN merchants_merchantchange bar ON bar.merchant_id = other.id AND bar.state = 'applied' AND bar.barred_until >= asked.day
        WHERE other.municipality_id = asked.municipality_id AND other.business_number = asked.business_number),
       (SELECT min(other.name || ' ' || other.code) FROM merchants_merchant other
        WHERE other.municipality_id = asked.municipality_id AND other.business_number = asked.business_number
          AND other.id <> asked.id AND other.status NOT IN ('cancelled', 'closed')),
       placed.name,
       ARRAY(SELECT DISTINCT kind FROM merchants_merchantpaper WHERE merchant_id = asked.id)
FROM asked LEFT JOIN placed ON placed.id = asked.id
"""
