"""Whether every won that came in stands somewhere, from the ledger's two sides."""

from __future__ import annotations

from django.db import connection

_DIFFERENCE = """
SELECT (SELECT coalesce(sum(amount), 0) FROM vouchers_transfer t JOIN vouchers_account a
          ON a.municipality_id = t.municipality_id AND a.id = t.debit_account_id AND a.kind = 'bank')
     - (SELECT coalesce(sum(b.credits - b.debits), 0) FROM vouchers_balance b JOIN vouchers_account a
          ON a.municipality_id = b.municipality_id AND a.id = b.account_id AND a.kind IN ('programme', 'merchant_settled'))
     - (SELECT coalesce(sum(remaining), 0) FROM vouchers_lot)
     - (SELECT coalesce(sum(CASE WHEN a.id = t.credit_account_id THEN t.amount ELSE -t.amount END), 0)
        FROM vouchers_transfer t JOIN vouchers_account a ON a.municipality_id = t.municipality_id
         AND a.id IN (t.credit_account_id, t.debit_account_id) AND a.kind = 'merchant_pending')
"""


def difference() -> int:
    """Won that came in, less what budgets, wallets and shops hold, in the present scope; 0 when the ledger is right."""
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENCE)
        return int(cursor.fetchone()[0])
