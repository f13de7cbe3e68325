"""A clawback in a browser: chosen on the paid list, signed, carried out, and the rest paid back."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from allowances.clawback.models import Receivable
from tests.e2e.conftest import Enter
from tests.factories.clawbacks import Till, paid_list, person
from tests.factories.lists import Office
from vouchers.officials.rules import Role

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("committed_db")]


def test_choose_sign_carry_out_and_collect(enter: Enter, office: Office, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock(), office.city.scope():
        paid = paid_list(office, rows=4)
        Till(office).pay(person(paid, 3).wallet_id, 60_000)

    drafter = enter(Role.DRAFTER)
    drafter.goto(f"/admin/allowances/batch/{paid.pk}/approval/")
    drafter.locator("main, #content, body").first.get_by_role("link", name="환수", exact=True).first.click()
    drafter.get_by_label("3행", exact=False).first.check()
    drafter.get_by_label("환수 사유").first.fill("전출로 지급 요건 미충족")
    drafter.get_by_label("환수 근거").first.fill("고양시 청년 지원 조례 제15조")
    drafter.get_by_role("button", name="고른 사람의 환수 명단 만들기").click()
    drafter.get_by_role("button", name="100,000원 상신").click(timeout=90_000)
    expect(drafter.get_by_text("지금 차례입니다")).to_be_visible(timeout=90_000)

    for role in (Role.REVIEWER, Role.APPROVER):
        signer = enter(role)
        signer.locator(".jt-work a").first.click()
        signer.get_by_role("button", name="서명").click()
        expect(signer.get_by_text("서명했습니다.")).to_be_visible()

    payer = enter(Role.PAYER)
    payer.locator(".jt-work a").first.click()
    payer.get_by_label("1명에게서 총 100,000원을 환수함을 확인했습니다.").check()
    payer.get_by_role("button", name="100,000원 환수").click()
    expect(payer.get_by_role("heading", name="환수를 마쳤습니다")).to_be_visible(timeout=90_000)
    payer.locator("table a").first.click()
    payer.get_by_label("납부액(원)").fill("20000")
    payer.get_by_role("button", name="납부 기록").click()
    expect(payer.get_by_text("납부를 기록했습니다.")).to_be_visible()
    payer.goto("/admin/allowances/receivable/")
    payer.goto("/admin/allowances/expiry/?days=90")

    with django_db_blocker.unblock(), office.city.scope():
        debt = Receivable.objects.get()
        assert (debt.decided, debt.from_lots, debt.repaid, debt.outstanding) == (100_000, 40_000, 20_000, 40_000)
