"""Files as municipal offices send them, and what must come out: one case for each kind of dirt.

Bytes are made here, so that a case can be read. All people are invented.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field
from datetime import date
from typing import Any

TODAY = date(2026, 11, 20)

HEADER = "연번,성명,생년월일,휴대전화,읍면동,지급액,비고"
KIM = "1,김민서,1985-01-05,010-1234-5678,행신1동,120000,"
LEE = "2,이서준,1990-12-31,010-2222-3333,행신2동,80000,"
KIM_READ = ("김민서", date(1985, 1, 5), "01012345678", "행신1동", 120_000)
LEE_READ = ("이서준", date(1990, 12, 31), "01022223333", "행신2동", 80_000)
VALUES = ("name", "birth_date", "phone", "dong", "amount")


@dataclass(frozen=True)
class Case:
    """``people`` maps the row number that Excel shows to VALUES; ``problems`` are (row, field, code)."""

    name: str
    data: bytes
    people: dict[int, tuple[Any, ...]]
    problems: list[tuple[int, str, str]] = field(default_factory=list)
    skipped: list[tuple[int, str]] = field(default_factory=list)
    unit: int = 1


def lines(*rows: str, end: str = "\r\n") -> str:
    return "".join(row + end for row in rows)


PLAIN = lines(HEADER, KIM, LEE)
BOTH = {2: KIM_READ, 3: LEE_READ}

ENCODINGS = [
    Case("utf-8", PLAIN.encode(), BOTH),
    Case("utf-8 with BOM, as Excel saves it", codecs.BOM_UTF8 + PLAIN.encode(), BOTH),
    Case("cp949, as Excel saves it by default", PLAIN.encode("cp949"), BOTH),
    Case(
        "syllables outside KS X 1001 in cp949",
        lines(HEADER, KIM.replace("김민서", "김똠햏")).encode("cp949"),
        {2: ("김똠햏", *KIM_READ[1:])},
    ),
    Case("utf-16, as Excel saves Unicode text", PLAIN.replace(",", "\t").encode("utf-16"), BOTH),
    Case("utf-16 big-endian", codecs.BOM_UTF16_BE + PLAIN.encode("utf-16-be"), BOTH),
    Case("semicolons", PLAIN.replace(",", ";").encode(), BOTH),
    Case("tabs", PLAIN.replace(",", "\t").encode("cp949"), BOTH),
    Case("semicolons with amounts in commas", PLAIN.replace(",", ";").replace("120000", "120,000").encode(), BOTH),
    Case("sep= line, which Excel does not count", ("sep=;\r\n" + PLAIN.replace(",", ";")).encode(), BOTH),
    Case("line feeds only", PLAIN.replace("\r\n", "\n").encode(), BOTH),
    Case("carriage returns only", PLAIN.replace("\r\n", "\r").encode(), BOTH),
    Case("no line end at the end", PLAIN.rstrip().encode(), BOTH),
    Case(
        "every cell quoted", lines(*('"' + row.replace(",", '","') + '"' for row in (HEADER, KIM, LEE))).encode(), BOTH
    ),
    Case("all in English", lines("name,birth date,phone,dong,amount", KIM[2:-1]).encode(), {2: KIM_READ}),
]

TABLES = [
    Case(
        "titles, unit and approval box above",
        lines(
            "2026년 청년수당 지급 대상자 명단,,,,,,",
            ",,,,결재,담당,팀장",
            "",
            "(단위: 원),,,,,,",
            HEADER, KIM, LEE,
        ).encode("cp949"),
        {6: KIM_READ, 7: LEE_READ},
    ),
    Case(
        "thousands of won by the title",
        lines("(단위: 명, 천원),,,,,,", HEADER, KIM.replace("120000", "120")).encode(),
        {3: KIM_READ}, unit=1000,
    ),
    Case(
        "thousands of won by the header, over two lines",
        lines(HEADER.replace("지급액", '"지급액\n(천원)"'), KIM.replace("120000", "120")).encode(),
        {2: KIM_READ}, unit=1000,
    ),
    Case(
        "the header's unit goes before the title's",
        lines("단위 : 천원", HEADER.replace("지급액", "지급액(원)"), KIM).encode(),
        {3: KIM_READ},
    ),
    Case(
        "spaces and line ends in header cells",
        lines('연 번,성   명,"생년\n월일","휴대\n전화",읍·면·동,"지급\n금액",비  고', KIM).encode(),
        {2: KIM_READ},
    ),
    Case(
        "header over two rows",
        lines(
            "연번,인적사항,,연락처,주소지,지급,,비고",
            ",성명,생년월일,휴대폰,행정동,지급액(원),은행명,",
            "1,김민서,1985-01-05,010-1234-5678,행신1동,120000,농협,",
        ).encode(),
        {3: KIM_READ},
    ),
    Case(
        "header over two rows, applicant and recipient",
        lines(
            "연번,신청인,,,대상자,,지급액",
            ",성명,생년월일,연락처,성명,생년월일,",
            "1,김아빠,1985-01-05,010-1234-5678,김아이,2020-03-02,120000",
        ).encode(),
        {3: ("김아이", date(2020, 3, 2), "01012345678", None, 120_000)},
    ),
    Case(
        "account holder as the only name",
        lines("예금주,생년월일,휴대전화,행정동,지급액", KIM[2:-1]).encode(),
        {2: KIM_READ},
    ),
    Case(
        "applicant rather than account holder",
        lines("예금주,신청인,생년월일,휴대전화,행정동,지급액", "김엄마," + KIM[2:-1]).encode(),
        {2: KIM_READ},
    ),
    Case(
        "building and room number are no dong",
        lines("성명,생년월일,휴대전화,동,호,지급액", "김민서,1985-01-05,010-1234-5678,101,1203,120000").encode(),
        {2: (*KIM_READ[:3], None, 120_000)},
    ),
    Case(
        "columns of an earlier result",
        lines(HEADER + ",처리결과,오류 사유,고치는 방법", KIM + ",오류,성명,고치십시오", LEE).encode(),
        BOTH,
    ),
    Case(
        "totals between and at the end, the count in the name column",
        lines(HEADER, KIM, ",소  계,,,,120000,", LEE, "합계,2명,,,,\"200,000\",", ",,,,총 계 (2명),200000,").encode(),
        {2: KIM_READ, 4: LEE_READ},
        skipped=[(3, "total"), (5, "total"), (6, "total")],
    ),
    Case(
        "blank rows, in the middle and at the end",
        lines(HEADER, KIM, "", ",,,,,,", " , ,\u00a0,,,,", LEE, ",,,,,,", "", "").encode(),
        {2: KIM_READ, 6: LEE_READ},
        skipped=[(row, "blank") for row in (3, 4, 5, 7, 8, 9)],
    ),
    Case(
        "title and header again on the next page",
        lines("지급 대상자 명단,,,,,,", HEADER, KIM, "지급 대상자 명단,,,,,,", HEADER, LEE).encode(),
        {3: KIM_READ, 6: LEE_READ},
        skipped=[(4, "title"), (5, "header")],
    ),
    Case(
        "what stands under the table",
        lines(
            HEADER, KIM, LEE, "이하 빈칸,,,,,,", "위와 같이 지급하고자 합니다.,,,,,,", ",,,2026. 11. 20.,,,",
            ",,,작성자 : 지방행정주사 홍길동 (인),,,", ",,,고양시장,,,", "끝.",
        ).encode(),
        BOTH,
        skipped=[(row, "footer") for row in range(4, 10)],
    ),
    Case(
        "a person after a footer line is still a person",
        lines(HEADER, KIM, "끝.", LEE).encode(),
        {2: KIM_READ, 4: LEE_READ},
        skipped=[(3, "footer")],
    ),
    Case(
        "a stray line is reported, not passed over",
        lines(HEADER, KIM, "추가 신청분,,,,,,", LEE).encode(),
        {2: KIM_READ, 3: (None,) * 5, 4: LEE_READ},
        problems=[(3, "name", "missing"), (3, "birth_date", "missing"), (3, "phone", "missing"), (3, "amount", "missing")],
    ),
    Case(
        "a person whose row is broken is not taken for a total",
        lines(HEADER, "1,합계,1985-01-05,010-1234-5678,행신1동,120000,").encode(),
        {2: (None, *KIM_READ[1:])},
        problems=[(2, "name", "name_unreadable")],
    ),
    Case(
        "line ends inside cells count as one row, as in Excel",
        lines(HEADER, KIM + '"첫째 줄\n둘째 줄\r\n셋째 줄"', "2,이서준,1990-13-31,010-2222-3333,행신2동,80000,").encode(),
        {2: KIM_READ, 3: ("이서준", None, *LEE_READ[2:])},
        problems=[(3, "birth_date", "birth_date_impossible")],
    ),
    Case(
        "short rows",
        lines(HEADER, KIM.rstrip(","), "2,이서준,1990-12-31").encode(),
        {2: KIM_READ, 3: (*LEE_READ[:2], None, None, None)},
        problems=[(3, "phone", "missing"), (3, "amount", "missing")],
    ),
    Case(
        "an amount cut by its own commas gives nothing away",
        lines(HEADER, KIM.replace("120000", "1,200,000"), LEE + ",,,").encode(),
        {2: (None,) * 5, 3: LEE_READ},
        problems=[(2, "row", "too_many_cells")],
    ),
    Case(
        "merged dongs",
        lines(HEADER, KIM, KIM.replace("행신1동", ""), ",소계,,,,240000,", LEE, LEE.replace("행신2동", "")).encode(),
        {2: KIM_READ, 3: KIM_READ, 5: LEE_READ, 6: LEE_READ},
        skipped=[(4, "total")],
    ),
    Case(
        "a dong that is only missing stays missing",
        lines(HEADER, KIM, KIM, KIM.replace("행신1동", "")).encode(),
        {2: KIM_READ, 3: KIM_READ, 4: (*KIM_READ[:3], None, 120_000)},
    ),
    Case(
        "five digits are birth dates without zeros where others have six",
        lines(HEADER, KIM.replace("1985-01-05", "850105"), LEE.replace("1990-12-31", "40105"), LEE.replace("1990-12-31", "105")).encode(),
        {
            2: KIM_READ,
            3: ("이서준", date(2004, 1, 5), *LEE_READ[2:]),
            4: ("이서준", date(2000, 1, 5), *LEE_READ[2:]),
        },
    ),
    Case(
        "five digits are Excel's days where one can be nothing else",
        lines(HEADER, KIM.replace("1985-01-05", "45293"), LEE.replace("1990-12-31", "40105")).encode(),
        {2: ("김민서", date(2024, 1, 2), *KIM_READ[2:]), 3: ("이서준", date(2009, 10, 19), *LEE_READ[2:])},
    ),
    Case(
        "five digits that could be either are asked about",
        lines(HEADER, LEE.replace("1990-12-31", "40105")).encode(),
        {2: ("이서준", None, *LEE_READ[2:])},
        problems=[(2, "birth_date", "birth_date_ambiguous")],
    ),
    Case(
        "birth dates in a column of resident numbers",
        lines(
            "성명,주민등록번호,휴대전화,지급액",
            "김민서,850105-2345678,010-1234-5678,120000",
            "김민서,850105-2******,010-1234-5678,120000",
            "이서준,90123,010-2222-3333,80000",
        ).encode(),
        {
            2: (*KIM_READ[:3], None, 120_000),
            3: (*KIM_READ[:3], None, 120_000),
            4: ("이서준", date(2009, 1, 23), "01022223333", None, 80_000),
        },
    ),
]  # fmt: skip
