"""Adjustments (정산 조정): won for a shop or from it, on paper and by two people; its next settlement carries them out."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from merchants.settlement import decisions
from merchants.settlement.models import Adjustment
from vouchers.ledger.models import Account, AccountKind, Balance
from vouchers.ledger.services import call
from vouchers.officials.models import Official
from vouchers.officials.selectors import Authority


def request_adjustment(*, adjustment: Adjustment, official: Official, authority: Authority, at: datetime) -> None:
    """Propose an adjustment. It moves nothing before somebody else has approved it. Raises NotPermitted."""
    decisions.ask(
        adjustment, municipality=adjustment.currency.municipality_id, official=official, authority=authority, at=at
    )


@transaction.atomic
def decide_adjustment(
    *, adjustment: Adjustment, approve: bool, official: Official, authority: Authority, at: datetime
) -> None:
    """Reject a proposal, or approve it, and its money moves.

    Raises NotPermitted, OwnRequest, AlreadyDecided, or OperatingShort; then it waits on.
    """
    row = decisions.decide(
        Adjustment, adjustment.pk, approve=approve, official=official, authority=authority, at=at
    )  # fmt: skip
    if approve:
        call("settlement.adjust", row.municipality_id, row.pk, at)


def operating_balance(*, currency: UUID) -> int:
    """Won on the operating account: fees that shops bore and money put there, less what adjustments gave."""
    account = Account.objects.filter(currency_id=currency, kind=AccountKind.OPERATING).values("pk")
    credits_and_debits = Balance.objects.filter(pk__in=account).values_list("credits", "debits").first()
    return credits_and_debits[0] - credits_and_debits[1] if credits_and_debits else 0
