"""Columns of the standard, CP949, and spreadsheets that take text for formulas."""

from __future__ import annotations

import unicodedata

import pytest

from merchants.open_data.rules import COLUMNS, Span, csv_line, guarded, lacking, spans, writable


def test_columns_stand_in_the_order_of_the_standard():
    assert ",".join(column.name for column in COLUMNS) == (
        "AFFILIATE_NM,LOCAL_BILL,CTPV_NM,SGG_NM,LCTN_ROAD_NM_ADDR,LCTN_LOTNO_ADDR,SECTOR_NM,MAIN_PRD,TELNO,CRTR_YMD,"
        "INSTT_CODE,INSTT_NM"
    )
    assert [column.key for column in COLUMNS] == [
        "affiliateNm", "localBill", "ctpvNm", "sggNm", "lctnRoadNmAddr", "lctnLotnoAddr", "sectorNm", "mainPrd", "telno",
        "crtrYmd", "insttCode", "insttNm",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "written", "lacks"),
    [
        ("행복분식", "행복분식", ""),
        ("뷁쀍 떡볶이", "뷁쀍 떡볶이", ""),  # beyond KS X 1001, within CP949
        ("Café 뮌헨", "Cafe 뮌헨", "é"),
        ("커피–빵", "커피-빵", "–"),
        ("카페☕", "카페?", "☕"),
        ("김밥🍙나라", "김밥?나라", "🍙"),
        (unicodedata.normalize("NFD", "가게"), "가게", None),
    ],
)
def test_what_cp949_lacks_is_replaced_and_named(text, written, lacks):
    assert writable(text) == written
    assert writable(text).encode("cp949")
    if lacks is not None:
        assert lacking(text) == lacks


@pytest.mark.parametrize("text", ["=1+1", "+82-31", "-2", "@SUM(A1)"])
def test_no_value_begins_like_a_formula_and_each_still_says_the_same(text):
    assert guarded(text)[0] not in "=+-@"
    assert unicodedata.normalize("NFKC", guarded(text)) == text
    assert guarded(text).encode("cp949")


def test_a_dash_that_becomes_a_minus_is_guarded_too():
    assert csv_line([writable("–cmd|' /C calc'!A0")]) == "－cmd|' /C calc'!A0\r\n"


def test_a_line_quotes_what_must_be_quoted():
    assert csv_line(['가"나', "다,라", "마"]) == '"가""나","다,라",마\r\n'


def test_pages_run_over_releases_without_a_gap():
    counts = [3, 0, 4]
    assert spans(counts, page=1, size=2) == [Span(0, 1, 2)]
    assert spans(counts, page=2, size=2) == [Span(0, 3, 3), Span(2, 1, 1)]
    assert spans(counts, page=4, size=2) == [Span(2, 4, 4)]
    assert spans(counts, page=5, size=2) == []
