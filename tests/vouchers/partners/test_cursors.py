"""Pages of long lists: nothing twice, nothing left out, and no cursor but those that were given."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

import pytest
from django.test import RequestFactory

from vouchers.common.models import uuid7
from vouchers.common.problems import FieldsInvalid
from vouchers.partners.api import cursors
from vouchers.partners.selectors import Caller

CALLER = Caller(uuid7(), "41280", frozenset())
PATH = "/api/v1/wallets/1/transactions"


class Row(NamedTuple):
    id: UUID


def asked(query: str, *, path: str = PATH, caller: Caller = CALLER, also: tuple[str, ...] = ()) -> cursors.Page:
    return cursors.page_of(RequestFactory().get(f"{path}?{query}"), caller=caller, also=also)


def read(rows: list[Row], page: cursors.Page) -> list[Row]:
    """As a selector does: newest first, from the cursor on, ``fetch`` rows."""
    newest = sorted(rows, reverse=True)
    return [row for row in newest if page.before is None or row.id < page.before][: page.fetch]


@pytest.mark.parametrize("count", [0, 1, 6, 7, 8, 14, 20])
def test_every_row_comes_once_whatever_is_added_meanwhile(count):
    rows, seen, query = [Row(UUID(int=number)) for number in range(count)], [], "limit=7"
    before = sorted(rows, reverse=True)
    while True:
        page = asked(query)
        shown, cursor = page.cut(read(rows, page))
        seen += shown
        rows.append(Row(UUID(int=len(rows))))
        if cursor is None:
            break
        assert len(shown) == 7
        query = f"limit=7&cursor={cursor}"
    assert seen == before


def test_the_limit_has_a_default_and_bounds():
    assert asked("").limit == cursors.DEFAULT_LIMIT
    assert asked("limit=100").limit == 100
    assert asked("order=x", also=("order",)).before is None


@pytest.mark.parametrize("query", [
    "limit=0", "limit=101", "limit=-1", "limit=", "limit=x", "limit=%D9%A1", "limit=1&limit=2", "limit=0000001",
    "cursor=", "cursor=x", "cursor=" + "A" * 32, "cursor=" + "가" * 32, "cursor=" + "%00" * 32, "page=2",
])  # fmt: skip
def test_anything_else_is_named(query):
    with pytest.raises(FieldsInvalid) as refused:
        asked(query)
    assert [error.pointer for error in refused.value.errors] == ["/" + query.partition("=")[0]]


def test_a_cursor_leads_nowhere_else():
    page = asked("limit=1")
    _shown, cursor = page.cut([Row(uuid7()), Row(uuid7())])
    assert asked(f"cursor={cursor}").before is not None
    swapped = cursor[:-1] + ("A" if cursor[-1] != "A" else "B")
    for changes in ({"path": "/api/v1/wallets/2/transactions"}, {"caller": CALLER._replace(partner=uuid7())}):
        with pytest.raises(FieldsInvalid):
            asked(f"cursor={cursor}", **changes)
    for other in (swapped, f"{cursor}&cursor={cursor}"):
        with pytest.raises(FieldsInvalid):
            asked(f"cursor={other}")
