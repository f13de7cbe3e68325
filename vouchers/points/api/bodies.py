"""What requests may contain and answers do contain. The OpenAPI document is made from the same classes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Final, Literal
from uuid import UUID

import msgspec
from django.utils.translation import gettext_lazy as _
from msgspec import Meta, Struct

from vouchers.common.api import RequestBody, read
from vouchers.common.problems import FieldProblem, FieldsInvalid
from vouchers.partners.api.bodies import VISIBLE, Moment, Won
from vouchers.points.models import Activity
from vouchers.points.rules import Cap
from vouchers.points.selectors import Earned
from vouchers.points.services import Item, Outcome

MOST_ITEMS: Final = 1_000
LARGEST_DELIVERY: Final = 1024 * 1024
"""Bytes. A thousand activities with documents have about 600 KiB."""
_FIRST_YEAR, _LAST_YEAR = 2000, 2999
_PLACE = re.compile(r"\$\.activities\[(\d+)\](?:\.(\w+))?")

ExternalId = Annotated[str, Meta(min_length=1, max_length=64, pattern=VISIBLE, examples=["BUS-20261102-000123"])]
Kind = Annotated[str, Meta(pattern=r"^[a-z0-9_]{1,40}\Z", examples=["bus_ride"])]
Quantity = Annotated[str, Meta(pattern=r"^[0-9]{1,9}(\.[0-9]{1,3})?\Z", examples=["2.5"])]
Document = Annotated[
    str, Meta(pattern=r"^[0-9A-Za-z가-힣][0-9A-Za-z가-힣 ·()/-]{0,59}\Z", examples=["한국전기안전공사 사용전검사"])
]


class ActivityItem(Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that a citizen did. Which of ``amount`` and ``quantity`` counts is a matter of its kind."""

    about: ClassVar[Any] = _("시민이 한 활동 하나. `amount`와 `quantity` 가운데 무엇을 세는지는 활동 종류에 따릅니다.")

    external_id: ExternalId
    kind: Kind
    wallet_id: UUID
    occurred_at: Annotated[datetime, Meta(tz=True)]
    amount: Won | None = None
    quantity: Quantity | None = None
    documents: Annotated[list[Document], Meta(max_length=10)] = msgspec.field(default_factory=list)

    def __post_init__(self) -> None:
        """A year outside these is a mistake, and may have no place in a calendar."""
        if not _FIRST_YEAR <= self.occurred_at.year <= _LAST_YEAR:
            raise ValueError("year")


class NewActivities(RequestBody, frozen=True):
    """Up to a thousand activities, each on its own."""

    about: ClassVar[Any] = _("활동 1,000건까지. 한 건씩 따로 처리합니다.")

    activities: Annotated[list[ActivityItem], Meta(min_length=1, max_length=MOST_ITEMS)]

    hints: ClassVar[Mapping[str, Any]] = {"activities": _("실적 1~1,000건의 목록이어야 합니다.")}


ITEM_HINTS: Final[Mapping[str, Any]] = {
    "external_id": _("공백 없는 ASCII 문자 1~64자여야 합니다."),
    "kind": _("활동 종류 코드(영문 소문자, 숫자, 밑줄 1~40자)여야 합니다."),
    "wallet_id": _("UUID 형식의 지갑번호여야 합니다."),
    "occurred_at": _("시간대가 있는 일시여야 합니다. 예: 2026-11-02T07:30:00+09:00"),
    "amount": _("1 이상 999,999,999,999 이하의 정수(원)여야 합니다. 소수, 지수 표기, 문자열은 사용할 수 없습니다."),
    "quantity": _('소수점 아래 셋째 자리까지의 수를 문자열로 적어야 합니다. 예: "2.5"'),
    "documents": _("서류 이름 10개까지의 목록이어야 합니다."),
}


class ActivityResult(Struct, frozen=True):
    """What became of one item. Refused ones were not kept; rejected ones may be sent again, mended."""

    about: ClassVar[Any] = _(
        "한 건의 처리 결과. refused는 보관하지 않은 것, rejected는 고쳐서 다시 보낼 수 있는 것입니다."
    )

    external_id: str
    outcome: Literal["accepted", "rejected", "refused"]
    reason: str
    activity_id: UUID | None


class ActivitiesTaken(Struct, frozen=True):
    """The results in the order of the items."""

    about: ClassVar[Any] = _("보낸 순서대로 적은 결과.")

    id: UUID
    accepted: int
    rejected: int
    refused: int
    results: list[ActivityResult]


class ActivityDone(Struct, frozen=True):
    """An activity as it stands now."""

    about: ClassVar[Any] = _("활동의 현재 상태.")

    id: UUID
    external_id: str
    kind: str
    state: Literal["accepted", "rejected", "counted", "withdrawn"]
    reason: str
    occurred_at: Moment
    amount: int | None
    quantity: str | None
    received_at: Moment


class Activities(Struct, frozen=True):
    """Newest first."""

    about: ClassVar[Any] = _("최근 것부터.")

    activities: list[ActivityDone]
    next_cursor: str | None


class PointCut(Struct, frozen=True):
    """What one cap took off: that of the kind of activity, or that of the whole programme, over a day, week, month or year."""

    about: ClassVar[Any] = _("한도 하나(활동 종류 또는 사업 전체의 일·주·월·연 한도)로 적립하지 않은 포인트.")

    limit: Literal["kind", "programme"]
    period: Literal["day", "week", "month", "year"]
    points: int


class EarnedPoint(Struct, frozen=True):
    """What one activity earns. ``why`` says why not more: too_young, day_off, not_first, over_cap; else empty.

    ``points_before_limits`` less the points of all ``cuts`` is ``points``.
    """

    about: ClassVar[Any] = _(
        "활동 하나의 적립. `why`는 더 적립하지 않은 까닭(too_young, day_off, not_first, over_cap)이며, 없으면 비어 "
        "있습니다. `points_before_limits`에서 `cuts`의 포인트를 모두 빼면 `points`입니다."
    )

    activity_id: UUID
    programme: str
    kind: str
    kind_name: str
    occurred_at: Moment
    counts_on: date
    points_before_limits: int
    points: int
    paid: int
    why: Literal["", "too_young", "day_off", "not_first", "over_cap"]
    cuts: list[PointCut]


class WalletPoints(Struct, frozen=True):
    """Points of a month. Until they are paid, ``points`` is what the activities known so far are worth."""

    about: ClassVar[Any] = _("한 달의 포인트. 지급하기 전에는 `points`가 지금까지 알려진 활동의 값입니다.")

    month: str
    points: int
    paid: int
    activities: list[EarnedPoint]


def activities_of(body: bytes) -> list[ActivityItem]:
    """The items of a request. Raises FieldsInvalid that names the item and its member, as the first wrong one is found."""
    try:
        return read(body, NewActivities).activities
    except FieldsInvalid as error:
        if place := _place(body):
            raise FieldsInvalid([place]) from error
        raise


def _place(body: bytes) -> FieldProblem | None:
    try:
        msgspec.json.decode(body, type=NewActivities)
    except msgspec.ValidationError as error:
        if found := _PLACE.search(str(error)):
            number, name = found.groups()
            if name is None:  # the item itself: a member is missing, unknown, or no sensible time
                return FieldProblem(f"/activities/{number}", "invalid", _("실적의 항목이 빠졌거나 틀렸습니다."))
            return FieldProblem(
                f"/activities/{number}/{name}", "invalid", ITEM_HINTS.get(name, NewActivities.hints["activities"])
            )
    return None


def item_of(told: ActivityItem) -> Item:
    """The item as services take it."""
    return Item(
        told.external_id, told.kind, str(told.wallet_id), told.occurred_at, told.amount, told.quantity, told.documents
    )


def delivery_of(id_: UUID, told: list[ActivityItem], outcomes: list[Outcome]) -> ActivitiesTaken:
    """The answer for a delivery."""
    counted = {
        name: sum(outcome.outcome == name for outcome in outcomes) for name in ("accepted", "rejected", "refused")
    }
    return ActivitiesTaken(
        id=id_,
        results=[
            ActivityResult(item.external_id, outcome.outcome, outcome.reason, outcome.activity_id)  # type: ignore[arg-type]
            for item, outcome in zip(told, outcomes, strict=True)
        ],
        **counted,
    )


def activity_of(row: Activity) -> ActivityDone:
    """The answer for an activity."""
    return ActivityDone(
        row.pk, row.external_id, row.kind.code, row.state, row.reason, row.occurred_at, row.amount,  # type: ignore[arg-type]
        None if row.quantity is None else f"{row.quantity.normalize():f}", row.received_at,
    )  # fmt: skip


def points_of(month: str, rows: list[Earned]) -> WalletPoints:
    """The answer for a month."""
    return WalletPoints(
        month, sum(row.points for row in rows), sum(row.paid for row in rows),
        [
            EarnedPoint(
                row.activity_id, row.programme, row.kind, row.kind_name, row.occurred_at, row.counts_on, row.raw,
                row.points, row.paid, row.why, [_cut_of(cap, points) for cap, points in row.cuts],  # type: ignore[arg-type]
            )
            for row in rows
        ],
    )  # fmt: skip


def _cut_of(cap: Cap, points: int) -> PointCut:
    limit, period = cap.split("_")
    return PointCut(limit, period, points)  # type: ignore[arg-type]


class PointsNotice(Struct, frozen=True):
    """Points of ``amount`` won came into a wallet, for the period that began on ``period_from``."""

    about: ClassVar[Any] = _("`period_from`에 시작한 기간의 포인트 `amount`원이 지갑에 들어왔습니다.")

    wallet_id: UUID
    amount: int
    programme: str
    period_from: date
    expires_at: Moment | None
