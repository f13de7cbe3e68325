"""A city with the example programmes, a partner that witnesses them, and what citizens did."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from tests import factories
from tests.factories import AT, City
from vouchers.citizens.models import Citizen
from vouchers.common.seoul import SEOUL, business_date, start_of_day
from vouchers.incentives import services as incentives
from vouchers.incentives.models import BenefitFund
from vouchers.officials.models import Official
from vouchers.officials.rules import Role
from vouchers.officials.selectors import authority_of
from vouchers.partners.models import Partner
from vouchers.points import examples, selectors, services
from vouchers.points.models import ActivityUpload, PointProgramme, PointRun, PointWitness
from vouchers.points.rules import periods_before
from vouchers.points.services import Item, Outcome

_numbers = itertools.count(1)


def seoul(text: str) -> datetime:
    """'2026-11-02 07:30' on Seoul's clocks."""
    return datetime.fromisoformat(text).replace(tzinfo=SEOUL)


@dataclass
class PointDesk:
    """What one city's officials and their partner do with points."""

    city: City
    partner: Partner
    drafter: Official
    payer: Official
    programmes: dict[str, PointProgramme] = field(default_factory=dict)

    def item(self, citizen: Citizen | str, kind: str, at: str | datetime, **said: Any) -> Item:
        """An activity as the partner tells it; a citizen by their wallet."""
        person = citizen if isinstance(citizen, str) else str(factories.wallet_of(citizen).pk)
        when = seoul(at) if isinstance(at, str) else at
        return Item(said.pop("external_id", f"E{next(_numbers):06d}"), kind, person, when, **said)

    def told(self, *items: Item, at: datetime | None = None, partner: UUID | None = None) -> list[Outcome]:
        """Take activities in, by default a minute after the last of them happened."""
        moment = at or max(item.occurred_at for item in items)
        return services.take_in(
            municipality=self.city.code, partner=partner or self.partner.pk, items=items, at=moment
        )  # fmt: skip

    def did(self, citizen: Citizen, kind: str, at: str | datetime, **said: Any) -> UUID:
        """One activity that is accepted."""
        (outcome,) = self.told(self.item(citizen, kind, at, **said))
        assert outcome.outcome == "accepted", outcome
        assert outcome.activity_id
        return outcome.activity_id

    def earned(self, citizen: Citizen, first: str, end: str) -> list[selectors.Earned]:
        """What the citizen's activities earn in a period, the oldest first."""
        found = selectors.earned_by(
            municipality=self.city.code,
            citizen=citizen.pk,
            first=date.fromisoformat(first),
            end=date.fromisoformat(end),
        )
        return found[::-1]

    def sum(self, citizen: Citizen, first: str, end: str) -> int:
        """The won of a period."""
        return sum(row.points for row in self.earned(citizen, first, end))

    def acting(self, official: Official, at: datetime = AT) -> dict[str, Any]:
        """The official with the roles they hold."""
        return {"official": official, "authority": authority_of(official_id=official.pk, day=at.date())}

    def compute(self, name: str, first: date, end: date, *, at: datetime = AT) -> PointRun:
        """Compute a payout as the drafter."""
        return services.compute(
            programme=self.programmes[name], first=first, end=end, at=at, **self.acting(self.drafter)
        )

    def confirm(self, run: PointRun, *, at: datetime = AT, **options: Any) -> PointRun:
        """Confirm a payout as the payer."""
        return services.confirm(run=run, amount=run.amount, at=at, **self.acting(self.payer), **options)

    def pay(self, run: PointRun, *, at: datetime = AT) -> PointRun:
        """Post all of it, as the worker does."""
        services.pay(municipality=self.city.code, run_id=run.pk, clock=lambda: at)
        return PointRun.objects.get(pk=run.pk)

    def fund(self, amount: int) -> BenefitFund:
        """A fund with money, for every programme."""
        budget = factories.make_official(self.city, Role.BUDGET)
        fund = BenefitFund(
            municipality=self.city.municipality,
            currency=self.city.currency,
            name=f"재원 {next(_numbers)}",
            payer="city",
        )
        incentives.save_fund(fund=fund, **self.acting(budget))
        if amount:
            incentives.endow(fund=fund, amount=amount, reason="편성", at=AT, **self.acting(budget))
        PointProgramme.objects.filter(municipality=self.city.municipality).update(fund=fund)
        for programme in self.programmes.values():
            programme.refresh_from_db()
        return fund


def make_point_desk(city: City | None = None) -> PointDesk:
    """The five example programmes, all witnessed by one partner. Call it inside the city's scope when one is given."""
    city = city or factories.make_city()
    with city.scope():
        partner = factories.make_partner(city)
        desk = PointDesk(
            city, partner, factories.make_official(city, Role.DRAFTER), factories.make_official(city, Role.PAYER)
        )
        made = examples.load(currency=city.currency)
        desk.programmes = {programme.name: programme for programme in made}
        for programme in made:
            PointWitness.objects.create(municipality=city.municipality, programme=programme, partner=partner)
    return desk


def pay_points(city: City) -> PointDesk:
    """Somebody did something, a cap took a part off, the rest was paid, and a file waits. Call it inside the city's scope."""
    desk = make_point_desk(city)
    desk.fund(1_000_000)
    first, end = periods_before("month", business_date(AT), 2)[1]
    member = factories.make_citizen(city)
    desk.told(*(desk.item(member, "campaign", start_of_day(first) + timedelta(hours=hour)) for hour in (9, 10)))
    desk.pay(desk.confirm(desk.compute("탄소지움", first, end)))
    ActivityUpload.objects.create(
        municipality=city.municipality, partner=desk.partner, file_name="실적.csv", file_sha256="0" * 64,
        uploaded_by=desk.drafter, uploaded_at=AT,
    )  # fmt: skip
    return desk
