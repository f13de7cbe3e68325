"""The pages, as a settlement officer and as others see them."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import translation
from python_calamine import CalamineWorkbook

from allowances.approvals import digest
from tests import factories
from tests.factories import AT
from tests.factories.top_ups import ask, confirm
from tests.vouchers.reconciliation.conftest import FIRST, SECOND, TODAY, Books, at_noon, csv_of
from vouchers.common.korean import document_date
from vouchers.common.scope import set_local
from vouchers.officials.models import Official
from vouchers.officials.rules import Role
from vouchers.officials.selectors import authority_of
from vouchers.reconciliation import alarms
from vouchers.reconciliation.models import BankLine, ReviewNote
from vouchers.top_ups.models import TopUp

FUNDED = (f"{FIRST} 12:00:00", 1_000_000, 0, "예산 입금")


@pytest.fixture
def seeded(books: Books) -> Books:
    """The bank got 1,234 won that nobody posted, on the last closed day."""
    books.fund(1_000_000, day=FIRST)
    books.close()
    books.upload(csv_of([FUNDED, (f"{SECOND} 09:00", 1_234, 0, "=예금이자")]))
    return books


def client_of(official: Official) -> Client:
    """Logged in, with the scope of the test's own connection put back afterwards."""
    client = Client()
    client.force_login(official)
    return client


def _get(books: Books, address: str, official: Official | None = None) -> str:
    reply = client_of(official or books.officer).get(address)
    set_local(municipalities=books.city.code)
    assert reply.status_code == 200
    return reply.content.decode()


def test_the_day_shows_the_equation_and_what_is_open(seeded: Books) -> None:
    page = _get(seeded, reverse("admin:reconciliation_day", args=[seeded.review().pk]))
    for text in (
        "차이 있음",
        "1,001,234원",
        "1,000,000원",
        "1,234원",
        "=예금이자",
        "차이 1,234원 설명하고 서명",
        "예산 과목",
    ):
        assert text in page


def test_others_read_it_without_forms(seeded: Books) -> None:
    auditor = factories.make_official(seeded.city, Role.AUDITOR)
    page = _get(seeded, reverse("admin:reconciliation_day", args=[seeded.review().pk]), auditor)
    assert "차이 있음" in page
    assert "설명하고 서명" not in page


def test_an_officer_uploads_signs_matches_and_undoes(books: Books) -> None:
    books.fund(600_000, day=FIRST)
    books.fund(400_000, day=FIRST)
    books.close()
    client = client_of(books.officer)
    file = csv_of([FUNDED, (f"{SECOND} 09:00", 1, 0, "이자")]).read()
    reply = client.post(
        reverse("admin:reconciliation_upload"),
        {
            "currency": books.city.currency.pk,
            "file": SimpleUploadedFile("거래.csv", file),
            "through": SECOND.isoformat(),
        },
        follow=True,
    )
    assert "거래 2건(새 거래 2건)을 올렸고" in reply.content.decode()
    again = client.post(
        reverse("admin:reconciliation_upload"),
        {
            "currency": books.city.currency.pk,
            "file": SimpleUploadedFile("거래.csv", file),
            "through": SECOND.isoformat(),
        },
    )
    assert again.status_code == 422
    assert "이미 올린 거래내역입니다." in again.content.decode()
    set_local(municipalities=books.city.code)
    line, review = BankLine.objects.get(amount=1_000_000), books.review()
    day = reverse("admin:reconciliation_day", args=[review.pk])
    page = client.get(f"{day}?line={line.pk}").content.decode()
    assert page.count('name="journal"') == 2
    set_local(municipalities=books.city.code)
    chosen = [part.split('"')[0] for part in page.split('name="journal" value="')[1:]]
    done = client.post(reverse("admin:reconciliation_match", args=[line.pk]), {"journal": chosen}, follow=True)
    assert "은행 거래와 원장 이동을 연결했습니다." in done.content.decode()
    done = client.post(
        reverse("admin:reconciliation_explain", args=[review.pk]), {"unexplained": "1", "text": "이자"}, follow=True
    )
    assert "설명을 남기고 서명했습니다." in done.content.decode()
    done = client.post(reverse("admin:reconciliation_unmatch", args=[line.pk]), follow=True)
    assert "연결을 해제했습니다." in done.content.decode()
    set_local(municipalities=books.city.code)
    assert ReviewNote.objects.get().official == books.officer


def test_a_file_that_is_no_statement_is_told_at_its_field(books: Books) -> None:
    reply = client_of(books.officer).post(
        reverse("admin:reconciliation_upload"),
        {"currency": books.city.currency.pk, "file": SimpleUploadedFile("명단.csv", "성명,금액\n김,1\n".encode())},
    )
    assert reply.status_code == 422
    assert "거래내역 표를 찾지 못했습니다." in reply.content.decode()


def test_the_home_page_and_the_daily_mail_alarm(seeded: Books) -> None:
    page = _get(seeded, reverse("admin:index"))
    assert "은행 예금과 원장이 1,234원 다릅니다." in page
    drafter = factories.make_official(seeded.city, Role.DRAFTER)
    assert "은행 예금과 원장이" not in _get(seeded, reverse("admin:index"), drafter)
    seeded.officer.email = "officer@example.go.kr"
    seeded.officer.save()
    mails: list[tuple[str, str, str]] = []
    sent = digest.send_digests(
        municipality=seeded.city.code, at=AT, send=lambda *mail: mails.append(mail), site="https://jangteo.example"
    )
    assert sent == 1
    subject, text, address = mails[0]
    assert (subject, address) == (f"[장터] 확인할 알림 1건 ({document_date(TODAY)})", "officer@example.go.kr")
    assert f"{document_date(SECOND)} 은행 예금과 원장이 1,234원 다릅니다" in text
    assert f"https://jangteo.example/admin/reconciliation/{seeded.review().pk}/" in text


def test_a_day_without_statement_is_told_to_those_who_can_upload_one(books: Books) -> None:
    books.fund(1_000_000, day=FIRST)
    books.close()
    told = alarms.of(authority_of(official_id=books.officer.pk, day=TODAY), TODAY)
    assert [alarm.text for alarm in told] == [f"{books.city.currency}: 은행 거래내역이 없는 영업일이 2일 있습니다."]
    auditor = factories.make_official(books.city, Role.AUDITOR)
    assert alarms.of(authority_of(official_id=auditor.pk, day=TODAY), TODAY) == []


def test_the_workbook_has_numbers_that_add_up_and_no_formula(seeded: Books) -> None:
    reply = client_of(seeded.officer).get(reverse("admin:reconciliation_file"))
    set_local(municipalities=seeded.city.code)
    book = CalamineWorkbook.from_filelike(io.BytesIO(reply.content))
    heads, *rows = book.get_sheet_by_name("일일 대사").to_python()[2:]
    assert [row[0] for row in rows] == [document_date(FIRST), document_date(SECOND)]
    last = dict(zip(heads, rows[-1], strict=True))
    assert sum(rows[-1][1 : heads.index("있어야 할 잔액")]) == last["있어야 할 잔액"] == 1_000_000
    assert (last["은행 예금 잔액"], last["설명되지 않은 차이"], last["상태"]) == (1_001_234, 1_234, "차이 있음")
    assert book.get_sheet_by_name("은행에만 있는 거래").to_python()[3][3] == "=예금이자"
    with zipfile.ZipFile(io.BytesIO(reply.content)) as package:
        assert not any(b"<f>" in package.read(name) for name in package.namelist() if "/sheet" in name)


def test_the_pages_speak_english(seeded: Books) -> None:
    with translation.override("en"):
        client = client_of(seeded.officer)
        client.cookies["django_language"] = "en"
        page = client.get(reverse("admin:reconciliation_day", args=[seeded.review().pk])).content.decode()
    assert "Unexplained difference" in page
    set_local(municipalities=seeded.city.code)


def test_an_officer_chooses_top_ups_looks_again_and_posts_the_deposit(books: Books) -> None:
    factories.make_purchase_limit(books.city, per_month=10_000_000)
    partner = factories.make_partner(books.city)
    wallet = factories.wallet_of(factories.make_citizen(books.city, name="홍길동")).pk
    for order, amount in (("ORDER-1", 30_000), ("ORDER-2", 12_000)):
        confirm(partner, ask(partner, wallet, amount, order=order, at=at_noon(FIRST)), at=at_noon(FIRST))
    books.close()
    books.upload(csv_of([(f"{FIRST} 13:00", 25_000, 0, "홍길동"), (f"{FIRST} 14:00", 0, 500, "수수료")]))
    client, line = client_of(books.officer), BankLine.objects.get(amount=25_000)
    address = reverse("admin:reconciliation_receive", args=[line.pk])
    day = _get(books, reverse("admin:reconciliation_day", args=[books.review(FIRST).pk]))
    assert day.count("충전 입금으로 반영") == 1  # the fee is no deposit
    assert address in day

    def get(**asked) -> str:
        page = client.get(address, asked).content.decode()
        set_local(municipalities=books.city.code)
        return page

    assert get().count('name="top_up"') == 2
    found = get(q="ORDER-1")
    assert ("ORDER-1" in found, "ORDER-2" in found, "홍길동</td>" in found) == (True, False, False)
    assert "찾은 충전이 없습니다." in get(q="ORDER")
    assert "충전을 먼저 고르십시오" in get(step="check")
    chosen = TopUp.objects.get(order_id="ORDER-1").pk
    kept = get(top_up=str(chosen), q="ORDER-2")
    assert (kept.count('name="top_up"'), kept.count("checked")) == (2, 1)
    look = get(step="check", top_up=str(chosen))
    assert "5,000원은 아직 들어오지 않은 금액으로 남습니다." in look
    assert "25,000원 원장에 반영" in look
    seen = {"step": "check", "top_up": str(chosen), "number": 1, "paid": 30_000, "unclaimed": 0}
    stale = client.post(address, seen | {"paid": 29_000}, follow=True).content.decode()
    assert "다시 고르고 확인하십시오." in stale
    assert f'value="{chosen}" checked' in stale
    done = client.post(address, seen, follow=True).content.decode()
    assert "충전 입금으로 원장에 반영했습니다." in done
    assert "충전 입금으로 반영함" in done
    assert "이미 연결된 거래입니다." in client.post(address, seen, follow=True).content.decode()
    assert "이미 연결된 거래입니다." in client.get(address, follow=True).content.decode()
    set_local(municipalities=books.city.code)
    assert TopUp.objects.get(pk=chosen).received_line_id == line.pk
    assert (
        client.get(reverse("admin:reconciliation_receive", args=[BankLine.objects.get(amount=-500).pk])).status_code
        == 404
    )


def test_a_lump_is_shown_with_what_it_pays_before_it_is_posted(books: Books) -> None:
    factories.make_purchase_limit(books.city, per_month=10_000_000)
    partner, wallet = factories.make_partner(books.city), factories.wallet_of(factories.make_citizen(books.city)).pk
    for number in (1, 2, 3):
        at = AT - timedelta(hours=4 - number)
        confirm(partner, ask(partner, wallet, 10_000, order=f"ORDER-{number}", at=at), at=at)
    books.upload(
        csv_of([(f"{TODAY} 13:00", 20_000, 0, "PG 정산"), (f"{TODAY} 14:00", 99_000, 0, "과다")]), through=TODAY
    )
    client = client_of(books.officer)
    lump, more = (BankLine.objects.get(amount=amount) for amount in (20_000, 99_000))
    page = client.get(reverse("admin:reconciliation_receive", args=[lump.pk]), {"step": "whole"}).content.decode()
    assert "금액이 꼭 맞습니다." in page
    assert ("ORDER-1" in page, "ORDER-2" in page, "ORDER-3" in page) == (True, True, False)
    set_local(municipalities=books.city.code)
    page = client.get(reverse("admin:reconciliation_receive", args=[more.pk]), {"step": "whole"}).content.decode()
    assert "은행 입금이 충전보다 많아 반영할 수 없습니다." in page
    assert "원장에 반영</button>" not in page
    set_local(municipalities=books.city.code)
