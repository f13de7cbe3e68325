"""The official's own file again, with the reason and the way to mend it beside each bad row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO, Final

from django.utils.translation import gettext_lazy as _

from allowances.batches.reading.reader import Limits
from allowances.batches.reading.rewriting import Cell, Mark, neutral, rewritten

__all__ = ["ACCEPTED", "DOUBTFUL", "ERROR", "LEFT_OUT", "RESULT_COLUMNS", "Note", "annotate", "neutral"]

Note = tuple[int, str, str, str]
"""(row number, result, reason, remedy); several for one row are put together."""

RESULT_COLUMNS: Final[tuple[Any, ...]] = (_("처리결과"), _("오류 사유"), _("고치는 방법"))
ERROR: Final = _("오류(지급 제외)")
DOUBTFUL: Final = _("확인 필요(지급 가능)")
ACCEPTED: Final = _("확인함(지급)")
LEFT_OUT: Final = _("제외함")


def annotate(
    file: BinaryIO, *, layout: dict[str, Any], notes: Iterable[Note], cells: Iterable[Cell] = (),
    limits: Limits | None = None,
) -> Iterator[bytes]:  # fmt: skip
    """Stream the copy with RESULT_COLUMNS added at the right end; ``notes`` and corrected ``cells`` come in row order."""
    titles = [str(title) for title in RESULT_COLUMNS]
    return rewritten(file, layout=layout, titles=titles, notes=notes, marked=_mark, limits=limits, cells=cells)


def _mark(texts: Sequence[str]) -> Mark | None:
    if str(ERROR) in texts[0] or str(LEFT_OUT) in texts[0]:
        return "bad"
    return "good" if texts[0] == str(ACCEPTED) else "doubtful"
