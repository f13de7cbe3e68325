"""What the OpenAPI document tells of bank statements."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from vouchers.partners.api.documents import describe
from vouchers.reconciliation import errors
from vouchers.reconciliation.api import bodies

_A_STATEMENT: Final[dict[str, Any]] = {
    "id": "019aa9a4-7c1e-7a53-9a0e-2f6d5a1c9b10", "currency_id": "019aa9a0-11b2-7f00-8d3c-6a8f0c2e4d55",
    "date": "2026-11-22", "closing_balance": 52000000, "lines": 1, "new_lines": 1,
    "received_at": "2026-11-22T14:50:00.000000Z",
}  # fmt: skip
_NEW_STATEMENT: Final = {
    "date": "2026-11-22", "closing_balance": 52000000,
    "lines": [
        {"at": "2026-11-22T17:00:00+09:00", "amount": 2000000, "balance": 52000000, "memo": "충전 입금 11/22"},
    ],
}  # fmt: skip

create_bank_statement = describe(
    "createBankStatement", tag=_("은행 거래내역"), summary=_("은행 거래내역 등록"), writes=True,
    body=bodies.NewBankStatement, body_example=_NEW_STATEMENT, reply=bodies.TakenStatement, example=_A_STATEMENT,
    description=_(
        "운영 계좌의 하루 거래와 그날 마지막 잔액을 보냅니다. 거래마다 잔액이 이어져야 하며, 이미 보낸 거래는 한 번만 셉니다. "
        "거래가 100건을 넘으면 나누어 보내되, 나눈 것마다 마지막 거래의 잔액을 closing_balance로 보냅니다. "
        "같은 날을 다시 보내면 나중에 보낸 잔액이 그날의 잔액입니다. 거래가 없던 날은 빈 목록과 잔액을 보냅니다."
    ),
    problems=(
        errors.CurrencyNotNamed, errors.StatementUnreadable, errors.BalanceBroken, errors.StatementAhead,
        errors.StatementAlreadyUploaded,
    ),
)  # fmt: skip
