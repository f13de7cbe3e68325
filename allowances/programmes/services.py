"""Making a programme from a type of the catalogue, giving it a budget, and opening its payment rounds."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from allowances.budgets import services as budgets
from allowances.budgets.errors import BudgetLineDiffers, BudgetLineMissing
from allowances.catalogue.models import AllowanceType
from allowances.programmes.errors import ProgrammeEnded, ProgrammeIncomplete, WagePaidByVoucher
from allowances.programmes.models import Cycle, Programme, ProgrammeStatus
from allowances.programmes.selectors import next_cycle_number, proposal_from
from vouchers.common.database import domain_errors
from vouchers.common.errors import NotPermitted, StateConflict
from vouchers.currencies.models import Currency
from vouchers.ledger import services as ledger
from vouchers.ledger.models import AccountKind
from vouchers.municipalities.models import Municipality
from vouchers.officials.models import Official
from vouchers.officials.selectors import Authority


def create_programme(
    *, official: Official, authority: Authority, municipality: Municipality, type: AllowanceType,
    currency: Currency, is_not_wage: bool, at: datetime, **fields: Any,
) -> Programme:  # fmt: skip
    """Make a municipality's programme of a type; ``fields`` overrule what the type proposes.

    Raises NotPermitted, WagePaidByVoucher unless ``is_not_wage`` is confirmed, ProgrammeIncomplete when neither the type
    nor ``fields`` says how much or how long, and this room's errors for values that contradict each other.
    """
    if not authority.may("programmes.edit", municipality.code):
        raise NotPermitted
    if not is_not_wage:
        raise WagePaidByVoucher
    values = proposal_from(type=type, at=at) | fields
    if values["amount_max"] is None:
        values["amount_max"] = values["amount"]
    programme = Programme(
        municipality=municipality, type=type, currency=currency, is_not_wage=is_not_wage,
        status=ProgrammeStatus.OPEN, **values,
    )  # fmt: skip
    _require_complete(programme)
    return save_programme(programme=programme, official=official, authority=authority)


def save_programme(*, programme: Programme, official: Official, authority: Authority) -> Programme:
    """Store a new or edited programme and open its ledger account, which an edit leaves as it is."""
    if not authority.may("programmes.edit", programme.municipality_id):
        raise NotPermitted
    _require_own_line(programme)
    programme._history_user = official  # type: ignore[attr-defined]
    with transaction.atomic(), domain_errors():
        programme.save()
        ledger.open_account(
            municipality=programme.municipality_id, currency=programme.currency_id, kind=AccountKind.PROGRAMME,
            owner=programme.pk,
        )  # fmt: skip
    return programme


def _require_own_line(programme: Programme) -> None:
    line = programme.budget_line
    if line is not None and (line.municipality_id, line.currency_id, line.fiscal_year) != (
        programme.municipality_id, programme.currency_id, programme.fiscal_year,
    ):  # fmt: skip
        raise BudgetLineDiffers


def _require_complete(programme: Programme) -> None:
    for field in programme._meta.fields:
        if field.name in {"amount_max", "validity_days"} and getattr(programme, field.name) is None:
            raise ProgrammeIncomplete(field=field.name, label=field.verbose_name)


def allot_budget(
    *, programme: Programme, amount: int, official: Official, authority: Authority, at: datetime,
    id: UUID | None = None, reason: str = "", document_number: str = "",
) -> UUID:  # fmt: skip
    """Give won of the programme's budget line to it (재배정), or with a negative amount take back what is neither paid nor
    reserved; returns the journal's id. A closed programme only gives back.

    With ``id`` (a uuidv7 that the form carries) a repeated call does nothing a second time, and the same id with another
    amount raises JournalConflict. Raises NotPermitted, ProgrammeEnded, BudgetLineMissing, and the ledger's
    BudgetLineExceeded and BudgetExceeded with what there is and what was wanted.
    """
    if not authority.may("programmes.fund", programme.municipality_id):
        raise NotPermitted
    with transaction.atomic():
        present = Programme.objects.select_related("budget_line").get(pk=programme.pk)
        if present.status != ProgrammeStatus.OPEN and amount > 0:
            raise ProgrammeEnded
        if present.budget_line is None:
            raise BudgetLineMissing
        journal: UUID = id or ledger.call("ledger.id_at", at)[0]
        budgets.allot(
            line=present.budget_line, programme=present.pk, amount=amount, official=official, at=at, id=journal,
            reason=reason, document_number=document_number,
        )  # fmt: skip
    return journal


def open_cycle(
    *, programme: Programme, name: str, reference_date: date, official: Official, authority: Authority,
    at: datetime, number: int | None = None,
) -> Cycle:  # fmt: skip
    """Open a payment round; ages and residence of its recipients are judged on ``reference_date``.

    Raises NotPermitted, ProgrammeEnded, and CycleNumberTaken when the number (by default the next one) is in use.
    """
    if not authority.may("programmes.edit", programme.municipality_id):
        raise NotPermitted
    if programme.status != ProgrammeStatus.OPEN:
        raise ProgrammeEnded
    cycle = Cycle(
        municipality_id=programme.municipality_id, programme=programme, name=name, reference_date=reference_date,
        number=number or next_cycle_number(programme=programme),
    )  # fmt: skip
    cycle._history_user, cycle._history_date = official, at  # type: ignore[attr-defined]
    with transaction.atomic(), domain_errors():
        cycle.save(force_insert=True)
    return cycle


def close_programme(*, programme: Programme, official: Official, authority: Authority) -> Programme:
    """End a programme. Lists already in approval go on; a reserved budget stays theirs. Raises NotPermitted."""
    if not authority.may("programmes.edit", programme.municipality_id):
        raise NotPermitted
    if programme.status != ProgrammeStatus.OPEN:
        raise StateConflict
    programme.status = ProgrammeStatus.CLOSED
    return save_programme(programme=programme, official=official, authority=authority)
