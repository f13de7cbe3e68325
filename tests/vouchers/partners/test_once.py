"""A write request is answered once, however many threads send it at the same moment."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from django.db import connection

from tests import factories
from tests.factories import AT
from vouchers.partners.errors import IdempotencyKeyReused, RequestInProgress
from vouchers.partners.selectors import Caller
from vouchers.partners.services import Once, Write, once

WAIT = 20


class Refused(Exception):
    """What the act raises."""


@pytest.fixture
def write(committed_db: str) -> Write:
    city = factories.make_city()
    with city.scope():
        partner = factories.make_partner(city)
    return Write(Caller(partner.pk, city.code, frozenset()), "one-key", b"\0" * 32)


def attempt(write: Write, act) -> Once:
    try:
        return once(write=write, at=AT, act=act)
    finally:
        connection.close()


def test_a_repetition_is_refused_at_once_while_the_first_is_in_flight(write: Write):
    inside, go_on = threading.Event(), threading.Event()
    made: list[UUID] = []

    def slow(result: UUID) -> None:
        made.append(result)
        inside.set()
        assert go_on.wait(WAIT)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(attempt, write, slow)
        try:
            assert inside.wait(WAIT)
            begun = time.monotonic()
            with pytest.raises(RequestInProgress):
                attempt(write, made.append)
            assert time.monotonic() - begun < 2
            other = attempt(write._replace(key="another-key"), lambda result: None)
            assert not other.replayed
        finally:
            go_on.set()
        answered = first.result()
    assert answered == (made[0], False)
    assert attempt(write, made.append) == (made[0], True)
    assert len(made) == 1


def test_sixteen_threads_act_once(write: Write):
    made: list[UUID] = []
    together = threading.Barrier(16)

    def send(_number: int) -> Once | None:
        together.wait(WAIT)
        try:
            return attempt(write, made.append)
        except RequestInProgress:
            return None

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(send, range(16)))
    assert len(made) == 1
    assert {answer.id for answer in answers if answer} == set(made)
    assert [answer.replayed for answer in answers if answer].count(False) == 1


def test_a_refusal_frees_the_key(write: Write):
    def refuse(_result: UUID) -> None:
        raise Refused

    with pytest.raises(Refused):
        attempt(write, refuse)
    assert not attempt(write, lambda result: None).replayed


def test_a_key_belongs_to_one_request(write: Write):
    attempt(write, lambda result: None)
    with pytest.raises(IdempotencyKeyReused):
        attempt(write._replace(fingerprint=b"\1" * 32), lambda result: None)
