"""지급 조서: what the paper says, who may have it, and how long lists become paper."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob
from python_calamine import load_workbook

from allowances.approvals import services as approvals
from allowances.approvals.models import ApprovalLine
from allowances.approvals.selectors import steps_of
from allowances.batches.models import Batch
from allowances.disbursement import services as disbursement
from reports.documents import errors, printing, rules
from reports.documents.models import PaperState, RegisterPaper
from reports.documents.recipients import Recipient, recipients_of
from reports.documents.register import RegisterDoesNotAddUp, row_of
from tests import factories
from tests.factories import AT
from tests.factories.lists import approved, authority, make_line, make_list, make_office, paying, submitted
from tests.reports.documents import papers
from vouchers.common.errors import NotPermitted
from vouchers.common.korean import document_date
from vouchers.common.scope import set_local
from vouchers.common.seoul import business_date
from vouchers.officials.models import Absence
from vouchers.officials.rules import Role
from vouchers.privacy.fields import key_ring
from vouchers.privacy.files import FileStore
from vouchers.privacy.models import AccessRecord

pytestmark = pytest.mark.django_db
TODAY = document_date(business_date(AT))


@pytest.fixture
def office():
    made = make_office()
    with made.city.scope():
        yield made


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(directory=tmp_path / "papers", ring=key_ring())


def printed(office: Any, batch: Batch, role: Role = Role.APPROVER, **options: Any) -> Any:
    return printing.print_register(batch=Batch.objects.get(pk=batch.pk), at=AT, **office.acting(role), **options)


def words(pdf: bytes, folder: Path) -> str:
    return " ".join(papers.text(pdf, folder).split())


# What it says


def test_it_says_who_gets_what_and_who_decided(office, tmp_path):
    batch = approved(office, make_list(office, rows=3))
    text = words(printed(office, batch), tmp_path)
    for said in (
        "수당 지급 조서", "지역경제과-1", "연번 읍면동 성명 생년월일 지급액 지급일 비고", "1 주교동 가* 1985-**-** 100,000",
        "총계 (3명) 300,000", "금300,000원(금삼십만원)", "위와 같이 지급하고자 합니다.", "이하 빈칸", "끝.", "- 1 / 1 -",
    ):  # fmt: skip
        assert said in text, said
    for step in steps_of(batch)[:3]:
        assert f"{step.official.name}" in text
    assert text.count(TODAY) >= 3
    assert batch.digest[:8] in text


def test_the_digest_stands_on_each_page(office, tmp_path):
    batch = approved(office, make_list(office, rows=90))
    pdf = printed(office, batch)
    pages = papers.text(pdf, tmp_path).split("\f")[:-1]
    assert len(pages) == papers.page_count(pdf, tmp_path) > 1
    whole = " ".join(batch.digest[start : start + 8] for start in range(0, 64, 8))
    for number, page in enumerate(pages, start=1):
        assert whole in page
        assert f"- {number} / {len(pages)} -" in page
        assert "지역경제과-1" in page


def test_boxes_of_delegation_acting_and_concurrence(office, tmp_path):
    line = make_line(office.city, Role.REVIEWER, Role.BUDGET, Role.APPROVER, amount_up_to=10**9)
    ApprovalLine.objects.filter(pk=line.pk).update(titles_above="국장, 부시장")
    line.steps.filter(role=Role.APPROVER).update(is_delegated=True, title="과장")
    deputy = factories.make_official(office.city, name="나대신")
    Absence.objects.create(
        municipality=office.city.municipality, official=office.officials[Role.REVIEWER], deputy=deputy, reason="휴가",
        valid_from=business_date(AT), valid_until=business_date(AT),
    )  # fmt: skip
    batch = submitted(office, make_list(office))
    approvals.sign(batch=batch, official=deputy, authority=authority(deputy), digest=batch.digest, at=AT,
                   on_behalf_of=office.officials[Role.REVIEWER].pk)  # fmt: skip
    for role in (Role.BUDGET, Role.APPROVER):
        approvals.sign(batch=batch, digest=batch.digest, at=AT, **office.acting(role))
    made = printing.read_register(printing.batch_of(batch.pk), at=AT, is_plain=False)
    assert [(box.role, box.delegated, box.acting, box.unused) for box in made.boxes] == [
        ("담당", False, False, False), ("검토자", False, True, False), ("과장", True, False, False),
        ("국장", False, False, True), ("부시장", False, False, True),
    ]  # fmt: skip
    assert [box.name for box in made.concurrences] == [office.officials[Role.BUDGET].name]
    text = words(printed(office, batch), tmp_path)
    for said in ("전결", "대결", "나대신", "국장", "부시장", "협조"):
        assert said in text, said


def test_before_the_line_is_complete_it_has_no_number_and_empty_boxes(office, tmp_path):
    text = words(printed(office, submitted(office, make_list(office))), tmp_path)
    assert "결재 완료 후 부여" in text
    assert office.officials[Role.APPROVER].name not in text


def test_a_paid_list_says_when_each_was_paid(office, tmp_path):
    batch = paying(office, make_list(office))
    disbursement.run(municipality=office.city.code, batch_id=batch.pk, at=AT)
    text = words(printed(office, batch), tmp_path)
    assert f"100,000 {TODAY}" in text


def test_a_clawback_or_a_draft_has_no_register(office):
    with pytest.raises(errors.NoRegisterYet):
        printed(office, make_list(office))


def test_rows_that_do_not_add_up_are_never_printed(office):
    batch = approved(office, make_list(office))
    held = printing.batch_of(batch.pk)
    held.amount_total += 1
    with pytest.raises(RegisterDoesNotAddUp):
        printing.read_register(held, at=AT, is_plain=False)


# Who may have it


def test_names_in_full_need_the_right_and_a_reason(office, tmp_path):
    batch = approved(office, make_list(office))
    with pytest.raises(NotPermitted):
        printed(office, batch, Role.BUDGET, is_plain=True, reason="지급 내역 대조")
    with pytest.raises(errors.PlainNeedsReason):
        printed(office, batch, is_plain=True, reason="대조")
    text = words(printed(office, batch, is_plain=True, reason="지급 내역 대조"), tmp_path)
    assert "가일 1985-01-01" in text


def test_each_print_is_recorded(office):
    batch = approved(office, make_list(office, rows=3))
    printed(office, batch, is_plain=True, reason="지급 내역 대조")
    record = AccessRecord.objects.latest("id")
    assert (record.action, record.subject, record.count, record.reason) == (
        "print", f"지급 조서 batch {batch.pk}", 3, "지급 내역 대조"
    )  # fmt: skip


# Long lists


@pytest.mark.parametrize(
    ("rows", "form"), [(1, "direct"), (100, "direct"), (101, "whole"), (3_000, "whole"), (3_001, "summary")]
)
def test_the_form_follows_from_the_length(rows, form):
    assert rules.register_form(rows) == form


def make_paper(office: Any, batch: Batch, store: FileStore, **options: Any) -> RegisterPaper:
    paper = printed(office, batch, **options)
    assert ProcrastinateJob.objects.filter(task_name=printing.MAKE_REGISTER, args__paper_id=str(paper.pk)).exists()
    printing.make_register(municipality=office.city.code, paper_id=paper.pk, store=store, at=AT)
    return RegisterPaper.objects.get(pk=paper.pk)


def open_paper(
    office: Any, paper: RegisterPaper, store: FileStore, role: Role = Role.APPROVER, what: str = "pdf"
) -> bytes:
    with printing.open_paper(paper=paper, what=what, store=store, at=AT, **office.acting(role)) as file:
        return file.read()


def test_longer_lists_are_printed_by_a_job(office, store, tmp_path, monkeypatch):
    monkeypatch.setattr(rules, "DIRECT_ROWS", 2)
    batch = approved(office, make_list(office, rows=3))
    paper = make_paper(office, batch, store)
    assert (paper.state, paper.percent, paper.list_key) == (PaperState.READY, 100, "")
    assert "총계 (3명) 300,000" in words(open_paper(office, paper, store), tmp_path)
    assert AccessRecord.objects.latest("id").action == "download"


def test_very_long_lists_are_summed_up_by_dong_with_the_rows_beside(office, store, tmp_path, monkeypatch):
    monkeypatch.setattr(rules, "DIRECT_ROWS", 1)
    monkeypatch.setattr(rules, "WHOLE_ROWS", 2)
    batch = approved(office, make_list(office, rows=5))
    paper = make_paper(office, batch, store)
    text = words(open_paper(office, paper, store), tmp_path)
    assert "1 주교동 5 500,000" in text
    assert "붙임: 지급 대상자 명단" in text
    assert "가*" not in text
    book = tmp_path / "list.xlsx"
    book.write_bytes(open_paper(office, paper, store, what="list"))
    rows = load_workbook(book).get_sheet_by_index(0).to_python()
    assert rows[2] == ["연번", "읍면동", "성명", "생년월일", "지급액", "지급일", "비고"]
    assert rows[3][:5] == [1, "주교동", "가*", "1985-**-**", 100_000]
    assert rows[8][0] == "총계 (5명)"
    assert rows[8][4] == 500_000
    assert batch.digest[:8] in rows[1][0]


def test_blocks_lose_and_repeat_nobody(office, monkeypatch):
    monkeypatch.setattr("reports.documents.recipients.BLOCK_ROWS", 2)
    batch = approved(office, make_list(office, rows=5))
    assert [[one.number for one in block] for block in recipients_of(batch)] == [[1, 2], [3, 4], [5]]


def test_a_plain_paper_is_opened_by_whoever_asked_alone(office, store, monkeypatch):
    monkeypatch.setattr(rules, "DIRECT_ROWS", 0)
    batch = approved(office, make_list(office))
    paper = make_paper(office, batch, store, is_plain=True, reason="지급 내역 대조")
    with pytest.raises(NotPermitted):
        open_paper(office, paper, store, Role.PAYER)
    assert open_paper(office, paper, store).startswith(b"%PDF")


def test_a_paper_of_a_list_that_came_back_meanwhile_is_not_made(office, store, monkeypatch):
    monkeypatch.setattr(rules, "DIRECT_ROWS", 0)
    batch = approved(office, make_list(office))
    paper = printed(office, batch)
    approvals.send_back(batch=batch, reason="근거", digest=batch.digest, at=AT, **office.acting(Role.PAYER))
    printing.make_register(municipality=office.city.code, paper_id=paper.pk, store=store, at=AT)
    paper.refresh_from_db()
    assert paper.state == PaperState.FAILED
    with pytest.raises(errors.PaperNotReady):
        open_paper(office, paper, store)


def test_the_page_prints_a_short_list_at_once(office):
    batch = approved(office, make_list(office))
    official = office.officials[Role.APPROVER]
    client = Client()
    set_local(official=str(official.pk))
    client.force_login(official)
    page = client.get(reverse("admin:batch_register", args=[batch.pk]))
    assert "바로 열립니다." in page.content.decode()
    answer = client.post(reverse("admin:batch_register_print", args=[batch.pk]))
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    refused = client.post(reverse("admin:batch_register_print", args=[batch.pk]), {"plain": "1"}, follow=True)
    assert "사유를 5자 이상" in refused.content.decode()


def test_birth_dates_are_whole_only_on_plain_papers():
    one = Recipient(
        number=1, dong="주교동", name="김장터", birth_date=date(1985, 1, 5), amount=1, paid_on=None, note=""
    )
    assert [row_of(one, is_plain=plain)["birth"] for plain in (True, False)] == ["1985-01-05", "1985-**-**"]
