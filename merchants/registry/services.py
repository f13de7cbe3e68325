"""Registering shops, and loading the business categories that usage rules speak of."""

from __future__ import annotations

import csv
from pathlib import Path

from merchants.registry.models import Merchant, MerchantCategory
from vouchers.currencies.models import Currency
from vouchers.ledger import services as ledger
from vouchers.ledger.models import AccountKind

CATEGORIES = Path(__file__).parent / "data" / "categories.csv"


def load_categories(*, using: str, path: Path = CATEGORIES) -> int:
    """Insert or update every category of the file by its code; returns how many it names."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [MerchantCategory(**row) for row in csv.DictReader(file)]
    MerchantCategory.objects.using(using).bulk_create(
        rows, update_conflicts=True, unique_fields=["code"], update_fields=["name", "name_en", "mcc"]
    )
    return len(rows)


def open_for_payments(*, merchant: Merchant) -> None:
    """Open the two accounts that a shop's money passes through, in every currency of its municipality; once each."""
    for currency in Currency.objects.filter(municipality=merchant.municipality_id):
        for kind in (AccountKind.MERCHANT_PENDING, AccountKind.MERCHANT_SETTLED):
            ledger.open_account(
                municipality=merchant.municipality_id, currency=currency.pk, kind=kind, owner=merchant.pk
            )
