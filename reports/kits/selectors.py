"""What kits say, read from the codes in force."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from merchants.qr_kit.models import MerchantQR
from merchants.qr_kit.services import payload_of
from merchants.registry.models import Merchant, MerchantStatus
from reports.kits.models import KitPart, KitPrint
from reports.kits.paper import Kit
from vouchers.common.seoul import business_date
from vouchers.currencies.models import Currency

SHOWN_RETIRED: Final = 5


def in_force() -> QuerySet[MerchantQR]:
    """The codes that can be paid with, of active shops, in the order of shop number and till."""
    return MerchantQR.objects.filter(retired_at=None, merchant__status=MerchantStatus.ACTIVE).order_by(
        "merchant__code", "terminal"
    )


def next_codes(job: KitPrint, after: KitPart | None, *, limit: int) -> list[MerchantQR]:
    """The codes of the next part, after those of the part before it."""
    codes = in_force().filter(municipality=job.municipality_id, merchant__dong=job.dong_id)
    if after is not None:
        codes = codes.filter(
            Q(merchant__code__gt=after.last_shop) | Q(merchant__code=after.last_shop, terminal__gt=after.last_terminal)
        )
    return list(codes.select_related("merchant__category", "merchant__municipality")[:limit])


def without_code(dong: UUID) -> int:
    """How many active shops of a 읍면동 have no code in force."""
    live = MerchantQR.objects.filter(merchant=OuterRef("pk"), retired_at=None)
    shops = Merchant.objects.filter(dong=dong, status=MerchantStatus.ACTIVE).filter(~Exists(live))
    return int(shops.aggregate(number=Count("pk"))["number"])


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
            municipality=code.merchant.municipality.name,
            payload=code.payload or payload_of(code, keys=keys),
            retired=tuple(retired.get(code.merchant_id, [])[:SHOWN_RETIRED]),
        )
        for code in codes
    ]  # fmt: skip
