"""No template without a user, and none that names a file which is not there."""

from __future__ import annotations

import re

import pytest
from django.template.loader import get_template

from config.environment import BASE_DIR

TEMPLATES = BASE_DIR / "templates"
NAMES = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html"))
# Found by name by Django and Unfold, whose own files of the same name they replace.
BY_CONVENTION = re.compile(r"(admin|unfold)/.*|(40[34](_csrf)?|500)\.html")


def _sources() -> str:
    apps = ("allowances", "config", "merchants", "reports", "vouchers", "templates")
    files = [path for app in apps for path in (BASE_DIR / app).rglob("*") if path.suffix in {".py", ".html"}]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


@pytest.mark.parametrize("name", NAMES)
def test_every_template_compiles(name: str) -> None:
    assert get_template(name)


def test_every_template_is_used() -> None:
    sources = _sources()
    named = (f'"{name}"' in sources for name in NAMES)
    unused = [
        name
        for name, used in zip(NAMES, named, strict=True)
        if not used and not BY_CONVENTION.fullmatch(name) and not name.startswith("reports/documents/")
    ]
    assert unused == []
