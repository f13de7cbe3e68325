"""The main job in a browser, with the web server and the worker as they run for officials: upload, three signatures, paid."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from django.db import connections
from playwright.sync_api import Browser, Page, expect

from config.environment import BASE_DIR
from tests import factories
from tests.factories.lists import Office, make_office
from vouchers.ledger.models import Lot
from vouchers.officials.rules import Role

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("committed_db")]

AMOUNT = 100_000
STARTED_WITHIN = 240  # looks, a quarter of a second each


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
def enter(browser: Browser, address: str, office: Office) -> Iterator[Callable[[Role], Page]]:
    """Log an official in, in a browser of their own. An error in a page's script fails the test."""
    wrong: list[str] = []

    def as_role(role: Role) -> Page:
        page = browser.new_context(viewport={"width": 1366, "height": 768}).new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
        page.goto(f"{address}/admin/")
        page.get_by_label("아이디").fill(office.officials[role].username)
        page.locator("#id_password").fill("jangteo-demo-1")
        page.get_by_role("button", name="로그인").click()
        return page

    yield as_role
    assert wrong == []


def test_upload_approve_by_three_people_pay(
    enter: Callable[[Role], Page], office: Office, tmp_path: Path, django_db_blocker: Any
) -> None:
    file = tmp_path / "11월 명단.csv"
    rows = '김장터,1985-01-01,010-0000-0001,100000\n이나눔,85.1.1.,1000000002,"100,000원"\n없는이,1990-02-03,010-9999-9999,100000\n'
    file.write_bytes(f"청년 지원금 지급 대상자\n성명,생년월일,휴대전화,지급액\n{rows}합계,,,300000\n".encode("cp949"))

    drafter = enter(Role.DRAFTER)
    drafter.get_by_role("link", name="명단 올리기").first.click()
    drafter.get_by_label("회차").select_option(index=1)
    drafter.set_input_files("input[type=file]", file)
    drafter.get_by_role("button", name="올리고 검증하기").click()
    expect(drafter.get_by_role("heading", name="무엇이 잘못되었나")).to_be_visible(timeout=90_000)
    expect(drafter.get_by_text("오류가 있는 1행은 지급되지 않습니다.")).to_be_visible()
    drafter.get_by_label("오류 행 1건을 제외하고 상신함을 확인했습니다.").check()
    drafter.get_by_role("button", name="200,000원 상신").click()
    expect(drafter.get_by_text("지금 차례입니다")).to_be_visible(timeout=90_000)

    for role in (Role.REVIEWER, Role.APPROVER):
        signer = enter(role)
        signer.locator(".jt-work a").first.click()
        signer.get_by_role("button", name="서명").click()
        expect(signer.get_by_text("서명했습니다.")).to_be_visible()

    payer = enter(Role.PAYER)
    payer.locator(".jt-work a").first.click()
    payer.get_by_label("2명, 총 200,000원을 지급함을 확인했습니다.").check()
    payer.get_by_role("button", name="200,000원 지급").click()
    expect(payer.get_by_role("heading", name="지급을 마쳤습니다")).to_be_visible(timeout=90_000)

    with django_db_blocker.unblock(), office.city.scope():
        assert sorted(Lot.objects.values_list("granted", flat=True)) == [AMOUNT, AMOUNT]
