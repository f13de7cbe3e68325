"""Each night codes, orders and requests go that are older than the terms keep them; what somebody paid by stays."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, NamedTuple

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from tests import factories
from tests.factories import AT, City
from vouchers.common.models import uuid7
from vouchers.ledger.services import call
from vouchers.partners.models import IdempotencyRecord
from vouchers.payments import services
from vouchers.payments.models import OnlineChannel, OnlineOrder, Payment, PaymentTerms, PaymentToken, SaleQR

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
KINDS = (SaleQR, PaymentToken, OnlineOrder, IdempotencyRecord)


class World(NamedTuple):
    """A city where each kind of thing was used once and left unused once, at noon today."""

    city: City
    partner: Any
    spent: Any
    paid_order: Any


@pytest.fixture
def world() -> World:
    city = factories.make_city()
    with city.scope():
        PaymentTerms.objects.update(request_days=60, code_days=80)
        shop, partner = factories.make_merchant(city), factories.make_partner(city)
        payer, idle = (factories.make_citizen(city) for _ in range(2))
        wallet, other = factories.wallet_of(payer).pk, factories.wallet_of(idle).pk
        factories.grant(city, {payer: 10_000})
        OnlineChannel.objects.create(
            municipality=city.municipality, code="delivery", name="배달앱", kind="delivery", partner=partner
        )

        def ask(function: str, *parameters: Any) -> Any:
            return call(function, city.code, partner.pk, str(uuid7()), b"\1" * 32, *parameters)[0]

        spent = ask("payments.new_sale_qr", shop.code, 1_000, "POS-1", AT)
        ask("payments.new_sale_qr", shop.code, 1_000, "POS-2", AT)
        ask("payments.pay", wallet, shop.code, None, 1_000, "주문", AT, spent)
        ask("payments.new_token", wallet, uuid7(), b"\2" * 16, AT)
        ask("payments.new_token", other, uuid7(), b"\3" * 16, AT)
        ask("payments.pay_by_token", b"\2" * 16, shop.code, 500, "주문", AT)
        paid = ask("payments.prepare_order", "delivery", shop.code, "A1", 700, 700, wallet, AT)
        ask("payments.prepare_order", "delivery", shop.code, "A2", 700, 700, wallet, AT)
        ask("payments.confirm_order", paid, wallet, 700, AT)
    return World(city, partner, spent, paid)


def counts(world: World) -> list[int]:
    with world.city.scope():
        return [kind.objects.count() for kind in KINDS]


def prune(world: World, days: int, **how: Any) -> list[int]:
    """What is left of each kind after the night so many days later (an hour on, when every code has expired)."""
    services.prune(municipality=world.city.code, at=AT + days * DAY + timedelta(hours=1), **how)
    return counts(world)


def test_each_kind_goes_after_its_own_days_and_not_before(world):
    assert counts(world) == [2, 2, 2, 9]
    assert prune(world, 59) == [2, 2, 2, 9]
    assert prune(world, 60) == [2, 2, 2, 0]
    assert prune(world, 79) == [2, 2, 2, 0]
    assert prune(world, 80) == [1, 0, 1, 0]


def test_what_somebody_paid_by_stays_with_its_payment_for_ever(world):
    prune(world, 4_000)
    with world.city.scope():
        assert SaleQR.objects.get().pk == world.spent
        order = OnlineOrder.objects.get()
        assert order.pk == world.paid_order
        assert Payment.objects.filter(pk__in=[SaleQR.objects.get().payment_id, order.payment_id]).count() == 2
        assert Payment.objects.count() == 3
        told = call("payments.online_order", world.city.code, world.partner.pk, order.pk)
    assert order.payment_id in told


def test_chunks_go_on_until_nothing_old_is_left(world):
    assert prune(world, 90, chunk=1) == [1, 0, 1, 0]


def test_the_terms_of_the_night_count_and_without_any_ninety_days_do(world):
    with world.city.scope():
        PaymentTerms.objects.create(
            municipality=world.city.municipality, valid_from=AT.date() + 20 * DAY, request_days=30, code_days=30,
            legal_basis="-",
        )  # fmt: skip
    assert prune(world, 31) == [1, 0, 1, 0]


def test_without_terms_ninety_days_count(world):
    with world.city.scope():
        PaymentTerms.objects.all().delete()
    assert prune(world, 89) == [2, 2, 2, 9]
    assert prune(world, 90) == [1, 0, 1, 0]


def test_another_citys_stay(world):
    other = factories.make_city(code="41570", name="김포시")
    services.prune(municipality=other.code, at=AT + 400 * DAY)
    assert counts(world) == [2, 2, 2, 9]


@pytest.mark.parametrize(("requests", "codes"), [(29, 90), (90, 366), (90, 60), (366, 366)])
def test_terms_that_forget_too_early_or_keep_too_long_are_refused(requests, codes):
    city = factories.make_city()
    with city.scope():
        terms = PaymentTerms(
            municipality=city.municipality, valid_from=date(2030, 1, 1), request_days=requests, code_days=codes,
            legal_basis="-",
        )  # fmt: skip
        with pytest.raises(ValidationError, match=r"보관 기간은|먼저 지울 수 없습니다"):
            terms.full_clean()
        with pytest.raises(IntegrityError), transaction.atomic():
            terms.save()


def test_a_forgotten_request_is_a_new_one(world):
    key = (world.city.code, world.partner.pk, "again", b"\5" * 32)
    with world.city.scope():
        first = call("partners.remember", *key, uuid7(), AT)
        assert call("partners.remember", *key, uuid7(), AT) == (first[0], True)
    prune(world, 61)
    with world.city.scope():
        assert call("partners.remember", *key, uuid7(), AT)[1] is False
