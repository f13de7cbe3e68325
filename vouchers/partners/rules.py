"""What a partner may be allowed to do: one scope for each kind of work, so that each partner gets only what it needs."""

from __future__ import annotations

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from vouchers.partners import signing

LARGEST_QUOTA: Final = 100_000_000
"""Requests a minute: more than any installation answers, and far from the end of PostgreSQL's integers."""


class Algorithm(models.TextChoices):
    """How a partner signs."""

    HMAC = signing.HMAC_SHA256, _("HMAC-SHA256(비밀값을 함께 보관)")
    ED25519 = signing.ED25519, _("Ed25519(공개키만 등록)")


class Scope(models.TextChoices):
    """What a partner's key opens. A write scope does not include reading."""

    MEMBERS_WRITE = "members:write", _("회원 가입")
    WALLETS_READ = "wallets:read", _("지갑·거래내역 조회")
    TOP_UPS_WRITE = "top_ups:write", _("충전·환불 요청")
    DEPOSITS_WRITE = "deposits:write", _("충전 입금 확인(펀딩은행)")
    GIFTS_WRITE = "gifts:write", _("선물하기")
    PAYMENTS_READ = "payments:read", _("결제 조회")
    PAYMENTS_WRITE = "payments:write", _("결제·결제 취소")
    CARDS_WRITE = "cards:write", _("카드 승인·취소·망취소(카드사)")
    ORDERS_WRITE = "orders:write", _("온라인 주문 결제(배달·택시·온라인몰)")
    SHOPS_READ = "shops:read", _("가맹점 결제내역 조회")
    SHOPS_WRITE = "shops:write", _("가맹점 QR 생성·시민 QR 스캔")
    APPLICATIONS_WRITE = "applications:write", _("가맹점 등록 신청")
    EXCHANGES_WRITE = "exchanges:write", _("가맹점 수시 환전")
    ACTIVITIES_WRITE = "activities:write", _("활동 실적 등록(포인트)")
    WEBHOOKS_WRITE = "webhooks:write", _("알림(웹훅) 수신 등록")


class Kind(models.TextChoices):
    """What kinds of partners there are, to give each no more than it needs."""

    CITIZEN_APP = "citizen_app", _("시민 앱")
    SHOP_APP = "shop_app", _("가맹점 앱")
    CARD_COMPANY = "card_company", _("카드사")
    CHANNEL = "channel", _("온라인 채널(배달·택시·온라인몰)")
    BANK = "bank", _("펀딩은행")
    WITNESS = "witness", _("활동 연계기관")


SCOPES_OF: Final[dict[Kind, tuple[Scope, ...]]] = {
    Kind.CITIZEN_APP: (
        Scope.MEMBERS_WRITE, Scope.WALLETS_READ, Scope.TOP_UPS_WRITE, Scope.GIFTS_WRITE, Scope.PAYMENTS_READ,
        Scope.PAYMENTS_WRITE, Scope.WEBHOOKS_WRITE,
    ),
    Kind.SHOP_APP: (
        Scope.SHOPS_READ, Scope.SHOPS_WRITE, Scope.APPLICATIONS_WRITE, Scope.EXCHANGES_WRITE, Scope.WEBHOOKS_WRITE,
    ),
    Kind.CARD_COMPANY: (Scope.CARDS_WRITE, Scope.PAYMENTS_READ),
    Kind.CHANNEL: (Scope.ORDERS_WRITE, Scope.PAYMENTS_READ, Scope.WEBHOOKS_WRITE),
    Kind.BANK: (Scope.DEPOSITS_WRITE, Scope.WEBHOOKS_WRITE),
    Kind.WITNESS: (Scope.ACTIVITIES_WRITE,),
}  # fmt: skip
"""The least that a partner of each kind can work with."""
