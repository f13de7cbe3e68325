"""Making a programme from a type of the catalogue, giving it a budget, and opening its payment rounds."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from allowances.budgets import services as budgets
from allowances.budgets.errors import BudgetLineDiffers, BudgetLineMissing
from allowances.catalogue.models import AllowanceType
from allowances.eligibility.rules import check_terms, highest_amount
from allowances.programmes.errors import (
    ProgrammeAgesInvalid,
    ProgrammeAmountInvalid,
    ProgrammeEnded,
    ProgrammeIncomplete,
    TermsMissing,
    TrancheMissing,
    WagePaidByVoucher,
)
from allowances.programmes.models import Cycle, Programme, ProgrammeStatus, ProgrammeTerms
from allowances.programmes.rules import simple_terms
from allowances.programmes.selectors import current_terms, next_cycle_number, proposal_from
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
    currency: Currency, is_not_wage: bool, at: datetime, continues: Programme | None = None, **fields: Any,
) -> Programme:  # fmt: skip
    """Make a municipality's programme of a type, with its first terms; ``fields`` overrule what the type proposes.

    ``fields`` are those of the programme, those of its terms, and the simple ones of ``simple_terms``. ``continues`` is the
    programme of an earlier year that it goes on with, so that payments are counted together.

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
    own = {field.name for field in Programme._meta.fields}
    programme = Programme(
        municipality=municipality, type=type, currency=currency, is_not_wage=is_not_wage, status=ProgrammeStatus.OPEN,
        **{name: values[name] for name in values if name in own},
    )  # fmt: skip
    if continues:
        programme.series_id = continues.series_id
    terms = {name: value for name, value in values.items() if name not in own}
    _require_simple(terms)
    with transaction.atomic():
        save_programme(programme=programme, official=official, authority=authority)
        set_terms(
            programme=programme, valid_from=date(programme.fiscal_year, 1, 1), official=official, authority=authority,
            **simple_terms(**terms),
        )  # fmt: skip
    return programme


_LABELS: Final = {field.name: field.verbose_name for field in ProgrammeTerms._meta.fields}


def _require_simple(values: dict[str, Any]) -> None:
    """Told by their own names while they still have them."""
    for name in ("amount_max", "validity_days"):
        if values.get(name) is None and not (name == "validity_days" and values.get("valid_until")):
            raise ProgrammeIncomplete(field=name, label=_LABELS[name])
    amount, youngest, oldest = values.get("amount"), values.get("age_min"), values.get("age_max")
    if amount is not None and not 0 < amount <= values["amount_max"]:
        raise ProgrammeAmountInvalid
    if youngest is not None and oldest is not None and youngest > oldest:
        raise ProgrammeAgesInvalid
    if values.get("valid_until"):
        values["validity_days"] = None


def set_terms(
    *, programme: Programme, valid_from: date, official: Official, authority: Authority, reason: str = "", **fields: Any
) -> ProgrammeTerms:  # fmt: skip
    """Put a new version of the terms in force from a day on; what was there stays as it was.

    Raises NotPermitted, RulesInvalid (which condition or amount, and why), ProgrammeAmountInvalid when an amount can come
    to more than ``amount_max``, and this room's errors for values that contradict each other.
    """
    if not authority.may("programmes.edit", programme.municipality_id):
        raise NotPermitted
    terms = ProgrammeTerms(
        municipality_id=programme.municipality_id, programme=programme, valid_from=valid_from, reason=reason,
        set_by=official, **fields,
    )  # fmt: skip
    check_terms(terms.snapshot())
    for components in [terms.amounts, *(tranche["amounts"] for tranche in terms.tranches)]:
        highest = highest_amount(components)
        if highest is not None and highest > terms.amount_max:
            raise ProgrammeAmountInvalid
    with transaction.atomic(), domain_errors():
        terms.save(force_insert=True)
    return terms


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
    at: datetime, number: int | None = None, tranche: int | None = None,
) -> Cycle:  # fmt: skip
    """Open a payment round; its recipients are judged on ``reference_date``, by the terms in force on it.

    Raises NotPermitted, ProgrammeEnded, TermsMissing, TrancheMissing unless a programme with tranches says which one is
    paid, and CycleNumberTaken when the number (by default the next one) is in use.
    """
    if not authority.may("programmes.edit", programme.municipality_id):
        raise NotPermitted
    if programme.status != ProgrammeStatus.OPEN:
        raise ProgrammeEnded
    cycle = Cycle(
        municipality_id=programme.municipality_id, programme=programme, name=name, reference_date=reference_date,
        number=number or next_cycle_number(programme=programme), tranche=tranche,
    )  # fmt: skip
    _require_tranche(cycle)
    cycle._history_user, cycle._history_date = official, at  # type: ignore[attr-defined]
    with transaction.atomic(), domain_errors():
        cycle.save(force_insert=True)
    return cycle


def _require_tranche(cycle: Cycle) -> None:
    terms = current_terms(programme=cycle.programme, day=cycle.reference_date)
    if terms is None:
        raise TermsMissing
    fits = 1 <= cycle.tranche <= len(terms.tranches) if cycle.tranche else not terms.tranches
    if not fits:
        raise TrancheMissing(tranches=len(terms.tranches))


def close_programme(*, programme: Programme, official: Official, authority: Authority) -> Programme:
    """End a programme. Lists already in approval go on; a reserved budget stays theirs. Raises NotPermitted."""
    if not authority.may("programmes.edit", programme.municipality_id):
        raise NotPermitted
    if programme.status != ProgrammeStatus.OPEN:
        raise StateConflict
    programme.status = ProgrammeStatus.CLOSED
    return save_programme(programme=programme, official=official, authority=authority)
