"""Shops to which money is owed, and the two officials who send it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from merchants.payouts import services
from merchants.payouts.models import BankSheet, Payout, PayoutBatch, PayoutResult, PayoutTerms
from merchants.payouts.rules import SHEETS
from merchants.registry import services as registry
from merchants.registry.models import ChangeKind, Merchant
from merchants.settlement.models import DayClose
from tests import factories
from tests.factories import AT, City
from tests.factories.shops import acting, request
from vouchers.common.models import uuid7
from vouchers.common.seoul import business_date, start_of_day
from vouchers.ledger.models import Account, Balance
from vouchers.ledger.services import call
from vouchers.officials.models import Official
from vouchers.officials.rules import Role
from vouchers.officials.selectors import Authority, authority_of


@contextmanager
def refused(error: type[Exception]) -> Iterator[None]:
    """What is done here is refused, and leaves nothing behind."""
    with pytest.raises(error), transaction.atomic():
        yield


DAY = business_date(AT) - timedelta(days=1)
DEBTOR = "110-555-000001"


@dataclass
class PayoutDesk:
    """A city whose shops have settled money, with a maker and a checker."""

    city: City
    maker: Official
    checker: Official
    shops: list[Merchant] = field(default_factory=list)

    def acting(self, official: Official, *, at: datetime = AT) -> dict[str, Any]:
        """Who acts, with what authority, when."""
        authority: Authority = authority_of(official_id=official.pk, day=business_date(at))
        return {"official": official, "authority": authority, "at": at}

    def make(self, *, at: datetime = AT, pay_on: date | None = None) -> PayoutBatch:
        """All that can be paid."""
        return services.make(
            currency=self.city.currency, pay_on=pay_on or business_date(at), **self.acting(self.maker, at=at)
        )

    def approve(self, batch: PayoutBatch, *, at: datetime = AT) -> PayoutBatch:
        """The other person's consent."""
        services.approve(batch=batch, digest=bytes(batch.digest).hex(), **self.acting(self.checker, at=at))
        return PayoutBatch.objects.get(pk=batch.pk)

    def sent(self, *, form: str = services.PAIN001, at: datetime = AT) -> tuple[PayoutBatch, services.File]:
        """A batch on its way, with the file that went to the bank."""
        batch = self.approve(self.make(at=at), at=at)
        file = services.send(batch=batch, form=form, **self.acting(self.maker, at=at))
        return PayoutBatch.objects.get(pk=batch.pk), file

    def take_in(self, content: bytes, *, name: str = "이체결과.xml", at: datetime = AT) -> PayoutResult:
        """What the bank says."""
        return services.take_in(
            municipality=self.city.code, content=content, file_name=name, **self.acting(self.maker, at=at)
        )

    def payouts(self, batch: PayoutBatch) -> list[Payout]:
        """The batch's rows in their order."""
        return list(Payout.objects.filter(batch=batch).select_related("merchant").order_by("line"))

    def change(self, shop: Merchant, kind: ChangeKind = ChangeKind.DETAILS, **details: Any) -> None:
        """What two officials of the register change of a shop, from today on."""
        officer = factories.make_official(self.city, Role.MERCHANT_OFFICER)
        asked = request(shop, kind, officer, details=details)
        registry.approve(change=asked, **acting(factories.make_official(self.city, Role.APPROVER)))

    def left(self, kind: str, shop: Merchant | None = None) -> int:
        """Won on an account of the currency, or of a shop."""
        account = Account.objects.filter(kind=kind, owner_id=shop.pk if shop else None).first()
        if account is None:
            return 0
        balance = Balance.objects.get(pk=account.pk)
        return balance.credits - balance.debits


def make_payout_desk(city: City, amounts: tuple[int, ...] = (30_000, 20_000, 10_000)) -> PayoutDesk:
    """Each shop was paid its amount yesterday, and the day is closed. Call it in the city's scope."""
    desk = PayoutDesk(
        city, factories.make_official(city, Role.SETTLEMENT_OFFICER), factories.make_official(city, Role.PAYER)
    )
    make_payout_terms(city)
    for number, amount in enumerate(amounts):
        desk.shops.append(
            factories.make_merchant(
                city, account_bank="088", account_number=f"110-{number:03d}-123456", account_holder=f"김장터{number}"
            )
        )
        settle(city, desk.shops[-1], amount)
    close(city)
    return desk


def make_payout_terms(city: City, **fields: Any) -> PayoutTerms:
    """Shops are paid out of an account at a bank, from one won on."""
    fields = {
        "valid_from": date(2020, 1, 1), "minimum": 1, "account_bank": "081", "account_number": DEBTOR,
        "account_holder": "고양시", "shown_as": "고양페이정산", "legal_basis": "조례 제8조",
    } | fields  # fmt: skip
    return PayoutTerms.objects.create(municipality=city.municipality, currency=city.currency, **fields)


def settle(city: City, shop: Merchant, amount: int, *, at: datetime = AT - timedelta(days=1)) -> None:
    """A citizen pays at the shop."""
    citizen = factories.make_citizen(city)
    factories.grant(city, {citizen: amount}, at=at)
    call(
        "payments.pay", city.code, factories.make_partner(city).pk, str(uuid7()), b"\0" * 32,
        factories.wallet_of(citizen).pk, shop.code, "T001", amount, "order", at,
    )  # fmt: skip


def close(city: City, day: date = DAY, *, at: datetime = AT) -> None:
    """The day is over and settled."""
    call("ledger.fence", city.code, day)
    call("settlement.close_day", city.code, city.currency.pk, day, at)


def send_everything(city: City) -> PayoutBatch:
    """A batch of what one shop has settled, sent, and the bank's answer: the account is closed."""
    desk = PayoutDesk(
        city, factories.make_official(city, Role.SETTLEMENT_OFFICER), factories.make_official(city, Role.PAYER)
    )
    make_payout_terms(city)
    BankSheet.objects.create(
        municipality=city.municipality, code="kb", valid_from=date(2026, 1, 1), form="csv", columns=SHEETS["kb"].columns
    )
    shop = factories.make_merchant(city, account_bank="088", account_number="110-777-123456", account_holder="김장터")
    last = DayClose.objects.filter(currency=city.currency).latest("business_date").business_date
    at = start_of_day(last + timedelta(days=1)) + timedelta(hours=12)
    settle(city, shop, 1_000, at=at)
    close(city, business_date(at), at=at + timedelta(days=1))
    batch, _file = desk.sent(at=at + timedelta(days=1))
    desk.take_in(status_report(desk.payouts(batch)[0].pk.hex, "RJCT", "AC04"), at=at + timedelta(days=1))
    return batch


def status_report(payout: str, status: str, reason: str = "") -> bytes:
    """A pain.002 that speaks of one payout."""
    why = f"<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></StsRsnInf>" if reason else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10">'
        "<CstmrPmtStsRpt><GrpHdr><MsgId>1</MsgId></GrpHdr><OrgnlPmtInfAndSts><TxInfAndSts>"
        f"<OrgnlEndToEndId>{payout}</OrgnlEndToEndId><TxSts>{status}</TxSts>{why}"
        "</TxInfAndSts></OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>"
    ).encode()
