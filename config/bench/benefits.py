"""Cashback for the made-up city: funds with money, published terms, and the job that works payments off."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from django.utils import timezone

from config.bench.server import Server
from vouchers.common.scope import scope
from vouchers.common.seoul import business_date
from vouchers.currencies.models import Currency
from vouchers.incentives import services
from vouchers.incentives.models import BenefitFund, BenefitPolicy, BenefitTerms, BenefitTier, PayerKind
from vouchers.municipalities.models import Municipality
from vouchers.officials.models import Official
from vouchers.officials.rules import Role
from vouchers.officials.selectors import Authority
from vouchers.payments.tasks import STEP

_MONEY = 1_000_000_000_000
_LOOK_SECONDS = 1.0
"""How often a worker looks whether something waits."""
_PAYERS = ((PayerKind.NATIONAL, 200), (PayerKind.PROVINCE, 300), (PayerKind.CITY, 500))


def _officials(city: Municipality) -> list[Official]:
    """An author and a publisher of policies."""
    return [
        Official.objects.get_or_create(username=name, defaults={"municipality": city, "name": "김장터"})[0]
        for name in ("bench-author", "bench-publisher")
    ]


def _make_policy(*, currency: Currency, officials: list[Official], at: datetime) -> None:
    """Three funds with plenty of money, and published cashback with bands, caps, tiers, and a budget in steps.

    Granted money counts besides bought money: it is drawn first, and no payment would earn anything before it is spent.
    """
    city, day = currency.municipality, business_date(at)
    every = {city.code: frozenset({str(Role.BUDGET), str(Role.DRAFTER), str(Role.APPROVER)})}
    acting: list[dict[str, Any]] = [{"official": o, "authority": Authority(o.pk, every)} for o in officials]
    author, publisher = acting
    funds = []
    for payer, _rate in _PAYERS:
        fund = BenefitFund(municipality=city, currency=currency, name=str(payer.label), payer=payer)
        funds.append(services.save_fund(fund=fund, **author))
        services.endow(fund=fund, amount=_MONEY, reason="본예산", at=at, **author)
    policy = services.save_policy(
        policy=BenefitPolicy(municipality=city, currency=currency, name="캐시백"), **author
    )  # fmt: skip
    tiers = [BenefitTier(position=n, fund=fund, rate=rate, spend_up_to=300_000)
             for n, (fund, (_payer, rate)) in enumerate(zip(funds, _PAYERS, strict=True), start=1)]  # fmt: skip
    tiers.append(BenefitTier(position=4, fund=funds[2], rate=500, spend_above=300_000))
    tiers.append(BenefitTier(position=5, fund=funds[1], rate=200, sales_up_to=300_000_000))
    terms = services.save_terms(
        terms=BenefitTerms(
            municipality=city, policy=policy, valid_from=day, spend_cap=500_000, benefit_cap=50_000, own_fund=funds[2],
            base_kinds=["grant", "purchase"], budget_month=_MONEY, budget_year=2 * _MONEY, step_percents=[80],
            step_factors=[5_000],
        ),
        tiers=tiers, **author,
    )  # fmt: skip
    services.publish(terms=terms, at=at, **publisher)


def make_policies(*, city: str, currencies: list[UUID], at: datetime) -> None:
    """A policy of its own for each of these currencies."""
    with scope(municipalities=[city]):
        officials = _officials(Municipality.objects.get(code=city))
        for currency in Currency.objects.filter(pk__in=currencies).select_related("municipality"):
            _make_policy(currency=currency, officials=officials, at=at)


class FollowUp:
    """payments.follow_up as the worker runs it: step after step while something waits, then a look each second."""

    def __init__(self, server: Server, city: str) -> None:
        self._url, self._city = server.owner_url, city
        self._stop = threading.Event()
        self._failed: BaseException | None = None
        self.done = 0

    def work_off(self, *, until: Callable[[], bool]) -> int:
        """Steps of full size one after the other; returns how many payments they worked off."""
        done = 0
        with self._connected() as connection:
            while not until() and (worked := self._step(connection)):
                done += worked
        return done

    def require_credits(self) -> None:
        """Raises RuntimeError when what was worked off has earned nothing: the measurement would say too little."""
        with self._connected() as connection:
            if not connection.execute("SELECT 1 FROM vouchers_cashback WHERE amount > 0 LIMIT 1").fetchone():
                raise RuntimeError("the payments have earned no cashback")

    def forget(self) -> None:
        """Drop what waits, so that one measurement's payments are not worked off in the next."""
        with self._connected() as connection:
            connection.execute("DELETE FROM vouchers_outbox")
            connection.execute("VACUUM vouchers_outbox")

    @contextmanager
    def beside(self) -> Iterator[None]:
        """Work beside whatever happens; an error of it is raised at the end."""
        self._stop.clear()
        thread = threading.Thread(target=self._run)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()
        if self._failed:
            raise self._failed

    def _run(self) -> None:
        try:
            with self._connected() as connection:
                while not self._stop.is_set():
                    worked = self._step(connection)
                    self.done += worked
                    if worked < STEP:
                        self._stop.wait(_LOOK_SECONDS)
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            self._failed = error

    def _connected(self) -> psycopg.Connection:
        return psycopg.connect(self._url, autocommit=True, options=f"-c app.municipalities={self._city}")

    def _step(self, connection: psycopg.Connection) -> int:
        row = connection.execute(
            "SELECT payments.follow_up(%s, %s, %s)", [self._city, STEP, timezone.now()], prepare=True
        ).fetchone()
        assert row is not None
        worked: int = row[0]
        return worked
