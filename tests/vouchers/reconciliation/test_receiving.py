"""Deposits of top-ups that the bank shows: received once, by reference, by a partner's day, or by hand."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest

from tests import factories
from tests.factories import AT
from tests.factories.top_ups import ask, confirm, refused
from tests.vouchers.reconciliation.conftest import FIRST, SECOND, TODAY, Books, at_noon, csv_of
from vouchers.common.errors import NotPermitted
from vouchers.ledger.errors import AmountNotPositive
from vouchers.ledger.models import Event
from vouchers.officials.rules import Role
from vouchers.reconciliation import errors, selectors, services
from vouchers.reconciliation.models import BankLine, BankMatch
from vouchers.reconciliation.selectors import Deposits, deposits_of
from vouchers.top_ups.models import TopUp


@pytest.fixture
def market(books: Books):
    factories.make_purchase_limit(books.city, per_month=10_000_000)
    books.fund(1_000, day=FIRST)
    partner, citizen = factories.make_partner(books.city), factories.make_citizen(books.city, name="홍길동")

    def buy(amount: int, reference: str, *, day: date = TODAY) -> UUID:
        wanted = ask(partner, factories.wallet_of(citizen).pk, amount, order=f"ORDER-{reference}", at=at_noon(day))
        return confirm(partner, wanted, at=at_noon(day), reference=reference).id

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
    market(30_000, "REF-1", day=SECOND)
    market(12_000, "REF-2", day=SECOND)
    _upload(books, _line(42_000, "PG 정산"))
    assert _received() == [42_000]
    with refused(errors.LineReceived):
        services.unmatch(line=BankLine.objects.get(amount=42_000), **books.acting())
    assert _received() == [42_000]


def test_what_a_partner_reports_today_is_no_day_yet(books: Books, market) -> None:
    market(30_000, "REF-1")
    _upload(books, _line(30_000, "다른 입금"))
    market(12_000, "REF-2")
    assert services.match_open(municipality=books.city.code, at=AT + timedelta(days=1)) == 0  # the day came to 42,000
    assert _received() == []


def test_a_deposit_reported_after_the_statement_is_found_by_the_hourly_job(books: Books, market) -> None:
    _upload(books, _line(30_000, "충전 REF-1"))
    assert services.match_open(municipality=books.city.code, at=AT) == 0
    top_up = market(30_000, "REF-1")
    assert services.match_open(municipality=books.city.code, at=AT) == 1
    assert services.match_open(municipality=books.city.code, at=AT) == 0
    assert TopUp.objects.get(pk=top_up).received_line_id == BankLine.objects.get(amount=30_000).pk


def _receive(books: Books, line: BankLine, top_ups: list[UUID] | None, *, seen: Deposits | None = None) -> None:
    seen = seen or deposits_of(line=line, top_ups=top_ups)
    services.receive(line=line, top_ups=top_ups, seen=seen.seen, **books.acting())


def _waiting() -> list[int]:
    found = TopUp.objects.filter(received_line_id=None, completed_at__isnull=False)
    return sorted(found.values_list("paid", flat=True))


def test_what_was_received_by_hand_is_no_other_line_any_more(books: Books, market) -> None:
    first, _second = market(30_000, "REF-1"), market(12_000, "REF-2")
    _upload(books, _line(30_000, "홍길동"))
    line = BankLine.objects.get(amount=30_000)
    _receive(books, line, [first])
    assert (_received(), _waiting()) == ([30_000], [12_000])
    with refused(errors.MatchConflict):
        _receive(books, line, None)
    _upload(books, _line(30_000, "홍길동"), _line(30_000, "충전 REF-1"))
    other = BankLine.objects.exclude(pk=line.pk).get(amount=30_000)
    assert _received() == [30_000]
    with refused(errors.LineNotCovered):
        _receive(books, other, [first])
    assert BankMatch.objects.get(line=line).matched_by == books.officer


def test_a_line_that_pays_a_part_leaves_the_rest_to_another(books: Books, market) -> None:
    top_up = market(30_000, "REF-1")
    _upload(books, _line(20_000, "일부"), _line(10_000, "나머지"), _line(5_000, "모르는 입금"))
    part, rest, other = (BankLine.objects.get(amount=amount) for amount in (20_000, 10_000, 5_000))
    assert deposits_of(line=part, top_ups=[top_up]).rest == 10_000
    _receive(books, part, [top_up])
    assert _waiting() == []
    found = deposits_of(line=rest, top_ups=None)
    assert (found.top_ups, found.unclaimed, found.rest) == ([], 10_000, 0)
    _receive(books, rest, None)
    with refused(errors.LineNotCovered) as told:
        _receive(books, other, None)
    assert told.value.params == {"line": 5_000, "covered": 0}
    assert sorted(_received()) == [10_000, 20_000]


def test_a_lump_pays_the_oldest_first_and_leaves_what_it_does_not_reach(books: Books, market) -> None:
    days = (FIRST, SECOND, TODAY)
    oldest, middle, youngest = (
        market(won, f"REF-{won}", day=day) for won, day in zip((30_000, 12_000, 7_000), days, strict=True)
    )
    _upload(books, _line(35_000, "PG 정산 1"), _line(14_000, "PG 정산 2"))
    first, second = BankLine.objects.get(amount=35_000), BankLine.objects.get(amount=14_000)
    found = deposits_of(line=first, top_ups=None)
    assert (found.top_ups, found.paid, found.unclaimed, found.rest) == ([oldest, middle], 42_000, 0, 7_000)
    _receive(books, first, None)
    found = deposits_of(line=second, top_ups=None)
    assert (found.top_ups, found.paid, found.unclaimed, found.rest) == ([youngest], 7_000, 7_000, 0)
    _receive(books, second, None)
    assert (_waiting(), sum(_received())) == ([], 49_000)


def test_what_has_changed_since_it_was_shown_is_not_posted(books: Books, market) -> None:
    top_up, others = market(30_000, "REF-1"), market(12_000, "REF-2")
    _upload(books, _line(30_000, "가"), _line(29_000, "나"))
    one, other = BankLine.objects.get(amount=30_000), BankLine.objects.get(amount=29_000)
    shown = deposits_of(line=other, top_ups=[top_up, others])
    _receive(books, one, [top_up])
    with refused(errors.ReceivingChanged):
        _receive(books, other, [top_up, others], seen=shown)
    with refused(NotPermitted):
        officer = factories.make_official(books.city, Role.PAYER)
        services.receive(line=other, top_ups=None, seen=shown.seen, **books.acting(officer))
    assert _received() == [30_000]


def test_no_more_than_is_explained_and_nothing_that_is_no_deposit(books: Books, market) -> None:
    top_up = market(30_000, "REF-1")
    _upload(books, _line(40_000, "과다"), (f"{TODAY} 02:00:00", 0, 500, "수수료"))
    with refused(errors.LineNotCovered) as told:
        _receive(books, BankLine.objects.get(amount=40_000), [top_up])
    assert str(told.value).startswith("은행 거래 40,000원 가운데 충전 입금으로 설명되는 금액은 30,000원입니다.")
    with refused(AmountNotPositive):
        _receive(books, BankLine.objects.get(amount=-500), [])
    assert (_received(), _waiting()) == ([], [30_000])


def test_the_search_is_by_whole_values_and_finds_what_waits(books: Books, market) -> None:
    market(30_000, "REF-1")
    market(12_000, "REF-2")
    _upload(books, _line(12_000, "홍길동"))
    line = BankLine.objects.get(amount=12_000)

    def found(**asked) -> list[int]:
        return [top_up.paid for top_up in selectors.waiting_top_ups(line=line, **asked)]

    assert found() == [12_000, 30_000]
    assert found(text="ORDER-REF-1") == found(text="REF-1") == found(amount=30_000) == [30_000]
    assert found(text="홍길동") == [12_000, 30_000]
    assert found(text="홍길") == found(text="REF") == []
