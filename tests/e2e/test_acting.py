"""An absence, its deputy, and a list that the deputy signs, in a browser."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from playwright.sync_api import Page, expect

from allowances.approvals.selectors import steps_of
from allowances.batches.models import Batch
from tests import factories
from tests.e2e.conftest import Enter
from tests.factories.lists import Office, make_list, submitted
from vouchers.common.seoul import business_date
from vouchers.officials.rules import Role

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("committed_db")]


@pytest.fixture
def batch(office: Office, django_db_blocker: Any) -> Batch:
    """A submitted list, and an official without any role who will be a deputy (as the office's auditor-to-be)."""
    with django_db_blocker.unblock():
        with office.city.scope():
            office.officials[Role.AUDITOR] = factories.make_official(office.city, name="나대신", position="주무관")
            made = submitted(office, make_list(office))
        connections.close_all()
        return made


def test_a_deputy_signs_for_who_is_away(enter: Enter, office: Office, batch: Batch, django_db_blocker: Any) -> None:
    reviewer = enter(Role.REVIEWER)
    reviewer.goto("/admin/my/settings/")
    _plan(reviewer)
    expect(reviewer.get_by_text("부재를 등록했습니다.")).to_be_visible()

    deputy = enter(Role.AUDITOR)
    expect(deputy.get_by_text("의 부재로")).to_be_visible()
    deputy.locator(".jt-work a").first.click()
    expect(deputy.get_by_text("대신 처리합니다.")).to_be_visible()
    deputy.get_by_role("button", name="검토자 대결 서명").click()
    expect(deputy.get_by_text("서명했습니다.")).to_be_visible()
    expect(deputy.locator(".jt-box", has_text="대결")).to_contain_text("나대신")

    approver = enter(Role.APPROVER)
    approver.locator(".jt-work a").first.click()
    approver.get_by_role("button", name="결재권자 서명").click()
    expect(approver.get_by_text("서명했습니다.")).to_be_visible()
    expect(approver.get_by_text("지역경제과-1")).to_be_visible()

    with django_db_blocker.unblock(), office.city.scope():
        step = steps_of(batch).get(role=Role.REVIEWER)
        assert (step.official, step.on_behalf_of) == (office.officials[Role.AUDITOR], office.officials[Role.REVIEWER])


def test_an_absence_that_ended_while_the_page_was_open_is_told(enter: Enter, office: Office, batch: Batch) -> None:
    reviewer, deputy = enter(Role.REVIEWER), enter(Role.AUDITOR)
    reviewer.goto("/admin/my/settings/")
    _plan(reviewer)
    deputy.goto(f"/admin/allowances/batch/{batch.pk}/approval/")
    reviewer.get_by_role("button", name="부재 끝내기").click()
    expect(reviewer.get_by_text("부재를 끝냈습니다.")).to_be_visible()
    deputy.get_by_role("button", name="검토자 대결 서명").click()
    expect(
        deputy.get_by_role("heading", name="화면을 찾을 수 없습니다")
    ).to_be_visible()  # nothing here is theirs any more
    deputy.goto("/admin/")
    expect(deputy.get_by_text("오늘 유효한 역할이 없습니다.")).to_be_visible()


def _plan(page: Page) -> None:
    today = business_date(timezone.now()).isoformat()  # the browser and the server go by the clock
    page.get_by_label("대결자").select_option(label="나대신 주무관")
    page.get_by_label("시작일").fill(today)
    page.get_by_label("종료일").fill(today)
    page.get_by_label("부재 사유").fill("출장")
    page.get_by_role("button", name="부재 등록").click()
