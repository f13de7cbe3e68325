"""What partners send and get: msgspec Structs, which are also the schemas of the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Final
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from msgspec import UNSET, Meta, Struct, UnsetType

from vouchers.common.api import RequestBody
from vouchers.common.seoul import SEOUL, business_date
from vouchers.partners.api.bodies import UUID_HINT, Moment
from vouchers.reconciliation.models import BankStatement
from vouchers.reconciliation.rules import Entry, Statement, statement_of

MOST_LINES: Final = 100
_LARGEST: Final = 999_999_999_999_999
_YEARS: Final = range(2000, 2100)
"""Times beyond cannot all be told in Seoul, nor days added to them."""

Balance = Annotated[int, Meta(ge=-_LARGEST, le=_LARGEST, examples=[52000000])]
Day = Annotated[date, Meta(examples=["2026-11-22"])]


class NewBankLine(Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the account. A deposit has a positive ``amount``, a withdrawal a negative one."""

    about: ClassVar[Any] = _("계좌의 거래 한 줄. 입금은 `amount`가 양수, 출금은 음수입니다.")

    at: Annotated[datetime, Meta(tz=True)]
    amount: Annotated[int, Meta(ge=-_LARGEST, le=_LARGEST, examples=[2000000])]
    balance: Balance
    memo: Annotated[str, Meta(max_length=200, pattern=r"^[^\x00]*\Z")] = ""


class NewBankStatement(RequestBody, frozen=True):
    """What the account of one currency did on one day."""

    about: ClassVar[Any] = _("한 상품권 계좌의 하루 거래.")

    date: Day
    closing_balance: Balance
    lines: Annotated[list[NewBankLine], Meta(max_length=MOST_LINES)]
    currency_id: UUID | UnsetType = UNSET

    hints: ClassVar[Mapping[str, Any]] = {
        "date": _("YYYY-MM-DD 형식의 날짜여야 합니다."),
        "closing_balance": _("그날 마지막 거래 후의 잔액(원, 정수)이어야 합니다."),
        "lines": _(
            "거래 시각(시간대 포함), 금액(입금은 양수, 출금은 음수), 거래 후 잔액, 적요로 된 거래 100건 이하의 목록이어야 합니다."
        ),
        "currency_id": UUID_HINT,
    }


class TakenStatement(Struct, frozen=True):
    """The statement as it was taken in. ``new_lines`` of its ``lines`` were not known before."""

    about: ClassVar[Any] = _("받은 거래내역. `lines` 가운데 `new_lines`가 새로운 거래입니다.")

    id: UUID
    currency_id: UUID
    date: date
    closing_balance: int
    lines: int
    new_lines: int
    received_at: Moment


def wrong_members(wanted: NewBankStatement) -> set[str]:
    """Members whose form is right and whose value no bank would send: a line that moves nothing, a year far away."""
    wrong = {"lines"} if any(not line.amount or line.at.year not in _YEARS for line in wanted.lines) else set()
    return wrong | ({"date"} if wanted.date.year not in _YEARS else set())


def statement_in(wanted: NewBankStatement) -> Statement | None:
    """The lines as a statement; None when the day had none."""
    if not wanted.lines:
        return None
    return statement_of(
        [
            Entry(
                number, business_date(line.at), line.at.astimezone(SEOUL).time().replace(microsecond=0), line.amount,
                line.balance, line.memo,
            )
            for number, line in enumerate(wanted.lines, start=1)
        ]
    )  # fmt: skip


def statement_of_row(row: BankStatement) -> TakenStatement:
    """The answer for a statement."""
    return TakenStatement(
        id=row.pk, currency_id=row.currency_id, date=row.last_day, closing_balance=row.closing_balance,
        lines=row.lines_total, new_lines=row.lines_new, received_at=row.uploaded_at,
    )  # fmt: skip
