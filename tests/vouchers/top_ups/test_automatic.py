"""Automatic top-ups: when a rule asks, that it asks once, and when it gives up."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from tests import factories
from tests.factories import AT
from tests.factories.top_ups import confirm, refused, write_of
from vouchers.common.errors import NotPermitted
from vouchers.ledger.errors import WalletUnknown
from vouchers.ledger.services import call
from vouchers.officials.rules import Role
from vouchers.officials.selectors import authority_of
from vouchers.top_ups import errors, selectors, services
from vouchers.top_ups.models import AutoTopUp, TopUp
from vouchers.top_ups.rules import next_day

pytestmark = pytest.mark.django_db


@pytest.fixture
def city():
    city = factories.make_city()
    with city.scope():
        factories.make_purchase_limit(city, expiry_minutes=30, per_month=100_000)
        yield city


@pytest.fixture
def partner(city):
    return factories.make_partner(city)


@pytest.fixture
def wallet(city):
    return factories.wallet_of(factories.make_citizen(city)).pk


def set_rule(partner, wallet, **fields):
    fields = {"amount": 20_000, "threshold": 10_000, "day_of_month": None, "at": AT} | fields
    return services.set_auto(write=write_of(partner), wallet=wallet, **fields)


def run(city, at):
    return services.run_rules(municipality=city.code, at=at)


def paid(partner, at):
    last = TopUp.objects.order_by("-id").first()
    confirm(partner, selectors.top_up(caller=write_of(partner).caller, top_up=last.pk), at=at)


@pytest.mark.parametrize(
    ("day", "today", "expected"),
    [
        (25, date(2026, 11, 22), date(2026, 11, 25)),
        (22, date(2026, 11, 22), date(2026, 11, 22)),
        (21, date(2026, 11, 22), date(2026, 12, 21)),
        (31, date(2026, 2, 10), date(2026, 2, 28)),
        (31, date(2026, 4, 30), date(2026, 4, 30)),
        (5, date(2026, 12, 31), date(2027, 1, 5)),
        (30, date(2026, 1, 31), date(2026, 2, 28)),
    ],
)
def test_the_next_day_of_a_month(day, today, expected):
    assert next_day(day, today) == expected


def test_below_the_threshold_it_asks_once_until_it_is_paid(city, partner, wallet):
    rule = set_rule(partner, wallet)
    assert run(city, AT) == 1
    for minutes in (5, 10, 29):
        run(city, AT + timedelta(minutes=minutes))
    assert TopUp.objects.filter(rule_id=rule.pk).count() == 1
    paid(partner, AT + timedelta(minutes=29))
    run(city, AT + timedelta(hours=1))
    assert TopUp.objects.filter(rule_id=rule.pk).count() == 1  # 20,000 won are enough
    rule.refresh_from_db()
    assert (rule.state, rule.failures) == ("active", 0)


def test_three_requests_without_a_deposit_pause_it(city, partner, wallet):
    rule = set_rule(partner, wallet)
    for hours in range(5):
        run(city, AT + timedelta(hours=hours))
    rule.refresh_from_db()
    assert (rule.state, rule.failures, rule.reason) == ("paused", 3, "deposit_missed")
    assert TopUp.objects.filter(rule_id=rule.pk).count() == 3
    again = set_rule(partner, wallet, at=AT + timedelta(days=1))
    assert (again.state, again.failures) == ("active", 0)


def test_a_limit_stops_it_and_says_why(city, partner, wallet):
    rule = set_rule(partner, wallet, amount=100_001)
    for days in range(4):
        run(city, AT + timedelta(days=days))
    rule.refresh_from_db()
    assert (rule.state, rule.reason) == ("paused", "purchase_limit_month")
    assert TopUp.objects.count() == 0


def test_each_month_once_on_its_day(city, partner, wallet):
    rule = set_rule(partner, wallet, threshold=None, day_of_month=AT.day)
    run(city, AT)
    paid(partner, AT + timedelta(minutes=1))
    for days in range(1, 5):
        run(city, AT + timedelta(days=days))
    assert TopUp.objects.filter(rule_id=rule.pk).count() == 1
    rule.refresh_from_db()
    assert rule.next_on.month == AT.month % 12 + 1


def test_a_stopped_rule_asks_no_more(city, partner, wallet):
    set_rule(partner, wallet)
    services.stop_auto(write=write_of(partner), wallet=wallet, at=AT)
    assert run(city, AT) == 0
    with refused(errors.AutoTopUpUnknown):
        services.stop_auto(write=write_of(partner), wallet=wallet, at=AT)
    rule = AutoTopUp.objects.get()
    assert (rule.stopped_at, rule.stopped_how, rule.stopped_by, rule.stop_reason) == (AT, "member", None, "")


def test_an_official_stops_it_once_with_a_reason_and_the_member_may_set_a_new_one(city, partner, wallet):
    rule = set_rule(partner, wallet)
    administrator = factories.make_official(city, Role.ADMINISTRATOR)

    def stop(official, reason="회원이 전화로 요청"):
        authority = authority_of(official_id=official.pk, day=AT.date())
        services.stop_auto_for_member(rule=rule, reason=reason, official=official, authority=authority, at=AT)

    with refused(NotPermitted):
        stop(factories.make_official(city, Role.PAYER))
    with pytest.raises(IntegrityError), transaction.atomic():
        stop(administrator, reason="")
    stop(administrator)
    with refused(errors.AutoTopUpStopped):
        stop(administrator, reason="다른 사유")
    rule.refresh_from_db()
    assert (rule.state, rule.stopped_how, rule.stopped_by, rule.stop_reason, rule.stopped_at) == (
        "stopped", "official", administrator, "회원이 전화로 요청", AT,
    )  # fmt: skip
    assert run(city, AT) == 0
    assert set_rule(partner, wallet).pk != rule.pk
    assert run(city, AT) == 1


def test_a_new_rule_replaces_the_one_before(city, partner, wallet):
    set_rule(partner, wallet)
    set_rule(partner, wallet, amount=30_000)
    assert list(AutoTopUp.objects.order_by("id").values_list("amount", "state", "stopped_how")) == [
        (20_000, "stopped", "replaced"), (30_000, "active", ""),
    ]  # fmt: skip


def test_a_wallet_of_another_app_has_no_rule_here(city, partner, wallet):
    call("ledger.link_wallet", city.code, wallet, factories.make_partner(city).pk)
    with refused(WalletUnknown):
        set_rule(partner, wallet)
    assert selectors.auto_of(caller=write_of(partner).caller, wallet=wallet) is None
