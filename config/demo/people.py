"""Made-up people and shops. The same seed makes the same ones; no telephone number is one that is given out.

Numbers after 010 begin with 2 to 9 in Korea, so 010-0… and 010-1… belong to nobody.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

WORDS: Final[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))
_WEIGHTS = [max(1, 21 - number) for number in range(len(WORDS["family_names"]))]


@dataclass(frozen=True, slots=True)
class Person:
    """Who a citizen is."""

    name: str
    birth_date: date
    phone: str
    dong: str


class People:
    """Draws people and shops; telephone numbers and shops' numbers are never drawn twice."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - made-up data
        self._phones = iter(range(seed * 100_000, 20_000_000))

    def name(self) -> str:
        """A family name as frequent as in life, and a given name of two syllables."""
        family: str = self.random.choices(WORDS["family_names"], _WEIGHTS)[0]
        return family + self.random.choice(WORDS["first_syllables"]) + self.random.choice(WORDS["second_syllables"])

    def phone(self) -> str:
        """The next number that belongs to nobody: 010, then 0 or 1, then seven digits."""
        return f"010{next(self._phones):08d}"

    def person(self, *, dongs: Sequence[str], born_from: date, born_until: date) -> Person:
        """Somebody born in that time, both days included."""
        days = (born_until - born_from).days
        birth_date = born_from + timedelta(days=self.random.randint(0, days))
        return Person(self.name(), birth_date, self.phone(), self.random.choice(dongs))

    def shops(self, count: int) -> Iterator[tuple[str, str, str, str]]:
        """(category, name, name in ASCII, business number) of that many shops."""
        for number in range(count):
            category, kind, kind_ascii = WORDS["shop_kinds"][number % len(WORDS["shop_kinds"])]
            word = self.random.choice(WORDS["shop_words"])
            yield (
                category,
                f"{word} {kind} {number + 1}호점",
                f"JANGTEO {kind_ascii} {number + 1}",
                business_number(number),
            )


def business_number(number: int) -> str:
    """A well-formed registration number with the office code 000, which no tax office has."""
    digits = f"000{number % 80 + 1:02d}{number:04d}"
    total = sum(int(digit) * weight for digit, weight in zip(digits, (1, 3, 7, 1, 3, 7, 1, 3, 5), strict=True))
    return digits + str(-(total + int(digits[8]) * 5 // 10) % 10)
