"""지급 조서: who gets how much from a list, as the paper on which it is decided.

Always in Korean. The digest is the one that every signature of the list binds to; it stands at the head of each page.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.template.loader import render_to_string

from reports.documents import pdf
from reports.documents.head import ApprovalBox, head
from reports.documents.recipients import DongSum, Recipient
from vouchers.common.korean import document_amount, document_date, grouped
from vouchers.privacy.rules import mask_birth_date, mask_name

TEMPLATE = "reports/documents/register.html"


class RegisterDoesNotAddUp(ValueError):
    """The rows are not as many, or not as much, as the list that was signed says."""


@dataclass(frozen=True, kw_only=True)
class Register:
    """What the paper says: of each recipient (``recipients``) or, for a long list, of each 읍면동 (``dongs``).

    Raises RegisterDoesNotAddUp.
    """

    title: str
    document_number: str
    issued_on: date
    municipality: str
    currency: str
    programme: str
    cycle: str
    legal_basis: str
    budget_line: str
    pays: str
    people: int
    total: int
    digest: str
    boxes: tuple[ApprovalBox, ...]
    concurrences: tuple[ApprovalBox, ...]
    drafter: str
    checker: str
    recipients: tuple[Recipient, ...] = ()
    dongs: tuple[DongSum, ...] = ()
    is_plain: bool = False

    def __post_init__(self) -> None:
        lines: tuple[Recipient, ...] | tuple[DongSum, ...] = self.recipients or self.dongs
        people = sum(one.people for one in self.dongs) if self.dongs else len(self.recipients)
        if (people, sum(one.amount for one in lines)) != (self.people, self.total):
            raise RegisterDoesNotAddUp(self.document_number)


def render(register: Register) -> bytes:
    """The register as PDF."""
    return pdf.render(html(register))


def html(register: Register) -> str:
    """The whole document."""
    return render_to_string(
        TEMPLATE,
        {
            "register": register,
            "issued_on": document_date(register.issued_on),
            "amount": document_amount(register.total),
            "people": grouped(register.people),
            "total": grouped(register.total),
            "head": head(
                title=register.title, subtitle=f"{register.municipality} · {register.currency}", boxes=register.boxes
            ),
            "concurrences": [_box(box) for box in register.concurrences],
            "rows": list(_rows(register)),
            "dongs": [
                {"number": number, "dong": one.dong, "people": grouped(one.people), "amount": grouped(one.amount)}
                for number, one in enumerate(register.dongs, start=1)
            ],
            "digest": spaced(register.digest),
        },
    )


def spaced(digest: str) -> str:
    """In groups of eight, as people compare it."""
    return " ".join(digest[start : start + 8] for start in range(0, len(digest), 8))


def row_of(recipient: Recipient, *, is_plain: bool) -> dict[str, str]:
    """The cells of a line as text, masked unless the paper is a plain one."""
    birth = recipient.birth_date
    return {
        "number": grouped(recipient.number),
        "dong": recipient.dong,
        "name": recipient.name if is_plain else mask_name(recipient.name),
        "birth": (birth.isoformat() if birth else "") if is_plain else mask_birth_date(birth),
        "amount": grouped(recipient.amount),
        "paid_on": document_date(recipient.paid_on) if recipient.paid_on else "",
        "note": recipient.note,
    }


def _rows(register: Register) -> Iterator[dict[str, str]]:
    for recipient in register.recipients:
        yield row_of(recipient, is_plain=register.is_plain)


def _box(box: ApprovalBox) -> dict[str, Any]:
    return {"box": box, "signed_on": document_date(box.signed_on) if box.signed_on else ""}
