"""Officials at real browsers, with the web server and the worker as they run for them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from django.db import connections
from playwright.sync_api import Browser, Page

from config.environment import BASE_DIR
from tests import factories
from tests.factories.lists import Office, make_office
from vouchers.officials.rules import Role

AMOUNT = 100_000
STARTED_WITHIN = 240  # looks, a quarter of a second each

Enter = Callable[[Role], Page]


@pytest.fixture(scope="session", autouse=True)
def _django_beside_playwright() -> Iterator[None]:
    """Playwright's synchronous interface runs an event loop in the test's thread, in which Django would refuse to work."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium, which as root needs to run without its sandbox."""
    return {**browser_type_launch_args, "executable_path": "/usr/bin/chromium", "args": ["--no-sandbox"]}


@pytest.fixture
def address(committed_db: str) -> Iterator[str]:
    """A running installation on the test's database."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "manage.py", "serve", "--port", str(port), "--processes", "1", "--threads", "2"]
    with subprocess.Popen(command, cwd=BASE_DIR, env=dict(os.environ), stdout=subprocess.DEVNULL) as server:
        try:
            _wait_until_it_answers(f"http://127.0.0.1:{port}/healthz", server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(60)


def _wait_until_it_answers(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(STARTED_WITHIN):
        assert server.poll() is None, "the server has ended"
        try:
            with urlopen(url, timeout=5):  # noqa: S310
                return
        except URLError:
            try:
                server.wait(0.25)
            except subprocess.TimeoutExpired:
                continue
    pytest.fail("the server does not answer")


@pytest.fixture
def office(committed_db: str, django_db_blocker: Any) -> Iterator[Office]:
    """A city with its officials, and two members to pay."""
    with django_db_blocker.unblock():
        made = make_office(amount=AMOUNT)
        with made.city.scope():
            for name, phone in (("김장터", "01000000001"), ("이나눔", "01000000002")):
                factories.make_citizen(made.city, name=name, phone=phone)
        yield made
        connections.close_all()


@pytest.fixture
def enter(browser: Browser, address: str, office: Office) -> Iterator[Enter]:
    """Log an official in, in a browser of their own. An error in a page's script fails the test."""
    wrong: list[str] = []

    def as_role(role: Role) -> Page:
        page = browser.new_context(viewport={"width": 1366, "height": 768}, base_url=address).new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
        page.goto("/admin/")
        page.get_by_label("아이디").fill(office.officials[role].username)
        page.locator("#id_password").fill("jangteo-demo-1")
        page.get_by_role("button", name="로그인").click()
        return page

    yield as_role
    assert wrong == []
