"""Encryption of single values, and blind indexes to find them by.

An envelope is ``algorithm (1 byte) | key version (1) | nonce (12) | ciphertext and tag``. The first two bytes and the
context ("table.column") are authenticated with it, so a value moved into another column does not open. Every purpose
has its own key, derived from the ring's key by HKDF-SHA256. Nothing here falls back to plain text: what does not open
raises `SealBroken`.

Public bodies must use a module validated under KCMVP (검증필 암호모듈), which OpenSSL is not. Where that is demanded, the
validated module's cipher goes into `ALGORITHMS` under a number of its own and the ring is made with that number; older
envelopes say in their first byte how to open them.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES: Final = 32
NEWEST_VERSION: Final = 255
NONCE_BYTES: Final = 12
INDEX_BYTES: Final = 16
"""Half of an HMAC-SHA256: among 10^9 values two share an index with a chance below 10^-20."""

_HEADER_BYTES = 2
_TAG_BYTES = 16


class Aead(Protocol):
    """An authenticated cipher with a 12-byte nonce and a 16-byte tag; decrypt raises InvalidTag."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes: ...

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes: ...


AES_256_GCM: Final = 1
ALGORITHMS: Final[dict[int, Callable[[bytes], Aead]]] = {AES_256_GCM: AESGCM}
"""Numbers that stand in stored envelopes: add, never reuse."""


class SealBroken(Exception):
    """The sealed data was changed, cut, moved elsewhere, or its key is not in the ring."""


class KeysUnusable(ValueError):
    """The configured keys cannot be used; the text says why, without the keys."""


@dataclass(frozen=True, kw_only=True)
class KeyRing:
    """Keys by version; the highest version seals, every version opens.

    ``index_key`` stands apart, because changing it means computing every blind index anew, and because somebody who
    may only search needs no key that decrypts. With random nonces one version may seal 2^32 values.
    """

    keys: Mapping[int, bytes] = field(repr=False)
    index_key: bytes = field(repr=False)
    algorithm: int = AES_256_GCM
    _ciphers: dict[tuple[int, int], Aead] = field(default_factory=dict, init=False, repr=False, compare=False)
    _index_keys: dict[str, bytes] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.keys or not all(1 <= version <= NEWEST_VERSION for version in self.keys):
            raise KeysUnusable(f"key versions are numbers from 1 to {NEWEST_VERSION}, at least one")
        if any(len(key) != KEY_BYTES for key in [*self.keys.values(), self.index_key]):
            raise KeysUnusable(f"a key has {KEY_BYTES} bytes")
        if len({*self.keys.values(), self.index_key}) != len(self.keys) + 1:
            raise KeysUnusable("every key is used once")
        if self.algorithm not in ALGORITHMS:
            raise KeysUnusable("no such algorithm")

    @classmethod
    def parse(cls, *, keys: str, index_key: str) -> Self:
        """Read the keys as the environment gives them (see `parse_keys`). Raises KeysUnusable."""
        return cls(keys=parse_keys(keys), index_key=_decoded(index_key))

    @property
    def version(self) -> int:
        """The version that seals now."""
        return max(self.keys)

    def seal(self, plaintext: bytes, *, context: str) -> bytes:
        """An envelope of ``plaintext`` that opens only with the same context."""
        header = bytes((self.algorithm, self.version))
        nonce = os.urandom(NONCE_BYTES)
        cipher = self._field_cipher(self.algorithm, self.version)
        return header + nonce + cipher.encrypt(nonce, plaintext, header + context.encode())

    def open(self, envelope: bytes, *, context: str) -> bytes:
        """The plaintext of an envelope. Raises SealBroken."""
        if len(envelope) < _HEADER_BYTES + NONCE_BYTES + _TAG_BYTES:
            raise SealBroken("too short")
        header, nonce = envelope[:_HEADER_BYTES], envelope[_HEADER_BYTES : _HEADER_BYTES + NONCE_BYTES]
        cipher = self._field_cipher(header[0], header[1])
        try:
            return cipher.decrypt(nonce, envelope[_HEADER_BYTES + NONCE_BYTES :], header + context.encode())
        except InvalidTag:
            raise SealBroken("changed, or sealed for another place") from None

    def blind_index(self, value: str, *, purpose: str) -> bytes:
        """A keyed fingerprint by which equal values are found; the same for every way of writing the value.

        Values of one purpose can be compared, those of two cannot. Raises ValueError when there is nothing to index.
        """
        normal = normalised(value)
        if not normal:
            raise ValueError("nothing to index")
        return hmac.digest(self._index_key(purpose), normal.encode(), "sha256")[:INDEX_BYTES]

    def subkey(self, version: int, purpose: str, *, salt: bytes = b"") -> bytes:
        """32 bytes for another purpose (files, QR codes). Raises SealBroken for a version not in the ring."""
        if version not in self.keys:
            raise SealBroken("its key is not in the ring")
        return derived(self.keys[version], purpose, salt=salt)

    def subkeys(self, purpose: str) -> dict[int, bytes]:
        """The subkey of every version."""
        return {version: self.subkey(version, purpose) for version in self.keys}

    def cipher(self, algorithm: int, version: int, purpose: str, *, salt: bytes = b"") -> Aead:
        """The cipher with that subkey. Raises SealBroken when the algorithm or the version is not known here."""
        if algorithm not in ALGORITHMS:
            raise SealBroken("sealed by an unknown algorithm")
        return ALGORITHMS[algorithm](self.subkey(version, purpose, salt=salt))

    def _field_cipher(self, algorithm: int, version: int) -> Aead:
        if (algorithm, version) not in self._ciphers:
            self._ciphers[algorithm, version] = self.cipher(algorithm, version, "field")
        return self._ciphers[algorithm, version]

    def _index_key(self, purpose: str) -> bytes:
        if purpose not in self._index_keys:
            self._index_keys[purpose] = derived(self.index_key, f"index:{purpose}")
        return self._index_keys[purpose]


def normalised(value: str) -> str:
    """Letters and digits alone, full-width ones and capitals made equal: 850101-1234567 is 8501011234567."""
    if value.isascii() and value.isalnum():  # what a list's reader hands over, a million times
        return value.lower()
    text = unicodedata.normalize("NFKC", value).casefold()
    return "".join(character for character in text if character.isalnum())


def derived(key: bytes, purpose: str, *, salt: bytes = b"") -> bytes:
    """HKDF-SHA256 (RFC 5869) of a 32-byte key for one purpose."""
    info = b"jangteo:" + purpose.encode()
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt or None, info=info).derive(key)


def parse_keys(text: str) -> dict[int, bytes]:
    """Keys by version, from ``1:base64,2:base64``. Raises KeysUnusable."""
    pairs = [pair.strip().partition(":") for pair in text.split(",")]
    if not all(version.isdecimal() and colon for version, colon, _ in pairs):
        raise KeysUnusable("keys are written as version:base64, with commas between them")
    keys = {int(version): _decoded(key) for version, _, key in pairs}
    if len(keys) != len(pairs):
        raise KeysUnusable("a key version stands twice")
    return keys


def new_key() -> str:
    """A fresh random key, written as the environment wants it."""
    return base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).decode()


def _decoded(text: str) -> bytes:
    """Either base64 alphabet: keys are made by many tools."""
    try:
        return base64.b64decode(text.strip().replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        raise KeysUnusable("a key is written in base64") from None
