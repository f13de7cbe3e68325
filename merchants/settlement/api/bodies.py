"""What requests about on-demand exchange may contain, and what answers do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from msgspec import UNSET, Struct, UnsetType

from merchants.settlement.exchanges import Exchangeable, ExchangeRow
from vouchers.common.api import RequestBody
from vouchers.partners.api.bodies import UUID_HINT, WON_HINT, Moment, Won


class NewExchange(RequestBody, frozen=True):
    """Without ``amount``, all that may be exchanged."""

    about: ClassVar[Any] = _("수시 환전 요청. `amount`가 없으면 환전할 수 있는 금액을 모두 환전합니다.")

    currency_id: UUID
    amount: Won | UnsetType = UNSET

    hints: ClassVar[Mapping[str, Any]] = {"currency_id": UUID_HINT, "amount": WON_HINT}


class Exchange(Struct, frozen=True):
    """Money of days not yet closed that was settled at once."""

    about: ClassVar[Any] = _("마감 전의 매출을 바로 정산한 환전.")

    id: UUID
    currency_id: UUID
    amount: int
    business_date: date
    exchanged_at: Moment


class ExchangeableMoney(Struct, frozen=True):
    """``pending_amount`` is below zero when the shop gave back more than it earned. A limit of null: no exchange is offered."""

    about: ClassVar[Any] = _(
        "한 상품권의 환전 가능액. `pending_amount`는 마감 전 매출에서 취소와 수수료를 뺀 것으로 음수일 수 있고, `monthly_limit`이 null이면 "
        "수시 환전을 하지 않는 상품권입니다."
    )

    currency_id: UUID
    currency_name: str
    pending_amount: int
    monthly_limit: int | None
    exchanged_this_month: int
    available_amount: int
    on_hold: bool


class ExchangeableByCurrency(Struct, frozen=True):
    """Currency by currency."""

    about: ClassVar[Any] = _("상품권별 환전 가능액.")

    currencies: list[ExchangeableMoney]


def exchange_of(row: ExchangeRow) -> Exchange:
    """The answer for an exchange."""
    return Exchange(row.id, row.currency_id, row.amount, row.business_date, row.at)


def exchangeable_of(rows: Iterable[Exchangeable]) -> ExchangeableByCurrency:
    """The answer for what a shop could exchange."""
    return ExchangeableByCurrency([
        ExchangeableMoney(
            row.currency_id, row.currency, row.pending, row.per_month, row.exchanged, row.available, row.is_held
        )
        for row in rows
    ])  # fmt: skip
