"""An official looks at how a file will be read, corrects it, and finds the correction the next time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from allowances.batches.models import BatchRow
from tests.allowances.batches.reading.workbooks import xlsx
from tests.e2e.conftest import Enter
from tests.e2e.test_accessibility import broken_rules
from tests.factories.lists import Office
from vouchers.officials.rules import Role

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("committed_db")]

PEOPLE = [["김장터", "1985-01-01", "01000000001", 100], ["이나눔", "1985-01-01", "01000000002", 100]]
PATIENCE = 120_000


def workbook(path: Path, *, title: str, header: list[str]) -> Path:
    sheet = [[title], ["", "", "", "(단위: 천원)"], header, *PEOPLE, ["합계", None, None, 200]]
    path.write_bytes(xlsx([["표지입니다"]], sheet, names=["표지", "대상자"]))
    return path


def upload(page: Page, file: Path) -> None:
    page.goto("/admin/allowances/batch/upload/")
    page.get_by_label("회차").select_option(index=1)
    page.set_input_files("input[type=file]", file)
    page.get_by_role("button", name="올리고 검증하기").click()
    expect(page.get_by_role("heading", name="이 파일을 이렇게 읽습니다")).to_be_visible(timeout=PATIENCE)


def test_columns_are_corrected_once_and_remembered(
    enter: Enter, office: Office, tmp_path: Path, django_db_blocker: Any
) -> None:
    odd = ["받을 사람", "태어난 날", "연락처", "드릴 돈"]
    drafter = enter(Role.DRAFTER)
    upload(drafter, workbook(tmp_path / "10월.xlsx", title="10월 대상자", header=odd))
    expect(drafter.get_by_label("시트")).to_have_value("대상자")
    expect(drafter.get_by_role("alert")).to_contain_text("제목 행")
    for sheet, shown in (("표지", "표지입니다"), ("대상자", "010-****-0001")):
        drafter.get_by_label("시트").select_option(label=sheet)
        drafter.get_by_role("button", name="바꿔서 다시 보기").click()
        expect(drafter.get_by_text(shown).first).to_be_visible()
    expect(drafter.get_by_label("제목 행")).to_have_value("3-3")  # the likeliest
    expect(drafter.locator("body")).not_to_contain_text("김장터")
    for column, field in (("A열", "성명"), ("B열", "생년월일"), ("C열", "휴대전화")):
        drafter.get_by_label(column).select_option(label=f"{field} *" if field != "생년월일" else field)
    drafter.get_by_label("D열").select_option(label="지급액")
    assert broken_rules(drafter) == []
    drafter.get_by_role("button", name="이 형식으로 읽기").click()
    expect(drafter.get_by_role("button", name="200,000원 상신")).to_be_visible(timeout=PATIENCE)
    with django_db_blocker.unblock(), office.city.scope():
        assert sorted(BatchRow.objects.values_list("row_number", "amount")) == [(4, 100_000), (5, 100_000)]
        drafter.once("dialog", lambda dialog: dialog.accept())
    drafter.get_by_role("button", name="폐기").click()

    upload(drafter, workbook(tmp_path / "11월.xlsx", title="11월 대상자", header=["받을사람", *odd[1:]]))
    expect(drafter.get_by_text("우리 부서가 전에 지정한 형식")).to_be_visible()
    drafter.get_by_role("button", name="이 형식으로 읽기").press("Enter")
    expect(drafter.get_by_role("button", name="200,000원 상신")).to_be_visible(timeout=PATIENCE)
