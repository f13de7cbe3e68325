"""A long payment in a browser: paused, taken up again, and what became of everybody; and one at a set time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from allowances.batches.models import Batch
from tests import factories
from tests.e2e.conftest import AMOUNT, Enter
from tests.factories import AT
from tests.factories.holding import Stranger, close_wallet, make_holding_list
from tests.factories.lists import Office, approved, make_list, paying
from vouchers.ledger import services as ledger
from vouchers.ledger.models import Lot
from vouchers.officials.rules import Role

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("committed_db")]

ROWS, CHUNK = 12_000, 20


def page_of(batch: Batch) -> str:
    return reverse("admin:batch_payment", args=[batch.pk])


def test_a_payer_pauses_a_payment_and_takes_it_up_again(enter: Enter, office: Office, django_db_blocker: Any) -> None:
    payer = enter(Role.PAYER)
    with django_db_blocker.unblock(), office.city.scope():
        office.programme = factories.make_programme(office.city, budget=ROWS * AMOUNT)
        office.cycle = factories.make_cycle(office.programme)
        batch = paying(office, make_list(office, rows=ROWS), chunk_rows=CHUNK)
    payer.goto(page_of(batch))
    expect(payer.get_by_role("heading", name="지급하고 있습니다")).to_be_visible()
    payer.get_by_text("지급 멈추기").click()
    payer.get_by_label("멈추는 사유").fill("민원 확인")
    payer.get_by_role("button", name="사유를 적어 멈추기").click()
    expect(payer.get_by_role("heading", name="지급을 멈추었습니다")).to_be_visible(timeout=30_000)
    with django_db_blocker.unblock(), office.city.scope():
        paid = Lot.objects.count()
    assert paid < ROWS
    payer.reload()
    with django_db_blocker.unblock(), office.city.scope():
        assert Lot.objects.count() == paid
    payer.get_by_role("button", name="멈춘 곳부터 다시 지급").click()
    expect(payer.get_by_role("heading", name="지급을 마쳤습니다")).to_be_visible(timeout=180_000)
    with django_db_blocker.unblock(), office.city.scope():
        assert Lot.objects.count() == Lot.objects.values("wallet_id").distinct().count() == ROWS


def test_a_payer_sees_who_was_not_paid_and_cancels_an_appointment(
    enter: Enter, office: Office, django_db_blocker: Any
) -> None:
    with django_db_blocker.unblock(), office.city.scope():
        people = [factories.make_citizen(office.city, name=name) for name in ("김가나", "이다라", "박마바")]
        batch = make_holding_list(office.city, [*people, Stranger()], cash=[3], amount=AMOUNT)
        close_wallet(people[2])
        ledger.call("disbursement.plan", office.city.code, batch.pk)
        ledger.call("disbursement.post_chunk", office.city.code, batch.pk, 0, AT)
        Batch.objects.filter(pk=batch.pk).update(state="paid", paid_at=AT)
        appointed = approved(office, make_list(office))
    payer = enter(Role.PAYER)
    payer.goto(page_of(batch))
    expect(payer.get_by_text("지급되지 않은 행이 있습니다")).to_be_visible()
    payer.get_by_role("link", name="행 보기 실패(지갑 해지·정지)").click()
    expect(payer.get_by_role("cell", name="박*바")).to_be_visible()
    with django_db_blocker.unblock(), office.city.scope():
        close_wallet(people[2], "active")
    payer.get_by_role("button", name="미지급 건 다시 지급").click()
    expect(payer.get_by_text("1명에게 지급했습니다.")).to_be_visible()

    payer.goto(reverse("admin:batch_approval", args=[appointed.pk]))
    payer.get_by_label(f"3명, 총 {3 * AMOUNT:,}원을 지급함을 확인했습니다.").check()
    payer.get_by_text("정한 일시에 지급").click()
    payer.get_by_label("지급 예약 일시").fill((AT + timedelta(days=3)).strftime("%Y-%m-%dT09:00"))
    payer.get_by_role("button", name="지급 예약").click()
    expect(payer.get_by_role("heading", name="지급을 예약했습니다")).to_be_visible()
    payer.locator("summary", has_text="예약 취소").click()
    payer.get_by_label("취소 사유").fill("예산 확인")
    payer.get_by_role("button", name="사유를 적어 예약 취소").click()
    expect(payer.get_by_text("지급 예약을 취소했습니다.")).to_be_visible()
