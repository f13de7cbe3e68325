"""Reading budgets: what lines and programmes have, set aside and spent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet, Sum

from allowances.budgets.models import BudgetEntry, BudgetLine, EntryKind
from allowances.budgets.rules import Budget, LineBudget, Split

_COLUMNS: Final = {
    EntryKind.ORIGINAL: "original", EntryKind.INCREASE: "original", EntryKind.DECREASE: "original",
    EntryKind.CARRIED_NAMED: "carried", EntryKind.CARRIED_ACCIDENT: "carried", EntryKind.CARRIED_CONTINUING: "carried",
    EntryKind.TRANSFER_IN: "transferred", EntryKind.TRANSFER_OUT: "transferred", EntryKind.CHANGE_IN: "transferred",
    EntryKind.CHANGE_OUT: "transferred", EntryKind.CONTINGENCY: "contingency", EntryKind.RECOVERED: "recovered",
    EntryKind.CARRIED_OUT: "gone", EntryKind.SUBSIDY_RETURNED: "gone", EntryKind.LAPSED: "gone",
}  # fmt: skip
"""Which column of 예산 집행 현황 a kind of entry counts in."""

CHOSEN_FROM: Final = 500
_THROUGH: Final = """
SELECT entry.line_id, entry.kind, sum(entry.national)::bigint, sum(entry.province)::bigint, sum(entry.city)::bigint
FROM allowances_budgetentry entry
JOIN vouchers_journal journal ON journal.municipality_id = entry.municipality_id AND journal.id = entry.journal_id
WHERE entry.line_id = ANY (%(lines)s) AND journal.business_date <= %(day)s
GROUP BY 1, 2
"""
_OF_LINES: Final = """
WITH programme AS (
    SELECT DISTINCT line_id, programme_id FROM allowances_budgetallotment WHERE line_id = ANY (%(lines)s)
)
SELECT programme.line_id, sum(f.allotted)::bigint, sum(f.reserved)::bigint, sum(f.paid)::bigint, sum(f.returned)::bigint
FROM programme
JOIN budgets.of_programmes(ARRAY(SELECT programme_id FROM programme)) f ON f.programme_id = programme.programme_id
GROUP BY programme.line_id
"""


def programme_budgets(*, programmes: Sequence[UUID]) -> dict[UUID, Budget]:
    """The budgets of these programmes as the ledger has them, in one statement; zero before an account is opened."""
    found = dict.fromkeys(programmes, Budget(allotted=0, reserved=0, paid=0))
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM budgets.of_programmes(%s)", [list(programmes)])
        for key, allotted, reserved, paid, returned in cursor.fetchall():
            found[key] = Budget(allotted=allotted, reserved=reserved, paid=paid, returned=returned)
    return found


def line_budgets(*, lines: Iterable[BudgetLine]) -> dict[UUID, LineBudget]:
    """The columns of these lines: one statement over their entries, and one over their programmes."""
    keys = [line.pk for line in lines]
    found = {key: replace(LineBudget(), **columns) for key, columns in _entered(keys).items()}
    with connection.cursor() as cursor:
        cursor.execute(_OF_LINES, {"lines": keys})
        for key, allotted, reserved, paid, returned in cursor.fetchall():
            before = found.get(key, LineBudget())
            found[key] = replace(before, allotted=allotted, reserved=reserved, paid=paid, returned=returned)
    return {key: found.get(key, LineBudget()) for key in keys}


def entered_through(*, lines: Iterable[BudgetLine], day: date) -> dict[UUID, LineBudget]:
    """What the entries of these lines come to at the end of a business day; nothing of their programmes."""
    keys = [line.pk for line in lines]
    with connection.cursor() as cursor:
        cursor.execute(_THROUGH, {"lines": keys, "day": day})
        columns = _columns(cursor.fetchall())
    return {key: replace(LineBudget(), **columns.get(key, {})) for key in keys}


def _entered(keys: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    sums = BudgetEntry.objects.filter(line__in=keys).order_by().values_list("line", "kind")
    return _columns(sums.annotate(Sum("national"), Sum("province"), Sum("city")))


def _columns(rows: Iterable[tuple[Any, ...]]) -> dict[UUID, dict[str, Any]]:
    columns: dict[UUID, dict[str, Any]] = defaultdict(dict)
    for key, kind, national, province, city in rows:
        column, parts = _COLUMNS[EntryKind(kind)], Split(national=national, province=province, city=city)
        columns[key][column] = columns[key].get(column, Split()) + (-parts if column == "gone" else parts)
    return columns


def parts_of(*, line: BudgetLine) -> Split:
    """What the line's entries come to, by who pays it."""
    sums = line.entries.aggregate(
        national=Sum("national", default=0), province=Sum("province", default=0), city=Sum("city", default=0)
    )
    return Split(**sums)


def lines_to_choose(*, present: UUID | None) -> QuerySet[BudgetLine]:
    """The latest lines of the scope, as many as a person can choose from, and the one that is chosen now."""
    latest = BudgetLine.objects.order_by("-fiscal_year", "department", "code").values_list("pk", flat=True)[
        :CHOSEN_FROM
    ]
    return BudgetLine.objects.filter(pk__in=[*latest, *([present] if present else [])])
