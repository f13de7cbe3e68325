from __future__ import annotations

import json

import pytest

from allowances.batches.reading.columns import HEADER_WITHIN, Layout, known_labels, locate_columns
from allowances.batches.reading.errors import ListUnreadable


def locate(*rows: list[str], required: list[list[str]] | None = None) -> Layout:
    return locate_columns(enumerate(rows, start=1), required=[["name"]] if required is None else required)[0]


@pytest.mark.parametrize(
    ("label", "field"),
    [
        ("연번", "sequence"),
        ("No.", "sequence"),
        ("번 호", "sequence"),
        ("성명", "name"),
        ("성 명", "name"),
        ("성\u3000명", "name"),
        ("성\n명", "name"),
        ("＊성명", "name"),
        ("성명(신청인/대상자/예금주)", "name"),
        ("성명(한글)", "name"),
        ("대상자", "name"),
        ("대상자명", "name"),
        ("지급대상자 성명", "name"),
        ("신청인", "name"),
        ("신청자명", "name"),
        ("수급자", "name"),
        ("본인 성명", "name"),
        ("생년월일", "birth_date"),
        ("생년월일(6자리)", "birth_date"),
        ("대상자 생년월일", "birth_date"),
        ("주민등록번호 앞자리", "birth_date"),
        ("주민등록번호(앞 6자리)", "birth_date"),
        ("주민등록번호", "resident_number"),
        ("주민(등록)번호", "resident_number"),
        ("주민등록번호(외국인등록번호)", "resident_number"),
        ("연락처", "phone"),
        ("휴대전화", "phone"),
        ("휴대폰\n번호", "phone"),
        ("H.P", "phone"),
        ("연락처(휴대전화)", "phone"),
        ("연락처/휴대전화", "phone"),
        ("읍면동", "dong"),
        ("읍·면·동", "dong"),
        ("읍/면/동", "dong"),
        ("행정동명", "dong"),
        ("동", "dong"),
        ("주소", "address"),
        ("주소(도로명)", "address"),
        ("지급액\n(원)", "amount"),
        ("지급액[천원]", "amount"),
        ("지원금액", "amount"),
        ("금 액", "amount"),
        ("은행명", "bank"),
        ("계좌번호", "account_number"),
        ("입금 계좌번호", "account_number"),
        ("예금주", "account_holder"),
        ("비고", "note"),
        ("비  고", "note"),
    ],
)
def test_names_of_columns(label: str, field: str) -> None:
    beside = "이름" if field != "name" else "적요"

    assert locate([label, beside]).columns[field] == 0


@pytest.mark.parametrize(
    "label",
    [
        "성별", "성명(한자)과 뜻", "영문성명", "세대주", "보호자 성명", "주민등록번호 뒷자리", "신청일", "카드번호",
        "우편번호", "지급사유", "상세주소", "통·반", "성명/생년월일", "신청금액", "", "123", "x" * 70_000, "(" * 1000,
    ],
)  # fmt: skip
def test_names_that_are_left_aside(label: str) -> None:
    layout = locate([label, "성명", "연번"])

    assert layout.columns == {"name": 1, "sequence": 2}


def test_what_was_left_aside_is_told() -> None:
    layout = locate(["연번", "성명", "성별", "", "카드\n번호"])

    assert layout.ignored == ("성별", "카드 번호")
    assert json.loads(json.dumps(layout.summary())) == {
        "header_row": 1,
        "header_first": 1,
        "columns": {"sequence": "연번", "name": "성명"},
        "positions": {"sequence": 0, "name": 1},
        "ignored": ["성별", "카드 번호"],
        "unit": 1,
    }


@pytest.mark.parametrize(
    ("labels", "chosen"),
    [
        (["신청인", "성명", "연번"], {"name": 1}),
        (["예금주", "신청인", "연번"], {"account_holder": 0, "name": 1}),
        (["신청인 성명", "대상자 성명", "연번"], {"name": 1}),
        (["연락처", "휴대전화", "성명"], {"phone": 1}),
        (["자택전화", "연락처", "성명"], {"phone": 1}),
        (["금액", "지급액", "성명"], {"amount": 1}),
        (["법정동", "행정동", "성명"], {"dong": 1}),
        (["비고", "비고", "성명"], {"note": 0}),
    ],
)
def test_the_better_name_wins(labels: list[str], chosen: dict[str, int]) -> None:
    assert chosen.items() <= locate(labels).columns.items()


@pytest.mark.parametrize(
    ("row", "unit"),
    [
        (["성명", "지급액"], 1),
        (["성명", "지급액(천원)"], 1_000),
        (["성명", "지급액\n(단위 : 만원)"], 10_000),
        (["성명", "지급액 [백만원]"], 1_000_000),
        (["성명", "지급액", "(단위: 천원)"], 1_000),
        (["성명", "지급액", "(단위 : 명, 원)"], 1),
        (["성명", "지급액", "단위사업명: 청년 천원의 아침"], 1),
    ],
)
def test_units_of_money(row: list[str], unit: int) -> None:
    assert locate(row).unit == unit


def test_two_units_are_refused() -> None:
    with pytest.raises(ListUnreadable) as refused:
        locate(["(단위: 원)"], ["(단위: 천원)"], ["성명", "지급액"])

    assert (refused.value.code, refused.value.params) == ("unit_ambiguous", {"found": ["원", "천원"]})
    assert "원, 천원" in str(refused.value)


def test_columns_that_are_needed_and_missing_are_named_with_those_found() -> None:
    with pytest.raises(ListUnreadable) as refused:
        locate(["연번", "성명", "전화"], required=[["name"], ["birth_date", "resident_number"], ["amount"]])

    assert refused.value.code == "column_missing"
    assert refused.value.params == {
        "row_number": 1,
        "fields": [["birth_date", "resident_number"], ["amount"]],
        "found": ["연번", "성명", "전화"],
    }
    assert str(refused.value) == "1행의 제목에 생년월일/주민등록번호, 지급액 열이 없습니다. 찾은 열: 연번, 성명, 전화"


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        (["성명", "연번", "성 명"], ["A ‘성명’", "C ‘성 명’"]),
        (["성명", "지급액", "지원금액"], ["B ‘지급액’", "C ‘지원금액’"]),
        (["성명", *[""] * 25, "계좌번호", "입금계좌"], ["AA ‘계좌번호’", "AB ‘입금계좌’"]),
    ],
)
def test_two_columns_for_one_field_are_refused_and_named(labels: list[str], found: list[str]) -> None:
    with pytest.raises(ListUnreadable) as refused:
        locate(labels)

    assert refused.value.code == "column_ambiguous"
    assert refused.value.params["found"] == found
    assert ", ".join(found) in str(refused.value)


def test_without_a_header_nobody_is_named() -> None:
    with pytest.raises(ListUnreadable) as refused:
        locate(["홍길동", "850105-1234567", "010-1234-5678"])

    assert refused.value.code == "header_not_found"
    assert refused.value.params == {"rows": HEADER_WITHIN, "seen": "홍길동, ######-#######, ###-####-####"}


def test_a_header_too_far_down_is_not_looked_for() -> None:
    with pytest.raises(ListUnreadable, match="찾지 못했습니다"):
        locate(*[["안내"]] * HEADER_WITHIN, ["성명", "생년월일"])


def test_nothing_at_all() -> None:
    with pytest.raises(ListUnreadable):
        locate()


def test_rows_below_the_header_follow() -> None:
    rows = [["명단"], ["연번", "성명"], *([str(number), "김민서"] for number in range(100))]

    layout, rest = locate_columns(enumerate(rows, start=1), required=[["name"]])

    assert layout.header_row == 2
    assert list(rest) == list(enumerate(rows, start=1))[2:]


def test_known_labels_counts_fields_once() -> None:
    assert known_labels(["성명", "이름", "연락처", "휴대전화", "모름"]) == 2
