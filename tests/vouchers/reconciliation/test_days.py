"""The daily equation: what the bank says against what the ledger owes, with every difference named."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connections, transaction

from tests import factories
from tests.factories import AT
from tests.vouchers.reconciliation.conftest import FIRST, SECOND, TODAY, Books, at_noon, csv_of
from vouchers.common.errors import NotPermitted
from vouchers.common.models import uuid7
from vouchers.ledger.errors import DayNotFenced
from vouchers.ledger.models import AccountKind
from vouchers.ledger.services import call
from vouchers.officials.rules import Role
from vouchers.reconciliation import errors, selectors, services
from vouchers.reconciliation.models import BankLine, BankMatch, DailySum, ReviewNote
from vouchers.reconciliation.selectors import State

FUNDED = (f"{FIRST} 12:00:00", 1_000_000, 0, "예산 입금")


def _state(books: Books, day=SECOND) -> State:
    return selectors.day_of(books.review(day)).state


def test_a_day_of_grants_and_payments_agrees_with_the_bank(books: Books) -> None:
    city = books.city
    citizen, shop, partner = factories.make_citizen(city), factories.make_merchant(city), factories.make_partner(city)
    programme = factories.make_programme(city, budget=1_000_000, at=at_noon(FIRST))
    factories.grant(city, {citizen: 60_000}, programme=programme, at=at_noon(FIRST))
    call(
        "payments.pay", city.code, partner.pk, str(uuid7()), b"\0" * 32, factories.wallet_of(citizen).pk, shop.code, "T001",
        45_000, "order", at_noon(SECOND),
    )  # fmt: skip
    books.close()
    done = books.upload(csv_of([FUNDED]))
    assert (done.statement.lines_new, done.matched) == (1, 1)
    review = books.review()
    assert (review.bank_balance, review.ledger_balance, review.unexplained) == (1_000_000, 1_000_000, 0)
    assert _state(books, FIRST) is _state(books) is State.AGREES
    picture = selectors.picture(review=review)
    assert {place.kind: (place.before, place.amount) for place in picture.owed if place.before or place.amount} == {
        AccountKind.WALLET: (60_000, 15_000), AccountKind.MERCHANT_PENDING: (0, 45_000),
        AccountKind.PROGRAMME: (940_000, 940_000),
    }  # fmt: skip
    assert picture.owed_total - picture.in_transit.amount == review.ledger_balance


def test_daily_sums_are_those_of_all_movements_and_are_never_written_twice(books: Books) -> None:
    books.fund(500, day=FIRST)
    books.fund(700, day=SECOND)
    books.close()
    rows = dict(DailySum.objects.filter(kind="bank").values_list("business_date", "balance"))
    assert rows == {FIRST: -500, SECOND: -1_200}
    assert call("reconciliation.sum_day", books.city.code, SECOND)[0] == 0
    with pytest.raises(DayNotFenced), transaction.atomic():
        call("reconciliation.sum_day", books.city.code, TODAY)
    call("ledger.fence", books.city.code, TODAY + timedelta(days=1))
    with pytest.raises(Exception, match=r"day_out_of_order|순서|차례"), transaction.atomic():
        call("reconciliation.sum_day", books.city.code, TODAY + timedelta(days=1))


def test_money_that_the_bank_does_not_have_is_an_alarm_with_the_movement_named(books: Books) -> None:
    books.fund(1_000_000, day=FIRST)
    books.fund(200_000, day=SECOND)
    books.close()
    books.upload(csv_of([FUNDED]))
    assert _state(books, FIRST) is State.AGREES
    review = books.review()
    assert (review.unexplained, review.open_lines, review.open_movements, review.rest) == (-200_000, 0, 200_000, 0)
    assert _state(books) is State.DIFFERS
    assert [(one.amount, one.kind) for one in selectors.picture(review=review).movements] == [(200_000, "fund")]
    (alarm,) = selectors.alarms(municipalities=[books.city.code], today=TODAY)
    assert (alarm.currency, alarm.differing_days, alarm.missing_days) == (books.city.currency, 1, 0)


def test_the_same_money_a_day_later_at_the_bank_is_no_difference_any_more(books: Books) -> None:
    books.fund(1_000_000, day=FIRST)
    books.fund(200_000, day=SECOND)
    books.close()
    books.upload(csv_of([FUNDED]))
    late = (f"{TODAY} 01:00:00", 200_000, 0, "증액 입금")
    assert books.upload(csv_of([FUNDED, late]), through=TODAY).matched == 1
    review = books.review()
    assert (review.bank_balance, review.ledger_balance) == (1_000_000, 1_200_000)
    assert (review.timing, review.unexplained) == (-200_000, 0)
    assert _state(books) is State.AGREES
    assert selectors.alarms(municipalities=[books.city.code], today=TODAY) == []


def test_money_that_nobody_posted_is_an_alarm_with_the_line_named(books: Books) -> None:
    books.fund(1_000_000, day=FIRST)
    books.close()
    books.upload(csv_of([FUNDED, (f"{SECOND} 09:00", 1_234, 0, "예금이자")]))
    review = books.review()
    assert (review.unexplained, review.open_lines, review.rest) == (1_234, 1_234, 0)
    assert [line.memo for line in selectors.picture(review=review).lines] == ["예금이자"]


def test_money_missing_from_the_very_beginning_is_found_on_neither_side(books: Books) -> None:
    books.fund(1_000_000, day=FIRST)
    books.close()
    books.upload(csv_of([FUNDED], opening=-7))
    review = books.review()
    assert (review.unexplained, review.rest) == (-7, -7)


def test_a_reconciliation_that_begins_later_starts_from_the_opening_balance(books: Books) -> None:
    books.fund(1_000_000, day=FIRST)
    books.fund(5_000, day=SECOND)
    books.close()
    books.upload(csv_of([(f"{SECOND} 12:00", 5_000, 0, "추경")], opening=1_000_000))
    assert _state(books) is State.AGREES
    assert _state(books, FIRST) is State.MISSING
    books.upload(csv_of([FUNDED]), through=FIRST)
    assert _state(books, FIRST) is _state(books) is State.AGREES


def test_a_statement_may_come_again_with_more_and_each_line_counts_once(books: Books) -> None:
    books.fund(1_000_000, day=FIRST)
    books.close()
    books.upload(csv_of([FUNDED]), through=FIRST)
    with pytest.raises(errors.StatementAlreadyUploaded), transaction.atomic():
        books.upload(csv_of([FUNDED]), through=FIRST)
    again = books.upload(csv_of([FUNDED, (f"{SECOND} 10:00", 10, 0, "이자")]))
    assert (again.statement.lines_total, again.statement.lines_new) == (2, 1)
    assert BankLine.objects.count() == 2
    assert books.review(FIRST).unexplained == 0


def test_a_line_is_matched_by_hand_to_several_movements_and_may_be_undone(books: Books) -> None:
    books.fund(600_000, day=FIRST)
    books.fund(400_000, day=FIRST)
    books.close()
    books.upload(csv_of([FUNDED]))
    line = BankLine.objects.get()
    journals = [one.journal_id for one in selectors.open_movements(currency=books.city.currency.pk)]
    with pytest.raises(errors.MatchSumDiffers, match=r"[46]00,000원.*1,000,000원"), transaction.atomic():
        services.match(line=line, journals=journals[:1], **books.acting())
    services.match(line=line, journals=journals, **books.acting())
    assert (books.review().open_lines, books.review().open_movements) == (0, 0)
    with pytest.raises(errors.MatchConflict), transaction.atomic():
        services.match(line=line, journals=journals, **books.acting())
    services.unmatch(line=line, **books.acting())
    assert (books.review().open_lines, books.review().open_movements) == (1_000_000, 1_000_000)
    assert books.review().unexplained == 0  # the two sides still hold the same
    assert BankMatch.objects.filter(undone_by=books.officer, undone_at=AT).count() == 2


def test_an_official_signs_for_the_very_difference_and_no_other(books: Books) -> None:
    books.fund(1_000_000, day=FIRST)
    books.close()
    books.upload(csv_of([FUNDED, (f"{FIRST} 23:00", 1_234, 0, "예금이자")]))
    review = books.review(FIRST)
    with pytest.raises(errors.ExplanationMissing):
        services.explain(review=review, unexplained=1_234, text="  ", **books.acting())
    with pytest.raises(errors.DifferenceChanged):
        services.explain(review=review, unexplained=1_000, text="이자", **books.acting())
    services.explain(review=review, unexplained=1_234, text="11월 예금이자, 세입 조치 예정", **books.acting())
    assert _state(books, FIRST) is State.EXPLAINED
    assert _state(books) is State.EXPLAINED  # the same difference the day after
    assert selectors.alarms(municipalities=[books.city.code], today=TODAY) == []
    books.upload(csv_of([FUNDED, (f"{FIRST} 23:00", 1_234, 0, "예금이자"), (f"{SECOND} 9:00", 1, 0, "이자")]))
    assert _state(books, FIRST) is State.EXPLAINED
    assert _state(books) is State.DIFFERS


def test_a_day_that_agrees_needs_no_words(books: Books) -> None:
    books.fund(1_000_000, day=FIRST)
    books.close()
    books.upload(csv_of([FUNDED]))
    with pytest.raises(errors.NothingToExplain):
        services.explain(review=books.review(), unexplained=0, text="없음", **books.acting())


def test_only_a_settlement_officer_may_do_any_of_it(books: Books) -> None:
    books.fund(1_000_000, day=FIRST)
    books.close()
    books.upload(csv_of([FUNDED, (f"{FIRST} 23:00", 1_234, 0, "예금이자")]))
    auditor = books.acting(factories.make_official(books.city, Role.AUDITOR))
    line = BankLine.objects.get(amount=1_234)
    for step in (
        lambda: services.upload(
            currency=books.city.currency, file=csv_of([FUNDED]), file_name="a.csv", through=None, **auditor
        ),
        lambda: services.match(line=line, journals=[uuid7()], **auditor),
        lambda: services.unmatch(line=line, **auditor),
        lambda: services.explain(review=books.review(), unexplained=1_234, text="이자", **auditor),
    ):
        with pytest.raises(NotPermitted):
            step()


def test_lines_of_days_that_have_not_come_are_refused(books: Books) -> None:
    with pytest.raises(errors.StatementAhead):
        books.upload(csv_of([(f"{TODAY + timedelta(days=1)} 9:00", 1, 0, "")]), through=None)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE vouchers_dailysum SET balance = 0", "DELETE FROM vouchers_dailysum", "UPDATE vouchers_bankline SET amount = 1",
        "DELETE FROM vouchers_bankline", "UPDATE vouchers_bankday SET balance = 1", "DELETE FROM vouchers_bankmatch",
        "UPDATE vouchers_bankmatch SET amount = 1", "UPDATE vouchers_dayreview SET unexplained = 0",
        "DELETE FROM vouchers_reviewnote", "UPDATE vouchers_reviewnote SET unexplained = 0",
        "DELETE FROM vouchers_bankstatement",
    ],
)  # fmt: skip
def test_the_application_can_change_nothing_of_it(books: Books, statement: str) -> None:
    with pytest.raises(Exception, match=r"permission denied|ledger_is_immutable"), transaction.atomic():
        connections["default"].cursor().execute(statement)


def test_a_note_is_of_its_city(books: Books) -> None:
    books.fund(1_000_000, day=FIRST)
    books.close()
    books.upload(csv_of([(f"{FIRST} 12:00", 999_999, 0, "예산 입금")]))
    services.explain(review=books.review(), unexplained=-1, text="은행 수수료", **books.acting())
    factories.make_city(code="28110", name="인천광역시 중구")
    call("set_config", "app.municipalities", "28110", True)
    assert not ReviewNote.objects.exists()
