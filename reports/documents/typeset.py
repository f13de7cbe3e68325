"""Paper by the ten thousand: Typst to PDF/A-3a, tagged, with the Korean font embedded.

WeasyPrint (`pdf`) takes six times as long for the same page, so what is printed for every shop is typeset here. A template
gets its words as data, so nothing they hold is read as markup. Typst works outside Python's lock: threads use all cores.
"""

from __future__ import annotations

import io
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from threading import local
from typing import Any, Final, TypeVar

import typst
from fontTools.ttLib import TTFont
from pikepdf import ObjectStreamMode, Pdf

from reports.documents.pdf import PaperFailed

FILES: Final = Path(__file__).resolve().parents[2] / "templates" / "reports" / "documents"
"""The only folder that a template can read."""
FAMILY: Final = "NanumGothic"
THREADS: Final = 2
_AHEAD: Final = 8
_UNKNOWN: Final = "〓"

Thing = TypeVar("Thing")
_of_thread = local()


def render(template: str, said: Mapping[str, Any], *, tagged: bool = True) -> bytes:
    """The PDF/A-3a of a template of `FILES` with what is said, not ``tagged`` PDF/A-3b; the same words give the same bytes.

    A letter that no font of this machine has is shown as 〓. Raises PaperFailed.
    """
    words = json.dumps(said, ensure_ascii=False)
    try:
        try:
            made = _compiled(template, words, tagged=tagged)
        except typst.TypstError:
            made = _compiled(template, _shown(words), tagged=tagged)
    except typst.TypstError as error:
        raise PaperFailed(error.message) from error
    return _compact(made)


def attempt_many(make: Callable[[Thing], bytes], things: Iterable[Thing]) -> Iterator[bytes | BaseException]:
    """For each of ``things``, in their order, the paper that ``make`` makes of it or the error that kept it from being made.

    Things are taken a few ahead, so neither all of them nor all of the papers are in memory. ``make`` runs in threads of
    its own, which end with the iteration, and must not use the database.
    """
    pool = ThreadPoolExecutor(THREADS, thread_name_prefix="typeset")
    waiting: deque[Future[bytes]] = deque()
    try:
        for thing in things:
            waiting.append(pool.submit(make, thing))
            if len(waiting) >= THREADS * _AHEAD:
                yield _outcome(waiting.popleft())
        while waiting:
            yield _outcome(waiting.popleft())
    finally:
        pool.shutdown(cancel_futures=True)


def _outcome(future: Future[bytes]) -> bytes | BaseException:
    return future.exception() or future.result()


def _compiled(template: str, words: str, *, tagged: bool) -> bytes:
    """A compiler serves one thread at a time; the fonts are read once."""
    if not hasattr(_of_thread, "compiler"):
        _of_thread.compiler = typst.Compiler(root=FILES, font_paths=_fonts())
    made: bytes = _of_thread.compiler.compile(
        FILES / template, format="pdf", sys_inputs={"said": words}, pdf_standards=["a-3a" if tagged else "a-3b"],
        pdf_tags=tagged,
    )  # fmt: skip
    return made


def _compact(paper: bytes) -> bytes:
    """Two thirds of the size: the thousand small objects of the tags are compressed together."""
    with Pdf.open(io.BytesIO(paper)) as opened, io.BytesIO() as file:
        opened.save(file, object_stream_mode=ObjectStreamMode.generate, deterministic_id=True)
        return file.getvalue()


def _shown(words: str) -> str:
    return "".join(letter if ord(letter) in _known() else _UNKNOWN for letter in words)


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    return typst.Fonts()


@lru_cache(maxsize=1)
def _known() -> frozenset[int]:
    """The letters of the Korean font."""
    path = next(font.path for font in _fonts().fonts() if font.family == FAMILY and font.path)
    with TTFont(path, lazy=True) as font:
        return frozenset(font.getBestCmap())
