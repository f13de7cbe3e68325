"""Sealed files: uploads and results that hold personal data, encrypted on disk and read as a stream.

A file is ``algorithm (1 byte) | key version (1) | salt (16)`` and then chunks of 64 KiB, each with a tag of 16 bytes.
The key is the file's own, derived with its salt, so the chunk number can be the nonce; the nonce also says which chunk
is the last, and the file's name is authenticated with every chunk. A file that was cut, whose chunks were moved, or
that was put in another one's place therefore raises `SealBroken` instead of reading differently. The construction is
STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015).
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Final

from cryptography.exceptions import InvalidTag
from django.utils.translation import gettext_lazy as _

from vouchers.common.errors import DomainError, NotFound
from vouchers.privacy.crypto import Aead, KeyRing, SealBroken

CHUNK_BYTES: Final = 64 * 1024
_HEADER_BYTES = 18
_TAG_BYTES = 16
_SEALED_CHUNK_BYTES = CHUNK_BYTES + _TAG_BYTES
_NAME = re.compile(r"[0-9a-f]{32}")


class FileTooLarge(DomainError):
    """The file exceeds the limit; reading stopped there and nothing was kept. ``limit`` is in MiB."""

    code = "file_too_large"
    status = 413
    message = _("파일이 너무 큽니다. %(limit)s MiB 이하의 파일만 올릴 수 있습니다. 파일을 나누어 올려 주십시오.")


@dataclass(frozen=True, kw_only=True)
class SealedFile:
    """What to remember of a stored file: its name in the store, and the size and SHA-256 (hex) of its plain content."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True, kw_only=True)
class FileStore:
    """Sealed files in one directory, which is made when first needed."""

    directory: Path
    ring: KeyRing

    def write(self, content: Iterable[bytes], *, limit: int) -> SealedFile:
        """Seal what comes, of pieces of any size, holding a chunk of it in memory.

        When this returns, the file is on the disk; when anything raises, no file is. Raises FileTooLarge as soon as
        more than ``limit`` bytes have come.
        """
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = secrets.token_hex(16)
        with _appears_whole(self.directory / name) as file:
            sha256, size = self._seal(content, file, name=name, limit=limit)
        return SealedFile(name=name, sha256=sha256, size=size)

    def open(self, name: str) -> io.BufferedReader:
        """The plain content as a stream; close it after use. Raises NotFound, and SealBroken also while being read."""
        path = self._path(name)
        try:
            file = path.open("rb")
        except FileNotFoundError:
            raise NotFound from None
        try:
            return io.BufferedReader(_OpenedFile(file, self.ring, name), CHUNK_BYTES)
        except SealBroken:
            file.close()
            raise

    def delete(self, name: str) -> None:
        """Remove a file; one that is gone already is no error."""
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise NotFound
        return self.directory / name

    def _seal(self, content: Iterable[bytes], file: IO[bytes], *, name: str, limit: int) -> tuple[str, int]:
        header = bytes((self.ring.algorithm, self.ring.version)) + os.urandom(16)
        cipher = _file_cipher(self.ring, header)
        digest, size = hashlib.sha256(), 0
        file.write(header)
        for number, (chunk, last) in enumerate(_with_last(_rechunked(content, limit=limit))):
            digest.update(chunk)
            size += len(chunk)
            file.write(cipher.encrypt(_nonce(number, last=last), chunk, header + name.encode()))
        return digest.hexdigest(), size


class _OpenedFile(io.RawIOBase):
    """Opens one chunk at a time, at any position; everything read is checked, what is skipped is not."""

    def __init__(self, file: BinaryIO, ring: KeyRing, name: str) -> None:
        self._file = file
        self._header = file.read(_HEADER_BYTES)
        sealed = file.seek(0, io.SEEK_END) - _HEADER_BYTES
        self._chunks = -(-sealed // _SEALED_CHUNK_BYTES)
        self._size = sealed - self._chunks * _TAG_BYTES
        if self._chunks < 1 or self._size < 0:
            raise SealBroken("too short")
        self._cipher = _file_cipher(ring, self._header)
        self._context = self._header + name.encode()
        self._position = 0
        self._opened: tuple[int, bytes] | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed leaves its name out
        number, begin = divmod(self._position, CHUNK_BYTES)
        if number >= self._chunks:
            return 0
        piece = self._chunk(number)[begin : begin + len(buffer)]
        buffer[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def close(self) -> None:
        self._file.close()
        super().close()

    def _chunk(self, number: int) -> bytes:
        if self._opened is None or self._opened[0] != number:
            self._file.seek(_HEADER_BYTES + number * _SEALED_CHUNK_BYTES)
            sealed = self._file.read(_SEALED_CHUNK_BYTES)
            nonce = _nonce(number, last=number == self._chunks - 1)
            try:
                self._opened = number, self._cipher.decrypt(nonce, sealed, self._context)
            except InvalidTag:
                self.close()
                raise SealBroken(f"chunk {number} is changed, missing or out of place") from None
        return self._opened[1]


def _file_cipher(ring: KeyRing, header: bytes) -> Aead:
    return ring.cipher(header[0], header[1], "file", salt=header[2:])


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11) + bytes((last,))


def _rechunked(content: Iterable[bytes], *, limit: int) -> Iterator[bytes]:
    """Pieces of exactly CHUNK_BYTES and a shorter last one; of nothing, one empty chunk."""
    buffer, size = bytearray(), 0
    for piece in content:
        size += len(piece)
        if size > limit:
            raise FileTooLarge(limit=limit // 2**20)
        buffer += piece
        while len(buffer) > CHUNK_BYTES:
            yield bytes(buffer[:CHUNK_BYTES])
            del buffer[:CHUNK_BYTES]
    yield bytes(buffer)


def _with_last(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each chunk, and whether no other follows."""
    before: bytes | None = None
    for chunk in chunks:
        if before is not None:
            yield before, False
        before = chunk
    if before is not None:
        yield before, True


@contextmanager
def _appears_whole(path: Path) -> Iterator[IO[bytes]]:
    """A new file under another name that takes its own only when it is complete and on the disk."""
    temporary = path.with_suffix(".part")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_directory(path.parent)


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
