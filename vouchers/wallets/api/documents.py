"""What the OpenAPI document tells of members and wallets."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from vouchers.citizens import errors as citizens
from vouchers.ledger import errors as ledger
from vouchers.partners.api.documents import describe, describe_event
from vouchers.wallets import errors
from vouchers.wallets.api import bodies
from vouchers.webhooks.rules import EventType

_MEMBERS: Final = _("회원")
_WALLETS: Final = _("지갑")
WALLET: Final = OpenApiParameter("wallet", OpenApiTypes.UUID, OpenApiParameter.PATH, description=_("지갑번호"))
_CURRENCY: Final = {"id": "019aa9a0-0c11-7d10-8b52-1f0a5c7e9d31", "name": "고양페이"}
_WALLET_ID: Final = "019aa9a0-11b2-7f00-8d3c-6a8f0c2e4d55"
_A_MEMBER: Final[dict[str, Any]] = {
    "id": "019aa9a3-51e0-7c4e-9f2b-6c1d0e7f8a92", "outcome": "opened",
    "wallet": {"id": _WALLET_ID, "status": "active", "currency": _CURRENCY},
    "credited_amount": 100000,
    "credited": [{"programme": "청년 기본소득", "amount": 100000, "expires_at": "2027-02-20T15:00:00Z"}],
    "joined_at": "2026-11-22T03:00:00.000000Z",
}  # fmt: skip

create_member = describe(
    "createMember", tag=_MEMBERS, summary=_("회원 가입"), writes=True, body=bodies.NewMember,
    body_example={
        "name": "김장터", "birth_date": "1985-03-01", "phone": "010-1234-5678", "ci": "A" * 86 + "==",
        "dong_code": "4128151000",
    },
    description=_(
        "본인인증을 마친 사람을 회원으로 등록하고 지갑을 엽니다. 같은 사람이 이미 있으면 그 시민의 지갑을 이 앱에 연결합니다. "
        "가입하지 않아 보관하던 수당이 있으면 바로 지급하고 credited로 알립니다. 다른 앱에서 쓰던 지갑은 본인인증의 "
        "연계정보(CI)가 같을 때 이 앱으로 옮겨지고, 이전 앱에서는 더 이상 사용할 수 없습니다. CI는 저장하지 않고 열쇠가 있는 "
        "해시만 보관합니다. 상품권이 하나인 지방자치단체에서는 currency_id를 생략할 수 있습니다."
    ),
    reply=bodies.Member, example=_A_MEMBER,
    problems=(
        errors.CurrencyUnknown, errors.CurrencyRequired, errors.DongUnknown, errors.GuardianConsentMissing,
        citizens.IdentityConflict, citizens.CitizenBusy, citizens.CitizenDeceased, citizens.CitizenMovedOut,
        ledger.WalletNotActive, errors.WalletOfAnotherApp,
    ),
)  # fmt: skip
read_wallet = describe(
    "readWallet", tag=_WALLETS, summary=_("지갑 조회"), reply=bodies.Wallet,
    example={
        "id": _WALLET_ID, "status": "active", "currency": _CURRENCY, "opened_at": "2026-11-22T03:00:00.000000Z",
        "balance": 150000,
        "spendable": {"total": 150000, "allowances": 100000, "purchased": 50000, "incentives": 0, "points": 0},
        "next_expiry": {"at": "2027-02-20T15:00:00Z", "amount": 100000},
        "lots": [
            {"id": "019aa9a3-51e2-7a10-8c44-0d9b6a7f1e22", "amount": 100000,
             "source": {"kind": "allowance", "name": "청년 기본소득", "gifted": False}, "usage": _("모든 가맹점"),
             "expires_at": "2027-02-20T15:00:00Z", "expired": False},
            {"id": "019aa9a6-08f3-7be5-a1d0-5c2e4f6b7a81", "amount": 50000,
             "source": {"kind": "purchase", "name": "구매금", "gifted": False},
             "usage": _("모든 가맹점"), "expires_at": "2031-11-21T15:00:00Z", "expired": False},
        ],
    },
    description=_(
        "잔액과 사용할 수 있는 금액을 종류별로, 금액 내역을 사용되는 순서대로 알려 줍니다. 다른 앱의 지갑은 없는 것과 같습니다(404)."
    ),
    parameters=[WALLET], problems=(ledger.WalletUnknown,),
)  # fmt: skip
list_transactions = describe(
    "listTransactions", tag=_WALLETS, summary=_("거래내역 조회"), reply=bodies.Transactions, paged=True,
    example={
        "transactions": [
            {"id": "019aa9a4-7c1e-7a53-9a0e-2f6d5a1c9b10", "type": "payment", "amount": -15000, "counterpart": "행복분식",
             "business_date": "2026-11-22", "at": "2026-11-22T03:04:05.678901Z"},
            {"id": "019aa9a3-51e1-7b08-9d77-3e2f1a0c5b64", "type": "allowance", "amount": 100000,
             "counterpart": "청년 기본소득", "business_date": "2026-11-22", "at": "2026-11-22T03:00:00.000000Z"},
        ],
        "next_cursor": None,
    },
    description=_(
        "지갑에 들어오고 나간 모든 거래를 최근 것부터 조회합니다. 결제, 결제 취소, 수당, 충전, 환불, 선물, 캐시백, 포인트, 환수, "
        "유효기간 경과가 모두 있으며 금액의 합계는 잔액과 같습니다. 선물을 주고받은 시민의 성명은 가립니다."
    ),
    parameters=[WALLET], problems=(ledger.WalletUnknown,),
)  # fmt: skip
describe_event(
    "wallet.moved", summary=EventType.WALLET_MOVED.label, data=bodies.MovedNotice,
    example={"wallet_id": "019aa9a0-11b2-7f00-8d3c-6a8f0c2e4d55", "moved_at": "2026-11-22T03:04:05.678901Z"},
)  # fmt: skip
