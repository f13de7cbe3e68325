"""Shops are paid once: two officials send what is settled, and the bank of the demo answers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from config.demo.seed import City
from merchants.payouts import services
from merchants.payouts.models import Payout, PayoutBatch, PayoutResult, PayoutTerms


def make_terms(city: City, *, today: date) -> None:
    """The city pays out of one account, from 100 won on."""
    PayoutTerms.objects.get_or_create(
        municipality=city.municipality, currency=city.currency, valid_from=today,
        defaults={
            "minimum": 100, "account_bank": "081", "account_number": "910-000000-12345",
            "account_holder": city.municipality.name, "shown_as": "페이정산", "legal_basis": "운영대행 협약 제5조",
        },
    )  # fmt: skip


def send(
    city: City, *, maker: dict[str, Any], checker: dict[str, Any], at: datetime, pay_on: date
) -> tuple[PayoutBatch, str]:
    """A batch of all that is settled, approved by another official and sent; with the name of its file."""
    batch = services.make(currency=city.currency, pay_on=pay_on, at=at, **maker)
    services.approve(batch=batch, digest=bytes(batch.digest).hex(), at=at, **checker)
    file = services.send(batch=batch, form=services.PAIN001, at=at, **maker)
    return batch, file.name


def answer(city: City, batch: PayoutBatch, *, maker: dict[str, Any], at: datetime) -> PayoutResult:
    """The bank pays all shops but the first, whose account is closed."""
    ids = [key.hex for key in Payout.objects.filter(batch=batch).order_by("line").values_list("pk", flat=True)]
    closed = "<TxSts>RJCT</TxSts><StsRsnInf><Rsn><Cd>AC04</Cd></Rsn></StsRsnInf>"
    said = "".join(
        f"<TxInfAndSts><OrgnlEndToEndId>{key}</OrgnlEndToEndId>{'<TxSts>ACSC</TxSts>' if number else closed}</TxInfAndSts>"
        for number, key in enumerate(ids)
    )
    content = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>'
        f"<GrpHdr><MsgId>DEMO-{batch.number}</MsgId></GrpHdr><OrgnlPmtInfAndSts>{said}</OrgnlPmtInfAndSts>"
        "</CstmrPmtStsRpt></Document>"
    ).encode()
    return services.take_in(municipality=city.code, content=content, file_name="demo-pain002.xml", at=at, **maker)
