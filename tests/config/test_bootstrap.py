"""Set-up on machines that lack something. That it works where nothing is missing, every test run shows."""

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config.bootstrap import PROJECT


def set_up(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the set-up of a copy of the project that holds nothing but what the set-up reads."""
    for file in ("config/bootstrap.py", "requirements.txt", "tests/requirements.txt"):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / file, folder / file)
    return subprocess.run(
        [sys.executable, folder / "config/bootstrap.py"],
        env=dict(os.environ) | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", ["a:b", "$HOME", 'say "장터"', "`id`", "back\\slash"])
def test_a_path_that_cannot_work_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    result = set_up(tmp_path / name)
    assert result.returncode == 2
    assert re.fullmatch(r"Jangteo: cannot run in a folder with .* in its path: .*\n", result.stderr)


def test_missing_packages_that_we_may_not_install_are_named_in_one_line(tmp_path: Path) -> None:
    result = set_up(tmp_path / "장터 clone", PATH=str(tmp_path))
    assert result.returncode == 2
    assert re.fullmatch(r"Jangteo: needs Debian packages .*: sudo apt-get install .*\bgettext\b.*\n", result.stderr)


def test_what_runs_is_what_is_pinned() -> None:
    lines = [*_requirements("requirements.txt"), *_requirements("tests/requirements.txt")]
    pinned = dict(re.fullmatch(r"([\w.-]+)(?:\[[\w,]+\])?==([\w.]+)", line).groups() for line in lines)  # type: ignore[union-attr]
    assert pinned == {name: importlib.metadata.version(name) for name in pinned}


def _requirements(file: str) -> list[str]:
    lines = (PROJECT / file).read_text().splitlines()
    return [line for line in lines if line and not line.startswith(("#", "-r"))]
