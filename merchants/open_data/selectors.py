"""What is published: the releases in force, and their rows by position. Nothing here counts a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db.models import Q

from merchants.open_data.models import OpenDataTerms, PublishedShop, ShopRelease
from merchants.open_data.rules import lacking, spans
from vouchers.common.scope import scope
from vouchers.privacy.rules import format_phone

BLOCK: Final = 2_000
_TEXTS: Final = ("name", "road_address", "lot_address", "sector", "main_products")


@dataclass(frozen=True, kw_only=True)
class Published:
    """What of the municipalities in scope is open on a day. ``requests_per_minute``: the strictest of their limits."""

    releases: tuple[ShopRelease, ...]
    requests_per_minute: int | None

    @property
    def rows(self) -> int:
        """Of all releases."""
        return sum(release.rows for release in self.releases)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Filters of the standard API; an empty one filters nothing. All of them choose whole releases."""

    province: str = ""
    city: str = ""
    currency: str = ""
    institution: str = ""

    def fits(self, release: ShopRelease) -> bool:
        """Whether the release's rows are asked for."""
        return (
            self.province in ("", release.province_name)
            and self.city in ("", release.city_name)
            and self.institution in ("", release.institution_code)
            and (not self.currency or self.currency in (release.local_bill, *release.local_bill.split("+")))
        )


def terms_on(*, municipality: str, day: date) -> OpenDataTerms | None:
    """The terms that hold in the municipality on a day."""
    return OpenDataTerms.objects.filter(municipality=municipality, valid_from__lte=day).order_by("-valid_from").first()


def published(*, day: date, asked: Asked) -> Published:
    """The newest release of each municipality in scope that publishes on that day, in the order of region codes."""
    in_force = OpenDataTerms.objects.filter(valid_from__lte=day).order_by("municipality_id", "-valid_from")
    limits = {
        terms.municipality_id: terms.requests_per_minute
        for terms in in_force.distinct("municipality_id")
        if terms.is_open
    }
    newest = (
        ShopRelease.objects.filter(municipality__in=limits)
        .order_by("municipality_id", "-id")
        .distinct("municipality_id")
    )
    return Published(
        releases=tuple(release for release in newest if asked.fits(release)),
        requests_per_minute=min(limits.values(), default=None),
    )


def page_of(releases: Sequence[ShopRelease], *, page: int, size: int) -> list[tuple[str, ...]]:
    """The rows of a page, in the standard's columns."""
    found = spans([release.rows for release in releases], page=page, size=size)
    if not found:
        return []
    wanted = Q()
    for span in found:
        wanted |= Q(release=releases[span.release], position__range=(span.first, span.last))
    order = {releases[span.release].pk: span.release for span in found}
    shops = sorted(PublishedShop.objects.filter(wanted), key=lambda shop: (order[shop.release_id], shop.position))
    return [values_of(shop, releases[order[shop.release_id]]) for shop in shops]


def blocks_of(release: ShopRelease) -> Iterator[list[tuple[str, ...]]]:
    """All rows of a release, block by block, each in a scope and transaction of its own.

    Raises LookupError when the release went away meanwhile: better no file than one that ends early.
    """
    for start in range(0, release.rows, BLOCK):
        with scope(municipalities=[release.municipality_id]):
            shops = list(
                PublishedShop.objects.filter(release=release, position__gt=start, position__lte=start + BLOCK)
                .order_by("position")
            )  # fmt: skip
        if len(shops) != min(BLOCK, release.rows - start):
            raise LookupError(f"release {release.pk} is gone")
        yield [values_of(shop, release) for shop in shops]


def values_of(shop: PublishedShop, release: ShopRelease) -> tuple[str, ...]:
    """A row in the order of `rules.COLUMNS`."""
    return (
        shop.name, release.local_bill, release.province_name, release.city_name, shop.road_address, shop.lot_address,
        shop.sector, shop.main_products, format_phone(shop.phone), release.reference_day.isoformat(),
        release.institution_code, release.institution_name,
    )  # fmt: skip


@dataclass(frozen=True)
class Altered:
    """A shop that a CP949 file cannot name as it is registered."""

    position: int
    name: str
    characters: str


def altered_of(release: ShopRelease, *, limit: int | None = None) -> list[Altered]:
    """The shops with characters that CP949 lacks. Reads block by block, and looks closer only where there are any."""
    found: list[Altered] = []
    for start in range(0, release.rows, BLOCK):
        block = list(
            PublishedShop.objects.filter(release=release, position__gt=start, position__lte=start + BLOCK)
            .order_by("position").values_list("position", *_TEXTS)
        )  # fmt: skip
        if not lacking("".join(text for row in block for text in row[1:])):
            continue
        found += [Altered(row[0], row[1], characters) for row in block if (characters := lacking("".join(row[1:])))]
        if limit is not None and len(found) >= limit:
            return found[:limit]
    return found
