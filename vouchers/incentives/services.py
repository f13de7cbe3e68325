"""Funds, policies and their publication. Each service asks the official's authority and writes in one transaction."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from vouchers.common.database import domain_errors
from vouchers.common.errors import NotPermitted
from vouchers.incentives import errors
from vouchers.incentives.models import BenefitFund, FundEntry
from vouchers.ledger import services as ledger
from vouchers.ledger.models import AccountKind
from vouchers.officials.models import Official
from vouchers.officials.selectors import Authority


def save_fund(*, fund: BenefitFund, official: Official, authority: Authority) -> BenefitFund:
    """Store a new or edited fund and open its ledger account, which an edit leaves as it is."""
    _require(authority, "benefits.fund", fund.municipality_id)
    fund._history_user = official  # type: ignore[attr-defined]
    with transaction.atomic(), domain_errors():
        fund.save()
        ledger.open_account(
            municipality=fund.municipality_id, currency=fund.currency_id, kind=AccountKind.BENEFIT, owner=fund.pk
        )
    return fund


def endow(
    *, fund: BenefitFund, amount: int, reason: str, official: Official, authority: Authority, at: datetime,
    document_number: str = "", id: UUID | None = None,
) -> FundEntry:  # fmt: skip
    """Enter ``amount`` won that came to a fund, or with a negative amount left it. The form's ``id`` counts once.

    Raises NotPermitted, FundEntryEmpty, FundEntryRepeated and the ledger's BenefitFundExceeded.
    """
    _require(authority, "benefits.fund", fund.municipality_id)
    if not amount or not reason.strip():
        raise errors.FundEntryEmpty
    with transaction.atomic(), domain_errors():
        journal: UUID = id or ledger.call("ledger.id_at", at)[0]
        ledger.call("ledger.endow", fund.municipality_id, journal, fund.currency_id, fund.pk, amount, at)
        entry = FundEntry(
            municipality_id=fund.municipality_id, fund=fund, amount=amount, reason=reason.strip(),
            document_number=document_number.strip(), official=official, at=at, journal_id=journal,
        )  # fmt: skip
        FundEntry.objects.bulk_create([entry], ignore_conflicts=True)
        return FundEntry.objects.get(municipality=fund.municipality_id, journal_id=journal)


def _require(authority: Authority, permission: str, municipality: str) -> None:
    if not authority.may(permission, municipality):
        raise NotPermitted
