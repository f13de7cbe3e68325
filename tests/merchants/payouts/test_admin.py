"""What two officials do in the browser, from the first look to the bank's answer."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from merchants.payouts import alarms, services
from merchants.payouts.models import BankSheet, Payout, PayoutBatch, PayoutTerms
from tests import factories
from tests.factories import AT
from tests.factories.payouts import PayoutDesk, status_report
from vouchers.common.scope import set_local
from vouchers.common.seoul import business_date
from vouchers.municipalities.models import Holiday
from vouchers.officials.models import Official
from vouchers.officials.rules import Role
from vouchers.privacy.models import AccessAction, AccessRecord


def client_of(official: Official) -> Client:
    client = Client()
    set_local(official=str(official.pk))
    client.force_login(official)
    return client


def step(client: Client, name: str, key: Any, **fields: Any) -> Any:
    return client.post(reverse(f"admin:{name}", args=[key]), fields, follow=True)


def downloads(desk: PayoutDesk) -> list[tuple[str, int]]:
    with desk.city.scope():
        rows = AccessRecord.objects.filter(action=AccessAction.DOWNLOAD).order_by("id")
        return [(row.reason, row.count) for row in rows]


def test_the_day_of_payment_is_no_holiday(desk: PayoutDesk) -> None:
    today = business_date(timezone.now())
    with desk.city.scope():
        for number in range(3):
            Holiday.objects.create(
                municipality=desk.city.municipality, day=today + timedelta(days=number), name="임시공휴일"
            )
    offered = client_of(desk.maker).get(reverse("admin:payout_new")).context["form"]["pay_on"].value()
    later = [today + timedelta(days=number) for number in range(3, 6)]
    assert offered == next(day for day in later if day.weekday() < 5)


def test_from_the_first_look_to_the_bank_s_answer(desk: PayoutDesk) -> None:
    maker, checker = client_of(desk.maker), client_of(desk.checker)
    new = reverse("admin:payout_new")
    assert "가맹점 3곳에 60,000원을 보낼 수 있습니다." in maker.get(new).text
    today = business_date(timezone.now())
    late = maker.post(new, {"currency": desk.city.currency.pk, "pay_on": today - timedelta(days=1)})
    assert (late.status_code, "이체일은 오늘이거나 그 뒤여야 합니다." in late.text) == (422, True)
    page = maker.post(new, {"currency": desk.city.currency.pk, "pay_on": today}, follow=True).text
    assert "만든 사람은 승인할 수 없습니다." in page
    with desk.city.scope():
        batch = PayoutBatch.objects.get()
    digest = bytes(batch.digest).hex()
    address = reverse("admin:merchants_payoutbatch_change", args=[batch.pk])
    assert f'name="digest" value="{digest}"' in checker.get(address).text
    assert "이체 묶음을 승인했습니다." in step(checker, "payout_approve", batch.pk, digest=digest).text

    assert "사유를 5자 이상" in step(maker, "payout_send", batch.pk, form="kb", reason="").text
    assert downloads(desk) == []
    sent = step(maker, "payout_send", batch.pk, form="kb", reason="은행 대량이체 등록")
    told = f"payouts-{batch.year}-1-kb-60000-{digest[:8]}.xlsx"
    assert sent["Content-Disposition"] == f'attachment; filename="{told}"'
    assert (
        "이미 다음 단계로 넘어갔습니다"
        in step(maker, "payout_send", batch.pk, form="kb", reason="은행 대량이체 등록").text
    )
    copy = step(maker, "payout_copy", batch.pk, reason="증빙 첨부용")
    assert copy["Content-Disposition"] == f'attachment; filename="copy-{told}"'
    assert step(maker, "payout_expenditure", batch.pk, reason="지출결의용")["Content-Type"] == "text/csv; charset=cp949"
    assert downloads(desk) == [("은행 대량이체 등록", 3), ("증빙 첨부용", 3), ("지출결의용", 3)]

    with desk.city.scope():
        first = desk.payouts(batch)[0]
    file = SimpleUploadedFile("answer.xml", status_report(first.pk.hex, "RJCT", "AC04"))
    page = maker.post(reverse("admin:payout_result_upload"), {"file": file}, follow=True).text
    assert "지급 0건과 반환 1건을 원장에 반영했습니다." in page
    assert "AC04 해지된 계좌" in page
    again = SimpleUploadedFile("answer.xml", status_report(first.pk.hex, "RJCT", "AC04"))
    reply = maker.post(reverse("admin:payout_result_upload"), {"file": again})
    assert (reply.status_code, "이미 올린 결과 파일입니다." in reply.text) == (422, True)

    assert str(first.merchant) in maker.get(reverse("admin:merchants_payout_changelist") + "?task=mend").text
    shown = maker.get(reverse("admin:merchants_payout_change", args=[first.pk])).text
    assert "은행이 이 계좌를 받지 않았습니다" in shown
    assert "110-000-123456" not in shown
    assert "은행이 반환한 계좌" in maker.get(new).text
    assert "다음 이체 묶음부터" in step(maker, "payout_mended", first.pk, reason="은행에 확인함").text
    assert "은행이 반환한 계좌" not in maker.get(new).text


def test_either_side_takes_back_what_was_not_sent(desk: PayoutDesk) -> None:
    batch = desk.make()
    checker = client_of(desk.checker)
    assert "취소하는 사유" in step(checker, "payout_cancel", batch.pk, reason="x").text
    assert "가맹점 정산금으로 돌아갔고" in step(checker, "payout_cancel", batch.pk, reason="이체일을 잘못 정함").text
    with desk.city.scope():
        assert set(Payout.objects.values_list("state", flat=True)) == {"cancelled"}


def test_another_city_s_batch_does_not_exist(desk: PayoutDesk) -> None:
    batch = desk.make()
    other = factories.make_city(code="28110", name="인천광역시 중구")
    with other.scope():
        stranger = client_of(factories.make_official(other, Role.SETTLEMENT_OFFICER, Role.PAYER))
    assert stranger.get(reverse("admin:merchants_payoutbatch_change", args=[batch.pk])).status_code == 404
    for name in ("payout_approve", "payout_cancel", "payout_send", "payout_copy", "payout_expenditure"):
        assert step(stranger, name, batch.pk, reason="남의 것을 본다").status_code == 404


def test_an_administrator_enters_terms_from_today_on(desk: PayoutDesk) -> None:
    admin = client_of(factories.make_official(desk.city, Role.ADMINISTRATOR))
    today = business_date(timezone.now())
    address = reverse("admin:merchants_payoutterms_add")
    fields = {
        "currency": desk.city.currency.pk, "valid_from": date(2026, 1, 1), "minimum": 1_000, "account_bank": "004",
        "account_number": "123", "account_holder": "고양시", "shown_as": "페이", "legal_basis": "조례",
    }  # fmt: skip
    page = admin.post(address, fields).text
    assert "시행일은 오늘부터" in page
    assert "숫자 8~16자리" in page
    assert admin.post(address, fields | {"valid_from": today, "account_number": "004-1234-5678"}).status_code == 302
    with desk.city.scope():
        made = PayoutTerms.objects.get(valid_from=today)
    shown = admin.get(reverse("admin:merchants_payoutterms_change", args=[made.pk])).text
    assert "1,000원" in shown
    assert "1234" not in shown.replace(str(made.pk), "")


def test_an_administrator_changes_a_bank_s_columns(desk: PayoutDesk) -> None:
    assert "바꾼 양식 등록" not in client_of(desk.maker).get(reverse("admin:merchants_banksheet_changelist")).text
    admin = client_of(factories.make_official(desk.city, Role.ADMINISTRATOR))
    assert "바꾼 양식 등록" in admin.get(reverse("admin:merchants_banksheet_changelist")).text
    address = reverse("admin:merchants_banksheet_add")
    page = admin.get(f"{address}?code=shinhan").text
    assert "입금인코드" in page
    assert reverse("admin:bank_sheet_preview") in page
    today = business_date(timezone.now())
    wrong = admin.post(address, {"code": "kb", "valid_from": today, "form": "csv", "columns": "계좌 = 통장"})
    assert "1번째 줄을 읽을 수 없습니다: 계좌 = 통장" in wrong.text
    nobody = admin.post(address, {"code": "kb", "valid_from": today, "form": "csv", "columns": "돈 = 금액"})
    assert "‘계좌번호’ 항목이 들어가는 열이 있어야 합니다." in nobody.text
    columns = '계좌 = 계좌번호\n돈 = 금액\n구분 = "급여 아님"'
    shown = admin.post(reverse("admin:bank_sheet_preview"), {"columns": columns})
    assert [word in shown.text for word in ("110000123456", "1234500", "급여 아님")] == [True] * 3
    right = admin.post(address, {"code": "kb", "valid_from": today, "form": "csv", "columns": columns})
    assert right.status_code == 302
    with desk.city.scope():
        assert BankSheet.objects.get().form == "csv"


def test_the_home_page_tells_what_payouts_wait_for(desk: PayoutDesk) -> None:
    """Each step for whoever takes it, and what came back for the settlement officer."""
    maker, checker = client_of(desk.maker), client_of(desk.checker)

    def told(client: Client) -> str:
        return client.get(reverse("admin:index")).text

    batch = desk.make()
    assert "3건 60,000원의 이체 승인을 기다립니다." in told(checker)
    assert str(batch) not in told(maker)
    desk.approve(batch)
    assert "3건 60,000원이 승인되었습니다. 은행으로 보내십시오." in told(maker)
    services.send(batch=PayoutBatch.objects.get(), form="kb", **desk.acting(desk.maker))
    first, second, third = desk.payouts(batch)
    desk.take_in(status_report(first.pk.hex, "RJCT", "AC04"))
    desk.take_in(status_report(second.pk.hex, "ACSC"))
    desk.take_in(status_report(second.pk.hex, "RJCT", "AM04"), name="어긋난 답.xml")
    page = told(maker)
    assert "되돌아온 이체 1건 30,000원: 계좌를 확인하십시오." in page
    assert "어긋난 답.xml: 앞의 답과 맞지 않는 줄이 1줄 있습니다." in page
    assert "가맹점 이체 <span" not in told(checker)
    assert [alarm.text for alarm in alarms.of(**late(desk))][-1].endswith("은행의 결과 파일을 올리십시오.")
    assert third.state == "listed"


def late(desk: PayoutDesk) -> dict[str, Any]:
    """The day after payment."""
    return {"authority": desk.acting(desk.maker)["authority"], "day": business_date(AT) + timedelta(days=1)}


def test_a_page_of_a_payout_shows_its_own_movements(desk: PayoutDesk) -> None:
    batch, _file = desk.sent()
    desk.take_in(status_report(desk.payouts(batch)[1].pk.hex, "RJCT", "AC04"))
    client, address = client_of(desk.maker), reverse("admin:merchants_payout_change", args=[desk.payouts(batch)[1].pk])
    page = client.get(address).text
    with CaptureQueriesContext(connection) as captured:
        client.get(address)
    assert len([one for one in captured.captured_queries if '"vouchers_transfer"' in one["sql"]]) == 2
    assert page.count("20,000원") >= 3
    assert "30,000원" not in page
