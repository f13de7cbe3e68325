"""The pages on which officials write the terms and try a person, as a browser without scripts sees them."""

from __future__ import annotations

from datetime import date
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from allowances.programmes.models import ProgrammeTerms
from allowances.programmes.sentences import terms_in_words
from tests import factories
from tests.allowances.programmes.test_worked import EXAMPLES
from tests.factories import AT
from tests.factories.lists import make_list, make_office, submitted
from vouchers.common.scope import set_local
from vouchers.officials.rules import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Any:
    made = make_office()
    with made.city.scope():
        yield made


def client_of(official: Any) -> Client:
    client = Client()
    set_local(official=str(official.pk))
    client.force_login(official)
    return client


class _Form(HTMLParser):
    """What a browser would send back of the page's last form, without pressing a button."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: dict[str, list[str]] = {}
        self._select: tuple[str, list[str], list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.sent = {}
        if tag == "input" and "name" in values:
            ticked = values.get("type") not in ("checkbox", "radio") or "checked" in values
            if ticked:
                self.sent.setdefault(values["name"], []).append(
                    values.get("value", "on" if "checked" in values else "")
                )
        if tag == "select":
            self._select = values.get("name", ""), [], []
        if tag == "option" and self._select:
            self._select[2 if "selected" in values else 1].append(values.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._select:
            name, rest, chosen = self._select
            self.sent.setdefault(name, []).append((chosen or rest or [""])[0])
            self._select = None


def fields_of(page: str) -> dict[str, list[str]]:
    """The fields of the form that writes the terms."""
    form = _Form()
    start = page.index('action="#fresh"') - 40
    form.feed(page[start : page.index("</form>", start)])
    return form.sent


def press(client: Client, address: str, page: str, button: str, **changes: str) -> str:
    data = fields_of(page) | {"do": [button]} | {name: [value] for name, value in changes.items()}
    answer = client.post(address, data, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_conditions_and_tiers_are_added_filled_in_and_saved_without_a_script(office: Any) -> None:
    client, address = (
        client_of(office.officials[Role.DRAFTER]),
        reverse("admin:programme_terms", args=[office.programme.pk]),
    )
    page = client.get(address).content.decode()
    assert "100,000원" in page
    page = press(client, address, page, "add:conditions", **{"new.conditions": "age"})
    assert 'name="conditions.0.0.min"' in page
    assert "최소와 최대 가운데 하나는 정해야 합니다" in page
    page = press(client, address, page, "add:conditions.0", **{"conditions.0.0.min": "19", "new.conditions.0": "fact"})
    page = press(
        client, address, page, "preview",
        **{"conditions.0.1.fact": "birth_order", "conditions.0.1.is": "in", "conditions.0.1.value": "2, 3"},
    )  # fmt: skip
    assert "만 19세 이상" in page
    assert "출생 순위: 2째, 3째" in page
    page = press(client, address, page, "add:amounts.0.tiers", **{"new.amounts.0.tiers": "rate"})
    page = press(client, address, page, "remove:amounts.0.tiers.0")
    page = press(
        client, address, page, "save",
        **{"amounts.0.tiers.0.of": "hours", "amounts.0.tiers.0.rate": "1,000", "amounts.0.tiers.0.cap": "30000",
           "valid_from": "2026-12-01", "reason": "조례 개정", "dongs": "주교동 30", "refund_grace_days": "366"},
    )  # fmt: skip
    assert "1일 이상 365일 이하여야 합니다" in page
    page = press(client, address, page, "save", refund_grace_days="7")
    made = ProgrammeTerms.objects.get(programme=office.programme, valid_from=date(2026, 12, 1))
    assert made.conditions == [
        [{"kind": "age", "of": "recipient", "unit": "years", "on": "reference", "min": 19},
         {"kind": "fact", "fact": "birth_order", "is": "in", "value": [2, 3]}],
    ]  # fmt: skip
    assert made.amounts == [{"tiers": [{"rate": "1000", "of": "hours", "cap": 30_000}]}]
    assert (made.reason, made.validity_by_dong, made.refund_grace_days, made.set_by) == (
        "조례 개정",
        {"주교동": 30},
        7,
        office.officials[Role.DRAFTER],
    )
    assert "조례 개정" in page


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_what_the_page_shows_is_what_it_saves(office: Any, example: Any) -> None:
    """The rules of every worked example survive the way through the form's fields unchanged in meaning."""
    terms = {"validity_days": None, "conditions": [], "amounts": [], "tranches": []} | example.terms
    if terms.get("valid_until"):
        terms["valid_until"] = date.fromisoformat(terms["valid_until"])
    before = ProgrammeTerms.objects.create(
        municipality_id=office.city.code, programme=office.programme, valid_from=date(2026, 1, 1), **terms
    )
    client, address = (
        client_of(office.officials[Role.DRAFTER]),
        reverse("admin:programme_terms", args=[office.programme.pk]),
    )
    page = client.get(address).content.decode()
    press(client, address, page, "save", valid_from="2026-11-02")
    after = ProgrammeTerms.objects.get(programme=office.programme, valid_from=date(2026, 11, 2))
    assert terms_in_words(after) == terms_in_words(before)


def test_terms_that_cannot_be_judged_are_not_saved(office: Any) -> None:
    client, address = (
        client_of(office.officials[Role.DRAFTER]),
        reverse("admin:programme_terms", args=[office.programme.pk]),
    )
    page = client.get(address).content.decode()
    page = press(client, address, page, "add:conditions", **{"new.conditions": "dong"})
    page = press(client, address, page, "save", valid_from="2026-12-01")
    assert "읍면동 값을 정하십시오" in page
    data = {"do": ["save"], "valid_from": ["2026-12-01"], "amounts.0.tiers.0.tier": ["won"], "amounts.0.tiers.0.won": ["9" * 40],
            "amount_max": ["100000"], "validity_days": ["90"], "payout_cycle": ["1회"], "quota_period": ["cycle"],
            "conditions.x.y": ["1"], "conditions.0": ["1"], "tranches.0.0.0": ["1"]}  # fmt: skip
    assert client.post(address, data).status_code == 200
    assert ProgrammeTerms.objects.filter(programme=office.programme).count() == 1


def test_a_person_is_tried_condition_by_condition(office: Any) -> None:
    citizen = factories.make_citizen(office.city, name="김장터", phone="01012345678", birth_date=date(2000, 1, 1))
    factories.make_terms(
        office.programme, valid_from=date(2026, 1, 1), amount=70_000,
        conditions=[[{"kind": "age", "min": 19, "max": 34}], [{"kind": "fact", "fact": "employed", "is": "=", "value": False}]],
    )  # fmt: skip
    client, address = (
        client_of(office.officials[Role.DRAFTER]),
        reverse("admin:programme_try", args=[office.programme.pk]),
    )
    page = client.get(address).content.decode()
    assert "재직 여부" in page
    sent = {"reference_date": "2026-11-01", "name": "김장터", "phone_tail": "5678", "fact.employed": "false"}
    answer = client.post(address, sent)
    page = answer.content.decode()
    assert "70,000원" in page
    assert page.count("✓") >= 2
    assert "no-store" in answer["Cache-Control"]
    assert citizen.phone not in page
    page = client.post(address, sent | {"fact.employed": "true"}).content.decode()
    assert "지급 대상이 아니거나" in page
    assert "명단의 값이 예이어서" in page
    page = client.post(address, sent | {"phone_tail": "0000"}).content.decode()
    assert "찾을 수 없습니다" in page
    page = client.post(address, {"reference_date": "2026-11-01", "birth_date": "1990-01-01"}).content.decode()
    assert "판단 불가" in page
    assert "✗" in page
    assert client.post(address, {"reference_date": "어제", "fact.employed": "글쎄"}).status_code == 200


def test_the_programmes_page_says_in_sentences_what_its_terms_mean(office: Any) -> None:
    factories.make_terms(
        office.programme, valid_from=date(2026, 1, 1), conditions=[[{"kind": "age", "min": 19, "max": 39}]]
    )
    client = client_of(office.officials[Role.DRAFTER])
    page = client.get(reverse("admin:allowances_programme_change", args=[office.programme.pk])).content.decode()
    assert "만 19세 이상 39세 이하" in page
    assert reverse("admin:programme_try", args=[office.programme.pk]) in page
    assert AT.year >= 2026


def test_a_submitted_list_says_that_it_keeps_the_terms_it_was_submitted_under(office: Any) -> None:
    batch = submitted(office, make_list(office))
    client, address = client_of(office.officials[Role.DRAFTER]), reverse("admin:batch_approval", args=[batch.pk])
    assert "상신할 때의 기준" not in client.get(address).content.decode()
    factories.make_terms(office.programme, valid_from=date(2026, 1, 1), amount=50_000)
    assert "상신할 때의 기준(2020. 1. 1. 시행)" in client.get(address).content.decode()
