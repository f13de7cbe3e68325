"""A payout is computed, confirmed by somebody else, and credited once; what changes afterwards comes with the next one."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.db import connection, transaction

from tests import factories
from tests.factories import AT
from tests.factories.points import PointDesk
from tests.factories.webhooks import make_endpoint
from vouchers.citizens.models import Citizen, CitizenStatus
from vouchers.common.database import domain_errors
from vouchers.common.errors import NotPermitted
from vouchers.common.models import uuid7
from vouchers.common.seoul import SEOUL, business_date, start_of_day
from vouchers.incentives.models import BenefitFund
from vouchers.ledger import services as ledger
from vouchers.ledger.audit import audit
from vouchers.ledger.errors import BenefitFundShort
from vouchers.ledger.models import Journal, Lot, LotKind
from vouchers.ledger.services import call
from vouchers.points import errors, selectors, services
from vouchers.points.models import (
    Activity,
    ActivityState,
    PaymentState,
    PointChunk,
    PointPayment,
    PointProgramme,
    PointRun,
    RunState,
)
from vouchers.points.rules import expiry_day, payable_from, period_of, periods_before
from vouchers.wallets.models import Wallet
from vouchers.webhooks.models import WebhookEvent

TODAY = business_date(AT)
NOW_FIRST, NOW_END = period_of("month", TODAY)
(LAST_FIRST, LAST_END), (BEFORE_FIRST, BEFORE_END) = periods_before("month", TODAY, 2)
CARBON = "탄소지움"
PAY_AT = start_of_day(payable_from(BEFORE_END, None)) + timedelta(hours=10)
"""When the month before last may be paid first: the ledger has partitions from then on."""


def morning(day: date, hour: int = 9) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=SEOUL)


def lots(citizen: Citizen) -> list[int]:
    wallet = factories.wallet_of(citizen)
    return list(
        Lot.objects.filter(wallet_id=wallet.pk, kind=LotKind.POINT)
        .order_by("created_at")
        .values_list("granted", flat=True)
    )


def paid(desk: PointDesk, first: date = BEFORE_FIRST, end: date = BEFORE_END, at: datetime = PAY_AT) -> PointRun:
    return desk.pay(desk.confirm(desk.compute(CARBON, first, end, at=at), at=at), at=at)


def test_points_become_money_with_their_own_expiry(desk: PointDesk) -> None:
    fund = desk.fund(1_000_000)
    rich, poor, idle = (factories.make_citizen(desk.city) for _ in range(3))
    desk.did(rich, "local_food", morning(BEFORE_FIRST), amount=1_000_000)
    desk.did(rich, "campaign", morning(BEFORE_FIRST, 10))
    desk.did(poor, "campaign", morning(BEFORE_FIRST))
    run = desk.compute(CARBON, BEFORE_FIRST, BEFORE_END, at=PAY_AT)
    assert (run.state, run.members, run.amount, run.held) == (RunState.DRAFT, 2, 3_080, 0)
    run = desk.pay(desk.confirm(run, at=PAY_AT), at=PAY_AT)
    assert (run.state, run.members, run.amount) == (RunState.PAID, 2, 3_080)
    assert [lots(citizen) for citizen in (rich, poor, idle)] == [[3_040], [40], []]
    lot = Lot.objects.get(wallet_id=factories.wallet_of(poor).pk)
    assert lot.expires_at == start_of_day(expiry_day(business_date(PAY_AT), 60))
    assert selectors.money_of(PointProgramme.objects.get(name=CARBON)) == (1_000_000 - 3_080, 0)
    assert fund.pk == run.programme.fund_id
    assert set(Activity.objects.values_list("state", flat=True)) == {ActivityState.COUNTED}
    assert not any(found.difference for found in audit())


def test_paying_again_pays_nothing(desk: PointDesk) -> None:
    desk.fund(1_000_000)
    citizen = factories.make_citizen(desk.city)
    desk.did(citizen, "campaign", morning(BEFORE_FIRST))
    run = paid(desk)
    desk.pay(run, at=PAY_AT)
    assert lots(citizen) == [40]
    with pytest.raises(errors.RunConfirmed):
        desk.compute(CARBON, BEFORE_FIRST, BEFORE_END, at=PAY_AT)
    with pytest.raises(errors.RunConfirmed):
        desk.confirm(run, at=PAY_AT)


def test_whoever_computed_it_cannot_confirm_it(desk: PointDesk) -> None:
    desk.fund(1_000_000)
    desk.did(factories.make_citizen(desk.city), "campaign", morning(BEFORE_FIRST))
    run = desk.compute(CARBON, BEFORE_FIRST, BEFORE_END, at=PAY_AT)
    with pytest.raises(NotPermitted):
        services.confirm(run=run, amount=run.amount, at=PAY_AT, **desk.acting(desk.drafter))
    with pytest.raises(NotPermitted):
        services.compute(
            programme=run.programme, first=BEFORE_FIRST, end=BEFORE_END, at=PAY_AT, **desk.acting(desk.payer)
        )
    expires = start_of_day(TODAY + timedelta(days=100))
    with pytest.raises(errors.OwnRun), transaction.atomic(), domain_errors(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT points.confirm(%s, %s, %s, %s, %s, 100, %s)",
            [desk.city.code, run.pk, desk.drafter.pk, run.amount, expires, PAY_AT],
        )
    assert PointRun.objects.get().state == RunState.DRAFT


def test_what_was_shown_is_what_is_confirmed(desk: PointDesk) -> None:
    desk.fund(1_000_000)
    citizen = factories.make_citizen(desk.city)
    desk.did(citizen, "campaign", morning(BEFORE_FIRST))
    shown = desk.compute(CARBON, BEFORE_FIRST, BEFORE_END, at=PAY_AT)
    desk.did(citizen, "education", morning(BEFORE_FIRST), quantity="2")
    desk.compute(CARBON, BEFORE_FIRST, BEFORE_END, at=PAY_AT)
    with pytest.raises(errors.RunChanged):
        desk.confirm(shown, at=PAY_AT)
    desk.pay(desk.confirm(PointRun.objects.get(), at=PAY_AT), at=PAY_AT)
    assert lots(citizen) == [50]


def test_a_period_is_paid_when_its_last_week_is_over(desk: PointDesk) -> None:
    with pytest.raises(errors.PeriodNotOver):
        desk.compute(CARBON, NOW_FIRST, NOW_END)
    with pytest.raises(errors.PeriodNotOver):
        desk.compute(CARBON, BEFORE_FIRST, BEFORE_END, at=PAY_AT - timedelta(hours=11))


@pytest.mark.parametrize(
    ("end", "payout_month", "first_day"),
    [
        (date(2026, 12, 1), None, date(2026, 12, 7)),  # the week of Monday, November 30
        (date(2026, 6, 1), None, date(2026, 6, 1)),  # May ends on a Sunday
        (date(2026, 1, 1), 3, date(2026, 3, 1)),
        (date(2026, 1, 1), 1, date(2026, 1, 5)),
    ],
)
def test_the_first_day_of_payment(end: date, payout_month: int | None, first_day: date) -> None:
    assert payable_from(end, payout_month) == first_day


@pytest.mark.parametrize(
    ("paid_on", "months", "gone"),
    [
        (date(2026, 3, 15), 24, date(2028, 3, 16)),
        (date(2026, 1, 31), 1, date(2026, 3, 1)),
        (date(2028, 2, 29), 12, date(2029, 3, 1)),
        (date(2026, 12, 31), 60, date(2032, 1, 1)),
    ],
)
def test_the_last_day_of_points(paid_on: date, months: int, gone: date) -> None:
    assert expiry_day(paid_on, months) == gone


def test_without_money_nothing_is_confirmed(desk: PointDesk) -> None:
    desk.fund(39)
    desk.did(factories.make_citizen(desk.city), "campaign", morning(BEFORE_FIRST))
    run = desk.compute(CARBON, BEFORE_FIRST, BEFORE_END, at=PAY_AT)
    with pytest.raises(BenefitFundShort, match="남은 금액은 39원이고 필요한 금액은 40원"):
        desk.confirm(run, at=PAY_AT)
    assert (PointRun.objects.get().state, PointChunk.objects.count()) == (RunState.DRAFT, 0)
    PointProgramme.objects.update(fund=None)
    with pytest.raises(errors.FundMissing):
        desk.confirm(run, at=PAY_AT)


def endow(desk: PointDesk, fund: BenefitFund, amount: int) -> None:
    call("ledger.endow", desk.city.code, uuid7(), desk.city.currency.pk, fund.pk, amount, AT)


def money(programme: str = CARBON) -> tuple[int, int]:
    """What the programme's fund has free, and what it has set aside."""
    return tuple(selectors.money_of(PointProgramme.objects.get(name=programme)))  # type: ignore[return-value]


def test_what_was_confirmed_is_reserved_until_it_is_paid(desk: PointDesk) -> None:
    """100 won: 80 are confirmed for two people, so 21 cannot leave the fund; a chunk of one person pays 40 of the 80."""
    fund = desk.fund(100)
    for _ in range(2):
        desk.did(factories.make_citizen(desk.city), "campaign", morning(BEFORE_FIRST))
    run = desk.confirm(desk.compute(CARBON, BEFORE_FIRST, BEFORE_END, at=PAY_AT), at=PAY_AT, chunk_rows=1)
    assert money() == (20, 80)
    assert call("incentives.left_of", desk.city.code, fund.pk) == (20,)
    with pytest.raises(BenefitFundShort), transaction.atomic():
        endow(desk, fund, -21)
    stops = iter([False, True])
    services.pay(municipality=desk.city.code, run_id=run.pk, clock=lambda: PAY_AT, should_stop=lambda: next(stops))
    assert money() == (20, 40)
    assert not any(found.difference for found in audit())
    desk.pay(run, at=PAY_AT)
    assert money() == (20, 0)
    assert not any(found.difference for found in audit())


def test_another_run_cannot_be_confirmed_on_money_that_is_reserved(desk: PointDesk) -> None:
    desk.fund(400)
    citizen = factories.make_citizen(desk.city)
    desk.did(citizen, "campaign", morning(BEFORE_FIRST))
    desk.did(citizen, "vote", morning(BEFORE_FIRST, 10))
    desk.did(citizen, "facility", morning(BEFORE_FIRST, 11))
    desk.confirm(desk.compute(CARBON, BEFORE_FIRST, BEFORE_END, at=PAY_AT), at=PAY_AT)
    other = desk.compute("정책참여 포인트", BEFORE_FIRST, BEFORE_END, at=PAY_AT)
    with pytest.raises(BenefitFundShort, match="남은 금액은 360원이고 필요한 금액은 500원"):
        desk.confirm(other, at=PAY_AT)
    assert money() == (360, 40)


def test_the_fund_of_the_confirmation_pays_whatever_the_programme_says_later(desk: PointDesk) -> None:
    fund = desk.fund(40)
    citizen = factories.make_citizen(desk.city)
    desk.did(citizen, "campaign", morning(BEFORE_FIRST))
    run = desk.confirm(desk.compute(CARBON, BEFORE_FIRST, BEFORE_END, at=PAY_AT), at=PAY_AT)
    PointProgramme.objects.update(usage_rule=None)
    other = desk.fund(1_000)
    run = desk.pay(run, at=PAY_AT)
    assert (run.state, run.fund, lots(citizen)) == (RunState.PAID, fund, [40])
    assert Lot.objects.get(wallet_id=factories.wallet_of(citizen).pk).usage_rule_id == run.usage_rule_id is not None
    assert [call("incentives.left_of", desk.city.code, of.pk)[0] for of in (fund, other)] == [0, 1_000]


def test_a_confirmation_is_cancelled_before_anybody_is_paid(desk: PointDesk) -> None:
    desk.fund(40)
    citizen = factories.make_citizen(desk.city)
    desk.did(citizen, "campaign", morning(BEFORE_FIRST))
    run = desk.confirm(desk.compute(CARBON, BEFORE_FIRST, BEFORE_END, at=PAY_AT), at=PAY_AT)
    with pytest.raises(NotPermitted):
        services.cancel(run=run, authority=desk.acting(desk.drafter)["authority"], at=PAY_AT)
    run = services.cancel(run=run, authority=desk.acting(desk.payer)["authority"], at=PAY_AT)
    assert (run.state, run.confirmed_by, run.fund, money()) == (RunState.DRAFT, None, None, (40, 0))
    desk.pay(run, at=PAY_AT)
    assert (lots(citizen), Activity.objects.get().state) == ([], ActivityState.ACCEPTED)
    with pytest.raises(errors.RunNotPaying):
        services.cancel(run=run, authority=desk.acting(desk.payer)["authority"], at=PAY_AT)
    desk.pay(desk.confirm(desk.compute(CARBON, BEFORE_FIRST, BEFORE_END, at=PAY_AT), at=PAY_AT), at=PAY_AT)
    assert (lots(citizen), money()) == ([40], (0, 0))


def test_the_rest_of_a_run_that_is_cancelled_is_paid_with_the_next(desk: PointDesk) -> None:
    desk.fund(1_000)
    citizens = [factories.make_citizen(desk.city) for _ in range(3)]
    for citizen in citizens:
        desk.did(citizen, "campaign", morning(BEFORE_FIRST))
    run = desk.confirm(desk.compute(CARBON, BEFORE_FIRST, BEFORE_END, at=PAY_AT), at=PAY_AT, chunk_rows=1)
    stops = iter([False, True])
    services.pay(municipality=desk.city.code, run_id=run.pk, clock=lambda: PAY_AT, should_stop=lambda: next(stops))
    run = services.cancel(run=run, authority=desk.acting(desk.payer)["authority"], at=PAY_AT)
    assert (run.state, run.members, run.amount, run.held) == (RunState.PAID, 1, 40, 2)
    assert (selectors.exceptions_of(run), money()) == ([("지급 중단", 2, 80)], (960, 0))
    assert not any(found.difference for found in audit())
    at = start_of_day(payable_from(LAST_END, None)) + timedelta(hours=10)
    run = paid(desk, LAST_FIRST, LAST_END, at)
    assert (run.members, run.amount, money()) == (2, 80, (880, 0))
    assert [lots(citizen) for citizen in citizens] == [[40]] * 3
    assert not any(found.difference for found in audit())


def test_a_payout_that_the_ledger_refuses_stands_still_and_goes_on_when_it_may(desk: PointDesk) -> None:
    desk.fund(40)
    citizen = factories.make_citizen(desk.city)
    desk.did(citizen, "campaign", morning(BEFORE_FIRST))
    run = desk.confirm(desk.compute(CARBON, BEFORE_FIRST, BEFORE_END, at=PAY_AT), at=PAY_AT)
    run = desk.pay(run, at=datetime(1999, 1, 1, tzinfo=SEOUL))
    assert (run.state, run.failure, lots(citizen), money()) == (
        RunState.PAYING,
        "ledger_month_not_prepared",
        [],
        (0, 40),
    )
    services.resume(run=run, authority=desk.acting(desk.payer)["authority"])
    assert PointRun.objects.get().failure == ""
    run = desk.pay(run, at=PAY_AT)
    assert (run.state, lots(citizen), money()) == (RunState.PAID, [40], (0, 0))


def test_what_arrives_late_is_paid_with_the_next_run(desk: PointDesk) -> None:
    desk.fund(1_000_000)
    citizen = factories.make_citizen(desk.city)
    desk.did(citizen, "education", morning(BEFORE_FIRST), quantity="2")
    paid(desk)
    late = desk.item(citizen, "education", morning(BEFORE_END - timedelta(days=1)), quantity="4")
    desk.told(late, at=PAY_AT)
    at = start_of_day(payable_from(LAST_END, None)) + timedelta(hours=10)
    run = paid(desk, LAST_FIRST, LAST_END, at)
    assert (run.members, run.amount) == (1, 20)
    assert lots(citizen) == [10, 20]


def test_what_was_wrong_is_taken_off_the_next_points(desk: PointDesk) -> None:
    """40 + 30 are paid, the 40 were wrong. Next month 25 are earned: nothing is paid, 15 are owed; then 60: 45 are paid."""
    desk.fund(1_000_000)
    citizen = factories.make_citizen(desk.city)
    wrong = desk.did(citizen, "campaign", morning(BEFORE_FIRST))
    desk.did(citizen, "education", morning(BEFORE_FIRST), quantity="6")
    paid(desk)
    services.withdraw(activity=Activity.objects.get(pk=wrong), reason="착오", at=PAY_AT, **desk.acting(desk.drafter))
    desk.did(citizen, "education", morning(LAST_FIRST), quantity="5")
    at = start_of_day(payable_from(LAST_END, None)) + timedelta(hours=10)
    run = paid(desk, LAST_FIRST, LAST_END, at)
    payment = PointPayment.objects.get(run=run)
    assert (payment.state, payment.earned, payment.amount, run.members) == (PaymentState.SET_OFF, -15, 0, 0)
    assert lots(citizen) == [70]
    desk.did(citizen, "education", morning(NOW_FIRST), quantity="12")
    at = start_of_day(payable_from(NOW_END, None)) + timedelta(hours=10)
    run = paid(desk, NOW_FIRST, NOW_END, at)
    assert PointPayment.objects.get(run=run).amount == 45
    assert lots(citizen) == [70, 45]
    assert not any(found.difference for found in audit())


def test_who_cannot_be_paid_now_is_paid_later(desk: PointDesk) -> None:
    desk.fund(1_000_000)
    gone, frozen, fine = (factories.make_citizen(desk.city) for _ in range(3))
    for citizen in (gone, frozen, fine):
        desk.did(citizen, "campaign", morning(BEFORE_FIRST))
    Citizen.objects.filter(pk=gone.pk).update(status=CitizenStatus.MOVED_OUT)
    Wallet.objects.filter(citizen=frozen).update(status="frozen")
    run = desk.compute(CARBON, BEFORE_FIRST, BEFORE_END, at=PAY_AT)
    assert (run.members, run.amount, run.held) == (1, 40, 2)
    assert {reason: (people, won) for reason, people, won in selectors.exceptions_of(run)} == {
        "전출": (1, 40), "사용할 수 없는 지갑": (1, 40)
    }  # fmt: skip
    desk.pay(desk.confirm(run, at=PAY_AT), at=PAY_AT)
    assert [lots(citizen) for citizen in (gone, frozen, fine)] == [[], [], [40]]
    Wallet.objects.filter(citizen=frozen).update(status="active")
    at = start_of_day(payable_from(LAST_END, None)) + timedelta(hours=10)
    run = paid(desk, LAST_FIRST, LAST_END, at)
    assert [lots(citizen) for citizen in (gone, frozen, fine)] == [[], [40], [40]]
    assert (run.members, run.held) == (1, 1)


def test_who_dies_between_confirmation_and_payment_is_held(desk: PointDesk) -> None:
    desk.fund(1_000_000)
    citizen, other = factories.make_citizen(desk.city), factories.make_citizen(desk.city)
    for person in (citizen, other):
        desk.did(person, "campaign", morning(BEFORE_FIRST))
    run = desk.confirm(desk.compute(CARBON, BEFORE_FIRST, BEFORE_END, at=PAY_AT), at=PAY_AT)
    Citizen.objects.filter(pk=citizen.pk).update(status=CitizenStatus.DECEASED)
    run = desk.pay(run, at=PAY_AT)
    assert (run.state, run.members, run.amount, run.held) == (RunState.PAID, 1, 40, 1)
    assert (lots(citizen), lots(other), money()) == ([], [40], (1_000_000 - 40, 0))
    assert not any(found.difference for found in audit())


def test_one_payout_of_a_programme_at_a_time(desk: PointDesk) -> None:
    desk.compute(CARBON, BEFORE_FIRST, BEFORE_END, at=AT)
    with pytest.raises(errors.RunOpen):
        desk.compute(CARBON, LAST_FIRST, LAST_END, at=start_of_day(payable_from(LAST_END, None)))


def test_an_empty_payout_is_not_confirmed(desk: PointDesk) -> None:
    desk.fund(1)
    with pytest.raises(errors.NothingToPay):
        desk.confirm(desk.compute(CARBON, BEFORE_FIRST, BEFORE_END))


def test_chunks_are_posted_one_by_one(desk: PointDesk) -> None:
    desk.fund(1_000_000)
    citizens = [factories.make_citizen(desk.city) for _ in range(7)]
    for citizen in citizens:
        desk.did(citizen, "campaign", morning(BEFORE_FIRST))
    run = desk.confirm(desk.compute(CARBON, BEFORE_FIRST, BEFORE_END, at=PAY_AT), at=PAY_AT, chunk_rows=3)
    stops = iter([False, False, True])
    services.pay(municipality=desk.city.code, run_id=run.pk, clock=lambda: PAY_AT, should_stop=lambda: next(stops))
    assert selectors.progress(run) == (3, 2, 6, 240)
    assert PointRun.objects.get().state == RunState.PAYING
    desk.pay(run, at=PAY_AT)
    assert [lots(citizen) for citizen in citizens] == [[40]] * 7
    assert Journal.objects.filter(kind="points").count() == 3


def test_the_citizens_app_is_told(desk: PointDesk) -> None:
    desk.fund(1_000_000)
    app = factories.make_partner(desk.city)
    make_endpoint(desk.city, app, "points.credited")
    own, free = factories.make_citizen(desk.city), factories.make_citizen(desk.city)
    ledger.link_wallet(municipality=desk.city.code, wallet=factories.wallet_of(own).pk, partner=app.pk)
    for citizen in (own, free):
        desk.did(citizen, "campaign", morning(BEFORE_FIRST))
    paid(desk)
    (event,) = WebhookEvent.objects.filter(type="points.credited")
    assert event.partner_id == app.pk
    assert (event.data["wallet_id"], event.data["amount"]) == (str(factories.wallet_of(own).pk), 40)
