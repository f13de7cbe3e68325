"""What payouts ask of an official, on the home page and in the daily mail: consent, sending, answers, and accounts to mend."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db.models import QuerySet, Value
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
        text = _("%(batch)s: %(count)s건 %(amount)s의 이체 승인을 기다립니다.")
        yield from (_about_batch(batch, text) for batch in waiting[:SHOWN])


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
    results = {
        _("%(file)s: 은행 거래내역에 빠진 것이 있습니다."): selectors.open_gaps(municipalities=codes, day=day),
        _("%(file)s: 앞의 답과 맞지 않는 줄이 %(count)s줄 있습니다. 은행에 확인하십시오."): selectors.contradictions(
            municipalities=codes, day=day
        ),
    }
    for text, result in _first_of_each(results):
        told = text % {"file": result.file_name, "count": result.conflicts}
        yield Alarm(told, reverse("admin:merchants_payoutresult_change", args=[result.pk]))
    batches = {
        _("%(batch)s: 이체일이 지났습니다. 은행의 결과 파일을 올리십시오."): selectors.batches_in(
            codes, BatchState.SENT
        ).filter(pay_on__lt=day),
        _("%(batch)s: %(count)s건 %(amount)s이 승인되었습니다. 은행으로 보내십시오."): selectors.batches_in(
            codes, BatchState.APPROVED
        ),
    }
    yield from (_about_batch(batch, text) for text, batch in _first_of_each(batches))


def _first_of_each(found: dict[str, QuerySet[Any]]) -> list[tuple[str, Any]]:
    """The first rows that each text is about, in one query: the home page asks for many things."""
    texts = list(found)
    parts = [rows.annotate(text=Value(number))[:SHOWN] for number, rows in enumerate(found.values())]
    rows = parts[0].union(*parts[1:], all=True)
    return sorted(((texts[row.text], row) for row in rows), key=lambda told: told[1].text)


def _about_batch(batch: PayoutBatch, text: str) -> Alarm:
    told = text % {"batch": batch, "count": batch.payouts, "amount": money(batch.amount)}
    return Alarm(told, reverse("admin:merchants_payoutbatch_change", args=[batch.pk]))


def _where(permission: str, authority: Authority) -> list[str]:
    return [code for code in sorted(authority.municipalities) if authority.may(permission, code)]


ALARMS.append(of)
