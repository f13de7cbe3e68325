"""Many papers bound into one file, as qpdf does it (pikepdf): their pages as they are, a bookmark for each.

The bound file is for printing and for looking through. It is PDF/A-3b; the tags for screen readers stay with the papers.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from itertools import islice
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
    parts = []
    with Pdf.open(io.BytesIO(front)) as whole:
        marks = []
        for titles, part in _parts(iter(papers)):
            marks += [(title, len(whole.pages) + page) for title, page in titles if title]
            whole.pages.extend(part.pages)
            parts.append(part)  # qpdf reads what it copies when it writes
        with whole.open_outline() as outline:
            outline.root.extend(OutlineItem(title, page) for title, page in marks)
        whole.save(file, object_stream_mode=ObjectStreamMode.generate, deterministic_id=True)
        pages = len(whole.pages)
    file.seek(0)
    return pages


def pieces(file: BinaryIO) -> Iterator[bytes]:
    """What is left of the file, as a store takes it."""
    return iter(lambda: file.read(_PIECE), b"")


def _parts(papers: Iterator[tuple[str, bytes]]) -> Iterator[tuple[list[tuple[str, int]], Pdf]]:
    """Some papers at a time without their tags, and where in them each begins."""
    while some := list(islice(papers, _AT_ONCE)):
        part, titles, opened = Pdf.new(), [], []
        for title, paper in some:
            titles.append((title, len(part.pages)))
            source = Pdf.open(io.BytesIO(paper))
            for page in source.pages:
                if "/StructParents" in page:
                    del page["/StructParents"]
            part.pages.extend(source.pages)
            opened.append(source)
        file = io.BytesIO()
        part.save(file, object_stream_mode=ObjectStreamMode.generate, deterministic_id=True)
        yield titles, Pdf.open(file)
