"""What the bank says about a city's account."""

from __future__ import annotations

import hashlib
from datetime import date, datetime

from tests.factories import City, make_partner
from vouchers.common.models import uuid7
from vouchers.ledger.services import call
from vouchers.officials.models import Official
from vouchers.reconciliation.models import BankDay, BankLine, BankMatch, BankStatement, ReviewNote


def make_bank_line(city: City, *, day: date, at: datetime, official: Official, amount: int = 1_000) -> BankLine:
    """A day whose bank line somebody matched and unmatched, with a note; every closed day up to it is summed up."""
    while (first := call("reconciliation.next_day", city.code)[0]) and first <= day:
        call("reconciliation.sum_day", city.code, first)
    statement = BankStatement.objects.create(
        municipality=city.municipality, currency=city.currency, digest=hashlib.sha256(uuid7().bytes).digest(),
        partner=make_partner(city), uploaded_at=at, first_day=day, last_day=day, opening_balance=0,
        closing_balance=amount, lines_total=1, lines_new=1,
    )  # fmt: skip
    own = {"municipality": city.municipality, "currency": city.currency}
    BankDay.objects.create(**own, statement=statement, day=day, balance=amount)
    line = BankLine.objects.create(
        **own, statement=statement, row=1, day=day, amount=amount, balance=amount, memo="이자"
    )
    call("reconciliation.review", city.code, city.currency.pk, day)
    BankMatch.objects.create(
        **own, line=line, journal_id=uuid7(), amount=amount, line_day=day, business_date=day, matched_at=at,
        matched_by=official, undone_by=official, undone_at=at,
    )  # fmt: skip
    ReviewNote.objects.create(**own, business_date=day, unexplained=amount, text="이자", official=official, at=at)
    return line
