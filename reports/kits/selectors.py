"""What kits say, read from the codes in force."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from merchants.qr_kit.models import MerchantQR
from merchants.qr_kit.services import payload_of
from merchants.registry.models import Merchant, MerchantStatus
from reports.kits.models import KitPart, KitPrint
from reports.kits.paper import Kit
from vouchers.common.seoul import business_date
from vouchers.currencies.models import Currency

SHOWN_RETIRED: Final = 5
_WITHOUT_DONG: Final = "Z"
"""Stands behind every code of a 읍면동, which is of digits."""


def in_force(*, municipality: str, dong: UUID | None) -> QuerySet[MerchantQR]:
    """The codes that can be paid with, of active shops of a 읍면동 or of all, by 읍면동, shop number and till."""
    codes = MerchantQR.objects.filter(
        municipality=municipality, retired_at=None, merchant__status=MerchantStatus.ACTIVE
    )
    if dong:
        codes = codes.filter(merchant__dong=dong)
    return codes.annotate(dong_code=Coalesce("merchant__dong__code", Value(_WITHOUT_DONG))).order_by(
        "dong_code", "merchant__code", "terminal"
    )


def next_codes(job: KitPrint, after: KitPart | None, *, limit: int) -> list[MerchantQR]:
    """The codes of the next part, after those of the part before it: all of one 읍면동."""
    codes = in_force(municipality=job.municipality_id, dong=job.dong_id)
    if after is not None:
        here = after.dong.code if after.dong else _WITHOUT_DONG
        codes = codes.filter(
            Q(dong_code__gt=here)
            | Q(dong_code=here, merchant__code__gt=after.last_shop)
            | Q(dong_code=here, merchant__code=after.last_shop, terminal__gt=after.last_terminal)
        )
    found = list(codes.select_related("merchant__category", "merchant__municipality", "merchant__dong")[:limit])
    return [code for code in found if code.merchant.dong_id == found[0].merchant.dong_id]


def without_code(*, municipality: str, dong: UUID | None) -> int:
    """How many active shops of a 읍면동, or of all, have no code in force."""
    live = MerchantQR.objects.filter(merchant=OuterRef("pk"), retired_at=None)
    shops = Merchant.objects.filter(municipality=municipality, status=MerchantStatus.ACTIVE).filter(~Exists(live))
    return int((shops.filter(dong=dong) if dong else shops).aggregate(number=Count("pk"))["number"])


def kits_of(codes: Iterable[MerchantQR], *, keys: Mapping[int, bytes]) -> list[Kit]:
    """The kits of codes of one municipality, in the same order. ``codes`` have their shops at hand."""
    codes = list(codes)
    if not codes:
        return []
    currencies = list(Currency.objects.filter(municipality=codes[0].municipality_id).order_by("name"))
    retired: dict[UUID, list[str]] = {}
    shops = {code.merchant_id for code in codes}
    old = MerchantQR.objects.filter(merchant__in=shops, retired_at__isnull=False).order_by("-terminal")
    for shop, terminal in old.values_list("merchant_id", "terminal"):
        retired.setdefault(shop, []).append(terminal)
    return [
        Kit(
            shop=code.merchant.name, shop_ascii=code.merchant.name_ascii, shop_number=code.merchant.code,
            terminal=code.terminal, issued_on=business_date(code.created_at),
            currency=" · ".join(currency.name for currency in currencies),
            currency_en=" · ".join(currency.name_en for currency in currencies),
            municipality=code.merchant.municipality.name, address=code.merchant.address,
            payload=code.payload or payload_of(code, keys=keys),
            retired=tuple(retired.get(code.merchant_id, [])[:SHOWN_RETIRED]),
        )
        for code in codes
    ]  # fmt: skip
