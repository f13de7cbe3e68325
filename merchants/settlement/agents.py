"""Sales agents (판매대행점): what they sold and exchanged in a month, and what they get for it by their agreement."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction

from merchants.settlement import decisions, errors
from merchants.settlement.models import AgentFee, AgentReckoning
from merchants.settlement.rules import agent_fee
from vouchers.common.seoul import business_date, start_of_day
from vouchers.officials.models import Official
from vouchers.officials.selectors import Authority

_WORK = """
WITH sold AS (
    SELECT paid FROM vouchers_topup
    WHERE municipality_id = %(municipality)s AND currency_id = %(currency)s AND partner_id = %(partner)s
      AND id >= ledger.uuid_floor(%(begin)s - interval '31 days') AND id < ledger.uuid_floor(%(end)s)
      AND completed_at >= %(begin)s AND completed_at < %(end)s AND state = 'completed'
), exchanged AS (
    SELECT amount FROM merchants_exchange
    WHERE municipality_id = %(municipality)s AND currency_id = %(currency)s AND partner_id = %(partner)s
      AND business_date >= %(first)s AND business_date < %(next)s
)
SELECT (SELECT count(*) FROM sold), (SELECT coalesce(sum(paid), 0)::bigint FROM sold),
       (SELECT count(*) FROM exchanged), (SELECT coalesce(sum(amount), 0)::bigint FROM exchanged)
"""


class Work(NamedTuple):
    """What the books know of an agent's month. Top-ups that were cancelled since do not count."""

    sold_cases: int = 0
    sold: int = 0
    exchanged_cases: int = 0
    exchanged: int = 0


def next_month(month: date) -> date:
    """The first day of the month after it."""
    return (month + timedelta(days=31)).replace(day=1)


def work_of(*, reckoning: AgentReckoning) -> Work:
    """What came in through the agent's connection in the month of a reckoning."""
    if reckoning.agent.partner_id is None:
        return Work()
    end = next_month(reckoning.month)
    with connection.cursor() as cursor:
        cursor.execute(_WORK, {
            "municipality": reckoning.agent.municipality_id, "currency": reckoning.currency_id,
            "partner": reckoning.agent.partner_id, "first": reckoning.month, "next": end,
            "begin": start_of_day(reckoning.month), "end": start_of_day(end),
        })  # fmt: skip
        return Work(*cursor.fetchone())


@transaction.atomic
def request_reckoning(*, reckoning: AgentReckoning, official: Official, authority: Authority, at: datetime) -> None:
    """Reckon an agent's month, once it is over, and ask somebody else for the approval.

    Raises NotPermitted, MonthNotOver, AgreementNotInForce or AgentFeeUnknown.
    """
    agent, end = reckoning.agent, next_month(reckoning.month)
    if business_date(at) < end:
        raise errors.MonthNotOver
    if agent.agreed_from >= end or agent.agreed_until < reckoning.month:
        raise errors.AgreementNotInForce
    terms = AgentFee.objects.filter(agent=agent, valid_from__lte=reckoning.month).order_by("-valid_from").first()
    if terms is None:
        raise errors.AgentFeeUnknown
    work = work_of(reckoning=reckoning)
    for name, value in work._asdict().items():
        setattr(reckoning, name, value)
    reckoning.fee = agent_fee(
        rate=terms.sold_rate, per_case=terms.sold_per_case, amount=work.sold + reckoning.paper_sold,
        cases=work.sold_cases + reckoning.paper_sold_cases,
    ) + agent_fee(
        rate=terms.exchanged_rate, per_case=terms.exchanged_per_case,
        amount=work.exchanged + reckoning.paper_exchanged,
        cases=work.exchanged_cases + reckoning.paper_exchanged_cases,
    )  # fmt: skip
    decisions.ask(reckoning, municipality=agent.municipality_id, official=official, authority=authority, at=at)


@transaction.atomic
def decide_reckoning(
    *, reckoning: AgentReckoning, approve: bool, official: Official, authority: Authority, at: datetime
) -> None:
    """Approve or reject a reckoning; rejected, the month can be reckoned anew.

    Raises NotPermitted, OwnRequest or AlreadyDecided.
    """
    decisions.decide(AgentReckoning, reckoning.pk, approve=approve, official=official, authority=authority, at=at)
