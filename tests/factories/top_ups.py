"""Funds, terms and top-ups, through the same services as the product."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction

from tests import factories
from tests.factories import AT, City
from vouchers.common.models import uuid7
from vouchers.incentives import services as incentives
from vouchers.incentives.models import BenefitFund, BenefitKind, BenefitPolicy, BenefitTerms, BenefitTier, PayerKind
from vouchers.officials.rules import Role
from vouchers.officials.selectors import authority_of
from vouchers.partners.models import Partner
from vouchers.partners.selectors import Caller
from vouchers.partners.services import Write
from vouchers.top_ups import services

_numbers = itertools.count(1)


@contextmanager
def refused(error: type[Exception]) -> Iterator[pytest.ExceptionInfo[Any]]:
    """The step is refused, and the test's transaction goes on as if it had not been tried."""
    with pytest.raises(error) as found, transaction.atomic():
        yield found


def make_fund(city: City, amount: int = 100_000_000, *, payer: str = PayerKind.CITY, at: datetime = AT) -> BenefitFund:
    """A fund with money."""
    official = factories.make_official(city, Role.BUDGET)
    authority = authority_of(official_id=official.pk, day=at.date())
    fund = incentives.save_fund(
        fund=BenefitFund(
            municipality=city.municipality, currency=city.currency, name=f"충전 재원 {next(_numbers)}", payer=payer
        ),
        official=official, authority=authority,
    )  # fmt: skip
    incentives.endow(fund=fund, amount=amount, reason="본예산", official=official, authority=authority, at=at)
    return fund


def make_terms(city: City, kind: str, *tiers: tuple[BenefitFund, int], **fields: Any) -> BenefitTerms:
    """Published terms since 2020 whose tiers give 1/10000 of a fund each; the last fund is the municipality's own."""
    policy = BenefitPolicy.objects.create(
        municipality=city.municipality, currency=city.currency, kind=kind, name=f"충전 혜택 {next(_numbers)}"
    )
    author, publisher = factories.make_official(city), factories.make_official(city)
    own = {"municipality": city.municipality}
    terms = BenefitTerms.objects.create(
        **own, policy=policy, valid_from=fields.pop("valid_from", date(2020, 1, 1)), own_fund=tiers[-1][0], author=author, **fields
    )  # fmt: skip
    for position, (fund, rate) in enumerate(tiers, start=1):
        BenefitTier.objects.create(**own, terms=terms, position=position, fund=fund, rate=rate)
    BenefitTerms.objects.filter(pk=terms.pk).update(state="published", publisher=publisher, published_at=AT)
    return terms


def make_discount(city: City, rate: int = 1000, *, money: int = 100_000_000) -> BenefitFund:
    """A discount of ``rate`` / 10000 that one fund bears alone."""
    fund = make_fund(city, money)
    make_terms(city, BenefitKind.DISCOUNT, (fund, rate))
    return fund


def write_of(partner: Partner) -> Write:
    """A request of its own key."""
    key = uuid7()
    caller = Caller(partner.pk, partner.municipality_id, frozenset(partner.scopes))
    return Write(caller, str(key), key.bytes * 2)


def ask(partner: Partner, wallet: UUID, amount: int, *, at: datetime = AT, order: str = "TOP-1") -> Any:
    """A request for a top-up."""
    return services.request(write=write_of(partner), wallet=wallet, amount=amount, order=order, at=at).top_up


def confirm(
    partner: Partner, top_up: Any, *, amount: int | None = None, at: datetime | None = None, **fields: Any
) -> Any:
    """The deposit of a request, a minute later unless told otherwise."""
    return services.deposit(
        write=write_of(partner), top_up=top_up.id, amount=top_up.pays if amount is None else amount,
        reference=fields.get("reference", str(uuid7())), at=at or top_up.requested_at + timedelta(minutes=1),
    ).top_up  # fmt: skip


def buy(partner: Partner, wallet: UUID, amount: int, *, at: datetime = AT) -> Any:
    """A completed top-up."""
    return confirm(partner, ask(partner, wallet, amount, at=at))
