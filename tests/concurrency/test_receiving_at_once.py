"""Two officials and the hourly job at the same lines of the bank: each line and each top-up is taken once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import factories
from tests.concurrency.test_top_ups_at_once import at_once, holds
from tests.factories import AT
from tests.factories.top_ups import ask, confirm
from tests.vouchers.reconciliation.conftest import TODAY, Books, csv_of
from vouchers.common.errors import DomainError
from vouchers.reconciliation import services
from vouchers.reconciliation.models import BankLine, BankMatch
from vouchers.reconciliation.selectors import deposits_of
from vouchers.top_ups.models import TopUp


@pytest.fixture
def world(committed_db):
    city = factories.make_city()
    with city.scope():
        books = Books(city)
        factories.make_purchase_limit(city, per_month=10_000_000)
        partner, wallet = factories.make_partner(city), factories.wallet_of(factories.make_citizen(city)).pk
        top_ups = [
            confirm(partner, ask(partner, wallet, 30_000, order=name), at=AT, reference=name).id
            for name in ("A-1", "A-2")
        ]
        lines = [(f"{TODAY} 0{hour}:00:00", 30_000, 0, f"김장터 {hour}") for hour in (1, 2)]
        books.upload(csv_of(lines), through=TODAY)
        return books, top_ups, list(BankLine.objects.order_by("clock"))


def _job(books, line, top_ups, seen):
    def run():
        with books.city.scope():
            services.receive(line=line, top_ups=top_ups, seen=seen, **books.acting())
        return "received"

    return run


def _refused(results) -> int:
    return sum(isinstance(result, DomainError) for result in results)


def test_two_lines_are_not_the_same_top_up(world):
    books, (first, _second), lines = world
    with books.city.scope():
        seen = deposits_of(line=lines[0], top_ups=[first]).seen
    results = at_once([_job(books, line, [first], seen) for line in lines])
    assert (results.count("received"), _refused(results)) == (1, 1)
    with books.city.scope():
        assert TopUp.objects.get(pk=first).received_line_id == BankMatch.objects.get().line_id
    holds(books.city)


def test_a_line_is_received_once_whoever_does_it(world):
    books, (first, second), (line, _other) = world
    with books.city.scope():
        chosen, whole = deposits_of(line=line, top_ups=[second]).seen, deposits_of(line=line, top_ups=None).seen
    code = books.city.code
    results = at_once([
        _job(books, line, [second], chosen), _job(books, line, None, whole), _job(books, line, [first], chosen),
        lambda: services.match_open(municipality=code, at=AT + timedelta(days=1)),
    ])  # fmt: skip
    assert (results.count("received"), _refused(results)) == (1, 2)
    with books.city.scope():
        taken = sorted(
            BankMatch.objects.values_list("line", flat=True)
        )  # the job may find that the other line is the rest
        assert line.pk in taken
        assert sorted(TopUp.objects.exclude(received_line_id=None).values_list("received_line_id", flat=True)) == taken
        assert len(set(taken)) == len(taken)
    holds(books.city)
