"""What the OpenAPI document tells of applications."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from merchants.applications import errors
from merchants.applications.api import bodies
from merchants.registry.errors import RegistrationBarred, RegistrationRefused
from vouchers.partners.api.documents import describe

_TAG: Final = _("가맹점 신청")
_AN_APPLICATION: Final[dict[str, Any]] = {
    "id": "019aa9b4-5d21-7a36-9c7d-8e9f0a1b2c3d", "state": "received", "business_number": "1248100998", "name": "행복분식",
    "merchant_code": None, "missing_papers": ["business", "bankbook"], "applied_at": "2026-11-22T06:30:00.000000Z",
}  # fmt: skip

create_application = describe(
    "createShopApplication", tag=_TAG, summary=_("가맹점 등록 신청"), writes=True, body=bodies.NewShopApplication,
    body_example={
        "business_number": "124-81-00998", "name": "행복분식", "representative": "김장터", "category": "restaurant",
        "address": "경기도 고양시 덕양구 고양시청로 10", "dong": "화정1동", "phone": "031-123-4567", "account_bank": "004",
        "account_number": "123456-78-901234", "account_holder": "김장터",
    },
    reply=bodies.ShopApplication, example=_AN_APPLICATION,
    description=_(
        "가맹점 등록을 신청합니다. 등록 기준에 맞지 않거나 이미 있는 가맹점, 재등록 제한 기간의 사업자는 거절합니다. 접수한 신청은 "
        "담당자가 서류를 확인하고 결재를 받아 등록하며, 그때까지 결제를 받을 수 없습니다."
    ),
    problems=(errors.ShopAppliedAlready, RegistrationBarred, RegistrationRefused),
)  # fmt: skip
read_application = describe(
    "readShopApplication", tag=_TAG, summary=_("가맹점 등록 신청 조회"), reply=bodies.ShopApplication,
    example=_AN_APPLICATION | {"state": "registered", "merchant_code": "M000000123", "missing_papers": []},
    description=_("이 앱으로 신청한 가맹점의 처리 상태입니다."),
    parameters=[OpenApiParameter("application", OpenApiTypes.UUID, OpenApiParameter.PATH, description=_("신청번호"))],
    problems=(errors.ApplicationUnknown,),
)  # fmt: skip
