"""The same person joins in two apps, or twice in one, at the same second."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from tests import factories
from tests.factories import AT
from vouchers.citizens.models import Citizen
from vouchers.citizens.services import Person
from vouchers.common.errors import DomainError
from vouchers.common.models import uuid7
from vouchers.partners.models import Partner
from vouchers.partners.selectors import Caller
from vouchers.partners.services import Write
from vouchers.wallets.models import Wallet, WalletLink
from vouchers.wallets.services import Joining, join

CI = "a" * 86 + "=="
PERSON = Person("김새롬", date(1990, 3, 4), "01012345678", CI)


def _at_once(jobs: list[tuple[Partner, Person]]) -> list[Any]:
    barrier = Barrier(len(jobs))

    def work(partner: Partner, person: Person) -> Any:
        write = Write(Caller(partner.pk, partner.municipality_id, frozenset()), str(uuid7()), uuid7().bytes * 2)
        try:
            barrier.wait()
            return join(write=write, joining=Joining(person), at=AT).membership.link.outcome
        except DomainError as error:
            return error.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(lambda job: work(*job), jobs))


@pytest.mark.usefixtures("committed_db")
@pytest.mark.parametrize(
    "second",
    [PERSON, PERSON._replace(name="김개명", phone="01087654321")],
    ids=["the same words", "the same CI"],
)
def test_one_person_is_one_member(second: Person) -> None:
    city = factories.make_city()
    with city.scope():
        partner = factories.make_partner(city)
    for _ in range(5):
        outcomes = _at_once([(partner, PERSON), (partner, second)] * 2)
        assert set(outcomes) <= {"opened", "kept"}
    with city.scope():
        assert (Citizen.objects.count(), Wallet.objects.count(), WalletLink.objects.count()) == (1, 1, 20)
        assert WalletLink.objects.filter(outcome="opened").count() == 1


@pytest.mark.usefixtures("committed_db")
def test_of_two_apps_one_opens_and_the_other_takes_it_over() -> None:
    city = factories.make_city()
    with city.scope():
        apps = [factories.make_partner(city) for _ in range(2)]
    assert sorted(_at_once([(app, PERSON) for app in apps])) == ["moved", "opened"]
    with city.scope():
        links = list(WalletLink.objects.order_by("previous_id"))
        opened, moved = sorted(links, key=lambda link: link.outcome == "moved")
        assert (moved.previous_id, Wallet.objects.get().partner_id) == (opened.partner_id, moved.partner_id)


@pytest.mark.usefixtures("committed_db")
def test_without_a_ci_the_second_app_is_refused() -> None:
    city = factories.make_city()
    with city.scope():
        apps = [factories.make_partner(city) for _ in range(2)]
    assert sorted(_at_once([(app, PERSON._replace(ci=None)) for app in apps])) == ["opened", "wallet_of_another_app"]
