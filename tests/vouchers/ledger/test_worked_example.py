"""A day in the life of one city's money, as an accountant would follow it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from tests import factories
from tests.factories import AT
from vouchers.common.models import uuid7
from vouchers.ledger import errors
from vouchers.ledger.models import Balance, Lot, Transfer
from vouchers.ledger.services import call
from vouchers.payments.models import Payment

pytestmark = pytest.mark.django_db


def pay(city, wallet, merchant, amount, *, partner, key=None, at=AT):
    """Pay through the function the API calls; the payment id comes first."""
    return call(
        "payments.pay", city.code, partner.pk, key or str(uuid7()), b"\0" * 32, wallet.pk, merchant.code, "T001",
        amount, "order", at,
    )  # fmt: skip


def test_grant_pay_refund_close_settle():
    city = factories.make_city()
    with city.scope():
        citizen, merchant, partner = (
            factories.make_citizen(city), factories.make_merchant(city), factories.make_partner(city)
        )  # fmt: skip
        wallet = factories.wallet_of(citizen)
        programme = factories.make_programme(city, budget=100_000)
        factories.grant(city, {citizen: 60_000}, programme=programme)
        factories.grant(city, {citizen: 40_000}, programme=programme, validity_days=30)

        payment, *_ = pay(city, wallet, merchant, 50_000, partner=partner)
        # soonest expiry first: all of the 30-day lot, then 10,000 of the other
        assert sorted(Lot.objects.values_list("granted", "remaining")) == [(40_000, 0), (60_000, 50_000)]

        call("payments.cancel", city.code, partner.pk, "cancel-1", b"\1" * 32, payment, 15_000, AT)
        # last drawn first: the 10,000 go back to the 90-day lot, 5,000 to the 30-day lot
        assert sorted(Lot.objects.values_list("granted", "remaining")) == [(40_000, 5_000), (60_000, 60_000)]
        assert Payment.objects.get(pk=payment).refunded == 15_000

        with pytest.raises(errors.InsufficientFunds) as refused, transaction.atomic():
            pay(city, wallet, merchant, 65_001, partner=partner)
        assert refused.value.params == {"available": 65_000}

        today = AT.date()
        call("ledger.fence", city.code, today)
        call("settlement.close_day", city.code, city.currency.pk, today, AT + timedelta(days=1))
        settled = Balance.objects.exclude(credits=0).exclude(floor=None)
        assert sum(row.credits - row.debits for row in settled) == 35_000
        # every won that came in stands somewhere
        assert sum(Lot.objects.values_list("remaining", flat=True)) + 35_000 == 100_000
        assert Transfer.objects.count() == 2 + 2 + 2 + 2 + 1
