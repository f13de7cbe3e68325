"""Many papers bound into one file, as qpdf does it (pikepdf): their pages as they are, a bookmark for each.

The bound file is for printing and for looking through. It is PDF/A-3b; the tags for screen readers stay with the papers.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from tempfile import TemporaryFile
from typing import BinaryIO, Final

from pikepdf import ObjectStreamMode, OutlineItem, Pdf

_AT_ONCE: Final = 50
"""Papers that are read together: a tagged one takes a megabyte while it is open, without its tags a few kilobytes."""
_PIECE: Final = 1024 * 1024


def page_count(paper: bytes) -> int:
    """How many sheets it takes."""
    with Pdf.open(io.BytesIO(paper)) as opened:
        return len(opened.pages)


def bind(front: bytes, papers: Iterable[tuple[str, bytes]], file: BinaryIO) -> int:
    """Write into ``file`` ``front``, a paper without tags, and behind it the papers, each marked by its title ("": no mark).

    Returns the number of pages, with the file at its beginning. The same papers give the same bytes.
    """
    with Pdf.open(io.BytesIO(front)) as whole, ExitStack() as kept:  # qpdf reads what it copies when it writes
        marks = []
        for titles, content in _parts(iter(papers), kept):
            part = kept.enter_context(Pdf.open(content))
            marks += [(title, len(whole.pages) + page) for title, page in titles if title]
            whole.pages.extend(part.pages)
        with whole.open_outline() as outline:
            outline.root.extend(OutlineItem(title, page) for title, page in marks)
        whole.save(file, object_stream_mode=ObjectStreamMode.generate, deterministic_id=True)
        pages = len(whole.pages)
    file.seek(0)
    return pages


def pieces(file: BinaryIO) -> Iterator[bytes]:
    """What is left of the file, as a store takes it."""
    return iter(lambda: file.read(_PIECE), b"")


def _parts(
    papers: Iterator[tuple[str, bytes]], kept: ExitStack
) -> Iterator[tuple[list[tuple[str, int]], BinaryIO]]:  # fmt: skip
    """Some papers at a time as one file without their tags, and where in it each begins."""
    while some := list(islice(papers, _AT_ONCE)):
        with Pdf.new() as part, ExitStack() as opened:
            titles = []
            for title, paper in some:
                titles.append((title, len(part.pages)))
                source = opened.enter_context(Pdf.open(io.BytesIO(paper)))
                for page in source.pages:
                    if "/StructParents" in page:
                        del page["/StructParents"]
                part.pages.extend(source.pages)
            file = kept.enter_context(TemporaryFile())
            part.save(file, object_stream_mode=ObjectStreamMode.generate, deterministic_id=True)
        file.seek(0)
        yield titles, file
