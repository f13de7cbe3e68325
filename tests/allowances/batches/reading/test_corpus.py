"""Whole files, from bytes to people."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest

from allowances.batches.reading.columns import Layout, locate_columns
from allowances.batches.reading.errors import ListUnreadable, TooManyMerges, WorkbookTooLarge
from allowances.batches.reading.normalise import Chunk, Options, normalise_rows
from allowances.batches.reading.reader import Limits, ListReader
from allowances.batches.reading.tables import filled, open_table
from tests.allowances.batches.reading import corpus
from tests.allowances.batches.reading.corpus_workbooks import PAGES, PLAIN, REFUSED, WORKBOOKS, Refusal
from tests.allowances.batches.reading.workbooks import xlsx

CASES = corpus.ENCODINGS + corpus.TABLES + WORKBOOKS + PAGES


def read(data: bytes, **options: Any) -> tuple[Layout, Chunk]:
    table = open_table(BytesIO(data), whole=True)
    layout, rows = locate_columns(table)
    options = {
        "latest_birth": corpus.TODAY, "values": corpus.VALUES, "wide_rows_are_broken": isinstance(table, ListReader), **options,
    }  # fmt: skip
    people = filled(rows, table, amount=layout.columns.get("amount"))
    chunks = list(normalise_rows(people, layout, Options(**options)))
    return layout, Chunk(*([item for part in parts for item in part] for parts in zip(*chunks, strict=True)))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_file_gives_its_people(case: corpus.Case) -> None:
    layout, chunk = read(case.data)

    assert {row[0]: row[1:] for row in chunk.rows} == case.people
    assert [problem[:3] for problem in chunk.problems] == case.problems
    assert [(skipped.row_number, skipped.kind) for skipped in chunk.skipped] == case.skipped
    assert layout.unit == case.unit


@pytest.mark.parametrize("case", corpus.TABLES, ids=lambda case: case.name)
@pytest.mark.parametrize("encoding", ["cp949", "utf-8-sig", "utf-16"])
def test_the_encoding_makes_no_difference(case: corpus.Case, encoding: str) -> None:
    try:
        text = case.data.decode()
    except UnicodeDecodeError:
        text = case.data.decode("cp949")
    data = text.replace("\u00a0", " ").encode(encoding)

    assert {row[0]: row[1:] for row in read(data)[1].rows} == case.people


@pytest.mark.parametrize("chunk_rows", [1, 2, 3])
def test_the_size_of_chunks_makes_no_difference(chunk_rows: int) -> None:
    data = next(case.data for case in corpus.TABLES if case.name == "what stands under the table")

    assert read(data, chunk_rows=chunk_rows) == read(data)


def test_a_total_tells_its_amount() -> None:
    _layout, chunk = read(corpus.lines(corpus.HEADER, corpus.KIM, ",합계,,,,120000,").encode())

    assert chunk.skipped == [(3, "total", 120_000)]


def test_the_corpus_is_as_large_as_it_says() -> None:
    assert len({case.name for case in CASES}) + len(REFUSED) == len(CASES) + len(REFUSED) >= 100


@pytest.mark.parametrize("refusal", REFUSED, ids=lambda refusal: refusal.name)
def test_what_is_no_list_says_how_to_make_one(refusal: Refusal) -> None:
    with pytest.raises(ListUnreadable) as refused:
        read(refusal.data)
    assert refused.value.code == refusal.code
    assert refusal.says in str(refused.value)


@pytest.mark.parametrize(
    ("limits", "error"),
    [
        (Limits(sheet_bytes=500), WorkbookTooLarge),
        (Limits(strings_bytes=300), WorkbookTooLarge),
        (Limits(merges=1), TooManyMerges),
    ],
)
def test_a_bomb_is_told_by_what_it_claims_before_it_is_unpacked(limits: Limits, error: type[ListUnreadable]) -> None:
    def merged(_book: Any, sheet: Any) -> None:
        sheet.merge_range(5, 0, 6, 0, "")
        sheet.merge_range(8, 0, 9, 0, "")

    with pytest.raises(error):
        list(open_table(BytesIO(xlsx(PLAIN, finish=merged)), limits=limits, whole=True))
