"""What follows from a decided case: the undue gain claimed back (부당이득 환수), and the referral to the police (수사의뢰).

Nothing here moves money. A shop pays by bank, or an adjustment takes the amount from its next settlement; an official then
writes down that it was paid.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from merchants.dispositions.errors import FollowUpFinal
from merchants.dispositions.models import Disposition, Outcome, Referral, Restitution, RestitutionState
from vouchers.common.database import domain_errors
from vouchers.common.errors import NotPermitted
from vouchers.officials.models import Official
from vouchers.officials.selectors import Authority


def claim(
    *, disposition: Disposition, amount: int, legal_basis: str, claimed_on: date, document: str, due_on: date,
    official: Official, authority: Authority, at: datetime,
) -> Restitution:  # fmt: skip
    """Write down what the shop was told to give back. Raises NotPermitted, NothingDecided, DaysOutOfOrder."""
    _require(authority, "merchants.edit", disposition)
    with transaction.atomic(), domain_errors():
        return Restitution.objects.create(
            municipality_id=disposition.municipality_id, disposition=disposition, amount=amount, legal_basis=legal_basis,
            claimed_on=claimed_on, document=document, due_on=due_on, entered_by=official, entered_at=at,
        )  # fmt: skip


def pay(
    *, restitution: Restitution, closed_on: date, note: str, official: Official, authority: Authority, at: datetime
) -> Restitution:
    """The shop has given it back. Raises NotPermitted, FollowUpFinal, DaysOutOfOrder."""
    _require(authority, "merchants.edit", restitution)
    return _close(restitution, RestitutionState.PAID, closed_on=closed_on, note=note, official=official, at=at)


def write_off(
    *, restitution: Restitution, closed_on: date, note: str, official: Official, authority: Authority, at: datetime
) -> Restitution:
    """Give a claim up that cannot be collected or was entered wrongly; another person than who entered it does.

    Raises NotPermitted, ApprovedByOneself, FollowUpFinal, DaysOutOfOrder.
    """
    _require(authority, "merchants.approve", restitution)
    return _close(restitution, RestitutionState.WRITTEN_OFF, closed_on=closed_on, note=note, official=official, at=at)


def refer(
    *, disposition: Disposition, station: str, referred_on: date, document: str, official: Official,
    authority: Authority, at: datetime,
) -> Referral:  # fmt: skip
    """Write down that the case was sent to the police. Raises NotPermitted, NothingDecided."""
    _require(authority, "merchants.edit", disposition)
    with transaction.atomic(), domain_errors():
        return Referral.objects.create(
            municipality_id=disposition.municipality_id, disposition=disposition, station=station,
            referred_on=referred_on, document=document, entered_by=official, entered_at=at,
        )  # fmt: skip


def tell_outcome(
    *, referral: Referral, outcome: Outcome | str, outcome_on: date | None, note: str, authority: Authority
) -> Referral:
    """Write down how far it has come; an earlier outcome stays in the history. Raises NotPermitted, DaysOutOfOrder."""
    _require(authority, "merchants.edit", referral)
    with transaction.atomic(), domain_errors():
        held = Referral.objects.select_for_update(of=("self",), no_key=True).get(pk=referral.pk)
        held.outcome, held.outcome_on, held.note = outcome, outcome_on, note
        held.save()
    return held


def _close(
    restitution: Restitution, state: RestitutionState, *, closed_on: date, note: str, official: Official, at: datetime
) -> Restitution:
    with transaction.atomic(), domain_errors():
        held = Restitution.objects.select_for_update(of=("self",), no_key=True).get(pk=restitution.pk)
        if held.state != RestitutionState.CLAIMED:
            raise FollowUpFinal
        held.state, held.closed_on, held.note, held.closed_by, held.closed_at = state, closed_on, note, official, at
        held.save()
    return held


def _require(authority: Authority, permission: str, row: Disposition | Restitution | Referral) -> None:
    if not authority.may(permission, row.municipality_id):
        raise NotPermitted
