"""A trial is one transaction; whoever looks from beside sees how far it is, and nothing of what it reckons with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from tests import factories
from tests.factories import AT
from tests.factories.benefits import make_draft, make_fund
from vouchers.common.models import uuid7
from vouchers.incentives import services
from vouchers.incentives.models import BenefitSimulation
from vouchers.ledger.services import call

PAYMENTS = 3


def test_progress_is_seen_while_the_trial_goes_on(committed_db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    city = factories.make_city()
    with city.scope():
        fund, shop = make_fund(city), factories.make_merchant(city)
        citizen, partner = factories.make_citizen(city), factories.make_partner(city)
        factories.grant(city, {citizen: 100_000})
        wallet = factories.wallet_of(citizen).pk
        for n in range(PAYMENTS):
            at = AT + timedelta(minutes=n)
            call(
                "payments.pay", city.code, partner.pk, str(uuid7()), b"", wallet, shop.code, "T001", 10_000, "주문", at
            )
        terms = make_draft(city, fund)
        trial = BenefitSimulation.objects.create(
            municipality=city.municipality, terms=terms, month=date(AT.year, AT.month, 1), official=terms.author
        )
    seen = []

    def look(function: str, *parameters: Any, follow: Callable[..., Any] = call) -> Any:
        with psycopg.connect(committed_db) as beside:
            found = beside.execute(
                "SELECT state, done_payments, payments, (SELECT count(*) FROM vouchers_membermonth)"
                " FROM vouchers_benefitsimulation WHERE id = %s", [trial.pk],
            ).fetchone()  # fmt: skip
            assert found is not None
            seen.append(found)
        return follow(function, *parameters)

    monkeypatch.setattr(services.ledger, "call", look)
    services.run_trial(municipality=city.code, simulation_id=trial.pk)
    assert seen[0] == ("running", 0, 0, 0)
    assert seen[-1] == ("running", PAYMENTS, PAYMENTS, 0)
    assert sorted(seen) == seen
    with city.scope():
        trial.refresh_from_db()
        assert (trial.state, trial.done_payments, trial.result["cost"]) == ("done", PAYMENTS, PAYMENTS * 1_000)
