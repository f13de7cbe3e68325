"""Request, deposit, limits: what a buyer pays and gets, and what is refused to the won and the day."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests import factories
from tests.factories import AT
from tests.factories.top_ups import ask, buy, confirm, make_discount, make_fund, make_terms, refused, write_of
from vouchers.common.models import uuid7
from vouchers.common.seoul import SEOUL
from vouchers.incentives.models import BenefitKind, PayerKind
from vouchers.ledger.audit import audit
from vouchers.ledger.errors import BenefitFundShort, WalletNotActive, WalletUnknown
from vouchers.ledger.models import Balance, Lot
from vouchers.ledger.services import call
from vouchers.partners.errors import IdempotencyKeyReused
from vouchers.top_ups import errors, selectors, services
from vouchers.wallets.models import Wallet

pytestmark = pytest.mark.django_db


@pytest.fixture
def city():
    city = factories.make_city()
    with city.scope():
        yield city


@pytest.fixture
def partner(city):
    return factories.make_partner(city)


@pytest.fixture
def wallet(city):
    return factories.wallet_of(factories.make_citizen(city)).pk


def lots(wallet):
    return sorted(Lot.objects.filter(wallet_id=wallet).values_list("kind", "remaining"))


@pytest.mark.parametrize(
    ("kind", "rate", "amount", "pays", "gets"),
    [
        (BenefitKind.DISCOUNT, 1000, 500_000, 450_000, 500_000),
        (BenefitKind.TOP_UP, 1000, 500_000, 500_000, 550_000),
        (BenefitKind.DISCOUNT, 700, 10_007, 10_007 - 700, 10_007),  # 700.49: down to the won
        (BenefitKind.TOP_UP, 1300, 10_007, 10_007, 10_007 + 1_300),  # 1300.91
        (BenefitKind.TOP_UP, 1, 9_999, 9_999, 9_999),  # 0.9999 is nothing
        (BenefitKind.DISCOUNT, 1800, 1, 1, 1),
    ],
)
def test_each_form_has_its_formula(city, partner, wallet, kind, rate, amount, pays, gets):
    factories.make_purchase_limit(city)
    make_terms(city, kind, (make_fund(city), rate))
    bought = buy(partner, wallet, amount)
    assert (bought.pays, bought.gets, bought.benefit) == (pays, gets, gets - pays)
    assert bought.kind == (kind if gets > pays else "plain")
    assert sum(won for _, won in lots(wallet)) == gets
    assert dict(lots(wallet))["purchase"] == pays


def test_payers_bear_their_shares_and_the_own_fund_the_lost_won(city, partner, wallet):
    factories.make_purchase_limit(city)
    state, own = make_fund(city, payer=PayerKind.NATIONAL), make_fund(city)
    make_terms(city, BenefitKind.DISCOUNT, (state, 333), (own, 667))
    bought = buy(partner, wallet, 10_001)
    assert {row["name"]: row["amount"] for row in bought.payers} == {state.name: 333, own.name: 667}
    bought = buy(partner, wallet, 101)  # 10.1 in all: 3.36 and 6.74
    assert {row["name"]: row["amount"] for row in bought.payers} == {state.name: 3, own.name: 7}


def test_a_discount_is_never_added_to_an_incentive(city, partner, wallet):
    factories.make_purchase_limit(city)
    make_terms(city, BenefitKind.TOP_UP, (make_fund(city), 500))
    make_discount(city, 1000)
    bought = buy(partner, wallet, 100_000)
    assert (bought.kind, bought.pays, bought.gets) == ("discount", 90_000, 100_000)


def test_without_limits_nothing_is_sold(city, partner, wallet):
    with refused(errors.PurchaseNotOpen):
        ask(partner, wallet, 1_000)
    factories.make_purchase_limit(city, valid_from=(AT + timedelta(days=2)).date())
    with refused(errors.PurchaseNotOpen):
        ask(partner, wallet, 1_000)


@pytest.mark.parametrize(
    ("amount", "error", "limit"),
    [(4_999, errors.BelowMinimum, 5_000), (5_500, errors.NotInUnits, 1_000), (5_000, None, None), (6_000, None, None)],
)
def test_the_smallest_purchase_and_its_unit(city, partner, wallet, amount, error, limit):
    factories.make_purchase_limit(city, minimum=5_000, unit=1_000)
    if error is None:
        assert ask(partner, wallet, amount).pays == amount
        return
    with refused(error) as found:
        ask(partner, wallet, amount)
    assert found.value.params == {"limit": limit}


@pytest.mark.parametrize(
    ("field", "error"),
    [("per_day", errors.DayLimit), ("per_month", errors.MonthLimit), ("per_year", errors.YearLimit)],
)
def test_a_limit_holds_to_the_won_and_counts_open_requests(city, partner, wallet, field, error):
    factories.make_purchase_limit(city, **({"per_month": None} | {field: 100_000}))
    buy(partner, wallet, 60_000)
    ask(partner, wallet, 30_000)
    with refused(error) as found:
        ask(partner, wallet, 10_001)
    assert found.value.params == {"limit": 100_000, "available": 10_000}
    assert ask(partner, wallet, 10_000).pays == 10_000


def test_the_limit_of_a_discount_counts_the_face(city, partner, wallet):
    make_discount(city, 1000)
    factories.make_purchase_limit(city, per_month=100_000)
    with refused(errors.MonthLimit):
        ask(partner, wallet, 100_001)
    assert ask(partner, wallet, 100_000).pays == 90_000


def test_an_expired_or_cancelled_request_counts_no_more(city, partner, wallet):
    factories.make_purchase_limit(city, per_day=100_000, expiry_minutes=30)
    ask(partner, wallet, 100_000)
    with refused(errors.DayLimit):
        ask(partner, wallet, 1, at=AT + timedelta(minutes=29))
    second = ask(partner, wallet, 100_000, at=AT + timedelta(minutes=30))
    services.cancel(write=write_of(partner), top_up=second.id, account=None, at=AT + timedelta(minutes=31))
    assert ask(partner, wallet, 100_000, at=AT + timedelta(minutes=31)).pays == 100_000


def _month_ends() -> datetime:
    """The last instant of a month in Seoul, near enough for the partitions."""
    first = AT.astimezone(SEOUL).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1) - timedelta(microseconds=1)


def test_months_and_days_end_at_midnight_in_seoul(city, partner, wallet):
    last = _month_ends()
    factories.make_purchase_limit(city, per_month=100_000, per_day=100_000)
    buy(partner, wallet, 100_000, at=last - timedelta(minutes=1, microseconds=1))
    with refused(errors.DayLimit):
        ask(partner, wallet, 1, at=last)
    assert ask(partner, wallet, 100_000, at=last + timedelta(microseconds=1)).pays == 100_000


def test_a_request_of_the_old_month_paid_in_the_new_one_counts_for_the_new_one(city, partner, wallet):
    last = _month_ends()
    factories.make_purchase_limit(city, per_month=100_000)
    asked = ask(partner, wallet, 60_000, at=last)
    with refused(errors.MonthLimit):
        ask(partner, wallet, 40_001, at=last + timedelta(minutes=2))  # it may still be paid in this month
    confirm(partner, asked, at=last + timedelta(minutes=3))
    with refused(errors.MonthLimit):
        ask(partner, wallet, 40_001, at=last + timedelta(minutes=4))
    assert ask(partner, wallet, 40_000, at=last + timedelta(minutes=4)).pays == 40_000


def test_the_holding_limit_counts_bought_money_and_benefits_but_not_grants(city, partner):
    citizen = factories.make_citizen(city)
    wallet = factories.wallet_of(citizen).pk
    factories.grant(city, {citizen: 1_000_000})
    factories.make_purchase_limit(city, holding=110_000)
    make_terms(city, BenefitKind.TOP_UP, (make_fund(city), 1000))
    with refused(errors.HoldingLimit) as found:
        ask(partner, wallet, 100_010)
    assert found.value.params["limit"] == 110_000
    assert ask(partner, wallet, 100_000).gets == 110_000
    with refused(errors.HoldingLimit):
        ask(partner, wallet, 1)


def test_the_holding_limit_may_count_grants(city, partner):
    citizen = factories.make_citizen(city)
    factories.grant(city, {citizen: 90_000})
    factories.make_purchase_limit(city, holding=100_000, holding_counts_grants=True)
    with refused(errors.HoldingLimit) as found:
        ask(partner, factories.wallet_of(citizen).pk, 10_001)
    assert found.value.params == {"limit": 100_000, "available": 10_000}


def test_what_was_promised_is_kept_when_terms_change_before_the_deposit(city, partner, wallet):
    factories.make_purchase_limit(city)
    fund = make_discount(city, 1000)
    asked = ask(partner, wallet, 100_000)
    make_terms(city, BenefitKind.DISCOUNT, (fund, 500))
    assert confirm(partner, asked).gets == 100_000
    assert (
        Balance.objects.get(pk=call("ledger.open_account", city.code, city.currency.pk, "benefit", fund.pk)[0]).debits
        == 10_000
    )


def test_a_cap_on_purchases_with_benefit(city, partner, wallet):
    factories.make_purchase_limit(city, benefit_per_month=100_000)
    make_discount(city, 1000)
    assert buy(partner, wallet, 70_000).benefit == 7_000
    assert buy(partner, wallet, 70_000).benefit == 3_000  # 30,000 are left
    last = buy(partner, wallet, 70_000)
    assert (last.benefit, last.kind, last.pays) == (0, "plain", 70_000)


def test_deposits_that_the_bank_gives_back(city, partner, wallet):
    factories.make_purchase_limit(city, expiry_minutes=30)
    asked = ask(partner, wallet, 10_000)
    with refused(errors.DepositDiffers) as found:
        confirm(partner, asked, amount=9_999)
    assert found.value.params == {"amount": 10_000}
    with refused(errors.TopUpExpired):
        confirm(partner, asked, at=asked.expires_at + timedelta(microseconds=1))
    with refused(errors.TopUpUnknown):
        confirm(partner, asked._replace(id=uuid7()))
    confirm(partner, asked, at=asked.expires_at, reference="R1")
    with refused(errors.TopUpCompleted):
        confirm(partner, asked, reference="R2")
    with refused(errors.DepositUsed):
        confirm(partner, ask(partner, wallet, 10_000), reference="R1")
    taken_back = ask(partner, wallet, 10_000)
    services.cancel(write=write_of(partner), top_up=taken_back.id, account=None, at=AT)
    with refused(errors.TopUpCancelled):
        confirm(partner, taken_back)
    assert lots(wallet) == [("purchase", 10_000)]


def test_a_deposit_over_a_limit_that_fell_meanwhile_is_given_back(city, partner, wallet):
    factories.make_purchase_limit(city)
    asked = ask(partner, wallet, 100_000)
    factories.make_purchase_limit(city, valid_from=AT.date(), per_month=99_999)
    with refused(errors.MonthLimit):
        confirm(partner, asked)


def test_a_fund_that_ran_out_meanwhile_gives_the_deposit_back(city, partner, wallet):
    factories.make_purchase_limit(city)
    make_discount(city, 1000, money=15_000)
    first, second = ask(partner, wallet, 100_000), ask(partner, wallet, 100_000)
    confirm(partner, first)
    with refused(BenefitFundShort):
        confirm(partner, second)
    assert selectors.top_up(caller=write_of(partner).caller, top_up=second.id).state == "requested"


def test_a_deposit_told_twice_is_one(city, partner, wallet):
    factories.make_purchase_limit(city)
    asked = ask(partner, wallet, 10_000)
    write = write_of(partner)
    told = {"top_up": asked.id, "amount": 10_000, "reference": "R1", "at": AT}
    first = services.deposit(write=write, **told)
    again = services.deposit(write=write, **told)
    other_key = services.deposit(write=write_of(partner), **told)
    assert (first.replayed, again.replayed, other_key.replayed) == (False, True, True)
    assert first.top_up == again.top_up == other_key.top_up
    assert lots(wallet) == [("purchase", 10_000)]
    with refused(IdempotencyKeyReused):
        services.deposit(write=write._replace(fingerprint=b"\1" * 32), **told)


def test_a_request_told_twice_is_one(city, partner, wallet):
    factories.make_purchase_limit(city)
    write = write_of(partner)
    wanted = {"wallet": wallet, "amount": 10_000, "order": "O", "at": AT}
    first, again = services.request(write=write, **wanted), services.request(write=write, **wanted)
    assert (again.top_up.id, again.replayed) == (first.top_up.id, True)
    assert len(selectors.top_ups_of_order(caller=write.caller, order="O")) == 1


def test_a_wallet_of_another_app_is_unknown(city, partner):
    factories.make_purchase_limit(city)
    rival = factories.make_partner(city)
    wallet = factories.wallet_of(factories.make_citizen(city)).pk
    call("ledger.link_wallet", city.code, wallet, rival.pk)
    with refused(WalletUnknown):
        ask(partner, wallet, 10_000)
    asked = ask(rival, wallet, 10_000)
    assert selectors.top_up(caller=write_of(partner).caller, top_up=asked.id) is None
    with refused(errors.TopUpUnknown):
        services.cancel(write=write_of(partner), top_up=asked.id, account=None, at=AT)


def test_a_frozen_wallet_buys_nothing(city, partner, wallet):
    factories.make_purchase_limit(city)
    asked = ask(partner, wallet, 10_000)
    Wallet.objects.filter(pk=wallet).update(status="frozen")
    with refused(WalletNotActive):
        ask(partner, wallet, 10_000)
    with refused(WalletNotActive):
        confirm(partner, asked)


def test_the_ledger_holds(city, partner, wallet):
    factories.make_purchase_limit(city)
    make_discount(city, 1000)
    buy(partner, wallet, 100_000)
    assert {found.invariant.name for found in audit() if found.difference} == set()
    assert any(found.figure for found in audit() if found.invariant.name == "top_ups_follow_transfers")
