"""Budget officers at their pages: nothing is final before they have read it in words, and everything is told."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from allowances.budgets.models import BudgetEntry, BudgetLine, EntryKind
from allowances.budgets.selectors import line_budgets
from allowances.programmes.models import Programme
from allowances.programmes.selectors import budget_of
from tests import factories
from tests.admin.conftest import Login
from tests.factories.everything import Everything
from vouchers.officials.rules import Role

_ID = re.compile(r'name="id" value="([0-9a-f-]{36})"')


@pytest.fixture
def line(world: Everything) -> BudgetLine:
    """A line of 1,000,000 won, half of it the province's."""
    with world.city.scope():
        made = factories.make_budget_line(world.city, amount=1_000_000, province_percent=50)
        factories.make_programme(world.city, budget=0, budget_line=made, name="입학 축하금")
        return made


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def page_id(client: Client, address: str) -> str:
    found = _ID.search(client.get(address).content.decode())
    assert found
    return found.group(1)


def unallotted(world: Everything, line: BudgetLine) -> int:
    with world.city.scope():
        return line_budgets(lines=[line])[line.pk].unallotted


def test_an_entry_is_told_in_words_before_it_is_made_and_counts_once(
    world: Everything, login: Login, line: BudgetLine
) -> None:
    client, address = login(Role.BUDGET), reverse("admin:budget_entry", args=[line.pk])
    sent = {"id": page_id(client, address), "kind": "increase", "amount": "200001", "reason": "제1회 추경"}
    asked = text_of(client.post(address, sent))
    assert "추경 증액 금200,001원(금이십만일원)을 기록합니다. 기록한 뒤에는 고치거나 지울 수 없고" in asked
    assert "시도비 100,000원 시군구비 100,001원" in asked
    assert unallotted(world, line) == 1_000_000
    for _ in range(2):
        answer = client.post(address, sent | {"confirmed": "1"}, follow=True)
        assert "추경 증액 200,001원을 기록했습니다." in text_of(answer)
    assert unallotted(world, line) == 1_200_001
    assert "제1회 추경" in text_of(answer)


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"national": "1", "province": "2", "city": "3"}, "국비·시도비·시군구비의 합계와 같아야 합니다."),
        ({"kind": "transfer_out"}, "같은 회계연도의 받을 과목을 고르십시오."),
        ({"amount": "1,000"}, "정수"),
        ({"amount": "-5"}, "1 이상"),
        ({"amount": "9" * 17}, "이하"),
        ({"reason": ""}, "필수"),
        ({"kind": "transfer_in"}, "올바르게 선택해 주세요"),
        ({"id": "x"}, "다음"),
    ],
)
def test_what_does_not_fit_is_told_at_the_form(
    world: Everything, login: Login, line: BudgetLine, sent: dict[str, str], told: str
) -> None:
    client, address = login(Role.BUDGET), reverse("admin:budget_entry", args=[line.pk])
    whole = {
        "id": page_id(client, address),
        "kind": "increase",
        "amount": "1000",
        "reason": "추경",
        "confirmed": "1",
    } | sent
    answer = client.post(address, whole)
    assert answer.status_code == 200
    assert told in text_of(answer)
    assert unallotted(world, line) == 1_000_000


def test_a_cut_beyond_what_is_left_is_refused_with_the_figures(
    world: Everything, login: Login, line: BudgetLine
) -> None:
    client, address = login(Role.BUDGET), reverse("admin:budget_entry", args=[line.pk])
    sent = {
        "id": page_id(client, address),
        "kind": "decrease",
        "amount": "1000001",
        "city": "1000001",
        "reason": "감액",
    }
    told = text_of(client.post(address, sent | {"confirmed": "1"}, follow=True))
    assert "예산 과목의 잔액이 부족합니다. 남은 금액은 1,000,000원이고 필요한 금액은 1,000,001원입니다." in told
    with world.city.scope():
        assert not BudgetEntry.objects.filter(line=line, kind=EntryKind.DECREASE).exists()


def test_an_allotment_and_its_return(world: Everything, login: Login, line: BudgetLine) -> None:
    client = login(Role.BUDGET)
    with world.city.scope():
        programme = Programme.objects.get(name="입학 축하금")
    address = reverse("admin:programme_allot", args=[programme.pk])
    for direction, amount, told in (
        ("allot", "600000", "금600,000원(금육십만원)을 이 사업에 재배정합니다."),
        ("take_back", "100000", "금100,000원(금일십만원)을 이 사업에서 예산 과목으로 회수합니다."),
    ):
        sent = {"id": page_id(client, address), "direction": direction, "amount": amount}
        assert told in text_of(client.post(address, sent))
        client.post(address, sent | {"confirmed": "1"})
    with world.city.scope():
        assert budget_of(programme=programme).allotted == 500_000
    assert unallotted(world, line) == 500_000
    too_much = {"id": page_id(client, address), "direction": "take_back", "amount": "500001", "confirmed": "1"}
    told = text_of(client.post(address, too_much, follow=True))
    assert "사업 예산이 부족합니다. 집행 가능액은 500,000원이고 필요한 금액은 500,001원입니다." in told


def test_a_programme_without_a_line_says_who_can_choose_one(world: Everything, login: Login) -> None:
    with world.city.scope():
        programme = factories.make_programme(world.city, budget=0, budget_line=None)
    answer = login(Role.BUDGET).get(reverse("admin:programme_allot", args=[programme.pk]))
    assert "기안자가 사업 화면에서 예산 과목을 고르면" in text_of(answer)


def test_the_page_of_a_line_shows_what_has_become_of_it(world: Everything, login: Login, line: BudgetLine) -> None:
    page = reverse("admin:allowances_budgetline_change", args=[line.pk])
    shown = text_of(login(Role.BUDGET).get(page))
    assert "본예산" in shown
    assert "입학 축하금" in shown
    assert "추경 증액" in shown
    assert "재배정 가능액 1,000,000원" in shown
    assert "추경 증액" not in text_of(login(Role.REVIEWER).get(page))


def test_a_drafter_cannot_move_a_programme_that_got_money_to_another_line(
    world: Everything, login: Login, line: BudgetLine
) -> None:
    with world.city.scope():
        programme = factories.make_programme(world.city, budget=10)
    client, address = login(Role.DRAFTER), reverse("admin:allowances_programme_change", args=[programme.pk])
    form = client.get(address).context["adminform"].form
    sent = {name: form.get_initial_for_field(field, name) or "" for name, field in form.fields.items()}
    sent = {name: getattr(value, "pk", value) for name, value in sent.items()} | {"budget_line": str(line.pk)}
    answer = client.post(address, sent | _formsets(answer=client.get(address)), follow=True)
    assert "예산을 재배정받은 사업의 예산 과목은 바꿀 수 없습니다." in text_of(answer)
    with world.city.scope():
        assert Programme.objects.get(pk=programme.pk).budget_line_id == programme.budget_line_id


def _formsets(*, answer: Any) -> dict[str, str]:
    return {
        name: str(value)
        for formset in answer.context.get("inline_admin_formsets", [])
        for name, value in {
            f"{formset.formset.prefix}-TOTAL_FORMS": formset.formset.initial_form_count(),
            f"{formset.formset.prefix}-INITIAL_FORMS": formset.formset.initial_form_count(),
        }.items()
    }
