"""What a paper says, read from the closed day and the ledger's own transfers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from merchants.settlement.models import SettlementLine
from reports.documents.errors import StatementDiffersFromLedger
from reports.documents.head import UNSIGNED
from reports.documents.rules import bank_name, head_of
from reports.documents.statement import Statement, StatementLine
from vouchers.common.seoul import business_date as day_in_seoul
from vouchers.common.seoul import start_of_day

_MOVEMENTS = """
WITH account AS (
    SELECT municipality_id, id FROM vouchers_account
    WHERE municipality_id = %(municipality)s AND currency_id = %(currency)s AND kind = 'merchant_pending'
      AND owner_id = %(merchant)s
), movement AS (
    SELECT at, 'pay' AS kind, id AS payment_id, id, amount, discount
    FROM vouchers_payment
    WHERE municipality_id = %(municipality)s AND currency_id = %(currency)s AND merchant_id = %(merchant)s
      AND business_date = %(day)s AND id >= ledger.uuid_floor(%(since)s)
    UNION ALL
    SELECT journal.at, journal.kind, journal.reference, journal.id, sum(t.amount), coalesce(max(back.discount), 0)
    FROM account JOIN vouchers_transfer t ON t.municipality_id = account.municipality_id
     AND t.debit_account_id = account.id AND t.debit_lot_id IS NULL AND t.credit_lot_id IS NOT NULL
    JOIN vouchers_journal journal ON journal.municipality_id = t.municipality_id AND journal.id = t.journal_id
    LEFT JOIN vouchers_cancellation back
      ON back.municipality_id = t.municipality_id AND back.id = t.journal_id
    WHERE t.business_date = %(day)s AND t.journal_id >= ledger.uuid_floor(%(since)s)
    GROUP BY journal.at, journal.kind, journal.reference, journal.id
)
SELECT at, kind, payment_id, amount::bigint, discount::bigint
FROM movement
ORDER BY at, id
"""


def statement_of(*, line: SettlementLine, at: datetime) -> Statement:
    """The statement of a shop's closed day, every payment and refund a line of it, issued at ``at``.

    Raises StatementDiffersFromLedger when the ledger's transfers do not add up to the settlement line.
    """
    merchant = line.merchant
    statement = Statement(
        document_number=f"{line.municipality_id}-{line.currency.name}-{line.business_date:%Y%m%d}-{merchant.code}",
        issued_on=day_in_seoul(at),
        issuer=head_of(line.municipality.name),
        municipality=line.municipality.name,
        currency=line.currency.name,
        first_day=line.business_date,
        last_day=line.business_date,
        pays_on=line.pays_on,
        shop=merchant.name,
        business_number=merchant.business_number,
        representative=merchant.representative,
        bank=bank_name(merchant.account_bank),
        account_number=merchant.account_number.reveal() if merchant.account_number else "",
        lines=tuple(_lines(line)),
        carried_in=line.carried_in,
        carried_out=line.carried_out,
        exchanged=line.exchanged,
        fee=line.fee,
        adjusted=line.adjusted,
        approvals=UNSIGNED,
    )
    if (statement.paid, statement.refunded, statement.payable) != (line.paid, line.refunded, line.payable):
        raise StatementDiffersFromLedger
    return statement


def _lines(line: SettlementLine) -> Iterator[StatementLine]:
    with connection.cursor() as cursor:
        cursor.execute(
            _MOVEMENTS,
            {
                "municipality": line.municipality_id,
                "currency": line.currency_id,
                "merchant": line.merchant_id,
                "day": line.business_date,
                "since": start_of_day(line.business_date - timedelta(days=1)),
            },
        )
        for at, kind, payment, amount, discount in cursor.fetchall():
            yield _line(at, kind, payment, amount, discount)


def _line(at: datetime, kind: str, payment: UUID, amount: int, discount: int) -> StatementLine:
    reference = payment.hex[-12:].upper()
    if kind == "refund":
        return StatementLine(at=at, reference=reference, refunds=1, refunded=amount, discount_returned=discount)
    return StatementLine(at=at, reference=reference, payments=1, paid=amount, discount=discount)
