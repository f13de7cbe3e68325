"""The QR codes of a shop, fixed and for one sale: what stands in them, and how they are told from forged ones.

EMV QRCPS merchant-presented mode 1.1, static (11) or dynamic (12). Template 26 is ours:

    00  scheme                  KR.GO.JANGTEO
    01  merchant code
    02  key version, 2 digits, and tag: the first 10 base32 characters of HMAC-SHA256 over municipality, merchant
        code, terminal and printed amount; for one sale over everything that it says
    03  municipality, 5 digits
    04  for one sale: the second at which it expires, counted from 1970 (UTC)

A code for one sale has the shop's number of the sale in 62-01 and its own reference in 62-05, by which it is spent.

The checksum (63) finds reading errors and anybody can compute it; only the tag says that the municipality printed the
code. Everything is ASCII, because readers disagree on how to count and check Korean text: the app shows the shop's
Korean name from the server. 금융위원회's QR standard (2018-11-06) forbids personal data in it.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import segno
from django.utils.translation import gettext_lazy as _

from vouchers.common.errors import DomainError

SCHEME: Final = "KR.GO.JANGTEO"
LONGEST_PAYLOAD: Final = 512
_START = "000201"
_STATIC, _DYNAMIC = "11", "12"
_WON = "410"
_COUNTRY = "KR"
_TAG_CHARACTERS = 10
_CHECKSUM_CHARACTERS = 4
_FIELDS = {
    "municipality": re.compile(r"\d{5}"),
    "merchant_code": re.compile(r"[0-9A-Z-]{1,25}"),
    "terminal": re.compile(r"[0-9A-Z-]{1,25}"),
    "name": re.compile(r"[\x20-\x7e]{1,25}"),
    "city": re.compile(r"[\x20-\x7e]{1,15}"),
    "category": re.compile(r"\d{4}"),
    "amount": re.compile(r"[1-9]\d{0,12}|"),
    "order": re.compile(r"[!-~]{1,25}"),
    "expires": re.compile(r"[1-9]\d{9}"),
}
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_REFERENCE_CHARACTERS = 25
"""An id of 128 bits to the base of 36."""


class QRError(DomainError):
    """A QR code that cannot be paid with."""

    code = "qr_invalid"
    message = _("결제할 수 없는 QR 코드입니다.")


class QRFieldInvalid(QRError):
    """A value does not fit into the code: ``field`` is its name in `StaticQR`."""

    code = "qr_field_invalid"
    message = _("QR 코드에 넣을 수 없는 값이 있습니다: %(field)s")


class QRNotAscii(QRError):
    """The code holds something other than printable ASCII."""

    code = "qr_not_ascii"
    message = _("QR 코드에 읽을 수 없는 문자가 있습니다. 다시 촬영해 주십시오.")


class QRSchemeUnknown(QRError):
    """The code is no EMV merchant code, or that of another payment scheme."""

    code = "qr_scheme_unknown"
    message = _("지역사랑상품권 가맹점의 QR 코드가 아닙니다.")


class QRChecksumWrong(QRError):
    """The checksum does not fit: the code was read wrongly or changed."""

    code = "qr_checksum_wrong"
    message = _("QR 코드를 잘못 읽었습니다. 다시 촬영해 주십시오.")


class QRExpired(QRError):
    """A code for one sale that is too old, or that nobody knows any more."""

    code = "qr_expired"
    message = _("유효시간이 지난 QR 코드입니다. 가맹점에 새 QR 코드를 요청해 주십시오.")


class QRUsed(QRError):
    """A code for one sale that was paid before."""

    code = "qr_used"
    message = _("이미 결제된 QR 코드입니다.")


class QRMalformed(QRError):
    """The checksum fits, but the content breaks the standard or lacks what we put into every code."""

    code = "qr_malformed"
    message = _("QR 코드의 형식이 올바르지 않습니다.")


class QRKeyRetired(QRError):
    """The code was made with a key that is no longer accepted."""

    code = "qr_key_retired"
    message = _("사용이 종료된 QR 코드입니다. 가맹점에 새 QR 코드를 요청해 주십시오.")


class QRForged(QRError):
    """The tag is not ours: municipality, merchant, terminal or amount were changed or made up."""

    code = "qr_forged"
    message = _("위조가 의심되는 QR 코드입니다. 결제하지 말고 지방자치단체에 신고해 주십시오.")


@dataclass(frozen=True, kw_only=True)
class StaticQR:
    """What a fixed code says. ``amount`` is in won and only printed where a thing has one price.

    Raises QRFieldInvalid for what cannot be put into a code.
    """

    municipality: str
    merchant_code: str
    terminal: str
    name: str
    city: str
    category: str = "0000"
    amount: int | None = None

    def __post_init__(self) -> None:
        _check_fields(self, "municipality", "merchant_code", "terminal", "name", "city", "category", "amount")


@dataclass(frozen=True, kw_only=True)
class SaleQR:
    """What a code for one sale says: ``id`` spends it, ``order`` is the shop's own number of the sale.

    Raises QRFieldInvalid for what cannot be put into a code.
    """

    municipality: str
    merchant_code: str
    name: str
    city: str
    category: str
    amount: int
    order: str
    id: UUID
    expires_at: datetime

    def __post_init__(self) -> None:
        _check_fields(self, "municipality", "merchant_code", "name", "city", "category", "amount", "order")


def encode_sale(qr: SaleQR, *, keys: Mapping[int, bytes]) -> str:
    """The payload of a code for one sale, tagged with the newest of ``keys``. Expires at the full second."""
    version = max(keys)
    merchant = {
        "00": SCHEME,
        "01": qr.merchant_code,
        "02": f"{version:02d}{_sale_tag(qr, keys[version])}",
        "03": qr.municipality,
        "04": _second(qr.expires_at),
    }
    objects = {
        "01": _DYNAMIC,
        "26": _written(merchant),
        "52": qr.category,
        "53": _WON,
        "54": str(qr.amount),
        "58": _COUNTRY,
        "59": qr.name,
        "60": qr.city,
        "62": _written({"01": qr.order, "05": _reference(qr.id)}),
    }
    checked = f"{_START}{_written(objects)}63{_CHECKSUM_CHARACTERS:02d}"
    return checked + _checksum(checked)


def is_for_one_sale(payload: str) -> bool:
    """Whether a scanned code claims to be one, genuine or not."""
    return payload.startswith(f"{_START}0102{_DYNAMIC}")


def decode_sale(payload: str, *, keys: Mapping[int, bytes]) -> SaleQR:
    """What a scanned code for one sale says, when it is genuine; raises what `decode` raises.

    Whether it has expired or been spent is for the caller to ask, who knows the time and the records.
    """
    objects = _checked_objects(payload)
    merchant = _read(objects.get("26", ""))
    if merchant.get("00") != SCHEME:
        raise QRSchemeUnknown
    qr = _sale_from(objects, merchant)
    _check_tag(merchant.get("02", ""), keys, lambda key: _sale_tag(qr, key))
    return qr


def encode(qr: StaticQR, *, keys: Mapping[int, bytes]) -> str:
    """The payload of a code, tagged with the newest of ``keys`` (versions 1 to 99)."""
    version = max(keys)
    merchant = {
        "00": SCHEME,
        "01": qr.merchant_code,
        "02": f"{version:02d}{_tag(qr, keys[version])}",
        "03": qr.municipality,
    }
    objects = {
        "01": _STATIC,
        "26": _written(merchant),
        "52": qr.category,
        "53": _WON,
        "54": "" if qr.amount is None else str(qr.amount),
        "58": _COUNTRY,
        "59": qr.name,
        "60": qr.city,
        "62": _written({"07": qr.terminal}),
    }
    checked = f"{_START}{_written(objects)}63{_CHECKSUM_CHARACTERS:02d}"
    return checked + _checksum(checked)


def decode(payload: str, *, keys: Mapping[int, bytes]) -> StaticQR:
    """What a scanned code says, when it is genuine.

    Raises QRNotAscii, QRSchemeUnknown, QRChecksumWrong, QRMalformed, QRKeyRetired or QRForged. Whether the merchant
    and this code are still in use is for the caller to ask.
    """
    objects = _checked_objects(payload)
    merchant = _read(objects.get("26", ""))
    if merchant.get("00") != SCHEME:
        raise QRSchemeUnknown
    qr = _qr_from(objects, merchant)
    _check_tag(merchant.get("02", ""), keys, lambda key: _tag(qr, key))
    return qr


def svg(payload: str) -> str:
    """The code as SVG to put into a page, sized by its surroundings, with the quiet zone of four modules.

    Correction level M and no more: the standard caps it, so that a code pasted over in part stops working.
    """
    code = segno.make(payload, error="M", boost_error=False, micro=False)
    return code.svg_inline(border=4, omitsize=True)


def _check_fields(qr: object, *names: str) -> None:
    for name in names:
        value = getattr(qr, name)
        if not _FIELDS[name].fullmatch("" if value is None else str(value)):
            raise QRFieldInvalid(field=name)


def _checked_objects(payload: str) -> dict[str, str]:
    if not all(" " <= character <= "~" for character in payload):
        raise QRNotAscii
    if not payload.startswith(_START):
        raise QRSchemeUnknown
    if len(payload) > LONGEST_PAYLOAD:
        raise QRMalformed
    if _checksum(payload[:-_CHECKSUM_CHARACTERS]) != payload[-_CHECKSUM_CHARACTERS:]:
        raise QRChecksumWrong
    objects = _read(payload)
    if list(objects)[-1] != "63" or len(objects["63"]) != _CHECKSUM_CHARACTERS:
        raise QRMalformed
    return objects


def _qr_from(objects: Mapping[str, str], merchant: Mapping[str, str]) -> StaticQR:
    if (objects.get("01"), objects.get("53"), objects.get("58")) != (_STATIC, _WON, _COUNTRY):
        raise QRMalformed
    amount = objects.get("54")
    if amount is not None and not (amount and _FIELDS["amount"].fullmatch(amount)):
        raise QRMalformed
    try:
        return StaticQR(
            municipality=merchant.get("03", ""),
            merchant_code=merchant.get("01", ""),
            terminal=_read(objects.get("62", "")).get("07", ""),
            name=objects.get("59", ""),
            city=objects.get("60", ""),
            category=objects.get("52", ""),
            amount=int(amount) if amount else None,
        )
    except QRFieldInvalid as error:
        raise QRMalformed from error


def _sale_from(objects: Mapping[str, str], merchant: Mapping[str, str]) -> SaleQR:
    if (objects.get("01"), objects.get("53"), objects.get("58")) != (_DYNAMIC, _WON, _COUNTRY):
        raise QRMalformed
    additional = _read(objects.get("62", ""))
    amount, expires, reference = objects.get("54", ""), merchant.get("04", ""), additional.get("05", "")
    if not (amount and _FIELDS["amount"].fullmatch(amount) and _FIELDS["expires"].fullmatch(expires)):
        raise QRMalformed
    try:
        return SaleQR(
            municipality=merchant.get("03", ""),
            merchant_code=merchant.get("01", ""),
            name=objects.get("59", ""),
            city=objects.get("60", ""),
            category=objects.get("52", ""),
            amount=int(amount),
            order=additional.get("01", ""),
            id=_id_from(reference),
            expires_at=datetime.fromtimestamp(int(expires), UTC),
        )
    except (QRFieldInvalid, ValueError) as error:
        raise QRMalformed from error


def _reference(id: UUID) -> str:
    digits, rest = "", id.int
    for _digit in range(_REFERENCE_CHARACTERS):
        rest, last = divmod(rest, len(_DIGITS))
        digits = _DIGITS[last] + digits
    return digits


def _id_from(reference: str) -> UUID:
    if len(reference) != _REFERENCE_CHARACTERS or not set(reference) <= set(_DIGITS):
        raise ValueError(reference)
    return UUID(int=int(reference, len(_DIGITS)))


def _second(moment: datetime) -> str:
    return str(int(moment.timestamp()))


def _sale_tag(qr: SaleQR, key: bytes) -> str:
    said = [SCHEME, _DYNAMIC, qr.municipality, qr.merchant_code, str(qr.amount), qr.order, _reference(qr.id),
            _second(qr.expires_at)]  # fmt: skip
    return _tag_of("|".join(said), key)


def _check_tag(versioned_tag: str, keys: Mapping[int, bytes], tag_by: Callable[[bytes], str]) -> None:
    version, tag = versioned_tag[:2], versioned_tag[2:]
    if not version.isdecimal() or len(tag) != _TAG_CHARACTERS:
        raise QRMalformed
    if int(version) not in keys:
        raise QRKeyRetired
    if not hmac.compare_digest(tag, tag_by(keys[int(version)])):
        raise QRForged


def _tag(qr: StaticQR, key: bytes) -> str:
    return _tag_of("|".join([SCHEME, qr.municipality, qr.merchant_code, qr.terminal, str(qr.amount or "")]), key)


def _tag_of(said: str, key: bytes) -> str:
    return base64.b32encode(hmac.digest(key, said.encode(), "sha256")).decode()[:_TAG_CHARACTERS]


def _checksum(text: str) -> str:
    """CRC-16 with polynomial 0x1021 and start 0xFFFF."""
    return f"{binascii.crc_hqx(text.encode(), 0xFFFF):04X}"


def _written(objects: Mapping[str, str]) -> str:
    return "".join(f"{number}{len(value):02d}{value}" for number, value in objects.items() if value)


def _read(text: str) -> dict[str, str]:
    """The data objects in their order. Raises QRMalformed for a length that does not fit, or one that stands twice."""
    objects: dict[str, str] = {}
    rest = text
    while rest:
        number, length, rest = rest[:2], rest[2:4], rest[4:]
        if not (number + length).isdecimal() or len(number + length) != 4 or number in objects:
            raise QRMalformed
        objects[number], rest = rest[: int(length)], rest[int(length) :]
        if len(objects[number]) != int(length):
            raise QRMalformed
    return objects
