"""처분 사전통지서: the letter that tells a shop what is intended, why, and until when it may answer (행정절차법 제21조).

Always in Korean, each letter with page numbers of its own, the party named in full, because it is sent to them. The
boxes are signed by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final

from django.template.loader import render_to_string
from django.utils import translation

from merchants.dispositions import selectors
from merchants.dispositions.models import Disposition, Measure
from merchants.registry.selectors import standard_on
from reports.documents import errors, pdf
from reports.documents.head import UNSIGNED, head
from reports.documents.rules import head_of
from vouchers.common.errors import NotPermitted
from vouchers.common.korean import document_amount, document_date
from vouchers.officials.models import Official
from vouchers.officials.selectors import Authority
from vouchers.privacy.models import AccessAction
from vouchers.privacy.services import record_access

TEMPLATE: Final = "reports/documents/notice.html"
LONGEST: Final = 200
"""Letters of one print, made while the page waits."""


CASES: Final = Disposition.objects.select_related("merchant", "municipality", "violation", "entered_by")


def print_notices(
    *, cases: Sequence[Disposition], official: Official, authority: Authority, at: datetime, address: str | None = None
) -> bytes:  # fmt: skip
    """The letters of these cases of one municipality as one PDF; that they were printed goes into the access record.

    Raises NotPermitted, NoNotice for no case at all, and TooManyNotices.
    """
    if not cases:
        raise errors.NoNotice
    if len(cases) > LONGEST:
        raise errors.TooManyNotices(limit=LONGEST)
    city = cases[0].municipality_id
    if any(case.municipality_id != city for case in cases) or not authority.may("merchants.edit", city):
        raise NotPermitted
    record_access(
        municipality=city, official=official.pk, address=address, action=AccessAction.PRINT,
        subject=f"처분 사전통지서 {cases[0].pk}", reason="", at=at, count=len(cases),
    )  # fmt: skip
    return pdf.render(*letters(cases))


def letters(cases: Iterable[Disposition]) -> list[str]:
    """Each letter as HTML; the ordinance is the one that the municipality names for the day of the notice."""
    ordinances: dict[date, str] = {}
    with translation.override("ko"):
        return [render_to_string(TEMPLATE, {"notice": _notice(case, ordinances)}) for case in cases]


def _notice(case: Disposition, ordinances: dict[date, str]) -> dict[str, Any]:
    shop, city = case.merchant, case.municipality
    if case.notice_on not in ordinances:
        standard = standard_on(municipality=case.municipality_id, day=case.notice_on)
        ordinances[case.notice_on] = standard.legal_basis if standard else ""
    return {
        "case": case, "shop": shop, "city": city, "measures": _measures(case), "ordinance": ordinances[case.notice_on],
        "notice_on": document_date(case.notice_on), "found_on": document_date(case.found_on),
        "opinion_until": document_date(case.opinion_until),
        "hearing_on": document_date(case.hearing_on) if case.hearing_on else "",
        "issuer": head_of(city.name),
        "head": head(title="처분 사전통지서", subtitle=f"{city.name} · 지역사랑상품권 가맹점", boxes=UNSIGNED),
    }  # fmt: skip


def _measures(case: Disposition) -> str:
    """What may be decided, as the rule and the shop's state leave it open; a fine with its amount."""
    found = [
        f"과태료 {document_amount(selectors.fine(case) or 0)}"
        if measure == Measure.FINE
        else str(Measure(measure).label)
        for measure in selectors.measures(case.violation, case.merchant)
    ]
    return found[0] if len(found) == 1 else "다음 가운데 하나: " + ", ".join(found)
