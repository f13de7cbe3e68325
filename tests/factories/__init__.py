"""Factories: the smallest world in which a thing makes sense, built through the same services the product uses."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from allowances.catalogue.models import AllowanceType
from allowances.programmes.models import Cycle, Programme
from merchants.qr_kit.models import MerchantQR
from merchants.registry.models import Merchant, MerchantStatus
from vouchers.citizens.models import Citizen
from vouchers.common.models import uuid7
from vouchers.common.scope import scope
from vouchers.currencies.models import Currency, CurrencyPolicy
from vouchers.ledger import services as ledger
from vouchers.ledger.models import AccountKind
from vouchers.municipalities.models import Dong, Municipality
from vouchers.officials.models import Official, RoleAssignment
from vouchers.officials.rules import Role
from vouchers.payments.models import Partner
from vouchers.wallets.models import Wallet

_numbers = itertools.count(1)
AT = datetime.now(UTC).replace(hour=3, minute=0, second=0, microsecond=0)
"""Noon in Seoul today: the moment of everything whose time does not matter."""


@dataclass
class City:
    """A municipality with one currency, a dong, and the bank account behind the currency."""

    municipality: Municipality
    currency: Currency
    dong: Dong

    @property
    def code(self) -> str:
        """The 5-digit region code."""
        return self.municipality.code

    def scope(self) -> Any:
        """A scope that sees this city and no other."""
        return scope(municipalities=[self.code])


def make_city(*, code: str = "41280", name: str = "고양시", payment_limit: int = 1_000_000) -> City:
    """A city that can hold money."""
    with scope(municipalities=[code]):
        municipality = Municipality.objects.create(code=code, name=name, name_en=f"City {code}")
        dong = Dong.objects.create(municipality=municipality, code=f"{code}51000", name="주교동")
        currency = Currency.objects.create(municipality=municipality, name=f"{name}페이", name_en=f"Pay {code}")
        CurrencyPolicy.objects.create(
            municipality=municipality, currency=currency, valid_from=date(2020, 1, 1), payment_limit=payment_limit,
            legal_basis="조례 제8조",
        )  # fmt: skip
        ledger.open_account(municipality=code, currency=currency.pk, kind=AccountKind.BANK, owner=None)
    return City(municipality, currency, dong)


def make_official(city: City, *roles: Role, name: str = "", **fields: Any) -> Official:
    """An official with roles at the city since 2020; the password is ``jangteo-demo-1``."""
    number = next(_numbers)
    official = Official.objects.create_official(
        username=fields.pop("username", f"official{number}"), password=fields.pop("password", "jangteo-demo-1"),
        name=name or f"직원{number}", municipality=city.municipality, **fields,
    )  # fmt: skip
    for role in roles:
        RoleAssignment.objects.create(
            municipality=city.municipality, official=official, role=role, valid_from=date(2020, 1, 1), reason="시험"
        )
    return official


def make_citizen(city: City, *, wallet: bool = True, **fields: Any) -> Citizen:
    """A member, by default with a wallet in the city's currency."""
    number = next(_numbers)
    fields = {
        "name": f"시민{number}", "birth_date": date(1985, 1, 1), "phone": f"010{number:08d}", "dong": city.dong,
        "resident_since": date(2015, 1, 1),
    } | fields  # fmt: skip
    citizen = Citizen.objects.create(municipality=city.municipality, **fields)
    if wallet:
        ledger.open_wallets(municipality=city.code, currency=city.currency.pk, citizens=[citizen.pk])
    return citizen


def wallet_of(citizen: Citizen) -> Wallet:
    """The citizen's only wallet."""
    return Wallet.objects.get(citizen=citizen)


def make_merchant(city: City, *, terminal: str = "T001", **fields: Any) -> Merchant:
    """An active shop with a QR code and its two accounts."""
    number = next(_numbers)
    fields = {
        "code": f"M{number:09d}", "name": f"행복분식 {number}호점", "name_ascii": f"HAPPY BUNSIK {number}",
        "business_number": f"{number:010d}", "representative": "김장터", "category_id": "restaurant",
        "annual_sales": 100_000_000, "address": "경기도 고양시 덕양구 고양시청로 10", "status": MerchantStatus.ACTIVE,
        "registered_on": date(2024, 1, 1),
    } | fields  # fmt: skip
    merchant = Merchant.objects.create(municipality=city.municipality, dong=city.dong, **fields)
    MerchantQR.objects.create(municipality=city.municipality, merchant=merchant, terminal=terminal)
    for kind in (AccountKind.MERCHANT_PENDING, AccountKind.MERCHANT_SETTLED):
        ledger.open_account(municipality=city.code, currency=city.currency.pk, kind=kind, owner=merchant.pk)
    return merchant


def make_programme(city: City, *, budget: int = 1_000_000_000, at: datetime = AT, **fields: Any) -> Programme:
    """An open programme with money in its budget."""
    number = next(_numbers)
    fields = {
        "name": f"청년 지원금 {number}", "fiscal_year": at.year, "department": "지역경제과", "legal_basis": "조례 제12조",
        "is_not_wage": True, "amount": 100_000, "amount_max": 100_000, "validity_days": 90, "residency_required": False,
        "type": AllowanceType.objects.order_by("code").first(), "currency": city.currency,
    } | fields  # fmt: skip
    programme = Programme.objects.create(municipality=city.municipality, **fields)
    ledger.open_account(
        municipality=city.code, currency=city.currency.pk, kind=AccountKind.PROGRAMME, owner=programme.pk
    )
    if budget:
        ledger.fund(
            id=uuid7(), municipality=city.code, currency=city.currency.pk, programme=programme.pk, amount=budget, at=at
        )
    return programme


def make_cycle(programme: Programme, **fields: Any) -> Cycle:
    """A payment round whose reference date is today."""
    fields = {"number": next(_numbers), "name": "11월분", "reference_date": AT.date()} | fields
    return Cycle.objects.create(municipality_id=programme.municipality_id, programme=programme, **fields)


def make_partner(city: City, **fields: Any) -> Partner:
    """An organisation that may call the API."""
    return Partner.objects.create(municipality=city.municipality, name=f"연계기관 {next(_numbers)}", **fields)


def grant(city: City, wallet: UUID, amount: int, *, programme: Programme, usage_rule: UUID | None = None,
          expires_at: datetime | None = None, at: datetime = AT) -> None:  # fmt: skip
    """Put policy money straight into a wallet, as the owner: for tests of what happens after disbursement."""
    from django.db import connections

    ledger.reserve(municipality=city.code, currency=city.currency.pk, programme=programme.pk, amount=amount)
    raise_in = connections["default"]
    with raise_in.cursor() as cursor:
        cursor.execute("SELECT 1")
