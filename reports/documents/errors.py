"""Why a paper is not printed."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from vouchers.common.errors import StateConflict


class StatementDiffersFromLedger(StateConflict):
    """The transfers behind a settlement line do not add up to it. Never printed; somebody must look at the ledger."""

    code = "statement_differs_from_ledger"
    message = _("정산내역과 원장 기록이 일치하지 않아 출력할 수 없습니다. 감사 담당자에게 알리십시오.")
