"""What payouts ask of an official, on the home page and in the daily mail: consent, sending, answers, and accounts to mend."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from allowances.approvals.digest import ALARMS, Alarm
from merchants.payouts import selectors
from merchants.payouts.models import BatchState, PayoutBatch
from vouchers.common.money import money
from vouchers.officials.selectors import Authority

SHOWN = 5
"""Of each kind; the rest stands in the list."""


def of(authority: Authority, day: date) -> list[Alarm]:
    """For those who can do something about it, what presses most first."""
    return [*_to_approve(authority), *_to_make(authority, day)]


def _to_approve(authority: Authority) -> Iterator[Alarm]:
    codes = _where("payouts.approve", authority)
    if codes:
        waiting = selectors.batches_in(codes, BatchState.MADE).exclude(made_by=authority.official_id)
        yield from _batches(waiting, _("%(batch)s: %(count)s건 %(amount)s의 이체 승인을 기다립니다."))


def _to_make(authority: Authority, day: date) -> Iterator[Alarm]:
    codes = _where("payouts.make", authority)
    if not codes:
        return
    refused = selectors.refused_accounts(municipalities=codes)
    if refused.payouts:
        text = _("은행이 계좌를 받지 않아 되돌아온 이체 %(count)s건 %(amount)s: 계좌를 확인하십시오.")
        yield Alarm(
            text % {"count": refused.told, "amount": money(refused.amount)},
            f"{reverse('admin:merchants_payout_changelist')}?task=mend",
        )
    for result in selectors.open_gaps(municipalities=codes, day=day)[:SHOWN]:
        yield Alarm(
            _("%(file)s: 은행 거래내역에 빠진 것이 있습니다.") % {"file": result.file_name},
            reverse("admin:merchants_payoutresult_change", args=[result.pk]),
        )
    for result in selectors.contradictions(municipalities=codes, day=day)[:SHOWN]:
        yield Alarm(
            _("%(file)s: 앞의 답과 맞지 않는 줄이 %(count)s줄 있습니다. 은행에 확인하십시오.")
            % {"file": result.file_name, "count": result.conflicts},
            reverse("admin:merchants_payoutresult_change", args=[result.pk]),
        )
    sent = selectors.batches_in(codes, BatchState.SENT).filter(pay_on__lt=day)
    yield from _batches(sent, _("%(batch)s: 이체일이 지났습니다. 은행의 결과 파일을 올리십시오."))
    approved = selectors.batches_in(codes, BatchState.APPROVED)
    yield from _batches(approved, _("%(batch)s: %(count)s건 %(amount)s이 승인되었습니다. 은행으로 보내십시오."))


def _batches(batches: QuerySet[PayoutBatch], text: str) -> Iterator[Alarm]:
    for batch in batches[:SHOWN]:
        told = text % {"batch": batch, "count": batch.payouts, "amount": money(batch.amount)}
        yield Alarm(told, reverse("admin:merchants_payoutbatch_change", args=[batch.pk]))


def _where(permission: str, authority: Authority) -> list[str]:
    return [code for code in sorted(authority.municipalities) if authority.may(permission, code)]


ALARMS.append(of)
