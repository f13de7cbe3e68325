"""The citizen's code: 24 digits for a barcode or a QR, and the same as EMV CPM.

The digits are a keyed hash of the token's id, so whoever repeats the request gets the same ones although none are kept.
The EMV form (QRCPS consumer-presented mode 1.1) is base64 of BER-TLV: 85 payload format, 61 application template with 4F
application id and 50 label, and in 63 our own object DF01 with the digits as BCD.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Final
from uuid import UUID

DIGITS: Final = 24
LONGEST_CODE: Final = 128
_APPLICATION = bytes.fromhex("F04A414E4754454F")
"""F0…: a proprietary application id that nobody registered; the rest spells JANGTEO."""
_LABEL = b"JANGTEO"


def digits_of(token: UUID, *, key: bytes) -> str:
    """The 24 digits of a token."""
    digest = hmac.digest(key, b"payment token|" + token.bytes, "sha256")
    return f"{int.from_bytes(digest) % 10**DIGITS:0{DIGITS}d}"


def emv_of(digits: str) -> str:
    """The same token as an EMV consumer-presented code."""
    template = (
        _object("4F", _APPLICATION) + _object("50", _LABEL) + _object("63", _object("DF01", bytes.fromhex(digits)))
    )
    return base64.b64encode(_object("85", b"CPV01") + _object("61", template)).decode()


def digits_in(code: str) -> str | None:
    """The 24 digits that a scanned code holds, in either form; None: it is no code of ours."""
    if len(code) == DIGITS and code.isascii() and code.isdecimal():
        return code
    try:
        said = base64.b64decode(code, validate=True)
    except (binascii.Error, ValueError):
        return None
    digits = said[-DIGITS // 2 :].hex()
    return digits if digits.isdecimal() and emv_of(digits) == code else None


def _object(tag: str, value: bytes) -> bytes:
    return bytes.fromhex(tag) + bytes([len(value)]) + value
