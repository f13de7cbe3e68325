"""Mending a list in a browser: correct a row in the page, accept a warning, submit."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from allowances.batches.models import Acceptance, Batch, BatchState, RowCorrection
from tests import factories
from tests.e2e.conftest import Enter
from tests.factories.lists import Office
from vouchers.officials.rules import Role

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("committed_db")]

ROWS = (
    "김장터,1985-13-01,010-0000-0001,주교동,100000\n"  # 3: no such date
    "이봄날,1985-01-01,010-0000-0002,주교동,100000\n"  # 4: the member is called 이나눔
    "없는이,1990-02-03,010-9999-9999,주교동,100000\n"  # 5: nobody's
    "박모아,1985-01-01,010-0000-0003,행신동,100000\n"  # 6: another dong
)


def test_correct_a_row_accept_a_warning_leave_a_row_out_submit(
    enter: Enter, office: Office, tmp_path: Path, django_db_blocker: Any
) -> None:
    with django_db_blocker.unblock(), office.city.scope():
        factories.make_citizen(office.city, name="박모아", phone="01000000003", birth_date=date(1985, 1, 1))
    file = tmp_path / "더러운 명단.csv"
    file.write_bytes(f"청년 지원금 지급 대상자\n성명,생년월일,휴대전화,읍면동,지급액\n{ROWS}".encode("cp949"))

    drafter = enter(Role.DRAFTER)
    drafter.get_by_role("link", name="명단 올리기").first.click()
    drafter.get_by_label("회차").select_option(index=1)
    drafter.set_input_files("input[type=file]", file)
    drafter.get_by_role("button", name="올리고 검증하기").click()
    drafter.get_by_role("button", name="이 형식으로 읽기").click(timeout=90_000)
    expect(drafter.get_by_role("heading", name="무엇이 잘못되었나")).to_be_visible(timeout=90_000)
    expect(drafter.get_by_text("경고 1건을 확인해야 상신할 수 있습니다.")).to_be_visible()
    expect(drafter.get_by_role("button", name="상신")).to_have_count(0)

    drafter.get_by_role("link", name="고치기 3행").click()
    drafter.get_by_label("생년월일").fill("1985-99-99")
    drafter.get_by_role("button", name="저장").click()
    expect(drafter.get_by_text("달력에 없거나").first).to_be_visible()
    drafter.get_by_label("생년월일").fill("85.1.1")
    drafter.get_by_role("button", name="저장").click()
    checked_again(drafter)

    drafter.get_by_role("link", name="고치기 5행").click()
    drafter.get_by_text("이 행을 명단에서 제외").click()
    drafter.get_by_label("제외하는 사유").fill("본인이 신청을 취소함")
    drafter.get_by_role("button", name="사유를 적어 제외").click()
    checked_again(drafter)

    drafter.locator("summary", has_text="모두 확인").click()
    drafter.get_by_label("확인한 근거").fill("개명 확인서를 받음")
    drafter.get_by_role("button", name="1행 모두 확인").click()
    expect(drafter.get_by_role("heading", name="확인하고 지급하기로 한 내용")).to_be_visible()
    drafter.get_by_role("link", name="고친 내역 모두 보기").click()
    drafter.get_by_role("link", name="검증 결과로").click()
    drafter.get_by_role("button", name="300,000원 상신").click()
    expect(drafter.get_by_text("지금 차례입니다")).to_be_visible(timeout=90_000)
    expect(drafter.get_by_text("개명 확인서를 받음")).to_be_visible()

    with django_db_blocker.unblock(), office.city.scope():
        batch = Batch.objects.get(state=BatchState.SUBMITTED)
        assert (batch.rows_total, batch.rows_left_out, batch.amount_total) == (3, 1, 300_000)
        assert RowCorrection.objects.count() == 2
        assert Acceptance.objects.get().reason == "개명 확인서를 받음"


def checked_again(page: Page) -> None:
    """The page that shows the progress gives way to the result."""
    expect(page.locator("[data-progress]")).to_have_count(0, timeout=90_000)
    expect(page.get_by_role("heading", name="무엇이 잘못되었나")).to_be_visible(timeout=90_000)
