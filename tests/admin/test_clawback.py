"""Clawback pages: what is shown masked, what a form starts, and what it refuses in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from allowances.batches.models import Batch, BatchKind
from allowances.clawback.models import Instalment, Receivable
from tests.factories import AT
from tests.factories.clawbacks import Desk, Till, make_debt, paid_list, person
from tests.factories.lists import Office, make_office
from vouchers.common.scope import set_local
from vouchers.common.seoul import business_date
from vouchers.officials.rules import Role
from vouchers.privacy.models import AccessAction, AccessRecord


@pytest.fixture
def office(db: None) -> Office:
    return make_office(amount=100_000)


def client_of(office: Office, role: Role) -> Client:
    official = office.officials[role]
    set_local(official=str(official.pk))
    client = Client()
    client.force_login(official)
    return client


@pytest.fixture
def paid(office: Office) -> Iterator[Batch]:
    with office.city.scope():
        yield paid_list(office, rows=3)


def test_rows_are_chosen_on_the_paid_list(office: Office, paid: Batch) -> None:
    client = client_of(office, Role.DRAFTER)
    address = reverse("admin:clawback_start", args=[paid.pk])
    shown = client.get(address).content.decode()
    assert "가*" in shown
    assert "가일" not in shown
    form = {"row": ["2", "4"], "amount-2": "30,000", "reason": "전출", "basis": "조례", "pay_within_days": "30"}
    answer = client.post(address, form)
    made = Batch.objects.get(kind=BatchKind.CLAWBACK)
    assert answer.url == reverse("admin:batch_result", args=[made.pk])
    assert (made.parent_id, made.file_name.endswith("2명.csv")) == (paid.pk, True)
    assert AccessRecord.objects.filter(action=AccessAction.UPLOAD, subject=f"batch {made.pk}").exists()


@pytest.mark.parametrize(("form", "said"), [
    ({"reason": "전출", "basis": "조례", "pay_within_days": "30"}, "환수할 사람을 한 명 이상 고르십시오."),
    ({"row": "2", "reason": "", "basis": "조례", "pay_within_days": "30"}, "환수 사유와 근거를 입력하십시오."),
    ({"row": "99", "reason": "전출", "basis": "조례", "pay_within_days": "30"}, "지급된 사람이 없어 환수할 수 없습니다."),
])  # fmt: skip
def test_what_is_missing_is_said(office: Office, paid: Batch, form: dict[str, str], said: str) -> None:
    client = client_of(office, Role.DRAFTER)
    assert said in client.post(reverse("admin:clawback_start", args=[paid.pk]), form).content.decode()
    assert not Batch.objects.filter(kind=BatchKind.CLAWBACK).exists()


def test_the_way_to_a_clawback_stands_on_a_paid_list_for_drafters(office: Office, paid: Batch) -> None:
    link = reverse("admin:clawback_start", args=[paid.pk])
    pages = {
        role: client_of(office, role).get(reverse("admin:batch_approval", args=[paid.pk])).content.decode()
        for role in (Role.DRAFTER, Role.PAYER)
    }
    assert [link in page for page in pages.values()] == [True, False]


def test_a_payment_is_recorded_once_however_often_the_form_is_sent(office: Office) -> None:
    with office.city.scope():
        debt = make_debt(office.city)
    client = client_of(office, Role.PAYER)
    page = client.get(reverse("admin:receivable", args=[debt.pk])).content.decode()
    (key,) = set(re.findall(r'name="key" value="([^"]+)"', page))
    form = {"key": key, "amount": "20000", "paid_on": business_date(AT).isoformat(), "method": "cash"}
    for _ in range(2):
        assert client.post(reverse("admin:receivable_pay", args=[debt.pk]), form).status_code == 302
    with office.city.scope():
        assert Receivable.objects.get(pk=debt.pk).outstanding == 30_000


def test_instalments_and_write_off(office: Office) -> None:
    with office.city.scope():
        debt = make_debt(office.city)
    first = business_date(AT).replace(day=28)
    client_of(office, Role.PAYER).post(
        reverse("admin:receivable_plan", args=[debt.pk]),
        {"parts": "3", "first": first.replace(year=first.year + 1).isoformat()},
    )
    with office.city.scope():
        parts = list(Instalment.objects.filter(receivable=debt.pk, plan=2).order_by("number"))
        assert [part.amount for part in parts] == [16_000, 16_000, 18_000]
        assert {part.due_on.day for part in parts} == {28}
    approver = client_of(office, Role.APPROVER)
    address = reverse("admin:receivable", args=[debt.pk])
    (key,) = set(re.findall(r'name="key" value="([^"]+)"', approver.get(address).content.decode()))
    form = {"key": key, "amount": "50000", "reason": "무재산", "document_number": "세정과-3"}
    approver.post(reverse("admin:receivable_write_off", args=[debt.pk]), form)
    assert "무재산" in approver.get(address).content.decode()
    with office.city.scope():
        assert Receivable.objects.get(pk=debt.pk).outstanding == 0


def test_receivables_are_found_by_state_and_masked(office: Office, tmp_path: Path) -> None:
    with office.city.scope():
        desk, batch = Desk(office, tmp_path), paid_list(office, rows=1)
        Till(office).pay(person(batch, 2).wallet_id, 10_000)
        desk.carry_out(desk.by_rows(batch, (2, None)))
    client = client_of(office, Role.PAYER)
    address = reverse("admin:allowances_receivable_changelist")
    assert "10,000원" in client.get(f"{address}?state=open").content.decode()
    assert "10,000원" not in client.get(f"{address}?state=closed").content.decode()
    assert "가일" not in client.get(address).content.decode()


def test_the_notice_list_is_masked_and_its_file_is_not(office: Office, paid: Batch) -> None:
    client = client_of(office, Role.DRAFTER)
    shown = client.get(reverse("admin:expiry_notice") + "?days=90").content.decode()
    assert "가*" in shown
    assert "가일" not in shown
    address = reverse("admin:expiry_file") + "?days=90"
    assert client.post(address, {"reason": ""}).status_code == 302
    answer = client.post(address, {"reason": "만료 안내 문자 발송"})
    assert b"".join(answer.streaming_content)[:2] == b"PK"
    assert AccessRecord.objects.get(action=AccessAction.DOWNLOAD).reason == "만료 안내 문자 발송"


@pytest.mark.parametrize("query", ["?days=-1", "?days=99999", "?after=x&lot=y", "?after=2026-01-01&lot=1"])
def test_an_address_by_hand_breaks_nothing(office: Office, query: str) -> None:
    assert client_of(office, Role.DRAFTER).get(reverse("admin:expiry_notice") + query).status_code == 200


def test_from_what_a_citizen_got_a_drafter_goes_to_the_very_row(office: Office, paid: Batch) -> None:
    address = reverse("admin:citizen_received", args=[person(paid, 3).citizen_id])
    link = f"{reverse('admin:clawback_start', args=[paid.pk])}?row=3"
    shown = client_of(office, Role.DRAFTER).get(address).content.decode()
    assert link in shown
    assert "100,000원" in shown
    assert link not in client_of(office, Role.PAYER).get(address).content.decode()
    chosen = client_of(office, Role.DRAFTER).get(link).content.decode()
    assert 'value="3" id="row-3" checked' in chosen
    assert 'id="row-2"' not in chosen
