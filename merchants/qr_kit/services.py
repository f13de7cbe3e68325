"""Issue and retire the QR codes of shops. Call them inside the municipality's scope."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from functools import cache, lru_cache

from django.db import transaction

from merchants.qr_kit import rules
from merchants.qr_kit.errors import QRKeysUnusable
from merchants.qr_kit.models import MerchantQR
from merchants.registry.models import Merchant
from vouchers.common.errors import StateConflict

_SHORTEST_KEY = 16


@cache
def keys_from(setting: str) -> Mapping[int, bytes]:
    """The keys in ``version:base64url`` pairs, parted by commas; raises QRKeysUnusable."""
    try:
        pairs = [pair.strip().split(":", 1) for pair in setting.split(",")]
        keys = {int(version): base64.urlsafe_b64decode(key) for version, key in pairs}
    except (ValueError, binascii.Error) as error:
        raise QRKeysUnusable("not version:base64url pairs") from error
    if len(keys) != len(pairs) or not all(1 <= version <= 99 for version in keys):
        raise QRKeysUnusable("versions are 1 to 99, each once")
    if min(map(len, keys.values())) < _SHORTEST_KEY:
        raise QRKeysUnusable(f"a key has less than {_SHORTEST_KEY} bytes")
    return keys


def scanned(payload: str, setting: str) -> rules.StaticQR | rules.SaleQR:
    """What a scanned code says; raises what `rules.decode` raises."""
    if rules.is_for_one_sale(payload):
        return rules.decode_sale(payload, keys=keys_from(setting))
    return scanned_at_till(payload, setting)


@lru_cache(maxsize=20_000)
def scanned_at_till(payload: str, setting: str) -> rules.StaticQR:
    """What a scanned code says; raises what `rules.decode` raises. A shop's code is the same at every payment, so what
    was found genuine under these keys is remembered; a forged code is not."""
    return rules.decode(payload, keys=keys_from(setting))


def issue(*, merchant: Merchant, keys: Mapping[int, bytes], amount: int | None = None) -> MerchantQR:
    """A new code for a shop at its next terminal number, tagged with the newest key.

    Never the number of a retired code: that code would say the same, and be paid with again.
    """
    with transaction.atomic():
        Merchant.objects.select_for_update(of=("self",)).get(pk=merchant.pk)
        code = MerchantQR(
            municipality_id=merchant.municipality_id,
            merchant=merchant,
            terminal=f"T{MerchantQR.objects.filter(merchant=merchant).count() + 1:03d}",
        )
        code.payload = payload_of(code, keys=keys, amount=amount)
        code.save()
    return code


def reissue(*, code: MerchantQR, keys: Mapping[int, bytes], at: datetime) -> MerchantQR:
    """A new code in the place of this one, which is refused from now on. Raises StateConflict when it was retired before."""
    with transaction.atomic():
        new = issue(merchant=code.merchant, keys=keys)
        if not MerchantQR.objects.filter(pk=code.pk, retired_at=None).update(retired_at=at):
            raise StateConflict
    return new


def payload_of(code: MerchantQR, *, keys: Mapping[int, bytes], amount: int | None = None) -> str:
    """What a code must say."""
    merchant = code.merchant
    qr = rules.StaticQR(
        municipality=merchant.municipality_id,
        merchant_code=merchant.code,
        terminal=code.terminal,
        name=merchant.name_ascii,
        city=merchant.municipality.name_en[:15],
        category=merchant.category.mcc,
        amount=amount,
    )
    return rules.encode(qr, keys=keys)


def retire(*, code: MerchantQR, at: datetime) -> None:
    """Refuse payments at this code from now on. A second call changes nothing."""
    MerchantQR.objects.filter(pk=code.pk, retired_at=None).update(retired_at=at)
