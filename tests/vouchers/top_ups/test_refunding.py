"""Money back: withdrawal, refund of the balance by the ordinance's ratio, and its way to the bank."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import factories
from tests.factories import AT
from tests.factories.top_ups import ask, buy, confirm, make_discount, make_fund, make_terms, refused, write_of
from vouchers.common.errors import NotPermitted
from vouchers.common.seoul import business_date
from vouchers.incentives.models import BenefitKind
from vouchers.ledger.audit import audit
from vouchers.ledger.models import Account, Balance, Lot
from vouchers.ledger.services import call
from vouchers.officials.rules import Role
from vouchers.officials.selectors import authority_of
from vouchers.top_ups import errors, services
from vouchers.top_ups.models import TopUp, TopUpRefund
from vouchers.top_ups.selectors import RefundAccount

pytestmark = pytest.mark.django_db

ACCOUNT = RefundAccount("088", "110123456789", "김장터")


@pytest.fixture
def city():
    city = factories.make_city()
    with city.scope():
        factories.make_purchase_limit(city, per_month=10_000_000)
        yield city


@pytest.fixture
def partner(city):
    return factories.make_partner(city)


@pytest.fixture
def wallet(city):
    return factories.wallet_of(factories.make_citizen(city)).pk


@pytest.fixture
def shop(city):
    return factories.make_merchant(city)


def spend(city, partner, wallet, shop, amount, *, at=AT + timedelta(minutes=5)):
    write = write_of(partner)
    return call(
        "payments.pay", city.code, partner.pk, write.key, write.fingerprint, wallet, shop.code, "T001", amount, "o", at
    )[0]  # fmt: skip


def refund(partner, wallet, *, at=AT + timedelta(hours=1), account=ACCOUNT):
    return services.refund_balance(write=write_of(partner), wallet=wallet, account=account, at=at).refund


def give(city, partner, wallet, amount, *, at=AT + timedelta(minutes=3)):
    """A gift to somebody else, whose wallet is returned."""
    write, receiver = write_of(partner), factories.wallet_of(factories.make_citizen(city)).pk
    call(
        "gifts.give", city.code, partner.pk, write.key, write.fingerprint, wallet, receiver, None, None, amount, "", at
    )
    return receiver


def kept_by(fund) -> int:
    account = Account.objects.get(kind="benefit", owner_id=fund.pk)
    balance = Balance.objects.get(pk=account.pk)
    return balance.credits - balance.debits


def left(wallet) -> int:
    return sum(Lot.objects.filter(wallet_id=wallet).values_list("remaining", flat=True))


def holds() -> None:
    assert {found.invariant.name for found in audit() if found.difference} == set()


def test_an_unused_top_up_is_withdrawn_and_its_benefit_returns(city, partner, wallet):
    fund = make_discount(city)
    before = kept_by(fund)
    bought = buy(partner, wallet, 100_000)
    done = services.cancel(write=write_of(partner), top_up=bought.id, account=ACCOUNT, at=AT + timedelta(days=7)).top_up
    assert (done.state, done.refunded, kept_by(fund), left(wallet)) == ("cancelled", 90_000, before, 0)
    owed = TopUpRefund.objects.get(pk=done.refund_id)
    assert (owed.amount, owed.benefit, owed.kind) == (90_000, 10_000, "cancellation")
    assert owed.account_number.reveal() == ACCOUNT.number
    holds()


def test_a_withdrawn_top_up_leaves_the_limit_free(city, partner, wallet):
    factories.make_purchase_limit(city, valid_from=business_date(AT), per_month=100_000)
    bought = buy(partner, wallet, 100_000)
    services.cancel(write=write_of(partner), top_up=bought.id, account=ACCOUNT, at=AT + timedelta(hours=1))
    assert ask(partner, wallet, 100_000, at=AT + timedelta(hours=2)).pays == 100_000


def test_withdrawal_ends_with_its_last_day_in_seoul(city, partner, wallet):
    bought = buy(partner, wallet, 100_000)
    midnight = AT + timedelta(days=7, hours=12)  # AT is noon in Seoul
    with refused(errors.WithdrawalPeriodOver) as found:
        services.cancel(write=write_of(partner), top_up=bought.id, account=ACCOUNT, at=midnight)
    assert found.value.params == {"days": 7}
    last = midnight - timedelta(microseconds=1)
    assert (
        services.cancel(write=write_of(partner), top_up=bought.id, account=ACCOUNT, at=last).top_up.state == "cancelled"
    )


def test_one_won_used_is_no_withdrawal_any_more(city, partner, wallet, shop):
    make_discount(city)
    bought = buy(partner, wallet, 100_000)
    payment = spend(city, partner, wallet, shop, 1)
    with refused(errors.TopUpUsed):
        services.cancel(write=write_of(partner), top_up=bought.id, account=ACCOUNT, at=AT + timedelta(hours=1))
    write = write_of(partner)
    call("payments.cancel", city.code, partner.pk, write.key, write.fingerprint, payment, None, AT + timedelta(hours=2))
    done = services.cancel(write=write_of(partner), top_up=bought.id, account=ACCOUNT, at=AT + timedelta(hours=3))
    assert done.top_up.refunded == 90_000


def test_cancelling_twice_gives_back_once(city, partner, wallet):
    bought, write = buy(partner, wallet, 100_000), write_of(partner)
    first = services.cancel(write=write, top_up=bought.id, account=ACCOUNT, at=AT + timedelta(hours=1))
    again = services.cancel(write=write, top_up=bought.id, account=ACCOUNT, at=AT + timedelta(hours=2))
    assert (again.replayed, again.top_up) == (True, first.top_up)
    with refused(errors.TopUpCancelled):
        services.cancel(write=write_of(partner), top_up=bought.id, account=ACCOUNT, at=AT + timedelta(hours=2))
    assert TopUpRefund.objects.count() == 1


def test_the_account_is_the_members_own_unless_the_request_names_one(city, partner):
    citizen = factories.make_citizen(city)
    wallet = factories.wallet_of(citizen).pk
    bought = buy(partner, wallet, 10_000)
    with refused(errors.RefundAccountMissing):
        services.cancel(write=write_of(partner), top_up=bought.id, account=None, at=AT + timedelta(hours=1))
    citizen.account_bank, citizen.account_number = "004", "1234567890"
    citizen.save()
    services.cancel(write=write_of(partner), top_up=bought.id, account=None, at=AT + timedelta(hours=1))
    owed = TopUpRefund.objects.get()
    assert (owed.account_bank, owed.account_number.reveal(), owed.account_holder) == ("004", "1234567890", citizen.name)


# face, benefit rate, ratio, used → (refund, benefit back); None: too early, with what must still be used
@pytest.mark.parametrize(
    ("face", "rate", "ratio", "used", "expected"),
    [
        (100_000, 0, 60, 60_000, (40_000, 0)),
        (100_000, 0, 60, 59_999, 1),
        (100_000, 0, 80, 79_999, 1),
        (100_000, 0, 80, 80_000, (20_000, 0)),
        (100_000, 1000, 60, 60_000, (36_000, 4_000)),  # 6,000 of 10,000 earned; 40,000 left, of which 4,000 benefit
        (100_000, 1000, 80, 80_000, (18_000, 2_000)),
        (100_000, 1000, 60, 66_667, (29_999, 3_334)),  # 6,666.7 earned, down to 6,666
        (10_001, 1000, 60, 6_000, 1),  # 60 % of 10,001 is 6,000.6
        (10_001, 1000, 60, 6_001, (3_600, 400)),
        (50_000, 1300, 60, 49_999, (0, 1)),  # one won left, which is not the citizen's
    ],
)
def test_the_paid_part_of_what_is_left(city, partner, wallet, shop, face, rate, ratio, used, expected):
    factories.make_purchase_limit(city, valid_from=business_date(AT), refund_ratio=ratio, per_month=None)
    fund = make_fund(city)
    if rate:
        make_terms(city, BenefitKind.DISCOUNT, (fund, rate))
    before = kept_by(fund)
    buy(partner, wallet, face)
    given = before - kept_by(fund)
    spend(city, partner, wallet, shop, used)
    if isinstance(expected, int):
        with refused(errors.RefundTooEarly) as found:
            refund(partner, wallet)
        assert found.value.params == {"needed": expected}
        return
    if expected[0] == 0:
        with refused(errors.NothingToRefund):
            refund(partner, wallet)
        return
    done = refund(partner, wallet)
    assert (done.amount, done.benefit, done.kept) == (*expected, [])
    assert (left(wallet), kept_by(fund)) == (0, before - given + expected[1])
    holds()
    with refused(errors.NothingToRefund):
        refund(partner, wallet)


# 100,000 won face with a discount → given of which kind, used → (refund, benefit back); an int: what must still be used
@pytest.mark.parametrize(
    ("rate", "given", "kind", "used", "expected"),
    [
        # 40,000 of 100,000 given: 60 % of the 60,000 that stayed are 36,000
        (0, 40_000, "purchased", 36_000, (24_000, 0)),
        (0, 40_000, "purchased", 35_999, 1),
        (0, 40_000, "purchased", 20_000, 16_000),  # 40,000 given and 20,000 used are not 60,000 used
        # of 90,000 paid 50,000 stayed, with 10,000 benefit: 36,000 of 60,000 earn 6,000; 24,000 left hold 4,000 unearned
        (1000, 40_000, "purchased", 36_000, (20_000, 4_000)),
        # the whole benefit given: 90,000 paid stayed, 54,000 of them are 60 %, and no benefit is left to return
        (1000, 10_000, "incentives", 54_000, (36_000, 0)),
        (1000, 10_000, "incentives", 53_999, 1),
        # half of the benefit given: 57,000 of 95,000 earn 3,000 of 5,000; 38,000 left hold 2,000 unearned
        (1000, 5_000, "incentives", 57_000, (36_000, 2_000)),
    ],
)
def test_a_gift_is_neither_used_nor_held(city, partner, wallet, shop, rate, given, kind, used, expected):
    gifts = {"gift_purchased": kind == "purchased", "gift_incentives": kind == "incentives"}
    factories.make_purchase_limit(city, valid_from=business_date(AT), per_month=None, **gifts)
    fund = make_discount(city, rate) if rate else None
    before = kept_by(fund) if fund else 0
    buy(partner, wallet, 100_000)
    give(city, partner, wallet, given)
    spend(city, partner, wallet, shop, used)
    if isinstance(expected, int):
        with refused(errors.RefundTooEarly) as found:
            refund(partner, wallet)
        assert found.value.params == {"needed": expected}
        return
    done = refund(partner, wallet)
    assert (done.amount, done.benefit, left(wallet)) == (*expected, 0)
    assert fund is None or kept_by(fund) == before - 10_000 + expected[1]
    holds()


def test_a_gift_is_used_where_it_was_received_and_never_refunded_there(city, partner, wallet, shop):
    buy(partner, wallet, 100_000)
    receiver = give(city, partner, wallet, 40_000)
    spend(city, partner, receiver, shop, 39_000)
    with refused(errors.NothingToRefund):
        refund(partner, receiver)
    with refused(errors.RefundTooEarly) as found:  # what the receiver uses does not count for the giver
        refund(partner, wallet)
    assert found.value.params == {"needed": 36_000}
    buy(partner, receiver, 10_000, at=AT + timedelta(minutes=10))
    spend(city, partner, receiver, shop, 7_000, at=AT + timedelta(minutes=20))  # 1,000 of the gift, 6,000 of their own
    assert refund(partner, receiver).amount == 4_000


def test_a_benefit_given_after_a_refund_takes_nothing_from_its_buyer(city, partner, wallet, shop):
    factories.make_purchase_limit(
        city, valid_from=business_date(AT), per_month=None, gift_purchased=False, gift_incentives=True
    )
    make_discount(city)
    buy(partner, wallet, 100_000)
    payment = spend(city, partner, wallet, shop, 70_000)
    done = refund(partner, wallet)
    assert (done.amount, done.benefit) == (27_000, 3_000)  # 7,000 of 10,000 earned; 3,000 came out of the paid money
    write = write_of(partner)
    call("payments.cancel", city.code, partner.pk, write.key, write.fingerprint, payment, None, AT + timedelta(hours=2))
    give(city, partner, wallet, 10_000, at=AT + timedelta(hours=3))
    spend(city, partner, wallet, shop, 54_000, at=AT + timedelta(hours=4))
    done = refund(partner, wallet, at=AT + timedelta(hours=5))
    assert (done.amount, done.benefit, left(wallet)) == (6_000, 0, 0)
    holds()


def test_only_top_ups_used_enough_are_refunded_and_the_others_are_named(city, partner, wallet, shop):
    first, second = buy(partner, wallet, 100_000), buy(partner, wallet, 50_000, at=AT + timedelta(minutes=2))
    spend(city, partner, wallet, shop, 60_000)
    done = refund(partner, wallet)
    assert done.amount == 40_000
    assert [(row["top_up_id"], row["amount"], row["reason"], row["needed"]) for row in done.kept] == [
        (str(second.id), 50_000, "not_used_enough", 30_000)
    ]
    assert TopUp.objects.get(pk=first.id).refunded == 40_000


def test_parts_of_several_funds_add_up(city, partner, wallet, shop):
    funds = [make_fund(city) for _ in range(3)]
    make_terms(city, BenefitKind.TOP_UP, *((fund, 333) for fund in funds))
    before = [kept_by(fund) for fund in funds]
    bought = buy(partner, wallet, 10_007)
    spend(city, partner, wallet, shop, bought.gets * 7 // 10)
    done = refund(partner, wallet)
    after = TopUp.objects.get(pk=bought.id)
    assert sum(after.returned) == done.benefit
    assert all(0 <= back <= benefit for back, benefit in zip(after.returned, after.benefits, strict=True))
    assert sum(kept_by(fund) for fund in funds) == sum(before) - bought.benefit + done.benefit
    holds()


def test_granted_money_and_benefits_alone_are_never_refunded(city, partner):
    citizen = factories.make_citizen(city)
    factories.grant(city, {citizen: 50_000})
    with refused(errors.NothingToRefund):
        refund(partner, factories.wallet_of(citizen).pk)


def test_a_payment_cancelled_after_the_refund_can_be_refunded_again_when_used(city, partner, wallet, shop):
    fund = make_discount(city)
    before = kept_by(fund)
    buy(partner, wallet, 100_000)
    spend(city, partner, wallet, shop, 30_000)
    payment = spend(city, partner, wallet, shop, 40_000)
    assert refund(partner, wallet).amount == 27_000
    write = write_of(partner)
    call(
        "payments.cancel", city.code, partner.pk, write.key, write.fingerprint, payment, 10_000, AT + timedelta(hours=2)
    )
    done = refund(partner, wallet, at=AT + timedelta(hours=3))
    assert (done.amount, done.benefit) == (9_000, 1_000)  # of 60,000 used, 6,000 benefit are earned
    assert kept_by(fund) == before - 6_000
    holds()


def test_refunds_reach_the_bank_once(city, partner, wallet):
    payer = factories.make_official(city, Role.PAYER)
    authority = authority_of(official_id=payer.pk, day=business_date(AT))
    own = {"municipality": city.code, "authority": authority}
    bought = [buy(partner, wallet, amount) for amount in (10_000, 20_000)]
    for row in bought:
        services.cancel(write=write_of(partner), top_up=row.id, account=ACCOUNT, at=AT + timedelta(hours=1))
    payout = services.begin_payout(**own, at=AT + timedelta(hours=2))
    assert payout.refunds == 2
    with refused(errors.NoRefundWaits):
        services.begin_payout(**own, at=AT + timedelta(hours=2))
    failed = TopUpRefund.objects.get(amount=10_000)
    services.take_from_payout(refund=failed, authority=authority)
    done = services.finish_payout(**own, official=payer, payout=payout.id, at=AT + timedelta(hours=3))
    assert done == (1, 20_000)
    with refused(errors.NoRefundWaits):
        services.finish_payout(**own, official=payer, payout=payout.id, at=AT)
    paid = TopUpRefund.objects.get(amount=20_000)
    assert paid.paid_by_id == payer.pk
    with refused(errors.RefundNotInFile):
        services.take_from_payout(refund=paid, authority=authority)
    payable = Balance.objects.get(pk=Account.objects.get(kind="refund_payable").pk)
    assert payable.credits - payable.debits == 10_000
    holds()


def test_only_a_payer_pays_refunds(city, partner, wallet):
    drafter = factories.make_official(city, Role.DRAFTER)
    authority = authority_of(official_id=drafter.pk, day=business_date(AT))
    with refused(NotPermitted):
        services.begin_payout(municipality=city.code, authority=authority, at=AT)


def test_an_expired_request_is_still_told_as_it_is(city, partner, wallet):
    asked = ask(partner, wallet, 10_000)
    with refused(errors.TopUpExpired):
        confirm(partner, asked, at=AT + timedelta(hours=1))
