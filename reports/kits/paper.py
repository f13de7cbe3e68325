"""The kit itself: a sheet with the code, the name of the shop and what to do, in Korean and English."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from merchants.qr_kit.rules import svg
from reports.documents import pdf
from vouchers.common.korean import document_date

TEMPLATE: Final = "reports/kits/kit.html"
LIST: Final = "reports/kits/list.html"
COVER: Final = "reports/kits/cover.html"
_LONG_NAME: Final = 14
"""Characters of a shop's name that stand in one line at its full size."""


@dataclass(frozen=True, kw_only=True)
class Kit:
    """What a kit says. ``retired``: codes of the shop that are no longer good, by their till."""

    shop: str
    shop_ascii: str
    shop_number: str
    terminal: str
    issued_on: date
    currency: str
    currency_en: str
    municipality: str
    payload: str
    address: str = ""
    retired: tuple[str, ...] = ()


def render(kits: Sequence[Kit], *, size: str) -> bytes:
    """One page for each kit, on sheets of that size (A4 or A6)."""
    return pdf.render(html(kits, size=size))


def html(kits: Sequence[Kit], *, size: str) -> str:
    """The whole document."""
    sheets = [
        {
            "kit": kit,
            "picture": mark_safe(svg(kit.payload)),  # noqa: S308 - drawn by segno from printable ASCII
            "issued_on": document_date(kit.issued_on),
            "is_long": len(kit.shop) > _LONG_NAME,
            "retired": ", ".join(kit.retired),
        }
        for kit in kits
    ]
    return render_to_string(TEMPLATE, {"sheets": sheets, "size": size})


@dataclass(frozen=True, kw_only=True)
class Share:
    """A 읍면동 in a print: so many kits, counted through from ``first`` to ``last``."""

    dong: str
    kits: int
    first: int
    last: int


def render_list(kits: Sequence[Kit], *, size: str, dong: str, first: int) -> bytes:
    """Whom to hand the kits to, in their order, counted through from ``first``; with room to tick off."""
    rows = [{"number": number, "kit": kit} for number, kit in enumerate(kits, start=first)]
    said = {
        "municipality": kits[0].municipality,
        "dong": dong,
        "rows": rows,
        "size": size,
        "last": first + len(kits) - 1,
    }
    return pdf.render(render_to_string(LIST, {**said, "first": first}))


def render_cover(shares: Sequence[Share], *, size: str, municipality: str, made_on: date) -> bytes:
    """What is in the file, 읍면동 by 읍면동."""
    said = {"shares": shares, "size": size, "municipality": municipality, "made_on": document_date(made_on)}
    return pdf.render(render_to_string(COVER, {**said, "kits": sum(share.kits for share in shares)}))
