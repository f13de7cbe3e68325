"""The columns that a recipient list can have, and what officials call them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from django.utils.translation import gettext_lazy as _

from allowances.eligibility.facts import FACTS

WHOLE_ROW: Final = "row"

FIELD_LABELS: Final[dict[str, Any]] = {
    "sequence": _("연번"),
    "name": _("성명"),
    "birth_date": _("생년월일"),
    "resident_number": _("주민등록번호"),
    "phone": _("휴대전화"),
    "dong": _("읍면동"),
    "address": _("주소"),
    "amount": _("지급액"),
    "bank": _("은행명"),
    "account_number": _("계좌번호"),
    "account_holder": _("예금주"),
    "note": _("비고"),
    "clawback_reason": _("환수 사유"),
    WHOLE_ROW: _("행 전체"),
} | {fact.name: fact.label for fact in FACTS.values()}

Requirements: TypeAlias = Sequence[Sequence[str]]

REQUIRED: Final[Requirements] = (("name",), ("birth_date", "resident_number"), ("phone",), ("amount",))
"""What a list must tell of each person; of the fields in one bracket, one is enough."""


def label_of(field: str) -> str:
    """What officials call a field, in the reader's language."""
    return str(FIELD_LABELS.get(field, field))
