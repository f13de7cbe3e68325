"""WeasyPrint as papers use it: our own files alone, the Korean font, and one document at a time.

Import it through `pdf`, which loads it with the first paper. Fonts and stylesheet are read once per process. Without
libharfbuzz-subset one page with a Korean font takes seconds instead of a fraction of one, because the whole font is cut
down in Python.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from weasyprint import CSS, HTML, Attachment
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from reports.documents.pdf import Enclosed, PaperFailed

FILES: Final = Path(__file__).resolve().parents[2] / "templates" / "reports" / "documents"
"""The only folder whose files a paper may use: stylesheet and pictures."""

_one_at_a_time = Lock()


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


def render(htmls: Sequence[str], *, archive: bool, enclosed: Sequence[Enclosed]) -> bytes:
    """See `pdf.render`."""
    fonts, stylesheet = prepared()
    identifier = hashlib.sha256("".join(htmls).encode()).digest()[:16]
    kind: dict[str, Any] = {"pdf_variant": "pdf/a-3a", "attachments": [_attachment(file) for file in enclosed]}
    options = kind if archive else {}
    try:
        with _one_at_a_time:  # Pango's font map is not safe between threads
            first, *more = (
                Paper(string=html, base_url=f"{FILES.as_uri()}/", url_fetcher=OwnFilesOnly()).render(
                    stylesheets=[stylesheet], font_config=fonts, **options
                )
                for html in htmls
            )
            whole = first.copy([page for document in (first, *more) for page in document.pages]) if more else first
            made: bytes = whole.write_pdf(pdf_identifier=identifier, **options)
            return made
    except FatalURLFetchingError as error:
        raise PaperFailed(str(error)) from error.__cause__


def _attachment(file: Enclosed) -> Attachment:
    return Attachment(
        string=file.content, name=file.name, description=file.description, relationship="Data", created=file.at,
        modified=file.at,
    )  # fmt: skip


@lru_cache(maxsize=1)
def prepared() -> tuple[Any, CSS]:
    """The fonts and the stylesheet of all papers."""
    fonts = FontConfiguration()
    return fonts, CSS(filename=FILES / "document.css", font_config=fonts, url_fetcher=OwnFilesOnly())
