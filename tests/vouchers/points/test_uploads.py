"""Files of partners without an API: every row read or told, nothing registered by half, and once."""

from __future__ import annotations

import io
from datetime import date, datetime

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from tests import factories
from tests.factories.points import PointDesk, seoul
from vouchers.common.errors import NotPermitted, StateConflict
from vouchers.common.sheets import FileUnreadable
from vouchers.points import errors, reading, services, uploads, workbook
from vouchers.points.models import Activity, ActivityUpload, UploadState

AT = seoul("2026-11-10 12:00")
HEADER = "실적번호,활동,활동일시,성명,생년월일,휴대전화,금액,수량"


def upload(desk: PointDesk, content: bytes, at: datetime = AT) -> ActivityUpload:
    return uploads.take_in(
        partner=desk.partner, file=io.BytesIO(content), file_name="실적.csv", at=at, **desk.acting(desk.drafter)
    )  # fmt: skip


def lines(*rows: str, encoding: str = "utf-8-sig") -> bytes:
    return "\r\n".join((HEADER, *rows)).encode(encoding)


def confirm(desk: PointDesk, made: ActivityUpload) -> ActivityUpload:
    return uploads.confirm(upload=made, at=AT, **desk.acting(desk.drafter))


@pytest.fixture(autouse=True)
def _people(desk: PointDesk) -> None:
    factories.make_citizen(desk.city, name="김하나", birth_date=date(1990, 1, 2), phone="01011112222")
    factories.make_citizen(desk.city, name="이두리", birth_date=date(1980, 3, 4), phone="01033334444")


ROWS = (
    "V1,campaign,2026-11-02,김하나,1990-01-02,010-1111-2222,,",
    'V2,로컬푸드 구매,2026. 11. 3. 09:30,이두리,19800304,1033334444,"12,000원",',
    "V3,탄소중립 교육,2026/11/04,이두리,1980.3.4,01033334444,,2.5",
)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp949"])
def test_a_file_is_shown_first_and_registered_when_confirmed(desk: PointDesk, encoding: str) -> None:
    made = upload(desk, lines(*ROWS, encoding=encoding))
    assert (made.rows_total, made.rows_accepted, made.problems) == (3, 3, [])
    assert not Activity.objects.exists()
    done = confirm(desk, made)
    assert (done.state, done.rows) == (UploadState.CONFIRMED, [])
    found = Activity.objects.order_by("row_number").values_list("row_number", "amount", "quantity", "occurred_at")
    assert [(row, amount, quantity and str(quantity)) for row, amount, quantity, _at in found] == [
        (2, None, None), (3, 12_000, None), (4, None, "2.500")
    ]  # fmt: skip
    assert found[1][3] == seoul("2026-11-03 09:30")


def test_a_workbook_with_titles_above(desk: PointDesk) -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "11월 실적")
        sheet.write_row(2, 0, ["실적 번호", "활동", "활동일시", "성명", "생년월일", "휴대 전화"])
        sheet.write_row(3, 0, ["V1", "campaign"])
        sheet.write_datetime(3, 2, datetime(2026, 11, 2, 7, 30), book.add_format({"num_format": "yyyy-mm-dd hh:mm"}))
        sheet.write_row(3, 3, ["김하나", 19900102, 1011112222])
    made = upload(desk, file.getvalue())
    assert (made.rows_accepted, made.problems) == (1, [])
    confirm(desk, made)
    activity = Activity.objects.get()
    assert (activity.row_number, activity.occurred_at) == (4, seoul("2026-11-02 07:30"))


def test_what_cannot_be_read_is_told_by_row_and_nothing_is_registered(desk: PointDesk) -> None:
    made = upload(desk, lines(
        ROWS[0],
        "V 2,campaign,2026-13-02,김하나,1990-01-02,010-1111-2222,,",
        "V3,없는 활동,2026-11-02,,1990,12,0,1.23456",
        "V1,campaign,2026-11-03,김하나,1990-01-02,010-1111-2222,,",
    ))  # fmt: skip
    assert [(problem["row"], problem["column"]) for problem in made.problems] == [
        (3, "실적번호"), (3, "활동일시"), (4, "활동"), (4, "성명"), (4, "생년월일"), (4, "휴대전화"), (4, "금액"), (4, "수량"),
        (5, "실적번호"),
    ]  # fmt: skip
    assert made.problems[-1]["reason"] == "같은 실적번호가 2행에 있습니다."
    with pytest.raises(errors.FileWithProblems):
        confirm(desk, made)
    assert not Activity.objects.exists()


def test_what_is_wrong_is_told_in_a_workbook_without_formulas(desk: PointDesk) -> None:
    made = upload(desk, lines("V1,=1+1,2026-11-02,김하나,1990-01-02,010-1111-2222,,", ROWS[0].replace("V1", "V2")))
    told = CalamineWorkbook.from_filelike(workbook.problems(made)).get_sheet_by_index(0).to_python()
    assert told == [
        ["엑셀 행", "열", "값", "사유", "처리"],
        [2.0, "활동", "=1+1", "이 기관이 제공하는 활동의 이름이나 코드가 아닙니다.", "고쳐야 함"],
    ]


def test_rows_that_do_not_count_are_kept_as_rejected(desk: PointDesk) -> None:
    made = upload(desk, lines(ROWS[0], "V9,campaign,2026-11-02,박없음,1990-01-02,010-9999-9999,,"))
    assert [(row["row"], row["column"], row["value"], uploads.reason_of(row)) for row in made.problems] == [
        (3, "성명", "박없음", "지갑 또는 시민을 찾을 수 없음")
    ]
    confirm(desk, made)
    rejected = Activity.objects.get(state="rejected")
    assert (rejected.row_number, rejected.person) == (3, "박없음|1990-01-02|01099999999")
    factories.make_citizen(desk.city, name="박없음", birth_date=date(1990, 1, 2), phone="01099999999")
    assert services.look_again(activity=rejected, authority=desk.acting(desk.drafter)["authority"]) == ""


def test_a_row_without_its_amount_blocks_the_file(desk: PointDesk) -> None:
    made = upload(desk, lines(ROWS[0], "V2,local_food,2026-11-02,김하나,1990-01-02,010-1111-2222,,"))
    assert [(row["row"], row["column"], uploads.reason_of(row)) for row in made.problems] == [
        (3, "금액", "금액이나 수량이 없음")
    ]
    with pytest.raises(errors.FileWithProblems):
        confirm(desk, made)
    assert not Activity.objects.exists()


def test_a_file_is_registered_once(desk: PointDesk) -> None:
    content = lines(*ROWS)
    first, second = upload(desk, content), upload(desk, content)
    confirm(desk, first)
    with pytest.raises(errors.FileTaken):
        confirm(desk, second)
    with pytest.raises(errors.FileTaken):
        upload(desk, content)
    with pytest.raises(StateConflict):
        confirm(desk, first)
    assert Activity.objects.count() == 3


def test_the_same_activities_in_another_file_count_once(desk: PointDesk) -> None:
    confirm(desk, upload(desk, lines(*ROWS)))
    confirm(desk, upload(desk, lines(*ROWS, "V4,campaign,2026-11-05,이두리,1980-03-04,01033334444,,")))
    assert Activity.objects.count() == 4


@pytest.mark.parametrize(
    "content",
    [b"", b"\0\1\2", b"PK\3\4 no workbook", "이름,날짜\n김하나,2026".encode(), HEADER.encode(), "실적번호,활동,활동일시\n1,2,3".encode()],
)  # fmt: skip
def test_what_is_no_such_file(desk: PointDesk, content: bytes) -> None:
    with pytest.raises(FileUnreadable):
        upload(desk, content)


def test_too_many_rows(desk: PointDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_ROWS", 2)
    with pytest.raises(FileUnreadable):
        upload(desk, lines(*ROWS))


def test_a_file_can_be_given_up(desk: PointDesk) -> None:
    made = upload(desk, lines(*ROWS))
    assert uploads.discard(upload=made, at=AT, **desk.acting(desk.drafter)).rows == []
    with pytest.raises(StateConflict):
        confirm(desk, made)
    with pytest.raises(NotPermitted):
        uploads.discard(upload=made, at=AT, **desk.acting(desk.payer))
