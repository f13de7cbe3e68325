from __future__ import annotations

import csv
import json
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from io import SEEK_END, SEEK_SET, BytesIO, RawIOBase, StringIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from allowances.batches.reading.errors import ListUnreadable
from allowances.batches.reading.reader import FileForm, Limits, ListReader
from tests.allowances.batches.reading.corpus import HEADER, KIM, LEE, PLAIN, lines

SMALL = Limits(file_bytes=2 * 1024**2, row_chars=2048, columns=50)
KOREAN = HEADER.encode()


def rows_of(data: bytes, limits: Limits = SMALL) -> list[tuple[int, list[str]]]:
    return list(ListReader(BytesIO(data), limits=limits))


@pytest.mark.parametrize(
    ("data", "code", "params"),
    [
        (b"", "file_empty", {}),
        (b"\xef\xbb\xbf", "file_empty", {}),
        (b"\xff\xfe", "file_empty", {}),
        (b" \r\n\r\n\t", "file_empty", {}),
        (b"a" * (2 * 1024**2 + 1), "list_too_large", {"limit_mb": 2}),
        (b"%PDF-1.7\n%\xe2\xe3", "pdf_file", {}),
        (b"PK\x03\x04\x14\x00\x06\x00\x08\x00!\x00[Content_Types].xml", "format_unsupported", {"kind": "XLSX"}),
        (b"PK\x03\x04\n\x00\x00mimetypeapplication/hwp+zip", "hwp_file", {}),
        (b"PK\x03\x04\n\x00\x00readme.txt", "archive_file", {"kind": "ZIP"}),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook".encode("utf-16-le"), "format_unsupported", {"kind": "XLS"}),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "password_protected", {}),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1..HWP Document File", "hwp_file", {}),
        (b"HWP Document File V3.00", "hwp_file", {}),
        (b"\x1f\x8b\x08", "archive_file", {"kind": "GZIP"}),
        (b"\xff\xd8\xff\xe0", "format_unsupported", {"kind": "JPEG"}),
        (b"\r\n <HTML><table>", "format_unsupported", {"kind": "HTML"}),
        (b"\xef\xbb\xbf<?xml version='1.0'?>", "format_unsupported", {"kind": "XML"}),
        (KOREAN + b"\r\na,b\x00c", "contains_nul", {"row_number": 2}),
        (b"\0" * 100, "contains_nul", {"row_number": 1}),
        (PLAIN.encode() + b"\xff\xff", "undecodable", {"row_number": 4, "encoding": "UTF-8"}),
        (PLAIN.encode() * 900 + "김".encode("cp949"), "undecodable", {"row_number": 2701, "encoding": "UTF-8"}),
        (PLAIN.encode("cp949") + b"\xff\xff\r\n", "undecodable", {"row_number": 4, "encoding": "CP949"}),
        (PLAIN.encode("cp949") + b"\xb1", "undecodable", {"row_number": 4, "encoding": "CP949"}),
        (b"\xff\xfe\x00\xd8a\x00", "undecodable", {"row_number": 1, "encoding": "UTF-16-LE"}),
        (lines(HEADER, KIM, '"이서준,1990-12-31').encode(), "quotes_broken", {"row_number": 3}),
        (lines(HEADER, '"김민서"1985', LEE).encode(), "quotes_broken", {"row_number": 2}),
        (lines(HEADER, KIM, "x" * 3000).encode(), "row_too_large", {"row_number": 3, "limit_kb": 2}),
        (lines(HEADER, "x" * 1_000_000).encode(), "row_too_large", {"row_number": 2, "limit_kb": 2}),
        (lines(HEADER, KIM, '"' + "열리고\n" * 2000).encode(), "row_too_large", {"row_number": 3, "limit_kb": 2}),
        (lines(HEADER, '"\n",' * 3000).encode(), "row_too_large", {"row_number": 2, "limit_kb": 2}),
        (lines(HEADER, KIM + "," * 100).encode(), "too_many_columns", {"row_number": 2, "limit": 50}),
        (lines(HEADER, "," * 1_000_000).encode(), "row_too_large", {"row_number": 2, "limit_kb": 2}),
    ],
)
def test_what_is_no_list_is_refused_with_a_reason(data: bytes, code: str, params: dict[str, object]) -> None:
    with pytest.raises(ListUnreadable) as refused:
        rows_of(data)

    assert (refused.value.code, refused.value.params) == (code, params)
    assert str(refused.value)


def test_a_refusal_can_be_stored_and_told_later() -> None:
    errors = {error.code: error for error in ListUnreadable.__subclasses__()}
    assert len(errors) == len(ListUnreadable.__subclasses__())

    with pytest.raises(ListUnreadable) as refused:
        rows_of(lines(HEADER, "x" * 3000).encode())
    stored = json.loads(json.dumps({"code": refused.value.code, "params": refused.value.params}))

    assert str(errors[stored["code"]](**stored["params"])) == str(refused.value)


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (PLAIN.encode(), FileForm(encoding="utf-8", has_bom=False, delimiter=",")),
        (b"\xef\xbb\xbf" + PLAIN.encode(), FileForm(encoding="utf-8", has_bom=True, delimiter=",")),
        (PLAIN.encode("cp949"), FileForm(encoding="cp949", has_bom=False, delimiter=",")),
        (b"name,phone\r\n", FileForm(encoding="utf-8", has_bom=False, delimiter=",")),
        (b"a;b;c\r\n1;2;3\r\n", FileForm(encoding="utf-8", has_bom=False, delimiter=";")),
        (b"sep=;\r\na;b", FileForm(encoding="utf-8", has_bom=False, delimiter=";", directive="sep=;\r\n")),
        (b"sep=,\na,b", FileForm(encoding="utf-8", has_bom=False, delimiter=",", directive="sep=,\n")),
        (
            "성명;지급액\r\n김민서;1,200,000\r\n".encode("cp949"),
            FileForm(encoding="cp949", has_bom=False, delimiter=";"),
        ),
    ],
)
def test_the_form_is_told_by_the_first_bytes(data: bytes, form: FileForm) -> None:
    assert ListReader(BytesIO(data)).form == form


def test_korean_far_down_an_english_file_is_still_recognised() -> None:
    data = b"name,phone\r\n" + b"Kim,010\r\n" * 20_000 + "김민서,010\r\n".encode("cp949")

    *_others, last = ListReader(BytesIO(data))

    assert last == (20_002, ["김민서", "010"])


def test_one_broken_byte_does_not_turn_utf_8_into_cp949() -> None:
    data = PLAIN.encode() * 3 + b"\xff" + PLAIN.encode()

    assert ListReader(BytesIO(data)).form.encoding == "utf-8"


def test_only_line_ends_end_a_line() -> None:
    data = "성명,비고\r\n김민서,가\x0b나\x85다\u2028라\r\n".encode()

    assert rows_of(data)[1] == (2, ["김민서", "가\x0b나\x85다\u2028라"])


def test_progress_reaches_the_size() -> None:
    reader = ListReader(BytesIO(PLAIN.encode() * 5000))
    seen = [reader.bytes_read for _row in reader]

    assert seen == sorted(seen)
    assert len(set(seen)) > 3
    assert reader.bytes_read == reader.size


def test_it_can_be_read_again() -> None:
    reader = ListReader(BytesIO(b"\xef\xbb\xbfsep=;\r\n" + PLAIN.replace(",", ";").encode()))

    assert list(reader) == list(reader)


class Endless(RawIOBase):
    """A file of ``size`` bytes that goes on repeating one block and is nowhere in memory."""

    def __init__(self, first: bytes, block: bytes, size: int) -> None:
        super().__init__()
        self._first, self._block, self._size = first, block, size
        self._position = 0

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        self._position = self._size if whence == SEEK_END else offset
        return self._position

    def read(self, size: int | None = -1) -> bytes:
        assert size is not None, "the reader must say how much it wants"
        assert 0 < size <= 64 * 1024, "the reader must want no more than a block"
        start, end = self._position, min(self._position + size, self._size)
        self._position = end
        phase = max(start - len(self._first), 0) % len(self._block)
        repeated = self._block * (size // len(self._block) + 2)
        return (self._first[start:] + repeated[phase:])[: end - start]


@pytest.mark.parametrize(
    ("block", "code"),
    [
        (b"x", "row_too_large"),
        (b",", "row_too_large"),
        (b'"', "row_too_large"),
        (b'"\n",', "row_too_large"),
        (b'"a\nb', "quotes_broken"),
        ("김\n".encode("cp949") * 3 + b"\xff", "undecodable"),
    ],
)
def test_a_hostile_file_of_300_mb_takes_no_memory(block: bytes, code: str) -> None:
    file = Endless(lines(HEADER, KIM).encode("cp949"), block, 300 * 1024**2)
    tracemalloc.start()
    try:
        with pytest.raises(ListUnreadable) as refused:
            list(ListReader(file))
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert refused.value.code == code
    assert peak < 16 * 1024**2


def test_rows_are_streamed() -> None:
    file = Endless(lines(HEADER).encode(), (KIM + "\n").encode(), 300 * 1024**2)
    rows: Iterator[tuple[int, list[str]]] = iter(ListReader(file))

    assert [next(rows)[0] for _ in range(10_000)] == list(range(1, 10_001))


@given(st.binary(max_size=3000))
@example(b"\xff\xfe\x0a")
@example(b"sep=")
@example(b"sep=,")
@example(b"\xef\xbb\xbf\xff")
@example(b'"\r')
def test_any_bytes_give_rows_or_a_refusal(data: bytes) -> None:
    numbers = []
    with suppress(ListUnreadable):
        numbers.extend(number for number, _cells in ListReader(BytesIO(data), limits=SMALL))

    assert numbers == list(range(1, len(numbers) + 1))


cells = st.text(st.characters(codec="cp949", exclude_characters="\0"), max_size=12)


@given(
    st.lists(st.lists(cells, min_size=1, max_size=6), min_size=1, max_size=40),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["utf-8", "utf-8-sig", "cp949", "utf-16"]),
    st.integers(min_value=64, max_value=4096),
)
def test_what_a_spreadsheet_writes_is_read_back(
    table: list[list[str]], delimiter: str, encoding: str, row_chars: int
) -> None:
    table = [["연번", "성명", "지급액"], *table]
    text = StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(table)

    rows = rows_of(text.getvalue().encode(encoding), Limits(row_chars=max(row_chars, 200)))

    assert [cells for _number, cells in rows] == table
