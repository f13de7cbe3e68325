"""Publishing the list of shops: one statement writes a release of however many shops."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from merchants.open_data import selectors
from merchants.open_data.models import OpenDataMinute, OpenDataTerms, PublishedShop, ShopRelease
from merchants.registry.models import MerchantStatus
from vouchers.common import jobs
from vouchers.common.errors import NotPermitted
from vouchers.common.scope import scope
from vouchers.common.seoul import business_date
from vouchers.currencies.models import Currency
from vouchers.municipalities.models import Municipality
from vouchers.officials.selectors import Authority

PUBLISH: Final = "merchants.open_data.publish"
KEPT: Final = 3
"""Releases that stay: whoever is reading one while the next is made reads it to its end."""

_CLEAN: Final = "btrim(regexp_replace(normalize({}, NFC), '[\\u0001-\\u001F\\u007F-\\u009F\\uFFFE\\uFFFF]+', ' ', 'g'))"
_SHOPS: Final = f"""
INSERT INTO merchants_publishedshop
    (municipality_id, release_id, position, name, road_address, lot_address, sector, main_products, phone)
SELECT shop.municipality_id, %(release)s, row_number() OVER (ORDER BY shop.code), {_CLEAN.format("shop.name")},
       {_CLEAN.format("shop.address")}, {_CLEAN.format("shop.lot_address")}, {_CLEAN.format("category.name")},
       {_CLEAN.format("shop.main_products")},
       CASE WHEN shop.phone ~ '^01[016-9]' THEN '' ELSE shop.phone END
FROM merchants_merchant shop JOIN merchants_merchantcategory category ON category.code = shop.category_id
WHERE shop.municipality_id = %(municipality)s AND shop.status = %(active)s
"""
_TAKE: Final = """
INSERT INTO merchants_opendataminute AS known (address_hash, minute, taken) VALUES (%(address)s, %(minute)s, 1)
ON CONFLICT (address_hash) DO UPDATE SET minute = excluded.minute,
    taken = CASE WHEN known.minute = excluded.minute THEN known.taken + 1 ELSE 1 END
RETURNING taken
"""


def ask_to_publish(*, municipality: str, authority: Authority) -> bool:
    """Queue a new release, whatever the hour; False when one is queued already. Raises NotPermitted."""
    if not authority.may("merchants.edit", municipality):
        raise NotPermitted
    return defer_publish(municipality=municipality)


def defer_publish(*, municipality: str) -> bool:
    """Queue a new release; False when one is queued already."""
    return jobs.defer(PUBLISH, lock=f"open_data:{municipality}", municipality=municipality)


def publish(*, municipality: str, at: datetime) -> ShopRelease | None:
    """The shops that are registered now, as a release of today; None where nothing is to be published.

    A mobile number is its owner's own and is left out. Whole or not at all: readers see the last release until this one is
    committed. Only active shops are in it.
    """
    day = business_date(at)
    with scope(municipalities=[municipality]):
        terms = (
            OpenDataTerms.objects.select_for_update(of=("self",))
            .filter(municipality=municipality, valid_from__lte=day).order_by("-valid_from").first()
        )  # fmt: skip
        if terms is None or not terms.is_open:
            return None
        release = _begin(terms, municipality, at)
        with connection.cursor() as cursor:
            cursor.execute(
                _SHOPS, {"release": release.pk, "municipality": municipality, "active": MerchantStatus.ACTIVE.value}
            )
            release.rows = cursor.rowcount
        release.altered_rows = len(selectors.altered_of(release))
        release.save(update_fields=["rows", "altered_rows"])
        _forget_old(municipality)
    return release


def _begin(terms: OpenDataTerms, municipality: str, at: datetime) -> ShopRelease:
    city = Municipality.objects.get(pk=municipality)
    # the province's row is outside the scope of a city
    province = _province_name(city)
    names = Currency.objects.filter(municipality=municipality).order_by("name").values_list("name", flat=True)
    return ShopRelease.objects.create(
        municipality_id=municipality, reference_day=business_date(at), local_bill="+".join(names),
        province_name=province or city.name, city_name=city.name if province else "",
        institution_code=terms.institution_code, institution_name=terms.institution_name,
    )  # fmt: skip


def _province_name(city: Municipality) -> str:
    if not city.province_id:
        return ""
    with scope(municipalities=[city.province_id]):
        return Municipality.objects.filter(pk=city.province_id).values_list("name", flat=True).first() or ""


def _forget_old(municipality: str) -> None:
    old = list(
        ShopRelease.objects.filter(municipality=municipality).order_by("-id").values_list("pk", flat=True)[KEPT:]
    )
    PublishedShop.objects.filter(release__in=old).delete()
    ShopRelease.objects.filter(pk__in=old).delete()


def take(*, address: bytes, at: datetime) -> int:
    """Count one more request of an address (its keyed hash) in this minute; returns how many it has made."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"address": address, "minute": at.replace(second=0, microsecond=0)})
        return int(cursor.fetchone()[0])


def forget_addresses(*, at: datetime) -> int:
    """Remove the counts of minutes long gone; returns how many."""
    return OpenDataMinute.objects.filter(minute__lt=at - timedelta(hours=1)).delete()[0]
