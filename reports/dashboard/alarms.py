"""What the register of shops asks of an official, on the home page and in the daily mail: claims that are overdue."""

from __future__ import annotations

from datetime import date
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext as _

from allowances.approvals.digest import ALARMS, Alarm
from merchants.dispositions.selectors import overdue
from vouchers.common.korean import document_date
from vouchers.common.money import money
from vouchers.officials.selectors import Authority

SHOWN: Final = 5


def overdue_claims(authority: Authority, day: date) -> list[Alarm]:
    """환수: what shops should have given back, for those who collect it; the oldest few."""
    codes = [code for code in sorted(authority.municipalities) if authority.may("merchants.edit", code)]
    if not codes:
        return []
    text = _("%(shop)s: 환수금 %(amount)s의 납부 기한(%(day)s)이 지났습니다. 납부를 확인하거나 독촉하십시오.")
    return [
        Alarm(
            text % {
                "shop": claim.disposition.merchant, "amount": money(claim.amount), "day": document_date(claim.due_on),
            },
            reverse("admin:merchants_disposition_change", args=[claim.disposition_id]),
        )
        for claim in overdue(municipalities=codes, day=day)[:SHOWN]
    ]  # fmt: skip


ALARMS.append(overdue_claims)
