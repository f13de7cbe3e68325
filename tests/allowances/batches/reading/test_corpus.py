"""Whole files, from bytes to people."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest

from allowances.batches.reading.columns import Layout, locate_columns
from allowances.batches.reading.normalise import Chunk, Options, normalise_rows
from allowances.batches.reading.reader import ListReader
from tests.allowances.batches.reading import corpus


def read(data: bytes, **options: Any) -> tuple[Layout, Chunk]:
    layout, rows = locate_columns(ListReader(BytesIO(data)))
    options = {"latest_birth": corpus.TODAY, "values": corpus.VALUES, **options}
    chunks = list(normalise_rows(rows, layout, Options(**options)))
    return layout, Chunk(*([item for part in parts for item in part] for parts in zip(*chunks, strict=True)))


@pytest.mark.parametrize("case", corpus.ENCODINGS + corpus.TABLES, ids=lambda case: case.name)
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
