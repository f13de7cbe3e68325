"""The pages on which a list is mended, as officials of either language see them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from allowances.batches import mending, services
from allowances.batches.files import list_store
from allowances.batches.models import Batch, BatchState, RowCorrection
from allowances.programmes.models import Cycle
from tests.admin.conftest import Login
from tests.admin.test_pages import _HANGUL, names_in, texts_of
from tests.factories import AT, make_citizen
from tests.factories.everything import Everything
from tests.factories.lists import authority, read_list
from vouchers.officials.rules import Role
from vouchers.privacy.models import AccessAction, AccessRecord

LIST = (
    "성명,생년월일,휴대전화,읍면동,지급액\n"
    "한바다,1985-13-01,01000000101,주교동,100000\n"
    "두나래,1985-01-01,01000000102,딴별동,100000\n"
    "새이름,1985-01-01,01000000103,주교동,100000\n"
)


@pytest.fixture
def batch(world: Everything, settings: Any, tmp_path: Path) -> Batch:
    """Row 2 has an impossible date, row 3 an unknown dong, row 4 another name than the member."""
    settings.SEALED_FILES_DIR = tmp_path
    drafter = world.officials[Role.DRAFTER]
    with world.city.scope():
        for number, name in enumerate(("한바다", "두나래", "옛이름"), start=101):
            make_citizen(world.city, name=name, phone=f"01000000{number}")
        cycle = world.row(Cycle)
        made = services.upload(
            cycle=cycle, file=SimpleUploadedFile("명단.csv", LIST.encode()), file_name="명단.csv", official=drafter,
            authority=authority(drafter), store=list_store(), limit=1_000_000, at=AT,
        )  # fmt: skip
        return read(made)


def read(batch: Batch) -> Batch:
    read_list(batch, list_store())
    return Batch.objects.get(pk=batch.pk)


def test_the_result_orders_what_matters_and_finds_rows(login: Login, batch: Batch) -> None:
    client, address = login(Role.DRAFTER), reverse("admin:batch_result", args=[batch.pk])
    html = client.get(address).content.decode()
    places = [html.index(text) for text in ("달력에 없거나", "같은 시민의 성명", "우리 지자체에 없는 읍면동")]
    assert places == sorted(places)
    rows = {
        "?kind=birth_date_impossible.birth_date": {2}, "?show=error": {2}, "?show=open": {4}, "?show=warning": {3, 4},
        "?row=3": {3}, "?dong=딴": {3}, "?name=새": {4}, "?name=%": set(), "?after=3": {4}, "?kind=made.up": set(),
    }  # fmt: skip
    for query, expected in rows.items():
        html = client.get(address + query).content.decode()
        assert {number for number in (2, 3, 4) if f"/row/?row={number}" in html} == expected, query


def test_names_are_not_found_out_by_guessing(login: Login, batch: Batch) -> None:
    html = login(Role.BUDGET).get(reverse("admin:batch_result", args=[batch.pk]) + "?name=새&row=4").content.decode()
    other = login(Role.BUDGET).get(reverse("admin:batch_result", args=[batch.pk]) + "?name=없&row=4").content.decode()
    assert "시민의 성명(옛*름)" in html
    assert "시민의 성명(옛*름)" in other
    assert "새이름" not in html


def test_the_result_asks_the_database_rarely(login: Login, batch: Batch) -> None:
    client = login(Role.DRAFTER)
    with CaptureQueriesContext(connection) as captured:
        client.get(reverse("admin:batch_result", args=[batch.pk]))
    asked = [query["sql"] for query in captured.captured_queries if "SAVEPOINT" not in query["sql"]]
    assert len(asked) <= 20


def test_a_row_is_shown_to_who_mends_it_and_that_is_recorded(world: Everything, login: Login, batch: Batch) -> None:
    address = reverse("admin:batch_row", args=[batch.pk]) + "?row=2"
    assert login(Role.REVIEWER).get(address).status_code == 403
    html = login(Role.DRAFTER).get(address).content.decode()
    assert "한바다" in html
    assert "1985-13-01" in html
    with world.city.scope():
        record = AccessRecord.objects.filter(action=AccessAction.VIEW).latest("id")
    assert record.subject == f"batch {batch.pk} row 2"


def test_a_cell_that_cannot_be_read_is_told_at_its_field(world: Everything, login: Login, batch: Batch) -> None:
    client, address = login(Role.DRAFTER), reverse("admin:batch_row", args=[batch.pk]) + "?row=2"
    cells = {"name": "한바다", "phone": "01000000101", "dong": "주교동", "amount": "100,000"}
    refused = client.post(address, cells | {"birth_date": "어제"})
    assert refused.status_code == 422
    assert "날짜로 읽을 수 없습니다." in refused.content.decode()
    assert client.post(address, cells | {"birth_date": "1985-01-01"}).status_code == 302
    with world.city.scope():
        assert [one.field for one in RowCorrection.objects.filter(batch=batch)] == ["birth_date"]
        assert Batch.objects.get(pk=batch.pk).state == BatchState.READING
        assert "birth_date_impossible" not in {kind["code"] for kind in read(batch).problem_kinds}


@pytest.mark.parametrize("name", ["batch_result", "batch_row", "batch_mending", "batch_approval"])
def test_no_korean_word_in_english(world: Everything, login: Login, batch: Batch, name: str) -> None:
    client = login(Role.DRAFTER)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    drafter = world.officials[Role.DRAFTER]
    with world.city.scope():
        who = {"official": drafter, "authority": authority(drafter), "at": AT}
        mending.accept(batch=batch, code="name_differs", field="name", reason="개명 확인서", **who)
        data = (
            names_in(world)
            | set(_HANGUL.findall(LIST))
            | {"한국어", "행신", "개명", "확인서", "주교동", "옛", "름", "새", "한", "두", "다", "래"}
        )
    html = client.get(reverse(f"admin:{name}", args=[batch.pk]) + "?row=2").content.decode()
    said = {word for text in texts_of(html) for word in _HANGUL.findall(text)} - data
    assert said == set()
