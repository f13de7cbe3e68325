"""What the register knows of a shop: the standard it is measured by, and its life on one line of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from merchants.registry.models import ChangeState, Merchant, MerchantChange, PaperKind, RegistrationStandard
from merchants.registry.rules import Finding, findings
from vouchers.common.korean import document_date
from vouchers.common.money import money
from vouchers.common.seoul import business_date
from vouchers.privacy.fields import Secret
from vouchers.privacy.rules import mask_account, mask_name


def standard_on(*, municipality: str, day: date) -> RegistrationStandard | None:
    """The standard that holds on a day; None where the municipality has not said any."""
    return (
        RegistrationStandard.objects.filter(municipality=municipality, valid_from__lte=day)
        .order_by("-valid_from")
        .first()
    )


def findings_of(
    *, municipality: str, ksic_code: str, annual_sales: int, is_chain: bool, day: date
) -> list[Finding]:  # fmt: skip
    """What the standard of the day says of an application; nothing where there is none."""
    standard = standard_on(municipality=municipality, day=day)
    if standard is None:
        return []
    return findings(standard=standard, ksic_code=ksic_code, annual_sales=annual_sales, is_chain=is_chain)


def barred_until(*, municipality: str, business_number: str, day: date) -> date | None:
    """The last day on which no shop of this business number is registered, because one was cancelled; None of none."""
    bars = MerchantChange.objects.filter(
        municipality=municipality, merchant__business_number=business_number, state=ChangeState.APPLIED,
        barred_until__gte=day,
    )  # fmt: skip
    return bars.order_by("-barred_until").values_list("barred_until", flat=True).first()


def missing_papers(merchant: Merchant) -> list[str]:
    """The papers that every application needs and this shop has not handed in."""
    there = set(merchant.papers.values_list("kind", flat=True))
    return [str(kind.label) for kind in (PaperKind.BUSINESS, PaperKind.BANKBOOK) if kind not in there]


def masked_account(number: Secret | None) -> str:
    """What may be shown of a bank account without a reason: its last four digits."""
    return mask_account(number.reveal()) if number else ""


def details_of(shop: Merchant | MerchantChange) -> dict[str, str]:
    """Name, owner and account as they may be shown and kept: the person and the account masked."""
    return {
        "name": shop.name, "name_ascii": shop.name_ascii, "representative": mask_name(shop.representative),
        "account_bank": shop.account_bank, "account_number": masked_account(shop.account_number),
        "account_holder": mask_name(shop.account_holder),
    }  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One line of a change of details; ``after`` is empty for what stays."""

    label: Any
    before: str
    after: str


def compared(change: MerchantChange) -> list[Compared]:
    """What a change would alter or altered, before and after."""
    old, new = change.before or details_of(change.merchant), details_of(change)
    return [
        Compared(label=MerchantChange._meta.get_field(name).verbose_name, before=old.get(name, ""), after=value)  # type: ignore[union-attr]
        for name, value in new.items()
        if value
    ]


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One entry of a shop's timeline: ``day`` is when it counts from."""

    day: date
    at: datetime
    title: Any
    text: Any
    state: str = ""
    change: MerchantChange | None = None


SHOWN_MOMENTS = 60


def changes_of(merchant: Merchant) -> list[MerchantChange]:
    """What was asked for of a shop, the latest first; what waits is the first of them."""
    return list(merchant.changes.select_related("entered_by", "decided_by").order_by("-id")[:SHOWN_MOMENTS])


def timeline(merchant: Merchant, *, changes: Sequence[MerchantChange] | None = None) -> list[Moment]:
    """Registration, changes, agreements and codes of a shop on one line, the latest first. ``changes``: where they are at hand."""
    found = [
        *_moments(changes_of(merchant) if changes is None else changes),
        *_benefits(merchant),
        *_of_upper_rooms(merchant),
    ]
    return sorted(found, key=lambda moment: (moment.day, moment.at), reverse=True)[:SHOWN_MOMENTS]


def _moments(changes: Sequence[MerchantChange]) -> list[Moment]:
    return [
        Moment(
            day=change.effective_from, at=change.entered_at, title=change.get_kind_display(), text=_said(change),
            state=change.state, change=change,
        )
        for change in changes
    ]  # fmt: skip


def _said(change: MerchantChange) -> str:
    said = [change.reason, change.document]
    if change.effective_until:
        said.append(str(_("%(day)s까지") % {"day": document_date(change.effective_until)}))
    if change.barred_until:
        said.append(str(_("%(day)s까지 재등록 제한") % {"day": document_date(change.barred_until)}))
    return " · ".join(filter(None, said))


def _benefits(merchant: Merchant) -> list[Moment]:
    return [
        Moment(
            day=benefit.valid_from, at=benefit.created_at, title=_("혜택+ 협약"),
            text=f"{benefit.rate.normalize():f}% · ~ {document_date(benefit.valid_until)} · {benefit.document}",
        )
        for benefit in merchant.benefits.all()[:SHOWN_MOMENTS]
    ]  # fmt: skip


def _of_upper_rooms(merchant: Merchant) -> list[Moment]:
    """Codes and cases belong to rooms above this one, so they are read by SQL."""
    shop: tuple[str, UUID, int] = (merchant.municipality_id, merchant.pk, SHOWN_MOMENTS)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT terminal, created_at, retired_at FROM merchants_merchantqr"
            " WHERE municipality_id = %s AND merchant_id = %s ORDER BY id DESC LIMIT %s", shop,
        )  # fmt: skip
        codes = cursor.fetchall()
        cursor.execute(
            "SELECT held.notice_on, held.entered_at, CASE WHEN %s THEN rule.name_en ELSE rule.name END,"
            " held.notice_document, held.state, held.effective_from,"
            " held.measure, held.document, held.step, held.fine, held.decided_at"
            " FROM merchants_disposition held JOIN merchants_violation rule ON rule.id = held.violation_id"
            " WHERE held.municipality_id = %s AND held.merchant_id = %s ORDER BY held.id DESC LIMIT %s", (get_language() == "en", *shop),
        )  # fmt: skip
        cases = cursor.fetchall()
        cursor.execute(_FOLLOW_UPS, {"city": merchant.municipality_id, "shop": merchant.pk, "limit": SHOWN_MOMENTS})
        followed = [
            Moment(day=day, at=at, title=_FOLLOWED[what], text=" · ".join(filter(None, [money(amount) if amount else "", text])))
            for what, day, at, amount, text in cursor.fetchall()
        ]  # fmt: skip
    issued = [
        Moment(day=business_date(at), at=at, title=title, text=terminal)
        for terminal, made, retired in codes
        for title, at in ((_("QR 발급"), made), (_("QR 폐기"), retired))
        if at is not None
    ]
    noticed = [
        Moment(day=day, at=at, title=_("처분 사전통지"), text=f"{name} · {document}")
        for day, at, name, document, *_rest in cases
    ]
    decided = [
        Moment(
            day=day, at=at, title=_("처분 확정"),
            text=" · ".join(filter(None, [
                str(_MEASURES[measure]), name, gettext("%(step)s차") % {"step": step}, money(fine) if fine else "", document,
            ])),
        )
        for _on, _at, name, _said, state, day, measure, document, step, fine, at in cases
        if state == "decided"
    ]  # fmt: skip
    return [*issued, *noticed, *decided, *followed]


_FOLLOW_UPS = """
WITH held AS (SELECT id FROM merchants_disposition WHERE municipality_id = %(city)s AND merchant_id = %(shop)s),
claim AS (SELECT * FROM merchants_restitution WHERE disposition_id IN (SELECT id FROM held)),
sent AS (SELECT * FROM merchants_referral WHERE disposition_id IN (SELECT id FROM held))
SELECT 'claimed' AS what, claimed_on AS day, entered_at AS at, amount, document AS text FROM claim
UNION ALL SELECT state, closed_on, closed_at, amount, note FROM claim WHERE state <> 'claimed'
UNION ALL SELECT 'referred', referred_on, entered_at, NULL, station || ' · ' || document FROM sent
UNION ALL SELECT outcome, outcome_on, entered_at, NULL, note FROM sent WHERE outcome <> 'pending'
ORDER BY day DESC LIMIT %(limit)s
"""
_FOLLOWED = {
    "claimed": _("환수 통지"), "paid": _("환수금 납부"), "written_off": _("환수 결손·취소"), "referred": _("수사의뢰"),
    "forwarded": _("수사 결과: 송치"), "not_forwarded": _("수사 결과: 불송치"), "indicted": _("수사 결과: 기소"),
    "not_indicted": _("수사 결과: 불기소"),
}  # fmt: skip


_MEASURES = {
    "guidance": _("계도"), "order": _("시정명령"), "fine": _("과태료"), "suspend": _("등록정지"), "cancel": _("등록취소"),
    "close": _("직권 해지"),
}  # fmt: skip


SHOWN_DUPLICATES = 200


@dataclass(frozen=True, kw_only=True)
class Duplicate:
    """Shops that share something which one shop should have alone."""

    what: Any
    shops: list[Merchant]


def duplicates(*, municipality: str) -> list[Duplicate]:
    """Shops that are not gone and share their business number, their name and address, or their account.

    Branches of one business rightly share a number or an account: an official looks at what is listed.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DUPLICATES, {"city": municipality, "limit": SHOWN_DUPLICATES})
        groups = cursor.fetchall()
    shops = Merchant.objects.select_related("dong").in_bulk([key for _, keys in groups for key in keys])
    return [Duplicate(what=_SHARED[what], shops=[shops[key] for key in keys]) for what, keys in groups]


_SHARED = {
    "number": _("사업자등록번호가 같음"), "place": _("상호와 소재지가 같음"), "account": _("정산 계좌가 같음"),
}  # fmt: skip
_DUPLICATES = """
WITH shop AS MATERIALIZED (
    SELECT id, business_number, lower(replace(name, ' ', '')) AS name, lower(replace(address, ' ', '')) AS address,
           account_number_index AS account
    FROM merchants_merchant WHERE municipality_id = %(city)s AND status NOT IN ('cancelled', 'closed'))
SELECT what, ids[1:20] FROM (
    SELECT 1 AS rank, 'place' AS what, array_agg(id ORDER BY id) AS ids FROM shop GROUP BY name, address HAVING count(*) > 1
    UNION ALL
    SELECT 2, 'number', array_agg(id ORDER BY id) FROM shop GROUP BY business_number HAVING count(*) > 1
    UNION ALL
    SELECT 3, 'account', array_agg(id ORDER BY id) FROM shop WHERE account IS NOT NULL GROUP BY account HAVING count(*) > 1
) found ORDER BY rank, ids LIMIT %(limit)s
"""
