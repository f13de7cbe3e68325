"""A city whose last month is closed: shops of two 읍면동 and one of none, paid on some days, with what a month can hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from merchants.registry.models import Merchant
from tests import factories
from tests.factories import AT, City
from vouchers.common.models import uuid7
from vouchers.common.seoul import SEOUL, business_date
from vouchers.ledger.services import call
from vouchers.municipalities.models import Dong
from vouchers.officials.models import Official
from vouchers.officials.rules import Role
from vouchers.officials.selectors import Authority, authority_of

MONTH = (business_date(AT).replace(day=1) - timedelta(days=1)).replace(day=1)


def on(day: int, hour: int = 12) -> datetime:
    """That hour in Seoul of a day of the month."""
    return datetime(MONTH.year, MONTH.month, day, hour, tzinfo=SEOUL)


@dataclass
class Month:
    """The city, its second 읍면동, and its shops by name."""

    city: City
    other: Dong
    shops: dict[str, Merchant]
    official: Official

    @property
    def authority(self) -> Authority:
        """Of the settlement officer."""
        return authority_of(official_id=self.official.pk, day=business_date(AT))

    def pay(self, shop: str, amount: int, day: int) -> UUID:
        """A citizen pays at noon."""
        wallet = factories.wallet_of(self.citizen).pk
        return call(
            "payments.pay", self.city.code, self.partner.pk, str(uuid7()), b"", wallet, self.shops[shop].code, "T001", amount,
            "주문", on(day),
        )[0]  # fmt: skip

    def __post_init__(self) -> None:
        self.citizen, self.partner = factories.make_citizen(self.city), factories.make_partner(self.city)
        factories.grant(self.city, {self.citizen: 50_000_000}, at=on(1, 1))

    def cancel(self, payment: UUID, amount: int, day: int) -> None:
        """An hour after noon."""
        call("payments.cancel", self.city.code, self.partner.pk, str(uuid7()), b"", payment, amount, on(day, 13))


def make_month(*, shops: int = 0, close: bool = True) -> Month:
    """가 (two days, a cancellation) and 나 in the first 읍면동, 다 in the second, 라 in none; ``shops`` more in the first."""
    city = factories.make_city(payment_limit=10_000_000)
    with city.scope():
        call("ledger.ensure_partitions", MONTH - timedelta(days=1), AT.date())
        other = Dong.objects.create(municipality=city.municipality, code=f"{city.code}99000", name="원신동")
        numbered = {
            name: factories.make_merchant(
                city, code=f"M00000000{number}", name=f"{name}상회", dong=dong, representative="홍길동", account_bank="088",
                account_number="110-123-456789", account_holder="홍길동",
            )
            for number, (name, dong) in enumerate([("다", other), ("나", city.dong), ("라", None), ("가", city.dong)], 1)
        }  # fmt: skip
        for number in range(shops):
            numbered[f"더{number}"] = factories.make_merchant(city, code=f"M00001{number:04d}", dong=city.dong)
        month = Month(city, other, numbered, factories.make_official(city, Role.SETTLEMENT_OFFICER))
        taken = month.pay("가", 30_000, 1)
        month.pay("가", 5_500, 1)
        month.pay("나", 7_000, 2)
        month.pay("다", 11_000, 2)
        month.cancel(taken, 12_000, 3)
        month.pay("가", 9_000, 4)
        month.pay("라", 1_000, 28)
        for number in range(shops):
            month.pay(f"더{number}", 1_000 + number, 5)
        if close:
            close_month(city)
    return month


def close_month(city: City) -> None:
    """Every day of it."""
    day = MONTH
    while day.month == MONTH.month:
        call("ledger.fence", city.code, day)
        call("settlement.close_day", city.code, city.currency.pk, day, AT, date(2026, 1, 1))
        day += timedelta(days=1)
