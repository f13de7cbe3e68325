"""What a measurement says, and how it is told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Result:
    """``ratio`` is value to against_value; ``reach`` is the least of it (``at_least``), or else the most.

    A figure that is promised as such, not as a ratio, has no ``against``; then ``ratio`` is the value itself. One that is
    only told has no ``reach``.
    """

    name: str
    value: float
    unit: str
    reach: float | None = None
    at_least: bool = True
    against: str = ""
    against_value: float | None = None

    @property
    def ratio(self) -> float:
        """What is held against ``reach``."""
        return self.value / self.against_value if self.against_value else self.value

    @property
    def ok(self) -> bool:
        """Whether the promise is kept."""
        if self.reach is None:
            return True
        return self.ratio >= self.reach if self.at_least else self.ratio <= self.reach

    @property
    def _promise(self) -> str:
        return "" if self.reach is None else f"{'≥' if self.at_least else '≤'} {self.reach:g}"

    def as_json(self) -> dict[str, Any]:
        """The entry in var/bench.json."""
        said = asdict(self)
        said.pop("at_least")
        said["reach"] = self._promise
        return {
            name: round(value, 3) if isinstance(value, float) else value
            for name, value in (said | {"ratio": self.ratio, "ok": self.ok}).items()
        }

    def as_line(self) -> str:
        """The row of the printed table."""
        against = f"{self.against}: {self.against_value:,.1f}" if self.against_value else ""
        return (
            f"{'ok  ' if self.ok else 'MISS'} {self.name:<44} {self.value:>12,.1f} {self.unit:<8} "
            f"{against:<40} {self.ratio:>9.2f} {self._promise}"
        )


def alternately(rounds: int, measurements: Sequence[Callable[[], float]]) -> list[list[float]]:
    """Take every measurement once a round, so that whatever else the machine does falls on all of them."""
    taken: list[list[float]] = [[] for _ in measurements]
    for _ in range(rounds):
        for values, measure in zip(taken, measurements, strict=True):
            values.append(measure())
    return taken


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def table(results: Iterable[Result]) -> str:
    """All of them, a line each."""
    return "\n".join(result.as_line() for result in results)
