"""Money that may be spent in some dongs only."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from tests import factories
from tests.factories import AT
from vouchers.common.models import uuid7
from vouchers.currencies.models import UsageRule
from vouchers.ledger.errors import InsufficientFunds
from vouchers.ledger.services import call
from vouchers.municipalities.models import Dong

pytestmark = pytest.mark.django_db


def test_money_for_one_dong_is_taken_there_and_nowhere_else() -> None:
    city = factories.make_city()
    with city.scope():
        citizen, partner = factories.make_citizen(city), factories.make_partner(city)
        rule = UsageRule.objects.create(municipality=city.municipality, name="주교동", allowed_dongs=["주교동"])
        factories.grant(city, {citizen: 50_000}, usage_rule=rule.pk)
        here, elsewhere = factories.make_merchant(city, terminal="T1"), factories.make_merchant(city, terminal="T2")
        elsewhere.dong = Dong.objects.create(municipality=city.municipality, code="4128099000", name="원신동")
        elsewhere.save()
        wallet = factories.wallet_of(citizen)

        def pay(shop: Any, terminal: str) -> None:
            call(
                "payments.pay", city.code, partner.pk, str(uuid7()), b"\0" * 32, wallet.pk, shop.code, terminal, 3_000, str(uuid7()), AT
            )  # fmt: skip

        pay(here, "T1")
        with pytest.raises(InsufficientFunds), transaction.atomic():
            pay(elsewhere, "T2")
        rule.allowed_dongs = []
        rule.save()
        pay(elsewhere, "T2")
