"""What an application over the API contains, and what is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from msgspec import Meta, Struct

from merchants.applications.selectors import Application
from vouchers.common.api import RequestBody
from vouchers.partners.api.bodies import Moment

_LINE = _("정해진 길이의 한 줄 글이어야 합니다.")


class NewShopApplication(RequestBody, frozen=True):
    """A shop that wants to be registered. What is left out is empty, and an official may ask for it."""

    about: ClassVar[Any] = _(
        "가맹점 등록 신청. `category`는 업종의 이름이나 코드, `dong`은 읍면동 이름이고, `name_ascii`가 없으면 상호를 로마자로 적습니다. "
        "정산 계좌는 은행 코드, 계좌번호, 예금주를 함께 보냅니다."
    )

    business_number: Annotated[str, Meta(pattern=r"^[0-9]{3}-?[0-9]{2}-?[0-9]{5}\Z", examples=["124-81-00998"])]
    name: Annotated[str, Meta(min_length=1, max_length=60, examples=["행복분식"])]
    representative: Annotated[str, Meta(min_length=1, max_length=40)]
    category: Annotated[str, Meta(min_length=1, max_length=60, examples=["restaurant"])]
    address: Annotated[str, Meta(min_length=1, max_length=200)]
    name_ascii: Annotated[str, Meta(max_length=25, pattern=r"^[ -~]*\Z")] = ""
    ksic_code: Annotated[str, Meta(pattern=r"^([0-9]{2,5})?\Z", examples=["56194"])] = ""
    is_chain: bool = False
    annual_sales: Annotated[int, Meta(ge=0, le=999_999_999_999_999)] = 0
    lot_address: Annotated[str, Meta(max_length=200)] = ""
    main_products: Annotated[str, Meta(max_length=200)] = ""
    dong: Annotated[str, Meta(max_length=40)] = ""
    phone: Annotated[str, Meta(max_length=20, pattern=r"^[0-9+() .-]*\Z")] = ""
    account_bank: Annotated[str, Meta(pattern=r"^([0-9]{3})?\Z", examples=["004"])] = ""
    account_number: Annotated[str, Meta(pattern=r"^([0-9-]{8,20})?\Z")] = ""
    account_holder: Annotated[str, Meta(max_length=60)] = ""

    hints: ClassVar[Mapping[str, Any]] = {
        "business_number": _("사업자등록번호 숫자 10자리여야 합니다."),
        "name": _LINE, "representative": _LINE, "category": _LINE, "address": _LINE, "lot_address": _LINE,
        "main_products": _LINE, "dong": _LINE, "account_holder": _LINE,
        "name_ascii": _("영문자, 숫자, 기호로 25자까지 적습니다. 비워 두면 상호에서 만듭니다."),
        "ksic_code": _("한국표준산업분류의 숫자 2~5자리여야 합니다."),
        "is_chain": _("true 또는 false여야 합니다."),
        "annual_sales": _("0 이상의 정수(원)여야 합니다."),
        "phone": _("전화번호여야 합니다. 예: 010-1234-5678"),
        "account_bank": _("금융회사 코드 3자리여야 합니다. 예: 004"),
        "account_number": _("계좌번호는 숫자와 붙임표 8~20자여야 합니다."),
    }  # fmt: skip


class ShopApplication(Struct, frozen=True):
    """What became of an application; the shop's number stands there when it is registered."""

    about: ClassVar[Any] = _(
        "가맹점 등록 신청의 처리 상태. received 접수, under_review 결재 중, registered 등록, suspended 정지, cancelled 등록취소, closed "
        "해지. `merchant_code`는 등록된 뒤에 있습니다."
    )

    id: UUID
    state: Literal["received", "under_review", "registered", "suspended", "cancelled", "closed"]
    business_number: str
    name: str
    merchant_code: str | None
    missing_papers: list[Literal["business", "bankbook"]]
    applied_at: Moment


def application_of(found: Application) -> ShopApplication:
    """The answer for an application."""
    return ShopApplication(
        found.id, found.state, found.business_number, found.name, found.merchant_code, found.missing, found.applied_at
    )
