"""Bought money in wallets, and rules under which it may be given."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import connections, transaction

from tests import factories
from tests.factories import AT, City
from tests.factories.points import make_point_desk
from vouchers.common.models import uuid7
from vouchers.common.seoul import business_date, start_of_day
from vouchers.ledger.models import Lot, LotKind
from vouchers.ledger.services import call
from vouchers.points.rules import periods_before


def buy(city: City, wallet: UUID, amount: int, *, at: datetime = AT, days: int | None = 1_825) -> UUID:
    """Bought money reaches a wallet, committed at once by the owner; returns its lot."""
    expiry = None if days is None else at + timedelta(days=days)
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SELECT set_config('app.municipalities', %s, true)", [city.code])
        cursor.execute(
            "SELECT (ledger.top_up(%s, ledger.id_at(%s), %s, %s, %s, %s, '{}', '{}', NULL, NULL, %s, NULL, %s)).purchase_lot",
            [city.code, at, city.currency.pk, wallet, uuid7(), amount, expiry, at],
        )
        lot: UUID = cursor.fetchone()[0]
        return lot


def make_gift(city: City) -> UUID:
    """A won that one citizen gives another, in the scope's own transaction: of points, which the currency lets go here."""
    points = Lot.objects.filter(municipality=city.code, kind=LotKind.POINT, remaining__gt=0)
    if not points.exists():
        _earn(city)
    factories.make_purchase_limit(city, valid_from=business_date(AT), gift_points=True, gift_purchased=False)
    receiver = factories.wallet_of(factories.make_citizen(city))
    gift: UUID = call(
        "gifts.give", city.code, factories.make_partner(city).pk, str(uuid7()), b"\0" * 32, points[0].wallet_id,
        receiver.pk, None, None, 1, "고마워요", AT,
    )[0]  # fmt: skip
    return gift


def _earn(city: City) -> None:
    desk = make_point_desk(city)
    desk.fund(1_000_000)
    first, end = periods_before("month", business_date(AT), 2)[1]
    desk.told(desk.item(factories.make_citizen(city), "campaign", start_of_day(first) + timedelta(hours=9)))
    desk.pay(desk.confirm(desk.compute("탄소지움", first, end)))
