"""Nobody finds out masked data by writing filters into the address."""

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import make_citizen, make_city, make_official
from vouchers.common.scope import set_local
from vouchers.officials.rules import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def reviewer() -> Client:
    city = make_city()
    with city.scope():
        make_citizen(city, name="홍길동", birth_date=date(1985, 1, 5), phone="01012345678")
        official = make_official(city, Role.REVIEWER)
    client = Client()
    set_local(official=str(official.pk))
    client.force_login(official)
    return client


@pytest.mark.parametrize(
    "query",
    [
        "phone__startswith=0101",
        "birth_date__lt=1990-01-01",
        "birth_date=1985-01-05",
        "name__contains=길",
        "dong__name=주교동",
    ],
)
@pytest.mark.parametrize("model", ["citizen", "wallet"])
def test_masked_data_is_no_filter(reviewer: Client, model: str, query: str) -> None:
    prefix = "" if model == "citizen" else "citizen__"
    assert reviewer.get(f"{reverse(f'admin:vouchers_{model}_changelist')}?{prefix}{query}").status_code == 400


def test_what_the_list_offers_is(reviewer: Client) -> None:
    page = reviewer.get(f"{reverse('admin:vouchers_citizen_changelist')}?status__exact=active")
    assert page.status_code == 200
    assert "홍*동" in page.content.decode()
