"""Rows that cannot be paid into a wallet: their money is kept for them, the others are paid, and no won is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from allowances.approvals import errors as approval_errors
from allowances.approvals.services import domain_errors
from allowances.batches.models import Batch, BatchState, Entitlement
from allowances.disbursement import services
from allowances.disbursement.models import DisbursementChunk, UnpaidEntitlement
from allowances.programmes.rules import Budget
from allowances.programmes.selectors import budget_of
from tests import factories
from tests.factories import AT
from tests.factories.holding import AMOUNT, Stranger, close_wallet, entitlement_of, make_holding_list, unpaid
from vouchers.common.seoul import business_date, start_of_day
from vouchers.ledger.audit import audit
from vouchers.ledger.models import Account, AccountKind, Balance, Journal, JournalKind, Lot
from vouchers.ledger.services import call, open_wallets

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def city():
    made = factories.make_city()
    with made.scope():
        yield made


def run(city, batch, *, at=AT):
    services.run(municipality=city.code, batch_id=batch.pk, at=at)
    return Batch.objects.get(pk=batch.pk)


def kept(batch, kind=AccountKind.UNCLAIMED):
    """What stands on the programme's account of this kind."""
    accounts = Account.objects.filter(owner_id=batch.cycle.programme_id, kind=kind)
    return sum(row.credits - row.debits for row in Balance.objects.filter(pk__in=accounts.values("pk")))


def assert_books_balance():
    assert {found.invariant.name: found.difference for found in audit() if found.difference} == {}


def test_who_is_no_member_yet_is_held_and_the_others_are_paid(city):
    members = [factories.make_citizen(city) for _ in range(3)]
    batch = run(city, make_holding_list(city, [members[0], Stranger(), *members[1:]], chunk_rows=2))
    assert (batch.state, batch.failure) == (BatchState.PAID, None)
    assert unpaid(batch) == {3: ("not_a_member", "held", None)}
    assert sorted(Lot.objects.values_list("granted", flat=True)) == [AMOUNT] * 3
    assert kept(batch) == AMOUNT
    assert budget_of(programme=batch.cycle.programme).reserved == 0
    held = UnpaidEntitlement.objects.get()
    # thirty days after today, to the end of that day in Seoul
    assert held.deadline == start_of_day(business_date(AT) + 31 * DAY)
    assert held.journal_id == DisbursementChunk.objects.get(batch_id=batch.pk, number=1).journal_id
    assert_books_balance()


def test_a_member_without_a_wallet_is_held(city):
    citizen = factories.make_citizen(city, wallet=False)
    batch = run(city, make_holding_list(city, [citizen]))
    assert unpaid(batch) == {2: ("no_wallet", "held", None)}
    open_wallets(municipality=city.code, currency=city.currency.pk, citizens=[citizen.pk])
    assert unpaid(batch) == {2: ("no_wallet", "credited", "claimed")}
    assert_books_balance()


@pytest.mark.parametrize("status", ["closed", "frozen"])
def test_one_closed_wallet_does_not_stop_its_chunk(city, status):
    citizens = [factories.make_citizen(city) for _ in range(3)]
    batch = make_holding_list(city, citizens, claim_days=None)
    close_wallet(citizens[1], status)
    batch = run(city, batch)
    assert batch.state == BatchState.PAID
    assert unpaid(batch) == {3: (f"wallet_{status}", "held", None)}
    assert (Lot.objects.count(), kept(batch)) == (2, AMOUNT)
    assert_books_balance()


def test_a_list_of_strangers_alone_is_one_movement_a_chunk(city):
    strangers = [Stranger(phone=f"0109999000{number}") for number in range(4)]
    batch = run(city, make_holding_list(city, strangers, chunk_rows=2))
    assert batch.state == BatchState.PAID
    assert (len(unpaid(batch)), Lot.objects.count(), kept(batch)) == (4, 0, 4 * AMOUNT)
    assert Journal.objects.filter(kind=JournalKind.DISBURSE).count() == 2
    assert_books_balance()


def test_cash_goes_to_the_bank_and_to_no_wallet(city):
    citizens = [factories.make_citizen(city) for _ in range(2)]
    batch = run(city, make_holding_list(city, citizens, cash=[3]))
    assert unpaid(batch) == {}
    assert entitlement_of(batch, 3).in_cash
    assert (Lot.objects.count(), kept(batch, AccountKind.CASH)) == (1, AMOUNT)
    assert_books_balance()


def test_running_again_holds_nothing_again(city):
    batch = run(city, make_holding_list(city, [factories.make_citizen(city), Stranger()]))
    assert run(city, batch).state == BatchState.PAID
    assert (UnpaidEntitlement.objects.count(), kept(batch)) == (1, AMOUNT)


def test_without_a_claim_period_a_stranger_is_not_entitled(city):
    with pytest.raises(IntegrityError, match="entitlement_names_somebody"), transaction.atomic():
        make_holding_list(city, [Stranger()], claim_days=None)


def test_a_stranger_is_entitled_once_a_cycle(city):
    programme = factories.make_programme(city)
    cycle = factories.make_cycle(programme)
    make_holding_list(city, [Stranger()], programme=programme, cycle=cycle)
    with pytest.raises(approval_errors.AlreadyEntitled), transaction.atomic(), domain_errors():
        make_holding_list(city, [Stranger()], programme=programme, cycle=cycle)


# Joining


def test_who_joins_is_credited_at_once(city):
    batch = run(city, make_holding_list(city, [Stranger(), factories.make_citizen(city)]))
    citizen = Stranger().joins(city)
    assert unpaid(batch) == {2: ("not_a_member", "credited", "claimed")}
    lot = Lot.objects.get(wallet_id=factories.wallet_of(citizen).pk)
    assert (lot.granted, lot.source_id) == (AMOUNT, entitlement_of(batch, 2).pk)
    # valid as long as if it were paid on the day of joining
    joined = UnpaidEntitlement.objects.get().ended_at
    assert lot.expires_at == start_of_day(business_date(joined) + 91 * DAY)
    assert entitlement_of(batch, 2).citizen_id == citizen.pk
    assert kept(batch) == 0
    assert_books_balance()


def test_who_joined_between_approval_and_payment_is_paid_with_the_list(city):
    batch = make_holding_list(city, [Stranger()])
    citizen = Stranger().joins(city)
    batch = run(city, batch)
    assert unpaid(batch) == {2: ("not_a_member", "credited", "claimed")}
    assert Lot.objects.get().wallet_id == factories.wallet_of(citizen).pk
    assert_books_balance()


def test_a_namesake_gets_nothing(city):
    batch = run(city, make_holding_list(city, [Stranger()]))
    factories.make_citizen(city, name=Stranger().name, birth_date=Stranger().birth_date, phone="01011112222")
    assert unpaid(batch) == {2: ("not_a_member", "held", None)}
    assert not Lot.objects.exists()


def test_the_resident_number_finds_who_changed_name_and_phone(city):
    number = "900304-1234568"
    batch = run(city, make_holding_list(city, [Stranger(resident_number=number)]))
    Stranger(name="김개명", phone="01077770000", resident_number=number).joins(city)
    assert unpaid(batch) == {2: ("not_a_member", "credited", "claimed")}


def test_what_several_lists_hold_for_one_person_comes_together(city):
    batches = [run(city, make_holding_list(city, [Stranger()])) for _ in range(3)]
    citizen = Stranger().joins(city)
    assert [unpaid(batch)[2][1] for batch in batches] == ["credited"] * 3
    assert Lot.objects.filter(wallet_id=factories.wallet_of(citizen).pk).count() == 3
    assert Journal.objects.filter(kind=JournalKind.CLAIM).count() == 3
    assert_books_balance()


def test_a_wallet_of_another_currency_claims_nothing(city):
    batch = run(city, make_holding_list(city, [Stranger()]))
    citizen = Stranger().joins(city, wallet=False)
    other = type(city.currency).objects.create(municipality=city.municipality, name="둘째", name_en="Second")
    open_wallets(municipality=city.code, currency=other.pk, citizens=[citizen.pk])
    assert unpaid(batch)[2][1] == "held"
    open_wallets(municipality=city.code, currency=city.currency.pk, citizens=[citizen.pk])
    assert unpaid(batch)[2][1] == "credited"


def test_who_is_entitled_in_the_cycle_already_is_not_credited_twice(city):
    programme = factories.make_programme(city)
    cycle = factories.make_cycle(programme)
    held = run(city, make_holding_list(city, [Stranger()], programme=programme, cycle=cycle))
    citizen = Stranger().joins(city, wallet=False)
    second = run(city, make_holding_list(city, [citizen], programme=programme, cycle=cycle))
    open_wallets(municipality=city.code, currency=city.currency.pk, citizens=[citizen.pk])
    assert sorted([unpaid(held)[2][1], unpaid(second)[2][1]]) == ["credited", "held"]
    assert Lot.objects.count() == 1
    assert_books_balance()


def test_a_list_that_is_resumed_after_somebody_joined_still_has_the_digest_that_was_signed(city):
    strangers = [Stranger(phone=f"0109999000{number}") for number in range(4)]
    batch = make_holding_list(city, strangers, chunk_rows=2)
    asked = iter([False, True, True])
    services.run(municipality=city.code, batch_id=batch.pk, at=AT, should_stop=lambda: next(asked))
    strangers[0].joins(city)
    assert unpaid(batch)[2][1] == "credited"
    batch = run(city, batch)
    assert (batch.state, batch.failure) == (BatchState.PAID, None)


def test_each_dong_has_its_own_validity_also_for_who_joins_later(city):
    citizens = [factories.make_citizen(city) for _ in range(2)]
    batch = run(city, make_holding_list(city, [citizens[0], Stranger()], validity_by_dong={"주교동": 10, "행신동": 99}))
    Stranger().joins(city)
    assert set(Lot.objects.values_list("expires_at", flat=True)) == {
        start_of_day(business_date(AT) + 11 * DAY), start_of_day(business_date(UnpaidEntitlement.objects.get().ended_at) + 11 * DAY)
    }  # fmt: skip
    assert batch.state == BatchState.PAID


def test_the_days_of_grace_are_the_lists_also_for_who_joins_later(city):
    citizens = [factories.make_citizen(city) for _ in range(2)]
    run(city, make_holding_list(city, [citizens[0], Stranger()], refund_grace_days=14))
    Stranger().joins(city)
    run(city, make_holding_list(city, [citizens[1]]))
    assert sorted(Lot.objects.values_list("grace_days", flat=True), key=str) == [14, 14, None]


def test_money_that_is_valid_until_a_day_is_not_held_longer(city):
    until = business_date(AT) + 5 * DAY
    batch = run(city, make_holding_list(city, [Stranger()], valid_until=until.isoformat()))
    assert deadline_of(batch) == start_of_day(until + DAY)
    Stranger().joins(city)
    assert Lot.objects.get().expires_at == start_of_day(until + DAY)


# After the deadline


def deadline_of(batch):
    return UnpaidEntitlement.objects.filter(batch_id=batch.pk).first().deadline


def release(city, at):
    return call("disbursement.release_expired", city.code, at)[0]


def test_what_nobody_claims_returns_to_the_programme(city):
    strangers = [Stranger(phone=f"0109999000{number}") for number in range(3)]
    batch = run(city, make_holding_list(city, strangers))
    end = deadline_of(batch)
    before = budget_of(programme=batch.cycle.programme).available
    assert release(city, end + timedelta(minutes=10) - timedelta(microseconds=1)) == 0
    assert release(city, end + timedelta(minutes=10)) == 3
    assert release(city, end + timedelta(minutes=10)) == 0
    assert set(unpaid(batch).values()) == {("not_a_member", "returned", "deadline")}
    assert kept(batch) == 0
    assert budget_of(programme=batch.cycle.programme).available == before + 3 * AMOUNT
    assert Journal.objects.filter(kind=JournalKind.RELEASE).count() == 1
    assert_books_balance()
    strangers[0].joins(city)
    assert not Lot.objects.exists()


def test_what_was_returned_may_be_granted_anew_in_the_same_cycle(city):
    programme = factories.make_programme(city)
    cycle = factories.make_cycle(programme)
    batch = run(city, make_holding_list(city, [Stranger()], programme=programme, cycle=cycle))
    release(city, deadline_of(batch) + DAY)
    assert entitlement_of(batch, 2).void
    citizen = Stranger().joins(city)
    again = run(city, make_holding_list(city, [citizen], programme=programme, cycle=cycle))
    assert (again.state, Lot.objects.count()) == (BatchState.PAID, 1)
    assert_books_balance()


def test_a_job_of_twenty_rows_goes_on_until_nothing_is_left(city):
    strangers = [Stranger(phone=f"010999900{number:02}") for number in range(5)]
    batch = run(city, make_holding_list(city, strangers))
    late = deadline_of(batch) + DAY
    assert [call("disbursement.release_expired", city.code, late, 2)[0] for _ in range(4)] == [2, 2, 1, 0]
    assert kept(batch) == 0
    assert_books_balance()


# Again


def test_a_wallet_that_is_open_again_is_credited_by_a_retry(city):
    citizens = [factories.make_citizen(city) for _ in range(2)]
    batch = make_holding_list(city, citizens, claim_days=None)
    for citizen in citizens:
        close_wallet(citizen, "frozen")
    batch = run(city, batch)
    close_wallet(citizens[0], "active")
    assert call("disbursement.credit_list", city.code, batch.pk, 0, 100, AT)[0] == 1
    assert [state for _, state, _ in unpaid(batch).values()] == ["credited", "held"]
    assert call("disbursement.give_up", city.code, batch.pk, AT)[0] == 1
    assert unpaid(batch)[3] == ("wallet_frozen", "returned", "given_up")
    assert kept(batch) == 0
    assert_books_balance()


def test_a_corrected_record_is_found(city):
    batch = run(city, make_holding_list(city, [Stranger()]))
    citizen = factories.make_citizen(city, name="김미레", birth_date=Stranger().birth_date, phone=Stranger().phone)
    assert unpaid(batch)[2][1] == "held"
    citizen.name = Stranger().name
    citizen.save()
    assert call("disbursement.credit_list", city.code, batch.pk, 0, 100, AT)[0] == 1
    assert unpaid(batch)[2][1] == "credited"
    assert_books_balance()


# Cancelling what is left


def test_the_rest_is_cancelled_and_its_reservation_released(city):
    programme = factories.make_programme(city, budget=10 * AMOUNT)
    citizens = [factories.make_citizen(city) for _ in range(4)]
    batch = make_holding_list(city, citizens, programme=programme, chunk_rows=2)
    asked = iter([False, True, True])
    services.run(municipality=city.code, batch_id=batch.pk, at=AT, should_stop=lambda: next(asked))
    posted = Lot.objects.count()
    assert 0 < posted < 4
    assert call("disbursement.cancel_rest", city.code, batch.pk, AT)[0] == (4 - posted) * AMOUNT
    assert budget_of(programme=programme) == Budget(allotted=10 * AMOUNT, reserved=0, paid=posted * AMOUNT)
    assert list(unpaid(batch).values()) == [("cancelled", "returned", "cancelled")] * (4 - posted)
    assert run(city, batch).state == BatchState.PAID
    assert Entitlement.objects.filter(void=True).count() == 4 - posted
    assert_books_balance()


def test_cancelling_before_anything_is_posted_releases_all(city):
    programme = factories.make_programme(city, budget=10 * AMOUNT)
    batch = make_holding_list(city, [factories.make_citizen(city), Stranger()], programme=programme)
    assert call("disbursement.cancel_rest", city.code, batch.pk, AT)[0] == 2 * AMOUNT
    assert call("disbursement.cancel_rest", city.code, batch.pk, AT)[0] == 0
    assert budget_of(programme=programme).reserved == 0
    assert (Lot.objects.count(), kept(batch)) == (0, 0)
    assert_books_balance()


# Deaths and move-outs


def stop(city, citizens, reason="deceased", persons=None):
    persons = persons or [None] * len(citizens)
    return call(
        "disbursement.stop", city.code, [citizen and citizen.pk for citizen in citizens], persons, [None] * len(citizens),
        [reason] * len(citizens), AT,
    )  # fmt: skip


def test_the_dead_are_left_out_and_their_reservation_released(city):
    programme = factories.make_programme(city, budget=10 * AMOUNT)
    citizens = [factories.make_citizen(city) for _ in range(3)]
    batch = make_holding_list(city, citizens, programme=programme, state=BatchState.APPROVED)
    assert stop(city, citizens[:1]) == (1, AMOUNT, 0, 0)
    assert stop(city, citizens[:1]) == (0, 0, 0, 0)
    assert budget_of(programme=programme).reserved == 3 * AMOUNT
    assert_books_balance()
    batch.state = BatchState.PAYING
    batch.save()
    batch = run(city, batch)
    assert unpaid(batch) == {2: ("deceased", "returned", "deceased")}
    assert budget_of(programme=programme) == Budget(allotted=10 * AMOUNT, reserved=0, paid=2 * AMOUNT)
    assert entitlement_of(batch, 2).void
    assert_books_balance()


def test_a_chunk_of_stopped_rows_moves_nothing(city):
    citizens = [factories.make_citizen(city) for _ in range(2)]
    batch = make_holding_list(city, citizens)
    stop(city, citizens)
    batch = run(city, batch)
    assert (batch.state, Journal.objects.filter(kind=JournalKind.DISBURSE).count()) == (BatchState.PAID, 0)
    assert budget_of(programme=batch.cycle.programme).reserved == 0
    assert_books_balance()


def test_a_wrong_entry_is_taken_back_before_the_payment(city):
    citizens = [factories.make_citizen(city) for _ in range(2)]
    batch = make_holding_list(city, citizens)
    stop(city, citizens[:1], "moved_out")
    assert call("disbursement.restore", city.code, citizens[0].pk, None, None) == (1, AMOUNT)
    batch = run(city, batch)
    assert (unpaid(batch), Lot.objects.count()) == ({}, 2)
    assert_books_balance()


def test_held_money_of_the_dead_returns_at_once(city):
    batch = run(city, make_holding_list(city, [Stranger(), factories.make_citizen(city)]))
    assert stop(city, [None], persons=["김미래|1990-03-04|01099990001"]) == (0, 0, 1, AMOUNT)
    assert unpaid(batch) == {2: ("not_a_member", "returned", "deceased")}
    assert kept(batch) == 0
    assert_books_balance()


def test_a_list_that_is_returned_forgets_what_was_stopped(city):
    citizens = [factories.make_citizen(city) for _ in range(2)]
    batch = make_holding_list(city, citizens, state=BatchState.APPROVED)
    stop(city, citizens[:1])
    batch.state = BatchState.RETURNED
    batch.save()
    Entitlement.objects.filter(batch_id=batch.pk).delete()
    assert unpaid(batch) == {}


def test_what_was_paid_is_not_stopped(city):
    citizens = [factories.make_citizen(city)]
    run(city, make_holding_list(city, citizens))
    assert stop(city, citizens) == (0, 0, 0, 0)
