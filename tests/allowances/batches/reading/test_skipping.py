from __future__ import annotations

import pytest

from allowances.batches.reading.columns import Layout, locate_columns
from allowances.batches.reading.skipping import kind_of

HEADER = ["연번", "성명", "생년월일", "휴대전화", "읍면동", "지급액", "비고"]


@pytest.fixture(scope="module")
def layout() -> Layout:
    return locate_columns(enumerate([["2026년 지급 대상자"], HEADER], start=1))[0]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([], "blank"),
        (["", " ", "\u00a0"], "blank"),
        (["합계", "", "", "", "", "200,000", ""], "total"),
        (["", "소  계", "", "", "", "200000", ""], "total"),
        (["", "", "", "", "총계", "200000", ""], "total"),
        (["계", "12명", "", "", "", "200000", ""], "total"),
        (["합계(1,234명)", "", "", "", "", "200000", ""], "total"),
        (["합 계 : 3건", "", "", "", "", "200000", ""], "total"),
        (["행신1동 소계", "", "", "", "", "200000", ""], "total"),
        (["누계", "", "-", "-", "", "200000", ""], "total"),
        (["Total", "", "", "", "", "200000", ""], "total"),
        (["1", "합계", "1985-01-05", "010-1234-5678", "", "200000", ""], None),
        (["합계", "김민서", "", "", "", "200000", ""], None),
        (["소계", "", "850105", "", "", "200000", ""], None),
        (HEADER, "header"),
        (["연번", "성명", "", "", "", "", ""], "header"),
        (["연번", "김민서", "", "", "", "", ""], None),
        (["", "", "성명", "연번", "", "", ""], None),
        (["2026년 지급 대상자", "", ""], "title"),
        (["", "2026년  지급 대상자", ""], "title"),
        (["위와 같이 지급하고자 합니다."], "footer"),
        (["이하 빈칸"], "footer"),
        (["- 이하 여백 -".strip("- ")], "footer"),
        (["끝."], "footer"),
        (["", "끝"], "footer"),
        (["", "", "", "작성자 : 지방행정주사 홍길동 (인)"], "footer"),
        (["※ 지급일은 2026. 11. 25. 입니다."], "footer"),
        (["붙임 1. 명단 1부. 끝."], "footer"),
        (["※", "김민서", "1985-01-05", "010-1234-5678", "", "120000", ""], None),
        (["3", "김민서", "", "", "", "", "※ 서류 미비"], None),
        (["", "김민서", "", "", "", "", "담당자 확인"], None),
        (["3", "", "1985-01-05", "010-1234-5678", "", "", "※ 서류 미비"], None),
        (["추가 신청분"], None),
        (["끝분이", "김민서"], None),
    ],
)
def test_kinds(layout: Layout, cells: list[str], kind: str | None) -> None:
    assert kind_of(cells, layout) == kind


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["", "", "2026. 11. 20."], "footer"),
        (["고양시장", "(직인)"], "footer"),
        (["", "고양시장"], "footer"),
        (["담당자", "김민서"], None),
        (["1", "김민서", "1985-01-05"], None),
        (["", "김민서", "1985-01-05"], None),
    ],
)
def test_signatures_below_a_footer_line(layout: Layout, cells: list[str], kind: str | None) -> None:
    assert kind_of(cells, layout, below_footer=True) == kind
