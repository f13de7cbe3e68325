"""Reads PDFs as an outsider does, by poppler."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path


def text(pdf: bytes, folder: Path) -> str:
    """The words of all pages, line by line as they stand on the paper."""
    return _poppler("pdftotext", "-layout", _file(pdf, folder), "-")


def page_count(pdf: bytes, folder: Path) -> int:
    """How many sheets it takes."""
    facts = dict(line.split(":", 1) for line in _poppler("pdfinfo", _file(pdf, folder)).splitlines())
    return int(facts["Pages"])


def fonts(pdf: bytes, folder: Path) -> list[str]:
    """One line per font: name, type, encoding, embedded, subset, has Unicode map."""
    return _poppler("pdffonts", _file(pdf, folder)).splitlines()[2:]


def structure(pdf: bytes, folder: Path) -> str:
    """The tags that a screen reader follows, with their words."""
    return _poppler("pdfinfo", "-struct-text", _file(pdf, folder))


def letter_sizes(pdf: bytes, folder: Path) -> dict[str, float]:
    """The size in points of each piece of text."""
    marked = _poppler("pdftohtml", "-xml", "-i", "-stdout", "-zoom", "1", _file(pdf, folder))
    sizes = {font: float(size) for font, size in re.findall(r'<fontspec id="(\d+)" size="(\d+)"', marked)}
    shown = re.findall(r'<text [^>]*font="(\d+)">(.*?)</text>', marked)
    return {re.sub(r"<[^>]+>", "", text).strip(): sizes[font] for font, text in shown}


def facts(pdf: bytes, folder: Path) -> tuple[dict[str, str], str]:
    """What the document says of itself, and its metadata, which name the archive's standard."""
    path = _file(pdf, folder)
    return dict(line.split(":", 1) for line in _poppler("pdfinfo", path).splitlines()), _poppler(
        "pdfinfo", "-meta", path
    )


def enclosed(pdf: bytes, folder: Path) -> dict[str, bytes]:
    """The files inside, by name."""
    inside = folder / "enclosed"
    inside.mkdir()
    _poppler("pdfdetach", "-saveall", "-o", inside, _file(pdf, folder))
    return {path.name: path.read_bytes() for path in inside.iterdir()}


def _file(pdf: bytes, folder: Path) -> Path:
    path = folder / "paper.pdf"
    path.write_bytes(pdf)
    return path


def _poppler(program: str, *arguments: str | Path) -> str:
    done = subprocess.run([program, *arguments], check=True, capture_output=True)
    return done.stdout.decode(errors="replace")  # pdfinfo tells a tag's own title as it stands in the file
