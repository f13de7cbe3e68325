"""The translations of Jangteo's texts: the Korean text is the key, config/locale/en/LC_MESSAGES/django.po has the English.

python -m config.translations check     exit 1 when a text in the code or a template has no English
python -m config.translations update    bring the file up to the texts; what then has no English, write by hand
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
LOCALE = PROJECT / "config/locale"
CATALOGUE = LOCALE / "en/LC_MESSAGES/django.po"
SOURCES = ("allowances", "config", "merchants", "reports", "templates", "vouchers")


def main(arguments: list[str]) -> int:
    """Run one of the two commands."""
    if arguments not in (["check"], ["update"]):
        print(__doc__, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        fresh = collect(Path(folder))
        if arguments == ["update"]:
            CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(fresh, CATALOGUE)
        untranslated = texts(fresh, "--untranslated") | texts(fresh, "--only-fuzzy")
    return report(untranslated)


def collect(folder: Path) -> Path:
    """The catalogue as it ought to be, made in a folder aside: every text, with the English that there is."""
    for path in _sources():
        link = folder / path.relative_to(PROJECT)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path)
    fresh = folder / "locale/en/LC_MESSAGES/django.po"
    fresh.parent.mkdir(parents=True)
    if CATALOGUE.exists():
        shutil.copyfile(CATALOGUE, fresh)
    command = [sys.executable, "-m", "django", "makemessages", "--locale", "en", "--symlinks", "--no-obsolete"]
    without_settings = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    subprocess.run(
        [*command, "--add-location", "file", "--no-wrap"],
        cwd=folder,
        env=without_settings,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    # The date would make every update a change.
    fresh.write_text(re.sub(r'^"POT-Creation-Date:.*\n', "", fresh.read_text(), flags=re.MULTILINE))
    return fresh


def _sources() -> Iterator[Path]:
    """Everything with texts in it but config/locale, into which makemessages would write what it finds in config."""
    for source in SOURCES:
        if source == LOCALE.parent.name:
            yield from (path for path in (PROJECT / source).iterdir() if path != LOCALE)
        else:
            yield PROJECT / source


def texts(catalogue: Path, which: str) -> set[str]:
    """Texts of the catalogue, each with the file it stands in."""
    command = ["msgattrib", which, "--no-obsolete", "--no-wrap", str(catalogue)]
    entries = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n\n")[1:]
    return {entry.strip() for entry in entries if entry.strip()}


def report(untranslated: Iterable[str]) -> int:
    """Say which texts have no English."""
    entries = sorted(untranslated)
    for entry in entries:
        place = re.search(r"^#: (.*)$", entry, re.MULTILINE)
        text = re.search(r"^msgid (.*(?:\n\".*)*)", entry, re.MULTILINE)
        print(f"{place[1] if place else ''}: no English for {text[1] if text else entry}")
    print(f"{len(entries)} texts without English." if entries else "Every text has its English.")
    return 1 if entries else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
