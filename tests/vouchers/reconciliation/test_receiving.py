"""Deposits of top-ups that the bank shows: received once, by reference, by a partner's day, or by hand."""

from __future__ import annotations

import pytest

from tests import factories
from tests.factories import AT
from tests.factories.top_ups import ask, confirm, refused
from tests.vouchers.reconciliation.conftest import FIRST, TODAY, Books, csv_of
from vouchers.ledger.errors import DepositShort
from vouchers.ledger.models import Event
from vouchers.reconciliation import errors, selectors, services
from vouchers.reconciliation.models import BankLine, BankMatch


@pytest.fixture
def market(books: Books):
    factories.make_purchase_limit(books.city, per_month=10_000_000)
    books.fund(1_000, day=FIRST)
    partner, citizen = factories.make_partner(books.city), factories.make_citizen(books.city)

    def buy(amount: int, reference: str) -> None:
        top_up = ask(partner, factories.wallet_of(citizen).pk, amount, order=reference)
        confirm(partner, top_up, at=AT, reference=reference)

    return buy


def _line(amount: int, memo: str) -> tuple[str, int, int, str]:
    return (f"{TODAY} 01:00:00", amount, 0, memo)


def _upload(books: Books, *lines: tuple[str, int, int, str]):
    return books.upload(csv_of([(f"{FIRST} 12:00:00", 1_000, 0, "예산"), *lines]), through=TODAY)


def _received() -> list[int]:
    return list(BankMatch.objects.filter(journal_id__in=_events(), undone_at=None).values_list("amount", flat=True))


def _events() -> list:
    return list(Event.objects.filter(kind="receive").values_list("pk", flat=True))


def test_a_line_that_names_the_reference_is_received_once(books: Books, market) -> None:
    market(30_000, "REF-1")
    market(30_000, "REF-2")
    assert _upload(books, _line(30_000, "충전 REF-2")).matched == 2
    assert _received() == [30_000]
    _upload(books, _line(30_000, "충전 REF-2"), _line(1, "이자"))
    assert _received() == [30_000]
    assert [line.amount for line in selectors.open_lines(currency=books.city.currency.pk)] == [1]


def test_a_line_is_all_that_a_partner_reported_on_a_day_and_stays_received(books: Books, market) -> None:
    market(30_000, "REF-1")
    market(12_000, "REF-2")
    _upload(books, _line(42_000, "PG 정산"))
    assert _received() == [42_000]
    with refused(errors.LineReceived):
        services.unmatch(line=BankLine.objects.get(amount=42_000), **books.acting())
    assert _received() == [42_000]


def test_by_hand_no_more_than_is_in_transit_and_once(books: Books, market) -> None:
    market(30_000, "REF-1")
    market(12_000, "REF-2")
    _upload(books, _line(20_000, "일부"), _line(40_000, "과다"))
    assert _received() == []
    part, more = BankLine.objects.get(amount=20_000), BankLine.objects.get(amount=40_000)
    services.receive(line=part, **books.acting())
    with refused(errors.MatchConflict):
        services.receive(line=part, **books.acting())
    with refused(DepositShort):
        services.receive(line=more, **books.acting())
    assert _received() == [20_000]
