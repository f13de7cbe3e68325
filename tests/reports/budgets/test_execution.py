"""예산 집행 현황: right to the won after everything that can happen to a budget, on screen and in the workbook."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from uuid import UUID
from zipfile import ZipFile

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override
from python_calamine import CalamineWorkbook

from allowances.budgets.models import EntryKind
from allowances.budgets.rules import Split
from allowances.budgets.services import record
from allowances.programmes.services import allot_budget
from reports.budgets import workbook
from reports.budgets.selectors import Filters, execution
from tests import factories
from tests.factories import AT, City
from tests.factories.lists import authority
from vouchers.common.scope import set_local
from vouchers.common.seoul import business_date
from vouchers.ledger.services import call
from vouchers.officials.rules import Role

pytestmark = pytest.mark.django_db

TODAY = business_date(AT)


@pytest.fixture
def city() -> City:
    """A youth line that state, province and city pay, with two programmes; and a senior line of another department."""
    made = factories.make_city()
    with made.scope():
        official = factories.make_official(made, Role.BUDGET)
        who = {"official": official, "authority": authority(official), "at": AT}
        youth = factories.make_budget_line(
            made, name="청년기본소득", department="청년과", code="=1+1", national_percent=50, province_percent=30
        )
        seniors = factories.make_budget_line(
            made, name="어르신 교통비", department="노인과", code="301-2", amount=1_000
        )
        record(
            line=youth, kind=EntryKind.ORIGINAL, split=Split(national=500, province=300, city=201), reason="-", **who
        )
        record(
            line=seniors, kind=EntryKind.TRANSFER_OUT, split=Split(city=99), counterpart=youth, reason="-", **who
        )  # fmt: skip
        income, books = (
            factories.make_programme(made, budget=0, budget_line=youth, name=name) for name in ("기본소득", "+도서비")
        )
        allot_budget(programme=income, amount=700, **who)
        allot_budget(programme=books, amount=200, **who)
        allot_budget(programme=books, amount=-50, **who)
        factories.grant(made, {factories.make_citizen(made): 301}, programme=income)
        factories.grant(made, {factories.make_citizen(made): 100}, programme=income, validity_days=1)
        factories.make_signed_batch(made, {factories.make_citizen(made): 60}, programme=income)
        later = AT + timedelta(days=3)
        call("ledger.expire", made.code, later, 100, later)
    return made


def report_of(city: City, *, year: int = AT.year, department: str = "", line: UUID | None = None):
    filters = Filters(municipality=city.code, fiscal_year=year, department=department, line=line)
    with city.scope():
        return execution(filters=filters, today=TODAY)


def test_lines_programmes_and_totals(city):
    report = report_of(city)
    seniors, youth = sorted(report.rows, key=lambda row: row.line.name)
    assert youth.budget.current == Split(national=500, province=300, city=300)
    assert (youth.budget.transferred.total, seniors.budget.transferred.total) == (99, -99)
    assert (youth.budget.allotted, youth.budget.reserved, youth.budget.paid) == (850, 60, 401)
    assert (youth.budget.returned, youth.budget.spent, youth.budget.left) == (100, 301, 799)
    assert youth.budget.unallotted == 1_100 - 850
    assert youth.spent == Split(national=150, province=90, city=61)
    assert [(programme.name, budget.allotted, budget.spent) for programme, budget in youth.programmes] == [
        ("+도서비", 150, 0), ("기본소득", 700, 301),
    ]  # fmt: skip
    assert seniors.programmes == []
    assert (report.total.current.total, report.total.spent, report.total.left) == (2_001, 301, 1_700)
    assert [(str(payer.label), payer.current, payer.spent, payer.left) for payer in report.payers] == [
        ("국비", 500, 150, 350), ("시도비", 300, 90, 210), ("시군구비", 1_201, 61, 1_140),
    ]  # fmt: skip


def test_it_takes_a_fixed_number_of_statements(city, django_assert_max_num_queries):
    with city.scope():
        line = report_of(city).rows[0].line
        for _ in range(12):
            factories.make_programme(city, budget=0, budget_line=line)
            factories.make_programme(city, budget=10)
        with django_assert_max_num_queries(5):
            found = execution(filters=Filters(municipality=city.code, fiscal_year=AT.year), today=TODAY)
    assert len(found.rows) == 14


def test_filters_take_what_they_say(city):
    assert [row.line.department for row in report_of(city, department="청년과").rows] == ["청년과"]
    youth = report_of(city, department="청년과").rows[0].line
    assert [row.line for row in report_of(city, line=youth.pk).rows] == [youth]
    assert report_of(city, year=AT.year - 1).rows == []


def test_the_workbook_holds_numbers_totals_the_time_and_no_formula(city):
    with override("ko"):
        content = workbook.render(report_of(city), municipality="고양시", at=AT)
    book = CalamineWorkbook.from_filelike(BytesIO(content))
    lines, programmes = (book.get_sheet_by_name(name).to_python() for name in ("예산 과목별", "사업별"))
    assert lines[0][0] == "예산 집행 현황"
    assert f"{AT.year} 회계연도" in lines[1][0]
    assert "12:00 기준 · 단위: 원" in lines[1][0]
    head, seniors, youth, total = lines[3:7]
    column = {name: number for number, name in enumerate(head)}
    assert (youth[column["예산 과목 코드"]], youth[column["예산현액"]]) == ("=1+1", 1_100)
    assert [youth[column[f"지출액({payer})"]] for payer in ("국비", "시도비", "시군구비")] == [150, 90, 61]
    assert youth[column["집행률"]] == pytest.approx(301 / 1_100)
    for name in ("예산현액", "지출액", "집행잔액", "결재 중(예약)", "환수·반납"):
        assert total[column[name]] == youth[column[name]] + seniors[column[name]]
        assert isinstance(total[column[name]], (int, float))
    assert total[0] == "합계"
    assert [row[2] for row in programmes[4:6]] == ["+도서비", "기본소득"]
    with ZipFile(BytesIO(content)) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in sheet
        assert 'state="frozen"' in sheet
        assert "quotePrefix" in parts.read("xl/styles.xml").decode()


def test_a_report_without_lines_says_so(city):
    with city.scope(), override("ko"):
        report = report_of(city, year=AT.year - 1)
        assert (report.total.current.total, report.total.execution_rate) == (0, 0)
        assert workbook.render(report, municipality="고양시", at=AT)


@pytest.fixture
def client(city) -> Client:
    with city.scope():
        official = factories.make_official(city, Role.REVIEWER)
    set_local(official=str(official.pk))
    made = Client()
    made.force_login(official)
    return made


def test_the_page_shows_what_the_workbook_says(city, client):
    html = client.get(reverse("admin:budget_execution"), {"department": "청년과"}).content.decode()
    assert "기본소득" in html
    assert "어르신 교통비</a>" not in html
    assert "27.3%" in html  # 301 of 1,100, rounded down
    file = client.get(reverse("admin:budget_execution_file"), {"department": "청년과"})
    assert file["Content-Type"].endswith("spreadsheetml.sheet")
    assert CalamineWorkbook.from_filelike(BytesIO(file.content)).sheet_names == ["예산 과목별", "사업별"]


@pytest.mark.parametrize(
    "asked",
    [
        {"municipality": "28110"}, {"municipality": "%"}, {"fiscal_year": "올해"}, {"fiscal_year": "99999999999"}, {"line": "x"},
        {"fiscal_year": "0"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["budget_execution", "budget_execution_file"])
def test_what_cannot_be_asked_is_a_404(client, asked, name):
    assert client.get(reverse(f"admin:{name}"), asked).status_code == 404


def test_another_citys_lines_are_not_there(city, client):
    other = factories.make_city(code="28110", name="중구")
    with other.scope():
        line = factories.make_budget_line(other, name="비밀 과목", amount=77_777)
    html = client.get(reverse("admin:budget_execution"), {"line": str(line.pk)}).content.decode()
    assert "비밀 과목" not in html
    assert "77,777" not in html
