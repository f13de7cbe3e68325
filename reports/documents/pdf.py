"""Paper: HTML to PDF by WeasyPrint, with the Korean font embedded and nothing fetched from anywhere but our own files.

WeasyPrint takes a second or more to import, so the first paper of a process loads it (`layout`), not the process's start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any


class PaperFailed(RuntimeError):
    """A paper names a resource that it may not use or that does not exist; none is printed without it."""


@dataclass(frozen=True, kw_only=True)
class Enclosed:
    """A file inside a paper: its name, its bytes, what it is, and when it was made."""

    name: str
    content: bytes
    description: str
    at: datetime


def render(
    html: str, *more: str, archive: bool = False, enclosed: Sequence[Enclosed] = ()
) -> bytes:  # fmt: skip
    """The PDF of a whole HTML document, styled by ``document.css``; the same HTML gives the same bytes.

    ``more`` documents follow it in the same file, each with page numbers of its own.
    ``archive``: as PDF/A-3a, tagged for screen readers and to be read for ever, which may enclose files. Raises PaperFailed.
    """
    made: bytes = _layout().render([html, *more], archive=archive, enclosed=enclosed)
    return made


def _layout() -> Any:
    return import_module("reports.documents.layout")
