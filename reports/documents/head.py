"""The head that all papers share: title on the left, 결재란 on the right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from vouchers.common.korean import document_date


@dataclass(frozen=True, kw_only=True)
class ApprovalBox:
    """One box of the 결재란, from the drafter's on the left. ``delegated`` is 전결, ``acting`` 대결; boxes above
    a delegated one are ``unused``."""

    role: str
    name: str = ""
    signed_on: date | None = None
    delegated: bool = False
    acting: bool = False
    unused: bool = False


UNSIGNED = tuple(ApprovalBox(role=role) for role in ("담당", "팀장", "과장"))
"""The boxes of a paper that is signed by hand."""


_FITS = 13
"""Letters of a title that stand in one line beside three boxes."""


def head(*, title: str, subtitle: str, boxes: Iterable[ApprovalBox] = ()) -> dict[str, Any]:
    """What ``head.html`` shows."""
    shown = [{"box": box, "signed_on": document_date(box.signed_on) if box.signed_on else ""} for box in boxes]
    return {"title": title, "subtitle": subtitle, "boxes": shown, "width": 7 + 20 * len(shown),
            "is_long": len(title) > _FITS}  # fmt: skip
