"""The pages, as a settlement officer and as others see them."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import translation
from python_calamine import CalamineWorkbook

from allowances.approvals import digest
from tests import factories
from tests.factories import AT
from tests.vouchers.reconciliation.conftest import FIRST, SECOND, TODAY, Books, csv_of
from vouchers.common.korean import document_date
from vouchers.common.scope import set_local
from vouchers.officials.models import Official
from vouchers.officials.rules import Role
from vouchers.officials.selectors import authority_of
from vouchers.reconciliation import alarms
from vouchers.reconciliation.models import BankLine, ReviewNote

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
