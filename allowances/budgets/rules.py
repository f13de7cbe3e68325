"""What a budget comes to: the columns of 예산 집행 현황, and how amounts are split among those who pay them.

Won, and no fraction of a won. Of an amount that is split by percentages, state and province bear their share rounded
down, and the municipality the rest, so that the three always make the whole.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final

from django.utils.translation import gettext_lazy as _

PAYERS: Final = (("national", _("국비")), ("province", _("시도비")), ("city", _("시군구비")))
"""Who pays: the name of the part in a split, and how officials call it."""


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

    def of_spent(self, amount: int, *, budget: Split) -> Split:
        """What was spent by who bears it: state and province never more than their part of the budget, the municipality
        the rest, as subsidies end where what was granted ends."""
        parts = self.of(amount)
        national, province = min(parts.national, budget.national), min(parts.province, budget.province)
        return Split(national=national, province=province, city=amount - national - province)


@dataclass(frozen=True, kw_only=True)
class Budget:
    """A programme's 예산: allotted so far, reserved for lists in approval, paid, and come back of what was paid."""

    allotted: int
    reserved: int
    paid: int
    returned: int = 0

    @property
    def available(self) -> int:
        """집행 가능액: what a new list may still claim."""
        return self.allotted - self.reserved - self.spent

    @property
    def spent(self) -> int:
        """지출액 = 지급액 − 환수·반납(보관 기한이나 유효기간이 지나 돌아온 금액 포함)."""
        return self.paid - self.returned

    @property
    def left(self) -> int:
        """집행잔액 = 예산현액 − 지출액; what is reserved is part of it."""
        return self.allotted - self.spent

    @property
    def execution_rate(self) -> Fraction:
        """집행률 = 지출액 ÷ 예산현액; 0 while nothing is allotted."""
        return Fraction(self.spent, self.allotted) if self.allotted else Fraction(0)


@dataclass(frozen=True, kw_only=True)
class LineBudget:
    """A line's columns of 예산 집행 현황. ``gone`` and what was spent are positive."""

    original: Split = Split()
    carried: Split = Split()
    transferred: Split = Split()
    contingency: Split = Split()
    recovered: Split = Split()
    gone: Split = Split()
    allotted: int = 0
    reserved: int = 0
    paid: int = 0
    returned: int = 0

    def __add__(self, other: LineBudget) -> LineBudget:
        return LineBudget(
            **{field.name: getattr(self, field.name) + getattr(other, field.name) for field in fields(self)}
        )

    @property
    def current(self) -> Split:
        """예산현액 = 예산액 + 전년도 이월 + 전용·변경사용 + 예비비."""
        return self.original + self.carried + self.moved

    @property
    def moved(self) -> Split:
        """전용·변경사용과 예비비: what came from other parts of the budget during the year."""
        return self.transferred + self.contingency

    @property
    def given_back(self) -> int:
        """환수·반납: what came back of payments, to the programmes or to the line."""
        return self.returned + self.recovered.total

    @property
    def spent(self) -> int:
        """지출액 = 지급액 − 환수·반납."""
        return self.paid - self.given_back

    @property
    def left(self) -> int:
        """집행잔액 = 예산현액 − 지출액 − 다음 연도 이월·불용·반환; what is reserved is part of it."""
        return self.current.total - self.spent - self.gone.total

    @property
    def unallotted(self) -> int:
        """What the line still holds: neither given to a programme nor gone."""
        return self.current.total + self.recovered.total - self.gone.total - self.allotted

    @property
    def execution_rate(self) -> Fraction:
        """집행률 = 지출액 ÷ 예산현액; 0 without a budget."""
        return Fraction(self.spent, self.current.total) if self.current.total else Fraction(0)


def runs_out_on(*, spent: int, left: int, first: date, last: date, today: date) -> date | None:
    """The day on which the rest is spent at the pace since ``first``; None when that lies after ``last``, or when nothing
    has been spent or the year is not the present one."""
    if spent <= 0 or not first <= today <= last:
        return None
    days = max(left, 0) * ((today - first).days + 1) // spent
    return today + timedelta(days=days) if days <= (last - today).days else None
