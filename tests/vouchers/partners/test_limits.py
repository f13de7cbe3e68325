"""A partner's requests a minute: the limit and not one more, whatever the number of threads and processes."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import connection

from tests import factories
from tests.factories import AT
from vouchers.common.models import uuid7
from vouchers.common.problems import TooManyRequests
from vouchers.partners import selectors, services
from vouchers.partners.api.limits import ADDRESSES, LOOK_AGAIN_SECONDS, Limiter, Strangers
from vouchers.partners.models import Partner, PartnerDay, PartnerKey
from vouchers.partners.selectors import Caller, Credential
from vouchers.partners.services import Lease, issue_key

PROCESS = """
import json, sys
import config.wsgi
from concurrent.futures import ThreadPoolExecutor
from django.db import connection
from vouchers.common.problems import TooManyRequests
from vouchers.partners import selectors
from vouchers.partners.api.limits import Limiter

credential = selectors.credential(key_id=sys.argv[1])
limiter = Limiter()

def ask(count):
    passed = 0
    for _ in range(count):
        try:
            limiter.spend(credential)
            passed += 1
        except TooManyRequests:
            pass
    connection.close()
    return passed

print("ready", flush=True)
sys.stdin.readline()
with ThreadPoolExecutor(8) as pool:
    print(sum(pool.map(ask, [int(sys.argv[2])] * 8)), flush=True)
"""


def make_credential(**fields) -> Credential:
    city = factories.make_city()
    with city.scope():
        key = issue_key(partner=factories.make_partner(city, **fields), at=AT).key
    found = selectors.credential(key_id=key.key_id)
    assert found is not None
    return found


def wait_for_a_fresh_minute(needed: float) -> None:
    """Return when the database's minute has at least so many seconds left."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 60 - extract(second FROM clock_timestamp())")
        (left,) = cursor.fetchone()
    if left < needed:
        time.sleep(float(left) + 0.05)


@pytest.mark.parametrize("limit", [1, 7, 1000])
def test_two_processes_with_eight_threads_each_pass_the_limit_and_not_one_more(committed_db: str, limit: int):
    credential = make_credential(requests_per_minute=limit)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, credential.key_id, "100"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True,
        ) for _ in range(2)
    ]  # fmt: skip
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    wait_for_a_fresh_minute(10)
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    passed = [int(process.communicate(timeout=60)[0]) for process in processes]
    # 1,600 ask. Of 1,000 some may lie idle in the other process, never more than one portion of it.
    assert sum(passed) <= limit
    assert sum(passed) >= limit - limit // 50


def test_many_threads_of_one_process_lease_little_and_pass_exactly_the_limit(committed_db: str):
    credential, leases = make_credential(requests_per_minute=5_000), []

    def lease(asked: Credential) -> Lease:
        leases.append(services.lease(credential=asked))
        return leases[-1]

    limiter, together = Limiter(lease=lease), threading.Barrier(8)
    wait_for_a_fresh_minute(10)

    def ask(_number: int) -> int:
        together.wait(20)
        passed = 0
        for _ in range(1_000):
            try:
                limiter.spend(credential)
                passed += 1
            except TooManyRequests:
                pass
        connection.close()
        return passed

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(8))) == 5_000
    assert sum(lease.granted for lease in leases) == 5_000
    assert len([lease for lease in leases if lease.granted]) < 150


@pytest.mark.django_db
def test_a_limit_counts_at_once():
    clock = [0.0]
    credential = make_credential(requests_per_minute=2)
    limiter = Limiter(clock=lambda: clock[0])
    wait_for_a_fresh_minute(5)
    assert [limiter.spend(credential).left for _ in range(2)] == [1, 0]
    with pytest.raises(TooManyRequests) as refused:
        limiter.spend(credential)
    assert 1 <= int(refused.value.headers["Retry-After"]) <= 60
    assert refused.value.headers["RateLimit-Policy"] == '"minute";q=2;w=60'
    assert refused.value.headers["RateLimit"].startswith('"minute";r=0;t=')
    raise_limit(credential, 3)
    clock[0] += LOOK_AGAIN_SECONDS
    assert limiter.spend(credential).limit == 3
    raise_limit(credential, 1)
    clock[0] += LOOK_AGAIN_SECONDS
    with pytest.raises(TooManyRequests):
        limiter.spend(credential)


def raise_limit(credential: Credential, limit: int) -> None:
    with factories.scope(municipalities=[credential.caller.municipality]):
        Partner.objects.filter(pk=credential.caller.partner).update(requests_per_minute=limit)


def test_a_lease_ends_with_its_minute():
    clock, minutes = [0.0], iter([Lease(3, 10, 7, 12.0), Lease(1, 10, 9, 60.0), Lease(0, 10, 0, 30.0)])
    credential = Credential(Caller(uuid7(), "41280", frozenset()), "k", b"", True, "hmac-sha256", b"")
    limiter = Limiter(lease=lambda _credential: next(minutes), clock=lambda: clock[0])
    assert limiter.spend(credential) == (10, 9, 12)
    clock[0] = 12.0
    assert limiter.spend(credential) == (10, 9, 60)
    with pytest.raises(TooManyRequests):
        limiter.spend(credential)


def test_a_lease_that_came_too_late_is_not_used():
    clock, minutes = [0.0], iter([Lease(3, 10, 7, 2.0), Lease(5, 10, 5, 60.0)])
    credential = Credential(Caller(uuid7(), "41280", frozenset()), "k", b"", True, "hmac-sha256", b"")

    def slowly(_credential: Credential) -> Lease:
        clock[0] += 3.0
        return next(minutes)

    assert Limiter(lease=slowly, clock=lambda: clock[0]).spend(credential) == (10, 9, 57)


def test_the_next_minute_begins_anew_and_the_day_adds_up(committed_db: str):
    credential = make_credential(requests_per_minute=100)
    wait_for_a_fresh_minute(10)
    granted = [services.lease(credential=credential).granted for _ in range(100)]
    assert sum(granted) == 100
    assert granted[-1] == 0
    with psycopg.connect(committed_db) as owner:
        owner.execute("UPDATE vouchers_partnerminute SET minute = minute - interval '1 minute'")
    assert services.lease(credential=credential).granted == 2
    with factories.scope(municipalities=[credential.caller.municipality]):
        day = PartnerDay.objects.order_by("day").first()
        assert (day.requests, day.busiest_minute) == (100, 100)
        assert PartnerKey.objects.get(key_id=credential.key_id).last_used_at is not None


def test_a_clock_set_back_locks_nobody_out(committed_db: str):
    credential = make_credential(requests_per_minute=10)
    while services.lease(credential=credential).granted:
        pass
    with psycopg.connect(committed_db) as owner:
        owner.execute("UPDATE vouchers_partnerminute SET minute = minute + interval '1 hour'")
    found = services.lease(credential=credential)
    assert found.granted == 1
    assert 0 < found.seconds <= 60


# Wrong keys


def test_an_address_with_many_wrong_keys_is_told_to_wait():
    clock = [0.0]
    strangers = Strangers(limit=3, clock=lambda: clock[0])
    for _ in range(3):
        strangers.count("192.0.2.1")
    with pytest.raises(TooManyRequests) as refused:
        strangers.count("192.0.2.1")
    assert refused.value.headers == {"Retry-After": "60"}
    strangers.count("192.0.2.2")
    clock[0] = 60.0
    strangers.count("192.0.2.1")


def test_sixteen_threads_guess_no_more_than_one():
    strangers, refused = Strangers(limit=100), []

    def guess(_number: int) -> None:
        for _ in range(50):
            try:
                strangers.count("192.0.2.1")
            except TooManyRequests:
                refused.append(1)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(guess, range(16)))
    assert len(refused) == 16 * 50 - 100


def test_a_right_key_does_not_count_and_a_subscriber_has_one_place():
    strangers = Strangers(limit=1)
    for _ in range(5):
        strangers.count("2001:db8::1")
        strangers.forgive("2001:db8::1")
    strangers.count("2001:db8::1")
    with pytest.raises(TooManyRequests):
        strangers.count("2001:db8::2")
    strangers.count("2001:db8:0:1::1")


def test_the_memory_is_bounded():
    strangers = Strangers(limit=1)
    for number in range(3 * ADDRESSES):
        strangers.count(f"address {number}")
    assert len(strangers._seen) == ADDRESSES
