"""Lists that have been paid, and clawbacks of them at every stage, made through the services the product uses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile

from allowances.batches import services as batches
from allowances.batches.models import Batch, BatchState, Entitlement
from allowances.clawback import services as clawbacks
from allowances.clawback.models import Receivable
from allowances.clawback.rules import split_evenly
from allowances.disbursement import services as disbursement
from tests.factories import AT, City, make_merchant, make_partner
from tests.factories.lists import Office, approved, make_list, open_office, paying
from vouchers.common.models import uuid7
from vouchers.common.seoul import business_date
from vouchers.ledger.services import call
from vouchers.officials.rules import Role
from vouchers.privacy.fields import key_ring
from vouchers.privacy.files import FileStore


def paid_list(office: Office, *, rows: int = 3, **options: Any) -> Batch:
    """A list whose ``rows`` people have got the programme's amount; rows 2, 3, …"""
    batch = paying(office, make_list(office, rows=rows, **options))
    disbursement.run(municipality=office.city.code, batch_id=batch.pk, at=AT)
    return Batch.objects.select_related("cycle__programme").get(pk=batch.pk)


class Desk:
    """An official's desk: a store of sealed files, and what is done to clawbacks there."""

    def __init__(self, office: Office, folder: Path) -> None:
        self.office = office
        self.store = FileStore(directory=folder / "lists", ring=key_ring())

    def by_rows(self, batch: Batch, *amounts: tuple[int, int | None], **fields: Any) -> Batch:
        """A clawback of some rows of a paid list, read and checked."""
        drafted = clawbacks.from_rows(
            batch=batch, amounts=amounts, store=self.store, at=AT,
            **{"reason": "전출", "basis": "조례 제15조", "pay_within_days": 30} | fields,
            **self.office.acting(Role.DRAFTER),
        )  # fmt: skip
        return self.read(drafted)

    def by_file(self, lines: Sequence[str], *, parent: Batch | None, cycle: Any = None, **fields: Any) -> Batch:
        """A clawback by a CSV file, read and checked."""
        file = SimpleUploadedFile(f"환수 {uuid7()}.csv", "\n".join(lines).encode("utf-8-sig"))
        drafted = clawbacks.from_file(
            cycle=cycle or self.office.cycle, parent=parent, file=file, store=self.store, limit=1_000_000, at=AT,
            **{"reason": "", "basis": "조례 제15조", "pay_within_days": 30} | fields,
            **self.office.acting(Role.DRAFTER),
        )  # fmt: skip
        batches.inspect(municipality=self.office.city.code, batch_id=drafted.pk, store=self.store)
        inspected = Batch.objects.get(pk=drafted.pk)
        batches.confirm_layout(batch=inspected, at=AT, **self.office.acting(Role.DRAFTER))
        return self.read(drafted)

    def read(self, batch: Batch) -> Batch:
        """What the job does with an uploaded list."""
        batches.read(municipality=self.office.city.code, batch_id=batch.pk, store=self.store, at=AT)
        return Batch.objects.get(pk=batch.pk)

    def carry_out(self, batch: Batch, **options: Any) -> Batch:
        """Submit, sign by everybody and post."""
        ready = approved(self.office, batch, **options)
        disbursement.start(batch=ready, digest=ready.digest, at=AT, **self.office.acting(Role.PAYER))
        state = disbursement.run(municipality=self.office.city.code, batch_id=batch.pk, at=AT)
        assert state == BatchState.PAID, Batch.objects.get(pk=batch.pk).failure
        return Batch.objects.get(pk=batch.pk)


def person(batch: Batch, row: int) -> Entitlement:
    """The entitlement of a row."""
    return Entitlement.objects.get(batch_id=batch.pk, row_number=row)


class Till:
    """A shop at which people pay."""

    def __init__(self, office: Office) -> None:
        self.city = office.city
        self.merchant = make_merchant(office.city)
        self.partner = make_partner(office.city)

    def pay(self, wallet: UUID | None, amount: int, *, at: Any = AT) -> UUID:
        """Pay; returns the payment."""
        payment: UUID = call(
            "payments.pay", self.city.code, self.partner.pk, str(uuid7()), b"\0" * 32, wallet, self.merchant.code,
            "T001", amount, "order", at,
        )[0]  # fmt: skip
        return payment

    def cancel(self, payment: UUID, amount: int | None = None, *, at: Any = AT) -> None:
        """Cancel a payment."""
        call("payments.cancel", self.city.code, self.partner.pk, str(uuid7()), b"\1" * 32, payment, amount, at)


def make_debt(city: City) -> Receivable:
    """Somebody in the city who spent 60,000 won, was clawed back, has paid 10,000 of it and pays the rest in two parts."""
    with TemporaryDirectory() as folder:
        office = open_office(city)
        desk, paid = Desk(office, Path(folder)), paid_list(office, rows=1, people="빚")
        Till(office).pay(person(paid, 2).wallet_id, 60_000)
        (debt,) = owed(desk.carry_out(desk.by_rows(paid, (2, None))))
    payer, today = office.acting(Role.PAYER), business_date(AT)
    clawbacks.record_payment(
        receivable=debt, id=call("ledger.id_at", AT)[0], amount=10_000, paid_on=today, method="transfer",
        document_number="지역경제과-12", at=AT, **payer,
    )  # fmt: skip
    plan = split_evenly(outstanding=50_000, dates=[today + timedelta(days=30), today + timedelta(days=60)])
    clawbacks.plan_instalments(receivable=debt, plan=plan, document_number="", at=AT, **payer)
    return Receivable.objects.get(pk=debt.pk)


def owed(batch: Batch) -> list[Receivable]:
    """The receivables of a clawback, by row."""
    return list(Receivable.objects.filter(batch=batch.pk).order_by("row_number"))
