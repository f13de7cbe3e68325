"""Something of each kind that happens between the payment of a shop and its bank."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from merchants.registry.models import Merchant
from merchants.settlement.models import ExchangeLimit, ExchangeUplift, PayoutHold
from tests.factories import AT, City
from vouchers.common.models import uuid7
from vouchers.common.seoul import business_date
from vouchers.ledger.services import call
from vouchers.officials.models import Official


def exchange_and_hold(city: City, merchant: Merchant, official: Official, wallet: UUID, partner: UUID) -> None:
    """A shop sells for 700 won today and exchanges them; then somebody asks for more for it, and holds it back tomorrow."""
    own: dict[str, Any] = {"municipality": city.municipality}
    today = business_date(AT)
    ExchangeLimit.objects.create(
        currency=city.currency, valid_from=today, per_month=50_000_000, legal_basis="조례", **own
    )
    call("payments.pay", city.code, partner, str(uuid7()), b"\0" * 32, wallet, merchant.code, "T001", 700, "now", AT)
    call("settlement.exchange", city.code, uuid7(), city.currency.pk, merchant.pk, 700, official.pk, None, AT)
    ExchangeUplift.objects.create(
        merchant=merchant, currency=city.currency, valid_from=today, valid_until=today, per_month=100_000_000,
        reason="명절 대목", requested_by=official, requested_at=AT, **own,
    )  # fmt: skip
    PayoutHold.objects.create(
        merchant=merchant, valid_from=today + timedelta(days=1), reason="부정 사용 의심", official=official, **own
    )
