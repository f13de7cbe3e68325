"""Paper: HTML to PDF by WeasyPrint, with the Korean font embedded and nothing fetched from anywhere but our own files.

Fonts and stylesheet are read once per process. Without libharfbuzz-subset one page with a Korean font takes seconds
instead of a fraction of one, because the whole font is cut down in Python.
"""

from __future__ import annotations

import gc
import hashlib
import multiprocessing
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from weasyprint import CSS, HTML, Attachment
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

FILES: Final = Path(__file__).resolve().parents[2] / "templates" / "reports" / "documents"
"""The only folder whose files a paper may use: stylesheet and pictures."""

_AHEAD = 4
_one_at_a_time = Lock()


class PaperFailed(RuntimeError):
    """A paper names a resource that it may not use or that does not exist; none is printed without it."""


class OwnFilesOnly(URLFetcher):
    """Opens files of `FILES`, and refuses every other address."""

    def __init__(self) -> None:
        super().__init__(allowed_protocols=["file"], allow_redirects=False, fail_on_errors=True)

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        parts = urlsplit(url)
        path = Path(unquote(parts.path)).resolve()
        if parts.scheme != "file" or parts.netloc or not path.is_relative_to(FILES):
            raise PermissionError(f"not one of our own files: {url}")
        return super().fetch(url, headers)


class Paper(HTML):
    """A document without WeasyPrint's user-agent stylesheet.

    Its footnote rules give every element, so every table cell, six pseudo-elements, a seventh of the time of a page.
    What our papers need of it stands in ``document.css``.
    """

    def _ua_stylesheets(self, forms: bool = False) -> list[CSS]:
        return []


@dataclass(frozen=True, kw_only=True)
class Enclosed:
    """A file inside a paper: its name, its bytes, what it is, and when it was made."""

    name: str
    content: bytes
    description: str
    at: datetime


def render(html: str, *, archive: bool = False, enclosed: Sequence[Enclosed] = ()) -> bytes:
    """The PDF of a whole HTML document, styled by ``document.css``; the same HTML gives the same bytes.

    ``archive``: as PDF/A-3a, tagged for screen readers and to be read for ever, which may enclose files. Raises PaperFailed.
    """
    fonts, stylesheet = _prepared()
    identifier = hashlib.sha256(html.encode()).digest()[:16]
    kind: dict[str, Any] = {"pdf_variant": "pdf/a-3a", "attachments": [_attachment(file) for file in enclosed]}
    try:
        with _one_at_a_time:  # Pango's font map is not safe between threads
            paper = Paper(string=html, base_url=f"{FILES.as_uri()}/", url_fetcher=OwnFilesOnly())
            return paper.write_pdf(stylesheets=[stylesheet], font_config=fonts, pdf_identifier=identifier,
                                   **(kind if archive else {}))  # fmt: skip
    except FatalURLFetchingError as error:
        raise PaperFailed(str(error)) from error.__cause__


def _attachment(file: Enclosed) -> Attachment:
    return Attachment(
        string=file.content, name=file.name, description=file.description, relationship="Data", created=file.at,
        modified=file.at,
    )  # fmt: skip


def render_many(papers: Iterable[str], *, processes: int = 2) -> Iterator[bytes]:
    """The PDFs in the order of ``papers``, made by processes of their own and handed over as they come.

    Papers are taken a few ahead, so neither all of them nor all of the PDFs are in memory. The processes are spawned
    rather than forked, because a worker or web server has threads, and they end with the iteration.
    """
    spawning = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=spawning, initializer=_prepare_worker) as pool:
        waiting: deque[Future[bytes]] = deque()
        try:
            for paper in papers:
                waiting.append(pool.submit(render, paper))
                if len(waiting) >= processes * _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def _prepare_worker() -> None:
    """Layout makes many small objects that end with the document: collecting less often saves a tenth of the time."""
    _prepared()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@lru_cache(maxsize=1)
def _prepared() -> tuple[Any, CSS]:
    fonts = FontConfiguration()
    return fonts, CSS(filename=FILES / "document.css", font_config=fonts, url_fetcher=OwnFilesOnly())
