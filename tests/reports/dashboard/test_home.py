"""The page: figures in words, charts with their tables, the province's cities, and no more than an official may see."""

from __future__ import annotations

import re
from datetime import date
from html.parser import HTMLParser
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from allowances.budgets.selectors import programme_budgets
from allowances.programmes.models import Programme
from reports.dashboard.rules import percent_of
from reports.dashboard.selectors import Allotment
from tests import factories
from tests.factories import City
from tests.reports.dashboard.history import NOON, TODAY, close, make_history, on, sum_up
from vouchers.common.models import uuid7
from vouchers.common.scope import scope, set_local
from vouchers.ledger.services import call
from vouchers.municipalities.models import Municipality
from vouchers.officials.models import Official, RoleAssignment
from vouchers.officials.rules import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    made = make_history()
    with made.scope():
        sum_up(made)
    return made


def get(city: City, *roles: Role, official: Official | None = None, path: str = "admin:index", **query: str) -> str:
    """The page as text, its spaces made one."""
    with city.scope():
        official = official or factories.make_official(city, *roles)
    client = Client()
    set_local(official=str(official.pk))
    client.force_login(official)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = client.get(reverse(path), query)
    assert answer.status_code == 200
    data = [q["sql"] for q in queries if not re.match(r"SAVEPOINT|RELEASE|SELECT set_config", q["sql"])]
    assert len(data) <= 20, "\n".join(data)
    return re.sub(r"\s+", " ", answer.text)


class _Tables(HTMLParser):
    """Cells of every table, row by row."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._open = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
            self._open = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._open = False

    def handle_data(self, data: str) -> None:
        if self._open:
            self.rows[-1][-1] = (self.rows[-1][-1] + data).strip()


def test_figures_say_what_changed_in_words(city: City) -> None:
    page = get(city, Role.SETTLEMENT_OFFICER)
    assert '<dt>이용액</dt><dd>6,000원</dd><dd class="jt-quiet">결제 2건, 취소 제외</dd>' in page
    assert "<dt>미사용잔액</dt><dd>59,000원</dd>" in page
    assert "12:00까지 견준 것" in page
    assert "40.0% 감소" in page
    assert "34.4% 감소" in page  # 59,000 of 90,000
    assert "비교할 자료 없음" in page


def test_every_chart_has_its_table_and_a_sentence(city: City) -> None:
    page = get(city, Role.SETTLEMENT_OFFICER)
    rows = _Tables(page).rows
    assert ["09", "1", "7,000원", "116.7%", "10,000원"] in rows
    assert ["15", "0", "0원", "0.0%", "5,000원"] in rows
    assert ["편의점·슈퍼", "1", "7,000원", "116.7%"] in rows
    assert ["음식점", "1", "-1,000원", "-"] in rows
    assert ["알 수 없음", "1", "7,000원", "116.7%"] in rows
    assert ["40대", "1", "-1,000원", "-"] in rows
    assert "편의점·슈퍼 이용이 가장 많습니다: 7,000원, 전체의 116.7%" in page
    assert page.count("<figcaption>") == page.count('role="img"') == 4


def test_the_fragment_holds_the_same_parts_as_the_page(city: City) -> None:
    with city.scope():
        official = factories.make_official(city, Role.SETTLEMENT_OFFICER)
    page = get(city, official=official)
    fragment = get(city, official=official, path="admin:live_figures")
    parts = set(re.findall(r'data-part="(\w+)"', page))
    assert (
        parts == set(re.findall(r'data-part="(\w+)"', fragment)) == {"figures", "hours", "budgets", "cities", "charts"}
    )
    assert "<dd>6,000원</dd>" in fragment
    assert "<html" not in fragment


def test_an_official_sees_the_figures_of_their_work(city: City) -> None:
    drafter = get(city, Role.DRAFTER, period="week")
    assert "<dt>수당 지급액</dt>" in drafter
    assert "<dt>이용액</dt>" not in drafter
    assert "jt-figure" not in drafter
    shops = get(city, Role.MERCHANT_OFFICER)
    assert "<dt>수당 지급액</dt>" not in shops


def test_a_programmes_budget_is_told_with_the_rounds_it_is_enough_for(city: City) -> None:
    with city.scope():
        programme = Programme.objects.get(municipality=city.code)
        Programme.objects.filter(pk=programme.pk).update(fiscal_year=TODAY.year)
        budget = programme_budgets(programmes=[programme.pk])[programme.pk]
    assert (budget.spent, budget.reserved) == (100_000, 0)
    more = budget.available // 100_000
    page = get(city, Role.DRAFTER)
    assert f"배정 예산 {budget.allotted:,}원" in page
    assert f"100,000원 집행({percent_of(budget.spent, budget.allotted)})" in page
    assert f"지난 회차 평균으로 {more:,}회 더 지급 가능</p>" in page
    assert "배정 예산" not in get(city, Role.MERCHANT_OFFICER)


def test_a_programme_with_more_rounds_than_money_is_told_to_fall_short(city: City) -> None:
    with city.scope():
        programme = Programme.objects.get(municipality=city.code)
        budget = programme_budgets(programmes=[programme.pk])[programme.pk]
    short = Allotment(programme, budget, 9, 2, 3)
    assert short.is_short
    assert not short._replace(covered=3).is_short
    assert not short._replace(ahead=None).is_short
    assert not short._replace(covered=None).is_short


def test_periods_and_unknown_wishes(city: City) -> None:
    with city.scope():
        close(city)
        sum_up(city)
        official = factories.make_official(city, Role.AUDITOR)
    week = get(city, official=official, period="week")
    # 20,000 yesterday, 6,000 today; last week's lie eight days back at the most: 10,000 and 5,000 do not
    assert "<dt>이용액</dt><dd>26,000원</dd>" in week
    assert "<dt>정산·환전액</dt><dd>31,000원</dd>" in week
    assert "<dt>이용액</dt><dd>20,000원</dd>" in get(city, official=official, period="yesterday")
    assert "<dt>이용액</dt><dd>6,000원</dd>" in get(
        city, official=official, period="x", currency="x", municipality="41480"
    )


def test_a_province_sees_each_of_its_cities_and_leads_into_it(city: City) -> None:
    codes = [city.code, "41480", "41000"]
    other = factories.make_city(code="41480", name="파주시")
    with other.scope():
        citizen, shop = factories.make_citizen(other), factories.make_merchant(other)
        factories.grant(other, {citizen: 500_000}, at=on(TODAY, 1))
        key, partner, wallet = str(uuid7()), factories.make_partner(other).pk, factories.wallet_of(citizen).pk
        call("payments.pay", other.code, partner, key, b"\0" * 32, wallet, shop.code, "T001", 44_000, key, NOON)
        sum_up(other)
    with scope(municipalities=codes):
        Municipality.objects.create(code="41000", name="경기도", name_en="Gyeonggi")
        official = factories.make_official(city, Role.AUDITOR)
        for code in codes[1:]:
            RoleAssignment.objects.create(
                municipality_id=code,
                official=official,
                role=Role.AUDITOR,
                valid_from=date(2020, 1, 1),
                reason="도 감사",
            )
    page = get(city, official=official)
    rows = _Tables(page).rows
    assert ["고양시", "0원", "6,000원", "▼ 40.0% 감소", "0원", "59,000원"] in rows
    assert ["파주시", "500,000원", "44,000원", "비교할 자료 없음", "0원", "456,000원"] in rows
    assert not [row for row in rows if row[0] == "경기도"]
    assert "<dt>이용액</dt><dd>50,000원</dd>" in page
    assert 'href="?municipality=41480&amp;period=today"' in page
    one = get(city, official=official, municipality="41480")
    assert "<dt>이용액</dt><dd>44,000원</dd>" in one
    assert "시·군별 현황" not in one
