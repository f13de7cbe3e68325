"""How pages say what is not to be changed: years, changes without a reason, and menus in the plural."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories.lists import make_office
from vouchers.common.scope import set_local
from vouchers.officials.rules import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def office():
    made = make_office()
    with made.city.scope():
        yield made


def page_of(office: Any, role: Role, address: str, *, language: str = "ko") -> str:
    client = Client()
    client.cookies["django_language"] = language
    set_local(official=str(office.officials[role].pk))
    client.force_login(office.officials[role])
    return client.get(address).content.decode()


def test_a_year_that_is_only_read_has_no_separator(office):
    address = reverse("admin:allowances_programme_change", args=[office.programme.pk])
    page = page_of(office, Role.REVIEWER, address)
    year = office.programme.fiscal_year
    assert f">{year}<" in page
    assert f"{year:,}" not in page


def test_a_change_without_a_reason_shows_a_dash(office):
    office.programme.save()
    page = page_of(office, Role.REVIEWER, reverse("admin:allowances_programme_history", args=[office.programme.pk]))
    assert office.programme.name in page
    assert "None" not in page


def test_lists_are_named_in_the_plural_in_english(office):
    page = page_of(office, Role.REVIEWER, reverse("admin:index"), language="en")
    assert all(name in page for name in ("Programmes", "Cycles", "Approval lines", "Budget lines"))
