"""The page of a payment, its steps by form, and the files that leave it."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from python_calamine import CalamineWorkbook

from allowances.batches.models import Batch, BatchState
from allowances.disbursement import services
from allowances.disbursement.files import cash_list, result_copy, results_of
from tests import factories
from tests.factories import AT
from tests.factories.holding import AMOUNT, Stranger, close_wallet, make_holding_list, unpaid
from tests.factories.lists import approved, make_list, make_office, paying
from vouchers.common.scope import set_local
from vouchers.ledger.services import call
from vouchers.officials.rules import Role
from vouchers.privacy.fields import key_ring
from vouchers.privacy.files import FileStore
from vouchers.privacy.models import AccessRecord

pytestmark = pytest.mark.django_db


@pytest.fixture
def office():
    made = make_office(amount=AMOUNT)
    with made.city.scope():
        yield made


def client_of(office, role):
    client = Client()
    set_local(official=str(office.officials[role].pk))
    client.force_login(office.officials[role])
    return client


def open_page(client, name, batch, **data):
    method = client.post if data else client.get
    return method(reverse(f"admin:{name}", args=[batch.pk]), data or None, follow=True)


def run(office, batch, **options):
    services.run(municipality=office.city.code, batch_id=batch.pk, at=AT, **options)
    return Batch.objects.get(pk=batch.pk)


def mixed(office):
    """One paid, one in cash, one failed, one dead, one held."""
    people = [factories.make_citizen(office.city, name=name) for name in ("김가나", "이다라", "박마바", "최사아")]
    batch = make_holding_list(office.city, [*people, Stranger()], cash=[3])
    close_wallet(people[2])
    call("disbursement.stop", office.city.code, [people[3].pk], [None], [None], ["deceased"], AT)
    return run(office, batch)


def test_the_page_tells_what_became_of_the_rows(office):
    batch = mixed(office)
    client = client_of(office, Role.PAYER)
    page = open_page(client, "batch_payment", batch).content.decode()
    for text in (
        "지급되지 않은 행이 있습니다",
        "보관(미가입·지갑 없음)",
        "실패(지갑 해지·정지)",
        "중지(사망·전출)",
        "50,000원",
    ):
        assert text in page
    assert "김*래" in page
    assert "김미래" not in page
    only = client.get(reverse("admin:batch_payment", args=[batch.pk]) + "?kind=failed").content.decode()
    assert "박*바" in only
    assert "김*래" not in only


@pytest.mark.parametrize("state", ["approved", "paying", "validated"])
def test_the_page_opens_at_every_station(office, state):
    batch = {"approved": approved, "paying": paying, "validated": lambda _office, made: made}[state](
        office, make_list(office)
    )
    assert open_page(client_of(office, Role.REVIEWER), "batch_payment", batch).status_code == 200


def test_a_payer_appoints_changes_and_takes_back(office):
    batch = approved(office, make_list(office))
    client = client_of(office, Role.PAYER)
    day_after = (AT + timedelta(days=2)).strftime("%Y-%m-%dT09:00")
    open_page(client, "batch_pay", batch, amount=batch.amount_total, digest=batch.digest, pay_at=day_after)
    batch.refresh_from_db()
    assert (batch.state, batch.pay_at.hour) == (BatchState.SCHEDULED, 0)  # nine in the morning in Seoul
    assert "지급 예약 일시는" in open_page(client, "batch_reschedule", batch, pay_at="gestern").content.decode()
    open_page(client, "batch_unschedule", batch, reason="확인")
    assert Batch.objects.get(pk=batch.pk).state == BatchState.APPROVED
    open_page(client, "batch_start", batch, digest=batch.digest)
    assert Batch.objects.get(pk=batch.pk).state == BatchState.PAYING


def test_a_payer_pauses_and_cancels_by_form(office):
    batch = paying(office, make_list(office))
    client = client_of(office, Role.PAYER)
    open_page(client, "batch_pause", batch, reason="민원")
    page = open_page(client, "batch_payment", batch).content.decode()
    assert "지급을 멈추었습니다" in page
    assert "남은 30,000원의 지급을 취소함을 확인했습니다." in page
    assert (
        "그사이 지급이 더"
        in open_page(client, "batch_cancel_rest", batch, reason="중단", unposted="1").content.decode()
    )
    open_page(client, "batch_cancel_rest", batch, reason="중단", unposted=3 * AMOUNT)
    assert Batch.objects.get(pk=batch.pk).state == BatchState.PAID


def test_retry_and_giving_up_by_form(office):
    batch = mixed(office)
    client = client_of(office, Role.PAYER)
    assert "지금 지급할 수 있는 사람이 없습니다" in open_page(client, "batch_retry", batch, x="1").content.decode()
    assert "1건을 예산으로 반납" in open_page(client, "batch_give_up", batch, reason="해지").content.decode()
    assert unpaid(batch)[4][1:] == ("returned", "given_up")


# Files


@pytest.fixture
def store(tmp_path):
    return FileStore(directory=tmp_path, ring=key_ring())


def with_file(batch, store, content, **layout):
    kept = store.write([content], limit=1 << 20)
    Batch.objects.filter(pk=batch.pk).update(file_key=kept.name, layout={"header_row": 1, **layout})
    return Batch.objects.get(pk=batch.pk)


def test_the_result_file_is_the_officials_own_with_four_columns_more(office, store):
    lines = ["비고,지급액,성명", *(f"메모{row},10000,이름{row}" for row in range(2, 7))]
    batch = with_file(mixed(office), store, "\r\n".join(lines).encode("cp949"), kind="csv")
    today = AT.date().isoformat()
    found = list(csv.reader(io.StringIO(b"".join(result_copy(batch, store=store)).decode("cp949"))))
    assert found[0] == ["비고", "지급액", "성명", "지급결과", "처리일", "지급액(원)", "지급 비고"]
    assert [row[:3] for row in found[1:]] == [[f"메모{row}", "10000", f"이름{row}"] for row in range(2, 7)]
    until = (AT.date() + timedelta(days=30)).isoformat()
    assert [row[3:] for row in found[1:]] == [
        ["지급완료", today, "10000", ""],
        ["현금 지급 대상", today, "10000", ""],
        ["실패", "", "0", f"지갑 해지 · {until}까지 보관"],
        ["중지", today, "0", "사망"],
        ["보관", "", "0", f"미가입 · {until}까지 보관"],
    ]


def test_the_result_file_says_what_came_later(office):
    batch = mixed(office)
    Stranger().joins(office.city)
    services.give_up_failed(batch=batch, reason="해지", at=AT, **office.acting(Role.PAYER))
    results = {number: (result, won, remark) for number, result, _day, won, remark in results_of(batch)}
    assert results[6] == ("보관 후 지급완료", "10000", "미가입")
    assert results[4] == ("반납", "0", "지갑 해지 · 담당자 반납")


def test_rows_that_were_left_out_and_rows_to_come_are_told_apart(office):
    batch = paying(office, make_list(office, rows=3, bad=1))
    assert [result for _row, result, *_ in results_of(batch)] == ["지급 전", "지급 전", "제외"]
    services.pause(batch=batch, reason="확인", at=AT, **office.acting(Role.PAYER))
    services.cancel_rest(batch=batch, reason="중단", unposted=2 * AMOUNT, at=AT, **office.acting(Role.PAYER))
    assert [result for _row, result, *_ in results_of(batch)] == ["지급취소", "지급취소", "제외"]


def test_the_result_file_is_not_given_without_a_reason(office):
    batch = mixed(office)
    Batch.objects.filter(pk=batch.pk).update(layout={"header_row": 1})
    client = client_of(office, Role.PAYER)
    assert "5자 이상" in open_page(client, "batch_payment_result", batch, reason="왜").content.decode()
    assert not AccessRecord.objects.exists()


@pytest.mark.parametrize(
    ("plain", "name", "account"), [(False, "이*라", "*********0123"), (True, "이다라", "3020000000123")]
)
def test_the_cash_list_hides_people_unless_it_is_asked_for(office, tmp_path, plain, name, account):
    people = [
        factories.make_citizen(office.city, name="이다라", account_bank="011", account_number="3020000000123"),
        factories.make_citizen(office.city),
    ]
    batch = run(office, make_holding_list(office.city, people, cash=[2]))
    path = tmp_path / "cash.xlsx"
    path.write_bytes(b"".join(cash_list(batch, plain=plain)))
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    assert rows[1:] == [[2, name, "011", account, AMOUNT, ""]]
