from __future__ import annotations

import csv
from collections.abc import Iterable
from io import BytesIO, StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allowances.batches.reading.annotate import RESULT_COLUMNS, Note, annotate, neutral
from allowances.batches.reading.errors import ListUnreadable
from allowances.batches.reading.reader import ListReader
from tests.allowances.batches.reading.corpus import HEADER, KIM, LEE, lines

TITLES = [str(title) for title in RESULT_COLUMNS]


def annotated(data: bytes, notes: Iterable[Note] = (), header_row: int = 1) -> bytes:
    return b"".join(annotate(BytesIO(data), layout={"header_row": header_row}, notes=notes))


def table(data: bytes) -> list[list[str]]:
    return [cells for _number, cells in ListReader(BytesIO(data))]


def test_reasons_stand_at_the_right_end_of_bad_rows() -> None:
    data = lines("청년수당 명단", HEADER, KIM, LEE).encode()
    notes = [(4, "오류", "생년월일: 날짜로 읽을 수 없습니다.", "연-월-일로 입력하십시오.")]

    rows = table(annotated(data, notes, header_row=2))

    assert rows == [
        ["청년수당 명단"],
        HEADER.split(",") + TITLES,
        KIM.split(","),
        [*LEE.split(","), *notes[0][1:]],
    ]


def test_several_reasons_for_a_row_are_put_together() -> None:
    notes = [(2, "오류", "가", "고침"), (2, "오류", "나", "고침"), (9, "오류", "없는 행", "")]

    assert table(annotated(lines(HEADER, KIM).encode(), notes))[1][-3:] == ["오류", "가; 나", "고침"]


def test_the_widest_row_sets_where_the_reasons_begin() -> None:
    data = lines("성명,연번", "김민서,1,넘친,값", "이서준").encode()

    rows = table(annotated(data, [(2, "오류", "가", "나"), (3, "오류", "다", "라")]))

    assert rows == [
        ["성명", "연번", "", "", *TITLES],
        ["김민서", "1", "넘친", "값", "오류", "가", "나"],
        ["이서준", "", "", "", "오류", "다", "라"],
    ]


def test_a_file_annotated_twice_has_its_columns_once() -> None:
    data = lines(HEADER, KIM, LEE).encode()
    once = annotated(data, [(2, "오류", "처음", "고침")])

    assert annotated(once, [(3, "오류", "다음", "고침")]) == annotated(data, [(3, "오류", "다음", "고침")])


@pytest.mark.parametrize(
    ("preamble", "encoding", "delimiter"),
    [
        (b"", "utf-8", ","),
        (b"\xef\xbb\xbf", "utf-8", ";"),
        (b"", "cp949", "\t"),
        (b"\xff\xfe", "utf-16-le", "\t"),
        (b"\xef\xbb\xbfsep=;\r\n", "utf-8", ";"),
    ],
)
def test_encoding_mark_and_delimiter_stay(preamble: bytes, encoding: str, delimiter: str) -> None:
    rows = [HEADER, KIM, LEE]
    data = preamble + lines(*(row.replace(",", delimiter) for row in rows)).encode(encoding)
    expected = lines(delimiter.join([*HEADER.split(","), *TITLES]), *(row.replace(",", delimiter) for row in rows[1:]))

    assert annotated(data) == preamble + expected.encode(encoding)


def test_characters_that_cp949_lacks_do_not_stop_it() -> None:
    result = annotated(lines(HEADER, KIM).encode("cp949"), [(2, "오류", "값: 😀 – ✓", "")])

    assert result.decode("cp949").endswith("오류,값: ? ? ?,\r\n")


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        '=HYPERLINK("http://x")',
        "+1+1",
        "-1+1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "＝1",
        "+82-10-1234-5678",
        "-홍길동",
    ],
)
def test_formulas_are_disarmed(cell: str) -> None:
    assert neutral(cell) == f"'{cell}"


@pytest.mark.parametrize(
    "cell", ["", "-", "-1", "-1,200.5", "+8210", "1e5", "-1.5E+10", "-3%", "가=나", "'=1", "010-1234-5678"]
)
def test_plain_cells_stay(cell: str) -> None:
    assert neutral(cell) == cell


def test_formulas_in_the_officials_own_cells_and_in_notes() -> None:
    data = lines(HEADER, KIM + "\"=cmd|'/C calc'!A0\"").encode()

    assert table(annotated(data, [(2, "오류", "=1+1", "@x")]))[1][6:] == ["'=cmd|'/C calc'!A0", "오류", "'=1+1", "'@x"]


def test_what_cannot_be_read_is_refused() -> None:
    with pytest.raises(ListUnreadable):
        annotated(lines(HEADER, '"김민서').encode())


def test_it_is_streamed() -> None:
    data = lines(HEADER, *[KIM] * 20_000).encode()

    parts = list(
        annotate(BytesIO(data), layout={"header_row": 1}, notes=((row, "오류", "가", "나") for row in range(2, 20_002)))
    )

    assert len(parts) > 10
    assert max(map(len, parts)) < 256 * 1024
    assert len(table(b"".join(parts))) == 20_001


cells = st.text(st.characters(codec="cp949", exclude_characters="\0"), max_size=10)


@given(
    st.lists(st.lists(cells, min_size=2, max_size=6), max_size=20),
    st.sets(st.integers(min_value=2, max_value=25)),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["utf-8", "utf-8-sig", "cp949", "utf-16"]),
)
def test_rows_columns_and_values_survive(rows: list[list[str]], bad: set[int], delimiter: str, encoding: str) -> None:
    header = ["연번", "성명", "지급액"]
    text = StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows([header, *rows])
    width = max(map(len, [header, *rows]))

    result = table(annotated(text.getvalue().encode(encoding), [(row, "오류", "가", "나") for row in sorted(bad)]))

    assert result[0] == header + [""] * (width - 3) + TITLES
    for number, (before, after) in enumerate(zip(rows, result[1:], strict=True), start=2):
        assert after[: len(before)] == [neutral(cell) for cell in before]
        assert after[len(before) :] == ([""] * (width - len(before)) + ["오류", "가", "나"] if number in bad else [])
