"""How the tax office's answers are read, and what follows from them. Plain values in, plain values out."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

CASES: Final[dict[str, tuple[str, str]]] = {
    "closed": ("business_closed", "close"),
    "dormant": ("business_dormant", "suspend"),
}
"""Status → code of the violation, and the measure when nobody objects. A number that the tax office does not know has to
be looked at: it may be mistyped in the register."""

_CODES: Final = {"1": "open", "2": "dormant", "3": "closed"}
_NAMES: Final = {
    "계속": "open",
    "휴업": "dormant",
    "폐업": "closed",
    "등록되지않은": "unregistered",
    "미등록": "unregistered",
}


def status_of(*, code: str, name: str) -> str | None:
    """open, dormant, closed or unregistered, by the code (01, 02, 03) or the words beside it; None for anything else.

    For a number that it does not know the tax office leaves both empty, or says so in the column of the kind of tax.
    """
    said = re.sub(r"\s", "", name)
    if by_code := _CODES.get(code.lstrip("0")):
        return by_code
    if not said and not code:
        return "unregistered"
    return next((status for word, status in _NAMES.items() if said.startswith(word) or word in said), None)


def end_of(text: str) -> date | None:
    """The day on which a business ended: 20261001, 2026-10-01, 2026. 10. 1.; None for none. Raises ValueError."""
    if not text:
        return None
    found = re.fullmatch(r"(\d{4})[-./ ]{0,2}(\d{1,2})[-./ ]{0,2}(\d{1,2})\.?(?: 00:00:00)?", text)
    if found is None:
        raise ValueError(text)
    return date(*(int(part) for part in found.groups()))
