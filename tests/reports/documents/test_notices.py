"""처분 사전통지서: each party gets its own facts, days and measures, on a page of its own, and printing is recorded."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from merchants.dispositions.models import Disposition
from reports.documents import errors, notices
from tests import factories
from tests.factories import City
from tests.factories.shops import TODAY, acting, make_case, make_standard
from tests.reports.documents import papers
from vouchers.common.errors import NotPermitted
from vouchers.common.korean import document_date
from vouchers.officials.rules import Role
from vouchers.privacy.models import AccessRecord


@pytest.fixture
def city(db: None) -> Any:
    made = factories.make_city()
    with made.scope():
        yield made


def test_a_letter_a_shop_with_its_days_and_what_may_be_decided(city: City, client: Client, tmp_path: Path) -> None:
    officer = factories.make_official(city, Role.MERCHANT_OFFICER)
    first, second = (factories.make_merchant(city, name=name) for name in ("행복분식", "장터빵집"))
    make_standard(city)
    fined = make_case(first, officer, hearing_on=None, facts="현금으로 바꾸어 줌\n<b>3회</b>")
    closed = make_case(second, officer, code="business_closed", hearing_on=None)
    client.force_login(officer)
    answer = client.post(f"/admin/merchants/disposition/{fined.pk}/notice/")
    assert (answer.status_code, answer["Content-Type"], AccessRecord.objects.count()) == (200, "application/pdf", 1)
    said = "".join(notices.letters(Disposition.objects.order_by("pk")))
    for words in (
        "<b>" not in said, "&lt;b&gt;3회" in said, "금10,000,000원(금일천만원)" in said, "장터빵집" in said, "직권 해지" in said,
        document_date(TODAY - timedelta(days=10)) in said, "대표자 김장터 귀하" in said,
        "고양시 조례 제8조" in said, "확인 필요" not in said, said.count("고양시장&ensp;(직인)") == 2,
    ):  # fmt: skip
        assert words
    made = notices.print_notices(cases=[fined, closed], **acting(officer))
    (tmp_path / "notices.pdf").write_bytes(made)
    assert papers.page_count(made, tmp_path) == 2
    first_page, second_page = papers.text(made, tmp_path).split("\f")[:2]
    assert ("행복분식" in first_page, "장터빵집" in second_page) == (True, True)
    assert all("- 1 / 1 -" in page for page in (first_page, second_page))
    fined.facts = "현금으로 바꾸어 줌\n" * 60
    pages = papers.text(notices.print_notices(cases=[fined, closed], **acting(officer)), tmp_path).split("\f")[:-1]
    assert ("- 1 / 3 -" in pages[0], "- 3 / 3 -" in pages[2], "- 1 / 1 -" in pages[3]) == (True, True, True)


def test_what_is_refused(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    officer, approver = (factories.make_official(city, role) for role in (Role.MERCHANT_OFFICER, Role.APPROVER))
    case = make_case(factories.make_merchant(city), officer)
    with pytest.raises(errors.NoNotice):
        notices.print_notices(cases=[], **acting(officer))
    with pytest.raises(NotPermitted):
        notices.print_notices(cases=[case], **acting(approver))
    monkeypatch.setattr(notices, "LONGEST", 0)
    with pytest.raises(errors.TooManyNotices):
        notices.print_notices(cases=[case], **acting(officer))
