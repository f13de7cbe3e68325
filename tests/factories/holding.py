"""Lists in which not everybody can be paid at once: people who are no members yet, wallets that close, cash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from allowances.approvals.models import ApprovalStep, StepDecision
from allowances.batches.models import Batch, BatchKind, BatchRow, BatchState, Entitlement
from allowances.departures.models import Departure, DepartureList
from allowances.disbursement.models import UnpaidEntitlement
from allowances.programmes.models import Programme
from tests.factories import AT, City, make_citizen, make_cycle, make_official, make_programme
from vouchers.citizens.models import Citizen
from vouchers.common.models import uuid7
from vouchers.ledger import services as ledger
from vouchers.officials.models import Official
from vouchers.officials.rules import Role
from vouchers.wallets.models import Wallet

AMOUNT = 10_000
_NUMBER: Any = Citizen._meta.get_field("resident_number_index")


@dataclass(frozen=True, kw_only=True)
class Stranger:
    """Somebody who is no member yet, as a list names them."""

    name: str = "김미래"
    birth_date: date = date(1990, 3, 4)
    phone: str = "01099990001"
    resident_number: str | None = None

    def joins(self, city: City, **fields: Any) -> Citizen:
        """Become a member with a wallet."""
        return make_citizen(
            city, name=self.name, birth_date=self.birth_date, phone=self.phone,
            resident_number=self.resident_number, **fields,
        )  # fmt: skip


Row = Citizen | Stranger


def make_holding_list(
    city: City, rows: Sequence[Row], *, programme: Programme | None = None, cycle: Any = None, amount: int = AMOUNT,
    claim_days: int | None = 30, chunk_rows: int = 10_000, cash: Sequence[int] = (), kind: str = BatchKind.PAYMENT,
    sequence: int = 0, at: datetime = AT, state: str = BatchState.PAYING, **terms: Any,
) -> Batch:  # fmt: skip
    """A list that everybody has signed, made by the functions that make real ones; ``cash``: row numbers paid in cash."""
    programme = programme or make_programme(city, at=at)
    cycle = cycle or make_cycle(programme)
    signers = [(role, make_official(city, role)) for role in (Role.DRAFTER, Role.APPROVER, Role.PAYER)]
    batch = Batch.objects.create(
        municipality=city.municipality, cycle=cycle, uploaded_by=signers[0][1], uploaded_at=at, file_name="명단.csv",
        file_key=f"test/{uuid7()}", file_size=1, file_sha256=uuid7().hex * 2, attempt=1, kind=kind, sequence=sequence,
        state=BatchState.READING, terms={"conditions": {"claim_days": claim_days}},
    )  # fmt: skip
    BatchRow.objects.bulk_create(
        _row(city, batch, number, person, amount, in_cash=number in cash) for number, person in enumerate(rows, start=2)
    )
    _move(batch, BatchState.VALIDATING, BatchState.VALIDATED, BatchState.SUBMITTING)
    ledger.call("approvals.entitle", city.code, batch.pk)
    batch.terms |= {
        "currency_id": str(city.currency.pk), "validity_days": 90, "usage_rule_id": None, "chunk_rows": chunk_rows,
    } | terms  # fmt: skip
    batch.rows_total, batch.amount_total = len(rows), amount * len(rows)
    batch.save()
    batch.digest = ledger.call("approvals.digest", city.code, batch.pk)[0]
    ledger.reserve(municipality=city.code, currency=city.currency.pk, programme=programme.pk, amount=batch.amount_total)
    _move(batch, BatchState.SUBMITTED, BatchState.APPROVED)
    for position, (role, official) in enumerate(signers):
        ApprovalStep.objects.create(
            municipality=city.municipality, batch=batch, attempt=1, position=position, role=role, title=role.label,
            decision=StepDecision.SIGNED, official=official, decided_at=at, digest=batch.digest,
        )  # fmt: skip
    if state != BatchState.APPROVED:
        _move(batch, state)
    return batch


def _row(city: City, batch: Batch, number: int, person: Row, amount: int, *, in_cash: bool) -> BatchRow:
    citizen = person if isinstance(person, Citizen) else None
    wallet = Wallet.objects.filter(citizen=citizen).first() if citizen else None
    return BatchRow(
        municipality=city.municipality, batch_id=batch.pk, row_number=number, name=person.name,
        birth_date=person.birth_date, phone=person.phone, dong=city.dong.name, amount=amount,
        facts={"payment_method": "cash"} if in_cash else None,
        resident_number_index=None if citizen else _NUMBER.index_of(person.resident_number),
        citizen_id=citizen and citizen.pk, wallet_id=wallet and wallet.pk,
    )  # fmt: skip


def _move(batch: Batch, *states: str) -> None:
    for state in states:
        batch.state = state
        batch.save()


def unpaid(batch: Batch) -> dict[int, tuple[str, str, str | None]]:
    """Row number → (reason, state, ending) of what was not paid."""
    found = UnpaidEntitlement.objects.filter(municipality=batch.municipality_id, batch_id=batch.pk)
    return {row.row_number: (row.reason, row.state, row.ending) for row in found.order_by("row_number")}


def entitlement_of(batch: Batch, row_number: int) -> Entitlement:
    """The entitlement of a row."""
    return Entitlement.objects.get(municipality=batch.municipality_id, batch_id=batch.pk, row_number=row_number)


def close_wallet(citizen: Citizen, status: str = "closed") -> UUID:
    """The wallet is closed, frozen or active from now on; returns it."""
    wallet = Wallet.objects.get(citizen=citizen)
    wallet.status = status
    wallet.save(update_fields=["status"])
    return wallet.pk


def make_departure(city: City, official: Official, citizen: Citizen) -> Departure:
    """A list of deaths that names a member, not confirmed yet."""
    departures = DepartureList.objects.create(
        municipality=city.municipality, file_name="사망자.csv", uploaded_by=official, uploaded_at=AT, rows_total=1,
        rows_found=1,
    )  # fmt: skip
    return Departure.objects.create(
        municipality=city.municipality, list=departures, row_number=2, kind="deceased", happened_on=AT.date(),
        name=citizen.name, birth_date=citizen.birth_date, phone=citizen.phone, citizen=citizen, state="ready",
    )  # fmt: skip
