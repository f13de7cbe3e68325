from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allowances.batches.reading.problems import PROBLEMS, CellProblem


def outcome(read: Callable[[str], Any], cell: str) -> tuple[str, Any]:
    """(code, None) for a cell that is refused, which must be for a known reason; ("", value) for one that is read."""
    try:
        return "", read(cell)
    except CellProblem as problem:
        code = problem.code
    assert code in PROBLEMS
    return code, None
