"""발급: a number, a digest, a code; final, the same bytes on every later day, and checked by anybody."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from django.db import Error, connection, transaction
from django.test import Client
from django.urls import reverse
from python_calamine import CalamineWorkbook

from reports.statistics import services, views
from reports.statistics.circulation import REPORT
from reports.statistics.errors import PeriodNotClosed, ReplacesAnother
from reports.statistics.models import IssuedReport, IssueState
from reports.statistics.rules import code_of, from_json, read_code, spaced_code, to_json
from tests import factories
from tests.factories import AT
from tests.reports.documents import papers
from tests.reports.statistics.world import LAST, THIS, World, make_world
from vouchers.common.errors import NotPermitted
from vouchers.common.models import uuid7
from vouchers.officials.models import Official
from vouchers.officials.rules import Role
from vouchers.officials.selectors import authority_of

pytestmark = pytest.mark.django_db
SITE = "https://jangteo.example.go.kr"


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def officer(world) -> Official:
    with world.city.scope():
        return factories.make_official(world.city, Role.SETTLEMENT_OFFICER, name="이정산", department="일자리경제과")


def asked_by(official: Official, world: World, *, asked: Any = None, **fields: Any) -> IssuedReport:
    fields = {"id": uuid7(), "definition": REPORT, "at": AT} | fields
    with world.city.scope():
        return services.issue(
            asked=asked or world.asked(unit="month"), official=official,
            authority=authority_of(official_id=official.pk, day=AT.date()), **fields,
        )  # fmt: skip


def issued_by(official: Official, world: World, **fields: Any) -> IssuedReport:
    made = asked_by(official, world, **fields)
    state = services.make(municipality=world.city.code, report_id=made.pk, site=SITE, at=AT)
    assert state == IssueState.READY
    with world.city.scope():
        return IssuedReport.objects.select_related("number", "municipality").get(pk=made.pk)


def test_paper_and_workbook_say_what_the_screen_says(world, officer, tmp_path):
    issued = issued_by(officer, world)
    with world.city.scope():
        content = REPORT.content(world.asked(unit="month"))
    assert from_json(issued.content) == content
    assert (issued.control, str(issued.number)) == (201_000, "일자리경제과-1")
    assert services.is_intact(issued)
    text = papers.text(bytes(issued.pdf), tmp_path)
    for said in (
        "발행·판매·환전 현황", "일자리경제과-1", "금201,000원(금이십만일천원)", "끝.", spaced_code(issued.code),
        f"{SITE}/verify/", issued.digest[:8], "이정산", "- 1 / 1 -", "201,000", "142.5%", "이하 빈칸",
    ):  # fmt: skip
        assert said in text, said
    rows = CalamineWorkbook.from_filelike(BytesIO(bytes(issued.xlsx))).get_sheet_by_index(0).to_python()
    assert rows[-1][5] == 201_000
    assert issued.digest in rows[3][0]


def test_the_paper_is_tagged_kept_for_ever_and_encloses_the_workbook(world, officer, tmp_path):
    issued = issued_by(officer, world)
    facts, archive = papers.facts(bytes(issued.pdf), tmp_path)
    assert facts["Tagged"].strip() == "yes"
    assert re.findall(r"pdfaid:(?:part|conformance)[=>\"]+(\w)", archive) == ["3", "A"]
    assert papers.enclosed(bytes(issued.pdf), tmp_path) == {"일자리경제과-1.xlsx": bytes(issued.xlsx)}


def test_made_again_it_has_the_same_bytes(world, officer):
    issued = issued_by(officer, world)
    with world.city.scope():
        content = from_json(issued.content)
        heading = services._heading(issued, site=SITE)
        again = services.files_of(content, heading, said=services._said(issued, content))
    assert (again.pdf, again.xlsx, again.digest) == (bytes(issued.pdf), bytes(issued.xlsx), issued.digest)


def test_what_is_issued_is_final(world, officer):
    issued = issued_by(officer, world)
    with world.city.scope():
        for change in ("title = 'x'", "state = 'waiting'", "pdf = ''", "digest = 'x'"):
            with pytest.raises(Error, match="final"), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"UPDATE reports_issuedreport SET {change} WHERE id = %s", [issued.pk])
        with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM reports_issuedreport")
    assert services.make(municipality=world.city.code, report_id=issued.pk, site=SITE, at=AT) == IssueState.READY


def test_what_was_asked_for_does_not_change_on_the_way(world, officer):
    made = asked_by(officer, world)
    with world.city.scope(), pytest.raises(Error, match="final"), transaction.atomic():
        IssuedReport.objects.filter(pk=made.pk).update(last_day=THIS)


def test_a_changed_figure_is_no_longer_intact(world, officer):
    issued = issued_by(officer, world)
    content = to_json(from_json(issued.content))
    content["tables"][0]["total"][5] += 1
    issued.content = content
    assert not services.is_intact(issued)


def test_a_month_that_is_open_is_not_issued(world, officer):
    with pytest.raises(PeriodNotClosed):
        asked_by(officer, world, asked=world.asked(last=THIS, unit="month"))


def test_only_who_may_issue_and_read_it(world):
    with world.city.scope():
        auditor = factories.make_official(world.city, Role.AUDITOR)
        drafter = factories.make_official(world.city, Role.DRAFTER)
    for official in (auditor, drafter):
        with pytest.raises(NotPermitted):
            asked_by(official, world)


def test_a_second_click_is_the_same_report_and_the_next_one_the_next_number(world, officer):
    first = asked_by(officer, world)
    assert asked_by(officer, world, id=first.pk).pk == first.pk
    second = asked_by(officer, world)
    with world.city.scope():
        assert IssuedReport.objects.count() == 2
        assert [str(one.number) for one in (first, second)] == ["일자리경제과-1", "일자리경제과-2"]


def test_a_reissue_names_the_old_number_and_is_of_the_same_report(world, officer, tmp_path):
    old = issued_by(officer, world)
    new = issued_by(officer, world, replaces=old)
    assert "일자리경제과-1 대체" in papers.text(bytes(new.pdf), tmp_path)
    assert new.code != old.code
    with pytest.raises(ReplacesAnother):
        asked_by(officer, world, replaces=old, asked=world.asked(unit="day"))


def test_a_stranger_learns_what_stands_on_the_paper_and_nothing_else(world, officer):
    issued = issued_by(officer, world)
    views.strangers.forget()
    typed = spaced_code(issued.code).lower().replace("0", "o")
    shown = Client().post(reverse("statistics:verify"), {"code": f" {typed} "}).content.decode()
    for said in ("고양시", "발행·판매·환전 현황", "201,000", issued.digest):
        assert said in shown
    for secret in ("이정산", "일자리경제과", "157,000"):
        assert secret not in shown


def test_a_wrong_code_tells_nothing_and_few_may_be_tried(world, officer):
    waiting = asked_by(officer, world)  # not ready: nobody has its paper
    views.strangers.forget()
    client = Client()
    answers = {
        client.post(reverse("statistics:verify"), {"code": code}).content.decode().count("jt-danger-note")
        for code in (spaced_code(waiting.code), code_of(uuid7().bytes), "", "x" * 70, "' OR 1=1 --", "\x00")
    }
    assert answers == {1}
    for _ in range(views.TRIES):
        answer = client.post(reverse("statistics:verify"), {"code": "1"})
    assert (answer.status_code, "Retry-After" in answer.headers) == (429, True)
    views.strangers.forget()


def test_codes_are_read_as_people_type_them():
    code = code_of(b"\x00" * 12 + b"\xff" * 8)
    assert len(code) == 20
    assert read_code(spaced_code(code).lower()) == code
    assert read_code("O" * 20) == "0" * 20
    assert read_code(code + "A") == read_code("U" * 20) == ""


def test_the_pages_lead_from_the_report_to_its_paper(world, officer, client):
    with world.city.scope():
        client.force_login(officer)
    period = {"first": f"{LAST:%Y-%m}", "last": f"{LAST:%Y-%m}", "unit": "month"}
    page = client.get(reverse("admin:report_circulation"), period)
    answer = client.post(reverse("admin:report_circulation_issue"), period | {"key": str(page.context["key"])})
    key = UUID(answer.url.rstrip("/").split("/")[-2])
    assert key == page.context["key"]
    waiting = client.get(answer.url)
    assert "data-progress" in waiting.content.decode()
    assert client.get(reverse("admin:issued_report_progress", args=[key])).json()["working"]
    assert client.get(reverse("admin:issued_report_file", args=[key])).status_code == 302
    services.make(municipality=world.city.code, report_id=key, site=SITE, at=AT + timedelta(days=1))
    shown = client.get(answer.url).content.decode()
    assert "201,000" in shown
    pdf = client.get(reverse("admin:issued_report_file", args=[key]))
    assert pdf.content[:5] == b"%PDF-"
    later = client.get(reverse("admin:issued_report_file", args=[key]))
    assert later.content == pdf.content
    assert client.get(reverse("admin:issued_report_file", args=[key]), {"as": "xlsx"}).content[:2] == b"PK"
    again = client.post(reverse("admin:issued_report_again", args=[key]), {"key": str(uuid7())})
    assert "일자리경제과-1" in client.get(again.url).content.decode()
    client.post(reverse("admin:report_circulation_issue"), {"first": f"{THIS:%Y-%m}", "last": f"{THIS:%Y-%m}"})
    assert "마감되지 않아" in client.get(reverse("admin:index")).content.decode()


def test_another_citys_report_does_not_exist(world, officer, client):
    other = factories.make_city(code="41570", name="김포시")
    with other.scope():
        client.force_login(factories.make_official(other, Role.SETTLEMENT_OFFICER))
    made = asked_by(officer, world)
    for name in ("admin:reports_issuedreport_change", "admin:issued_report_file", "admin:issued_report_progress"):
        assert client.get(reverse(name, args=[made.pk])).status_code == 404
