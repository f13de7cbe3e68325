"""예산 집행 현황: right to the won after everything that can happen to a budget, by month, and as of each of their ends."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from allowances.budgets.models import EntryKind
from allowances.budgets.rules import Split
from allowances.budgets.services import record
from allowances.programmes.services import allot_budget
from reports.dashboard.services import sum_up
from reports.statistics import budgets
from reports.statistics.definitions import Asked
from reports.statistics.rules import Content, Style
from tests import factories
from tests.factories import AT, City
from tests.factories.benefits import make_fund
from tests.factories.lists import authority
from vouchers.common.seoul import business_date
from vouchers.ledger.services import call
from vouchers.officials.rules import Role

pytestmark = pytest.mark.django_db
THIS = business_date(AT).replace(day=1)


@pytest.fixture
def city() -> City:
    """A youth line that state, province and city pay, with two programmes; a senior line of another department; and a fund."""
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
        make_fund(made, at=AT)
        later = AT + timedelta(days=3)
        call("ledger.expire", made.code, later, 100, later)
        sum_up(municipality=made.code, at=later)
    return made


def report_of(city: City, *, first: date = THIS, last: date | None = None, **chosen: str) -> Content:
    last = last or (AT + timedelta(days=3)).date().replace(day=1)
    with city.scope():
        return budgets.REPORT.content(Asked(municipality=city.code, first=first, last=last, chosen=chosen))


def test_lines_programmes_payers_and_the_fund(city):
    lines, payers, funds = report_of(city).tables
    rows = {row.values[0]: (row.style, *row.values[3:8]) for row in lines.rows}
    # 예산현액, 기간 중 지출, 지출 누계, 이월·불용·반환, 집행잔액
    assert rows == {
        "청년기본소득": (Style.LINE, 1_100, 301, 301, 0, 799), "기본소득": (Style.PART, 700, 301, 301, 0, 399),
        "+도서비": (Style.PART, 150, 0, 0, 0, 150), "어르신 교통비": (Style.LINE, 901, 0, 0, 0, 901),
    }  # fmt: skip
    assert lines.total[3:8] == (2_001, 301, 301, 0, 1_700)
    assert [row.values for row in payers.rows] == [
        ("국비", 500, 150, 0, 350), ("시도비", 300, 90, 0, 210), ("시군구비", 1_201, 61, 0, 1_140),
    ]  # fmt: skip
    (fund,) = funds.rows
    assert fund.values[2] == fund.values[5] > 0


def test_an_open_period_looks_ahead_and_a_closed_one_does_not(city):
    lines = report_of(city).tables[0]
    assert [column.label for column in lines.columns][-2:] == ["결재 중(예약)", "소진 예상일"]
    assert {row.values[0]: row.values[-2] for row in lines.rows}["기본소득"] == lines.total[-2] == 60
    before = report_of(city, first=date(AT.year - 1, 1, 1), last=date(AT.year - 1, 12, 1)).tables[0]
    assert [column.label for column in before.columns][-1] == "집행률"
    assert before.rows == ()


def test_a_department_has_its_lines_alone_and_no_fund(city):
    lines, _payers = report_of(city, department="청년과").tables
    assert [row.values[2] for row in lines.rows if row.style == Style.LINE] == ["청년과"]


def test_another_citys_lines_are_not_there(city):
    other = factories.make_city(code="28110", name="중구")
    with other.scope():
        factories.make_budget_line(other, name="비밀 과목", amount=77_777)
        asked = Asked(municipality=city.code, first=THIS, last=THIS)
        assert budgets.REPORT.content(asked).is_empty
    assert "비밀 과목" not in str(report_of(city))


def test_it_takes_a_fixed_number_of_statements(city, django_assert_max_num_queries):
    with city.scope():
        line = factories.make_budget_line(city, name="하나 더", code="X")
        for _ in range(8):
            factories.make_programme(city, budget=0, budget_line=line)
        with django_assert_max_num_queries(12):
            budgets.REPORT.content(Asked(municipality=city.code, first=THIS, last=THIS))
