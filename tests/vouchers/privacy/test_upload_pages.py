"""The page of an uploaded list: what is wrong with it, the workbook of that, and taking it in or giving it up."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from merchants.applications.models import ApplicationUpload
from merchants.registry.models import Merchant
from tests import factories
from tests.factories import City
from vouchers.common.scope import set_local
from vouchers.officials.models import Official
from vouchers.officials.rules import Role
from vouchers.privacy.models import AccessAction, AccessRecord

pytestmark = pytest.mark.django_db
GOOD = "사업자등록번호,상호,대표자,업종,소재지\n124-81-00998,좋은가게,김장터,음식점,행주로 1\n"
BAD = GOOD + "124-81-00999,나쁜가게,김장터,음식점,행주로 2\n"


@pytest.fixture
def city() -> City:
    return factories.make_city()


def client_of(city: City, role: Role) -> Client:
    with city.scope():
        official: Official = factories.make_official(city, role)
    client = Client()
    set_local(official=str(official.pk))
    client.force_login(official)
    return client


def uploaded(client: Client, city: City, text: str) -> ApplicationUpload:
    file: Any = SimpleUploadedFile("신청.csv", text.encode())
    client.post(reverse("admin:application_upload_new"), {"file": file})
    with city.scope():
        return ApplicationUpload.objects.latest("pk")


def step(upload: ApplicationUpload, name: str = "") -> str:
    return reverse(f"admin:application_upload{name}", args=[upload.pk])


def test_a_list_that_cannot_be_taken_in_says_which_rows_and_is_given_up(city: City) -> None:
    client = client_of(city, Role.MERCHANT_OFFICER)
    upload = uploaded(client, city, BAD)
    page = client.get(step(upload)).text
    assert "고칠 행이 있어 접수할 수 없습니다." in page
    assert step(upload, "_confirm") not in page
    assert "124-81-00999" in page
    workbook = client.post(step(upload, "_problems"))
    assert b"".join(workbook.streaming_content).startswith(b"PK")
    with city.scope():
        assert (
            AccessRecord.objects.filter(action=AccessAction.DOWNLOAD, subject=f"applications {upload.pk}").count() == 1
        )
    assert "파일을 폐기했습니다." in client.post(step(upload, "_discard"), follow=True).text
    assert step(upload, "_discard") not in client.get(step(upload)).text


def test_a_list_without_faults_is_taken_in_once(city: City) -> None:
    client = client_of(city, Role.MERCHANT_OFFICER)
    upload = uploaded(client, city, GOOD)
    assert "1건 접수" in client.get(step(upload)).text
    assert "가맹점 신청 1건을 접수했습니다." in client.post(step(upload, "_confirm"), follow=True).text
    assert "접수했습니다." not in client.post(step(upload, "_confirm"), follow=True).text
    with city.scope():
        assert Merchant.objects.get().name == "좋은가게"


def test_who_may_only_look_sees_the_sum_and_no_button(city: City) -> None:
    upload = uploaded(client_of(city, Role.MERCHANT_OFFICER), city, GOOD)
    reader = client_of(city, Role.AUDITOR)
    page = reader.get(step(upload)).text
    assert "전체 행" in page
    assert "김*터" not in page
    for name in ("_confirm", "_discard", "_problems"):
        assert step(upload, name) not in page
        assert reader.post(step(upload, name)).status_code == 403


def test_what_takes_a_list_in_is_no_address_to_look_at(city: City) -> None:
    client = client_of(city, Role.MERCHANT_OFFICER)
    upload = uploaded(client, city, GOOD)
    for name in ("_confirm", "_discard", "_problems"):
        assert client.get(step(upload, name)).status_code == 405
