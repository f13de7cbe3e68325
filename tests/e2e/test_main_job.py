"""The main job in a browser: upload, three signatures, paid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import AMOUNT, Enter
from tests.factories.lists import Office
from vouchers.ledger.models import Lot
from vouchers.officials.rules import Role

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("committed_db")]


def test_upload_approve_by_three_people_pay(
    enter: Enter, office: Office, tmp_path: Path, django_db_blocker: Any
) -> None:
    file = tmp_path / "11월 명단.csv"
    rows = '김장터,1985-01-01,010-0000-0001,100000\n이나눔,85.1.1.,1000000002,"100,000원"\n없는이,1990-02-03,010-9999-9999,100000\n'
    file.write_bytes(f"청년 지원금 지급 대상자\n성명,생년월일,휴대전화,지급액\n{rows}합계,,,300000\n".encode("cp949"))

    drafter = enter(Role.DRAFTER)
    drafter.get_by_role("link", name="명단 올리기").first.click()
    drafter.get_by_label("회차").select_option(index=1)
    drafter.set_input_files("input[type=file]", file)
    drafter.get_by_role("button", name="올리고 검증하기").click()
    drafter.get_by_role("button", name="이 형식으로 읽기").click(timeout=90_000)
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
