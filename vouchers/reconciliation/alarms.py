"""What the daily mail tells a settlement officer: days whose difference nobody has explained, and days without a statement."""

from __future__ import annotations

from datetime import date

from django.urls import reverse
from django.utils.translation import gettext as _

from allowances.approvals.digest import ALARMS, Alarm
from vouchers.common.korean import document_date
from vouchers.common.money import money
from vouchers.officials.selectors import Authority
from vouchers.reconciliation.selectors import alarms


def of(authority: Authority, day: date) -> list[Alarm]:
    """For those who can do something about it."""
    own = [code for code in sorted(authority.municipalities) if authority.may("reconciliation.edit", code)]
    told: list[Alarm] = []
    for alarm in alarms(municipalities=own, today=day) if own else ():
        if alarm.differs is not None:
            review = alarm.differs.review
            text = _("%(currency)s: %(day)s 은행 예금과 원장이 %(amount)s 다릅니다(설명되지 않은 날 %(days)s일).") % {
                "currency": alarm.currency, "day": document_date(review.business_date),
                "amount": money(review.unexplained or 0), "days": alarm.differing_days,
            }  # fmt: skip
            told.append(Alarm(text, reverse("admin:reconciliation_day", args=[review.pk])))
        if alarm.latest_missing is not None:
            text = _("%(currency)s: 은행 거래내역이 없는 영업일이 %(days)s일 있습니다.") % {
                "currency": alarm.currency, "days": alarm.missing_days,
            }  # fmt: skip
            told.append(Alarm(text, f"{reverse('admin:reconciliation')}?currency={alarm.currency.pk}"))
    return told


ALARMS.append(of)
