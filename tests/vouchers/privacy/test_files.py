import gc
import hashlib
import io
import os
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vouchers.common.errors import NotFound
from vouchers.privacy.crypto import KeyRing, SealBroken
from vouchers.privacy.files import CHUNK_BYTES, FileStore, FileTooLarge

RING = KeyRing(keys={1: b"1" * 32}, index_key=b"i" * 32)
SEALED_CHUNK = CHUNK_BYTES + 16
HEADER = 18
LIMIT = 10 * 2**20


@pytest.fixture
def store(tmp_path):
    return FileStore(directory=tmp_path / "sealed", ring=RING)


def read(store: FileStore, name: str) -> bytes:
    with store.open(name) as file:
        return file.read()


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 200_000])
def test_a_file_of_any_size_comes_back(store, size):
    content = os.urandom(size)
    written = store.write([content], limit=LIMIT)
    assert read(store, written.name) == content
    assert (written.size, written.sha256) == (size, hashlib.sha256(content).hexdigest())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(sizes=st.lists(st.integers(0, 2 * CHUNK_BYTES), max_size=6))
def test_the_pieces_in_which_it_comes_do_not_matter(store, sizes):
    pieces = [bytes([number % 256]) * size for number, size in enumerate(sizes)]
    assert read(store, store.write(pieces, limit=LIMIT).name) == b"".join(pieces)


def test_it_reads_as_a_stream_of_lines(store):
    lines = [f"{number},김철용,1200000\r\n".encode("cp949") for number in range(20_000)]
    written = store.write(lines, limit=LIMIT)
    with io.TextIOWrapper(store.open(written.name), encoding="cp949", newline="") as text:
        assert [line.encode("cp949") for line in text] == lines


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(start=st.integers(0, 3 * CHUNK_BYTES + 200), count=st.integers(0, 2 * CHUNK_BYTES))
def test_it_reads_from_any_position(store, start, count):
    content = bytes(range(250)) * 1_000
    written = store.write([content], limit=LIMIT)
    with store.open(written.name) as file:
        assert file.seek(0, io.SEEK_END) == len(content)
        file.seek(start)
        assert file.read(count) == content[start : start + count]


def test_memory_does_not_grow_with_the_file(store):
    piece = b"x" * CHUNK_BYTES
    tracemalloc.start()
    try:
        written = store.write((piece for _ in range(160)), limit=LIMIT)
        with store.open(written.name) as file:
            assert sum(len(part) for part in iter(lambda: file.read(CHUNK_BYTES), b"")) == LIMIT
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_the_disk_holds_nothing_readable_and_only_for_its_owner(store):
    written = store.write([b"850101-1234567"] * 100, limit=LIMIT)
    path = store.directory / written.name
    assert b"850101" not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
    assert [file.name for file in store.directory.iterdir()] == [written.name]


def test_a_file_over_the_limit_leaves_nothing(store):
    assert store.write([b"x" * 2**20], limit=2**20).size == 2**20
    taken = []

    def endless():
        while True:
            taken.append(1)
            yield b"x" * 2**20

    with pytest.raises(FileTooLarge) as caught:
        store.write(endless(), limit=2**20)
    assert caught.value.params == {"limit": 1}
    assert len(taken) == 2
    assert len(list(store.directory.iterdir())) == 1


def test_a_source_that_breaks_leaves_nothing(store):
    def broken():
        yield b"x" * 100_000
        raise ConnectionError

    with pytest.raises(ConnectionError):
        store.write(broken(), limit=LIMIT)
    assert list(store.directory.iterdir()) == []


def damaged_versions(sealed: bytes) -> dict[str, bytes]:
    """Of a file of three chunks."""
    header, body = sealed[:HEADER], sealed[HEADER:]
    one, two, three = body[:SEALED_CHUNK], body[SEALED_CHUNK : 2 * SEALED_CHUNK], body[2 * SEALED_CHUNK :]
    return {
        "last chunk gone": header + one + two,
        "all chunks gone": header,
        "header gone": sealed[: HEADER - 1],
        "empty": b"",
        "cut in a chunk": sealed[:-1],
        "first chunk gone": header + two + three,
        "chunks exchanged": header + two + one + three,
        "chunk twice": header + one + one + two + three,
        "bytes added": sealed + b"\x00",
        "chunk added": sealed + three,
        "salt changed": bytes([*header[:5], header[5] ^ 1, *header[6:]]) + body,
        "algorithm unknown": b"\xff" + sealed[1:],
        "key unknown": sealed[:1] + b"\x09" + sealed[2:],
        "bit changed": sealed[:-20] + bytes([sealed[-20] ^ 1]) + sealed[-19:],
    }


@pytest.mark.parametrize("damage", damaged_versions(bytes(HEADER + 3 * SEALED_CHUNK)))
def test_damage_is_found(store, damage):
    written = store.write([os.urandom(2 * CHUNK_BYTES + 100)], limit=LIMIT)
    path = store.directory / written.name
    path.write_bytes(damaged_versions(path.read_bytes())[damage])
    with pytest.raises(SealBroken):
        read(store, written.name)
    gc.collect()  # a file left open would warn here


def test_one_file_put_in_the_place_of_another_is_found(store):
    first, second = (store.write([content], limit=LIMIT).name for content in (b"mine", b"yours"))
    (store.directory / first).write_bytes((store.directory / second).read_bytes())
    with pytest.raises(SealBroken):
        read(store, first)


def test_damage_after_the_first_chunk_is_found_when_it_is_reached(store):
    written = store.write([os.urandom(3 * CHUNK_BYTES)], limit=LIMIT)
    path = store.directory / written.name
    path.write_bytes(path.read_bytes()[:-1])
    with store.open(written.name) as file:
        assert len(file.read(CHUNK_BYTES)) == CHUNK_BYTES
        with pytest.raises(SealBroken):
            file.read()
        with pytest.raises(ValueError, match="closed"):
            file.read()


def test_old_keys_open_old_files(store):
    written = store.write([b"x"], limit=LIMIT)
    rotated = FileStore(directory=store.directory, ring=KeyRing(keys={1: b"1" * 32, 2: b"2" * 32}, index_key=b"i" * 32))
    assert read(rotated, written.name) == b"x"


@pytest.mark.parametrize("name", ["", "0" * 32, "../settings.py", "/etc/passwd", "0" * 31 + "/", "A" * 32])
def test_other_names_are_not_found(store, name):
    with pytest.raises(NotFound):
        store.open(name)


def test_deleting_twice_is_no_error(store):
    written = store.write([b"x"], limit=LIMIT)
    store.delete(written.name)
    store.delete(written.name)
    with pytest.raises(NotFound):
        store.open(written.name)
