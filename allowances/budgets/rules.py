"""What a budget comes to: the columns of 예산 집행 현황, and how amounts are split among those who pay them.

Won, and no fraction of a won. Of an amount that is split by percentages, state and province bear their share rounded
down, and the municipality the rest, so that the three always make the whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, kw_only=True)
class Split:
    """국비, 시도비 and 시군구비 of an amount in won."""

    national: int = 0
    province: int = 0
    city: int = 0

    @property
    def total(self) -> int:
        """The whole amount."""
        return self.national + self.province + self.city

    def __add__(self, other: Split) -> Split:
        return Split(
            national=self.national + other.national,
            province=self.province + other.province,
            city=self.city + other.city,
        )

    def __neg__(self) -> Split:
        return Split(national=-self.national, province=-self.province, city=-self.city)

    def __sub__(self, other: Split) -> Split:
        return self + -other


@dataclass(frozen=True, kw_only=True)
class Shares:
    """Percentages of a line that state and province pay; the municipality pays the rest."""

    national: Decimal = Decimal(0)
    province: Decimal = Decimal(0)

    @property
    def city(self) -> Decimal:
        """시군구비: what is left."""
        return 100 - self.national - self.province

    def of(self, amount: int) -> Split:
        """The amount by who pays it. A negative amount is the split of its positive one, turned round."""
        if amount < 0:
            return -self.of(-amount)
        national, province = (int(amount * share / 100) for share in (self.national, self.province))
        return Split(national=national, province=province, city=amount - national - province)
