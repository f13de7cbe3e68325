"""What a programme's budget comes to. Won; the execution rate is a fraction."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, kw_only=True)
class Budget:
    """예산: allotted so far, reserved for lists in approval, and paid."""

    allotted: int
    reserved: int
    paid: int

    @property
    def available(self) -> int:
        """집행 가능액: what a new list may still claim."""
        return self.allotted - self.reserved - self.paid

    @property
    def execution_rate(self) -> Fraction:
        """집행률 = 지출액 ÷ 예산현액; 0 while nothing is allotted."""
        return Fraction(self.paid, self.allotted) if self.allotted else Fraction(0)
