"""Guessing passwords: five wrong ones in a row lock a name, whoever it belongs to."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.db import connection, transaction
from django.test import Client, RequestFactory
from django.urls import reverse

from tests.factories import AT, City, make_city, make_official
from vouchers.officials.errors import LoginLocked
from vouchers.officials.models import Official
from vouchers.privacy.models import AccessAction, AccessRecord

PASSWORD = "jangteo-demo-1"


@pytest.fixture
def city(db: None) -> City:
    return make_city()


def attempt(username: str, password: str, *, minutes: float = 0) -> Official | None:
    request = RequestFactory().post("/admin/login/", REMOTE_ADDR="192.0.2.7")
    request.at = AT + timedelta(minutes=minutes)
    return authenticate(request, username=username, password=password)


def fail(username: str, times: int, *, minutes: float = 0) -> None:
    for _ in range(times):
        assert attempt(username, "wrong", minutes=minutes) is None


def refused(username: str, *, minutes: float = 0) -> bool:
    try:
        with transaction.atomic():
            attempt(username, PASSWORD, minutes=minutes)
    except LoginLocked:
        return True
    return False


@pytest.fixture
def official(city: City) -> Official:
    with city.scope():
        return make_official(city, username="kim")


def test_the_right_password_is_refused_after_five_wrong_ones_until_the_lock_is_over(official: Official) -> None:
    fail("kim", 5)
    assert refused("kim", minutes=9.9)
    assert attempt("kim", PASSWORD, minutes=10) == official


def test_the_right_password_begins_the_count_anew(official: Official) -> None:
    fail("kim", 4)
    assert attempt("kim", PASSWORD) == official
    fail("kim", 4)
    assert attempt("kim", PASSWORD) == official


def test_failures_that_lie_far_apart_are_not_in_a_row(official: Official) -> None:
    fail("kim", 4)
    fail("kim", 1, minutes=11)
    assert attempt("kim", PASSWORD, minutes=11) == official


def test_after_a_lock_five_more_are_needed(official: Official) -> None:
    fail("kim", 5)
    fail("kim", 4, minutes=10)
    assert not refused("kim", minutes=10)


def test_a_name_that_nobody_has_is_locked_alike(city: City) -> None:
    fail("nobody", 5)
    assert refused("nobody")


def test_a_locked_name_is_nobody_elses_trouble(official: Official, city: City) -> None:
    with city.scope():
        other = make_official(city)
    fail("kim", 5)
    assert attempt(other.username, PASSWORD) == other


def test_the_lock_stands_in_the_access_record(official: Official, city: City) -> None:
    fail("kim", 4)
    with city.scope():
        assert not AccessRecord.objects.exists()
    fail("kim", 1)
    with city.scope():
        kept = AccessRecord.objects.get()
    assert (kept.action, kept.official_id, kept.address) == (AccessAction.LOCK, official.pk, "192.0.2.7")


def test_the_form_says_until_when(official: Official) -> None:
    client = Client()
    typed = {"username": "kim", "password": "wrong"}
    for _ in range(5):
        assert "여러 번 실패" not in client.post(reverse("admin:login"), typed).content.decode()
    page = client.post(reverse("admin:login"), {"username": "kim", "password": PASSWORD})
    assert "여러 번 실패" in page.content.decode()
    assert "_auth_user_id" not in client.session


def test_a_name_with_a_null_byte_is_nobody(city: City) -> None:
    assert attempt("kim\0", PASSWORD) is None


def test_guesses_at_the_same_moment_are_counted_one_by_one(committed_db: str) -> None:
    city = make_city()
    with city.scope():
        make_official(city, username="kim")

    def guess(_number: int) -> str:
        try:
            attempt("kim", "wrong")
        except LoginLocked:
            return "locked"
        finally:
            connection.close()
        return "wrong"

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(guess, range(8)))
    assert sorted(told) == ["locked"] * 3 + ["wrong"] * 5


def test_a_login_at_the_bookmarked_address_leads_home(city: City) -> None:
    with city.scope():
        official = make_official(city)
    response = Client().post(reverse("admin:login"), {"username": official.username, "password": PASSWORD})
    assert response.url == reverse("admin:index")
