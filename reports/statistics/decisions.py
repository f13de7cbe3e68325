"""환수 결정 조서: the clawbacks of a period and what came in of them, and of a chosen one every person, masked, with its
signatures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from allowances.batches.models import Batch, BatchKind
from allowances.clawback.models import EntryKind
from reports.documents.decision import DecisionLine, lines_of
from reports.statistics import lists
from reports.statistics.definitions import Asked, Definition, month_after
from reports.statistics.lists import EDGE, Posted
from reports.statistics.rules import Column, Content, Figure, Kind, Row, Table, added
from vouchers.common.filters import id_floor
from vouchers.common.seoul import business_date, start_of_day
from vouchers.privacy.rules import mask_birth_date, mask_name

_FIGURES: Final = "coalesce(sum(item.taken), 0)::bigint, coalesce(sum(item.lapsed), 0)::bigint"
_OUTCOME: Final = """LEFT JOIN LATERAL (
    SELECT sum(taken) AS taken, sum(lapsed) AS lapsed FROM allowances_clawbackitem
    WHERE municipality_id = %(municipality)s AND batch_id = chunk.batch_id
      AND row_number BETWEEN chunk.first_row AND chunk.last_row
) item ON true"""
_CAME_IN: Final = """
SELECT entry.kind, count(*), sum(entry.amount)::bigint
FROM allowances_receivableentry entry
LEFT JOIN vouchers_journal journal ON journal.municipality_id = %(municipality)s AND journal.id = entry.id
 AND journal.id >= %(since)s AND journal.id < %(until)s
JOIN allowances_receivable owed ON owed.municipality_id = %(municipality)s AND owed.id = entry.receivable_id
 AND (%(programme)s::uuid IS NULL OR owed.programme_id = %(programme)s::uuid)
WHERE entry.municipality_id = %(municipality)s AND entry.id >= %(since)s AND entry.id < %(until)s
  AND coalesce(journal.business_date, (entry.at AT TIME ZONE 'Asia/Seoul')::date) >= %(first)s
  AND coalesce(journal.business_date, (entry.at AT TIME ZONE 'Asia/Seoul')::date) < %(end)s
GROUP BY entry.kind
"""


@dataclass(frozen=True)
class Found:
    """One month: the lists carried out, and what came in of receivables whenever they arose, as count and won by kind."""

    lists: Mapping[UUID, Posted] = field(default_factory=dict)
    came_in: Mapping[str, tuple[int, int]] = field(default_factory=dict)


def read(asked: Asked, month: date) -> Found:
    """One month."""
    taken = lists.posted(asked=asked, month=month, kinds=[BatchKind.CLAWBACK], figures=_FIGURES, outcome=_OUTCOME)
    end = month_after(month, 1)
    values: dict[str, Any] = {
        "municipality": asked.municipality, "first": month, "end": end, "since": id_floor(start_of_day(month) - EDGE),
        "until": id_floor(start_of_day(end) + EDGE), "programme": asked.chosen.get("programme") or None,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_CAME_IN, values)
        return Found(taken, {kind: (count, amount) for kind, count, amount in cursor.fetchall()})


def tell(asked: Asked, found: Mapping[date, Found]) -> Content:
    """The clawbacks of the period and what came in, or one of them."""
    batch, posted = lists.chosen_list(asked), lists.together(month.lists for month in found.values())
    if batch is not None:
        return _of_list(batch, posted.get(batch.pk))
    return _of_period(posted, [month.came_in for month in found.values()])


def _figures(one: Posted) -> tuple[int, ...]:
    """환수 인원, 환수 결정액, 지갑에서 거둔 금액, 유효기간 경과 회수액 and 미회수."""
    taken, lapsed = one.figures
    return one.rows, one.amount, taken, lapsed, one.amount - taken - lapsed


def _of_period(posted: Mapping[UUID, Posted], months: list[Mapping[str, tuple[int, int]]]) -> Content:
    rows, totals = [], []
    for batch, number in lists.batches(posted):
        one = posted[batch.pk]
        totals.append(_figures(one))
        rows.append(Row((one.last_day, str(batch.cycle.programme), batch.cycle.name, number, *_figures(one))))
    whole = added(totals, 5)
    came_in = {kind: added([month.get(kind, (0, 0)) for month in months], 2) for kind in EntryKind}
    return Content(
        tables=(
            Table(
                title=_("명단별"), rows=tuple(rows), total=(_("합계"), "", "", "", *whole),
                columns=(
                    Column(label=_("환수일"), kind=Kind.DATE), Column(label=_("사업")), Column(label=_("회차")),
                    Column(label=_("결재 문서번호")), *_columns(),
                ),
            ),
            Table(
                title=_("반환금 수납"), rows=tuple(Row((str(kind.label), *came_in[kind])) for kind in EntryKind),
                columns=(
                    Column(label=_("구분")), Column(label=_("건수"), kind=Kind.COUNT), Column(label=_("금액"), kind=Kind.WON),
                ),
                total=(_("합계"), *added(list(came_in.values()), 2)),
                note=_("언제 결정했든 이 기간에 납부·상계·결손 처분한 금액입니다."),
            ),
        ),
        control=Figure(label=_("환수 결정액"), value=whole[1]),
        figures=(
            Figure(label=_("환수 결정액"), value=whole[1]),
            Figure(label=_("지갑에서 거둔 금액"), value=whole[2], note=_("환수한 날 지갑에서 회수")),
            Figure(label=_("유효기간 경과 회수액"), value=whole[3], note=_("이미 예산으로 돌아온 금액")),
            Figure(label=_("미회수"), value=whole[4], note=_("반환금 채권으로 관리")),
            Figure(label=_("납부·상계"), value=came_in[EntryKind.REPAID][1] + came_in[EntryKind.SET_OFF][1]),
        ),
        notes=(_("환수한 영업일 기준입니다."), _("명단을 고르면 대상자별 조서가 됩니다.")),
    )  # fmt: skip


def _of_list(batch: Batch, one: Posted | None) -> Content:
    _rows, amount, taken, lapsed, owed = _figures(one) if one else (0,) * 5
    people = batch.rows_total - batch.rows_bad
    return Content(
        tables=(_persons(batch) if lists.names_people(batch) else _sums(people, amount, taken, lapsed, owed),),
        control=Figure(label=_("환수 결정액"), value=amount),
        figures=(
            Figure(label=_("환수 결정액"), value=amount), Figure(label=_("지갑에서 거둔 금액"), value=taken),
            Figure(label=_("미회수"), value=owed), Figure(label=_("환수 인원"), value=people, kind=Kind.COUNT),
        ),
        facts=lists.facts_of(
            batch,
            **{
                _("환수 근거"): batch.clawback.basis,
                _("납부 기한"): _("환수일부터 %(days)s일") % {"days": batch.clawback.pay_within_days},
            },
        ),
        signatures=lists.signatures_of(batch), closing="위와 같이 환수하였습니다.",
        notes=(_("성명과 생년월일은 가렸습니다. 대상자는 결재 지문이 붙은 명단의 행과 같습니다."),),
    )  # fmt: skip


def _persons(batch: Batch) -> Table:
    found = lines_of(batch)
    sums = [(one.paid, one.amount, one.taken or 0, one.lapsed or 0, one.owed) for one in found]
    return Table(
        title=_("환수 대상자"), total=(_("합계"), "", "", "", *added(sums, 5), ""),
        rows=tuple(Row((number, *_line(one))) for number, one in enumerate(found, start=1)),
        columns=(
            Column(label=_("연번"), kind=Kind.COUNT), Column(label=_("성명")), Column(label=_("생년월일")),
            Column(label=_("지급일"), kind=Kind.DATE), Column(label=_("당초 지급액"), kind=Kind.WON),
            Column(label=_("환수 결정액"), kind=Kind.WON), Column(label=_("지갑에서 거둔 금액"), kind=Kind.WON),
            Column(label=_("유효기간 경과 회수액"), kind=Kind.WON), Column(label=_("미회수"), kind=Kind.WON),
            Column(label=_("사유")),
        ),
    )  # fmt: skip


def _line(one: DecisionLine) -> tuple[str | int | date | None, ...]:
    return (
        mask_name(one.name), mask_birth_date(one.birth_date), business_date(one.paid_at) if one.paid_at else None,
        one.paid, one.amount, one.taken or 0, one.lapsed or 0, one.owed, one.reason,
    )  # fmt: skip


def _sums(*figures: int) -> Table:
    return Table(title=_("환수 합계"), columns=_columns(), rows=(Row(figures),))


def _columns() -> tuple[Column, ...]:
    labels = (
        (_("환수 인원"), Kind.COUNT), (_("환수 결정액"), Kind.WON), (_("지갑에서 거둔 금액"), Kind.WON),
        (_("유효기간 경과 회수액"), Kind.WON), (_("미회수"), Kind.WON),
    )  # fmt: skip
    return tuple(Column(label=label, kind=kind) for label, kind in labels)


REPORT: Final = Definition(
    code="decisions", title=gettext_lazy("환수 결정 조서"), permission="allowances.view", read=read, tell=tell,
    choices=lists.choices(BatchKind.CLAWBACK), people=lists.people("환수 결정 조서"),
    empty_hint=gettext_lazy("이 기간에 환수하거나 납부받은 금액이 없습니다. 기간을 바꾸어 다시 조회하십시오."),
)  # fmt: skip
