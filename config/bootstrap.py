"""Set-up, from a fresh clone to the first command. The Makefile runs it before each command; the second run is quick.

    python3 config/bootstrap.py            what Jangteo runs with
    python3 config/bootstrap.py --tests    also what the tests, the checks and the benchmarks need

It installs missing Debian packages where it may, and names them where it may not; makes the virtual environment `.venv`
with the pinned requirements; and compiles the translations. It runs before anything is installed, so it uses the standard
library only. Exit status 2: this machine lacks something, and the message says what.
"""

import argparse
import ctypes
import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parents[1]
VENV = PROJECT / ".venv"
STAMP = VENV / "set-up.json"
LOG = PROJECT / "var" / "set-up.log"
LOCALES = PROJECT / "config" / "locale"
OLDEST_PYTHON = (3, 11)
# A virtual environment refuses the first; the others mean something to the shell, by which initdb calls the server.
UNUSABLE_IN_A_PATH = ':"$`\\\n'


class SetUpError(Exception):
    """The set-up cannot go on. The message is one line that says what to do."""


class Package(NamedTuple):
    """A Debian package, and how to see that what it brings is there, whoever brought it."""

    name: str
    present: Callable[[], bool]
    for_tests: bool = False


def library(name: str) -> Callable[[], bool]:
    def loads() -> bool:
        try:
            ctypes.CDLL(name)
        except OSError:
            return False
        return True

    return loads


def program(name: str) -> Callable[[], bool]:
    return lambda: shutil.which(name) is not None


def font(file: str) -> Callable[[], bool]:
    return lambda: any(Path("/usr/share/fonts").rglob(file))


def can_install_pip() -> bool:
    """Debian keeps `ensurepip` in a package of its own. A pip outside the virtual environment serves as well."""
    return any(importlib.util.find_spec(module) for module in ("ensurepip", "pip"))


PACKAGES = (
    Package(f"python3.{sys.version_info.minor}-venv", can_install_pip),
    Package("libpango-1.0-0", library("libpango-1.0.so.0")),
    Package("libpangoft2-1.0-0", library("libpangoft2-1.0.so.0")),
    Package("libharfbuzz-subset0", library("libharfbuzz-subset.so.0")),
    Package("fonts-nanum", font("NanumGothic.ttf")),
    Package("gettext", program("msgfmt")),
    Package("chromium", program("chromium"), for_tests=True),
    Package("poppler-utils", program("pdftoppm"), for_tests=True),
)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Set up Jangteo in this folder.")
    parser.add_argument("--tests", action="store_true", help="also what the tests, the checks and the benchmarks need")
    options = parser.parse_args(arguments)
    try:
        check_python_and_path()
        with one_at_a_time():
            set_up(for_tests=options.tests)
            compile_translations()
    except SetUpError as error:
        print(f"Jangteo: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def check_python_and_path() -> None:
    if sys.version_info < OLDEST_PYTHON:
        raise SetUpError(f"needs Python 3.11 or newer, and this is {sys.version.split()[0]}: use make PYTHON=python3.x")
    unusable = sorted(set(str(PROJECT)) & set(UNUSABLE_IN_A_PATH))
    if unusable:
        raise SetUpError(f"cannot run in a folder with {' '.join(map(repr, unusable))} in its path: {PROJECT}")


@contextmanager
def one_at_a_time() -> Iterator[None]:
    try:
        LOG.parent.mkdir(exist_ok=True)
        with (LOG.parent / "set-up.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    except PermissionError as error:
        raise SetUpError(f"may not write {error.filename}: run make as the user whom this folder belongs to") from None


def set_up(*, for_tests: bool) -> None:
    """Bring the machine and `.venv` up to the requirements, unless the stamp says that they are."""
    wanted = {"run": digest(for_tests=False)} | ({"tests": digest(for_tests=True)} if for_tests else {})
    stamp = read_stamp()
    if wanted.items() <= stamp.items():
        return
    install_packages([package for package in PACKAGES if for_tests or not package.for_tests])
    if not stamp:
        make_venv()
    install_requirements("tests/requirements.txt" if for_tests else "requirements.txt")
    STAMP.write_text(json.dumps(stamp | wanted | {"venv": venv_identity()}))


def digest(*, for_tests: bool) -> str:
    files = [PROJECT / "requirements.txt", *([PROJECT / "tests/requirements.txt"] if for_tests else [])]
    names = [package.name for package in PACKAGES if for_tests or not package.for_tests]
    return hashlib.sha256(b"\0".join([*(file.read_bytes() for file in files), " ".join(names).encode()])).hexdigest()


def venv_identity() -> str:
    """A virtual environment can neither be moved nor change its Python; then it is made anew."""
    return f"{VENV} {sys.base_prefix} {sys.version_info.major}.{sys.version_info.minor}"


def read_stamp() -> dict[str, str]:
    try:
        stamp: dict[str, str] = json.loads(STAMP.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return stamp if stamp.get("venv") == venv_identity() and (VENV / "bin" / "python").exists() else {}


def install_packages(packages: list[Package]) -> None:
    missing = [package.name for package in packages if not package.present()]
    if not missing:
        return
    get = apt_get()
    if get is None:
        raise SetUpError(
            f"needs Debian packages that it may not install itself: sudo apt-get install {' '.join(missing)}"
        )
    print(f"Installing Debian packages: {' '.join(missing)} …", flush=True)
    run([*get, "update"])
    run([*get, "install", "--yes", "--no-install-recommends", *missing])
    importlib.invalidate_caches()
    if absent := [package.name for package in packages if not package.present()]:
        raise SetUpError(f"misses what {' '.join(absent)} should have brought; see {LOG}")


def apt_get() -> list[str] | None:
    """The command that installs packages here without asking anything, or None where we may not."""
    command = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300"]
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return command
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return [sudo, "-n", *command]
    return None


def make_venv() -> None:
    without_pip = [] if importlib.util.find_spec("ensurepip") else ["--without-pip"]
    run([sys.executable, "-m", "venv", "--clear", *without_pip, str(VENV)])


def install_requirements(requirements: str) -> None:
    print(f"Installing {requirements} into .venv; this takes about a minute …", flush=True)
    python = str(VENV / "bin" / "python")
    has_pip = any(VENV.glob("lib/python*/site-packages/pip"))
    pip = [python, "-m", "pip"] if has_pip else [sys.executable, "-m", "pip", "--python", python]
    run([*pip, "install", "--no-input", "--disable-pip-version-check", "-r", str(PROJECT / requirements)])


def compile_translations() -> None:
    for source in LOCALES.glob("*/LC_MESSAGES/*.po"):
        compiled = source.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime:
            run(["msgfmt", "--check-format", "--output-file", str(compiled), str(source)])


def run(command: list[str]) -> None:
    """Run what may take minutes and print pages, into the log. The log's end is shown only when it fails."""
    with LOG.open("ab") as log:
        begin = log.tell()
        status = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False).returncode
    if status != 0:
        said = LOG.read_bytes()[begin:].decode(errors="replace").splitlines()
        print(*said[-20:], sep="\n", file=sys.stderr)
        raise SetUpError(f"this failed, see {LOG}: {' '.join(command)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
