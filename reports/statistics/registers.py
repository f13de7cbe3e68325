"""수당 지급 조서: the lists that were paid in a period, and of a chosen one every recipient, masked, with its signatures.

What was paid is what left the programme: into wallets, in cash, or set aside for who is no member yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from allowances.batches.models import Batch, BatchKind
from reports.documents.recipients import Recipient, dongs_of, recipients_of
from reports.statistics import lists
from reports.statistics.definitions import Asked, Definition
from reports.statistics.lists import Posted
from reports.statistics.rules import Column, Content, Figure, Kind, Row, Table, added
from vouchers.privacy.rules import mask_birth_date, mask_name

_KINDS: Final = (BatchKind.PAYMENT, BatchKind.TOP_UP)
_FIGURES: Final = """sum(chunk.rows - coalesce(unpaid.stopped, 0))::bigint,
       sum(chunk.amount - coalesce(unpaid.stopped_amount, 0))::bigint,
       sum(coalesce(unpaid.held_amount, 0))::bigint"""
_OUTCOME: Final = """LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE journal_id IS NULL) AS stopped,
           sum(amount) FILTER (WHERE journal_id IS NULL) AS stopped_amount,
           sum(amount) FILTER (WHERE journal_id IS NOT NULL) AS held_amount
    FROM allowances_unpaidentitlement
    WHERE municipality_id = %(municipality)s AND batch_id = chunk.batch_id
      AND row_number BETWEEN chunk.first_row AND chunk.last_row
) unpaid ON true"""


def read(asked: Asked, month: date) -> dict[UUID, Posted]:
    """One month: of each list the people paid, the won paid, and of these what was set aside."""
    return lists.posted(asked=asked, month=month, kinds=_KINDS, figures=_FIGURES, outcome=_OUTCOME)


def tell(asked: Asked, found: Mapping[date, Mapping[UUID, Posted]]) -> Content:
    """The lists of the period, or one of them."""
    batch, posted = lists.chosen_list(asked), lists.together(found.values())
    return _of_period(posted) if batch is None else _of_list(batch, posted.get(batch.pk))


def _of_period(posted: Mapping[UUID, Posted]) -> Content:
    rows, totals = [], []
    by_programme: dict[str, tuple[int, ...]] = {}
    for batch, number in lists.batches(posted):
        one = posted[batch.pk]
        people, paid, held = one.figures
        figures = (one.rows, one.amount, people, paid, held)
        totals.append(figures)
        rows.append(Row((one.last_day, str(batch.cycle.programme), batch.cycle.name, number, *figures)))
        name = str(batch.cycle.programme)
        by_programme[name] = added([by_programme.get(name, (0,) * 5), figures], 5)
    whole = added(totals, 5)
    return Content(
        tables=(
            Table(
                title=_("명단별"), rows=tuple(rows), total=(_("합계"), "", "", "", *whole),
                columns=(
                    Column(label=_("지급일"), kind=Kind.DATE), Column(label=_("사업")), Column(label=_("회차")),
                    Column(label=_("결재 문서번호")), *_columns(),
                ),
            ),
            Table(
                title=_("사업별"), total=(_("합계"), *whole), columns=(Column(label=_("사업")), *_columns()),
                rows=tuple(Row((name, *by_programme[name])) for name in sorted(by_programme)),
            ),
        ),
        control=Figure(label=_("지급액"), value=whole[3]),
        figures=(
            Figure(label=_("지급액"), value=whole[3], note=_("사업 예산에서 나간 금액")),
            Figure(label=_("결정액"), value=whole[1], note=_("결재한 명단의 금액")),
            Figure(label=_("지급 인원"), value=whole[2], kind=Kind.COUNT),
            Figure(label=_("미가입자 보관"), value=whole[4], note=_("지급액 가운데 가입할 때까지 보관한 금액")),
            Figure(label=_("명단 수"), value=len(rows), kind=Kind.COUNT),
        ),
        notes=(
            _("원장에 지급한 영업일 기준입니다. 사망·전출·취소로 지급하지 않은 금액은 지급액에 들어 있지 않습니다."),
            _("명단을 고르면 대상자별 조서가 됩니다."),
        ),
    )  # fmt: skip


def _of_list(batch: Batch, one: Posted | None) -> Content:
    people, paid, held = one.figures if one else (0, 0, 0)
    tables = [_recipients(batch)] if lists.names_people(batch) else []
    dongs = dongs_of(batch)
    tables.append(
        Table(
            title=_("읍면동별"),
            columns=(
                Column(label=_("읍면동")), Column(label=_("인원"), kind=Kind.COUNT), Column(label=_("결정액"), kind=Kind.WON),
            ),
            rows=tuple(Row((one.dong, one.people, one.amount)) for one in dongs),
            total=(_("합계"), sum(one.people for one in dongs), sum(one.amount for one in dongs)),
        )
    )  # fmt: skip
    programme = batch.cycle.programme
    line = programme.budget_line
    return Content(
        tables=tuple(tables), control=Figure(label=_("지급액"), value=paid),
        figures=(
            Figure(label=_("지급액"), value=paid), Figure(label=_("결정액"), value=batch.amount_total),
            Figure(label=_("지급 인원"), value=people, kind=Kind.COUNT),
            Figure(label=_("미가입자 보관"), value=held, note=_("지급액 가운데 가입할 때까지 보관한 금액")),
        ),
        facts=lists.facts_of(
            batch, **{_("지급 근거"): programme.legal_basis, _("예산 과목"): f"{line.code} {line.name}" if line else "-"}
        ),
        signatures=lists.signatures_of(batch), closing="위와 같이 지급하였습니다.",
        notes=(
            (_("성명과 생년월일은 가렸습니다. 대상자는 결재 지문이 붙은 명단의 행과 같습니다."),)
            if lists.names_people(batch)
            else (_("대상자가 많아 읍면동별로 집계했습니다. 대상자는 결재 지문이 붙은 명단의 행과 같습니다."),)
        ),
    )  # fmt: skip


def _recipients(batch: Batch) -> Table:
    found = [one for block in recipients_of(batch) for one in block]
    return Table(
        title=_("지급 대상자"), rows=tuple(Row(_line(one)) for one in found),
        columns=(
            Column(label=_("연번"), kind=Kind.COUNT), Column(label=_("읍면동")), Column(label=_("성명")),
            Column(label=_("생년월일")), Column(label=_("결정액"), kind=Kind.WON), Column(label=_("지급액"), kind=Kind.WON),
            Column(label=_("지급일"), kind=Kind.DATE), Column(label=_("비고")),
        ),
        total=(
            _("합계"), "", "", "", sum(one.amount for one in found), sum(one.moved for one in found), "", "",
        ),
    )  # fmt: skip


def _line(one: Recipient) -> tuple[str | int | date | None, ...]:
    return (
        one.number, one.dong, mask_name(one.name), mask_birth_date(one.birth_date), one.amount, one.moved, one.paid_on,
        one.note,
    )  # fmt: skip


def _columns() -> tuple[Column, ...]:
    labels = (
        (_("명단 인원"), Kind.COUNT), (_("결정액"), Kind.WON), (_("지급 인원"), Kind.COUNT), (_("지급액"), Kind.WON),
        (_("미가입자 보관"), Kind.WON),
    )  # fmt: skip
    return tuple(Column(label=label, kind=kind) for label, kind in labels)


REPORT: Final = Definition(
    code="registers", title=gettext_lazy("수당 지급 조서"), permission="allowances.view", read=read, tell=tell,
    choices=lists.choices(*_KINDS), people=lists.people("수당 지급 조서"),
    empty_hint=gettext_lazy("이 기간에 지급한 명단이 없습니다. 기간을 바꾸어 다시 조회하십시오."),
)  # fmt: skip
