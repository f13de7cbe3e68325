import dataclasses
import re
from datetime import UTC, date, datetime, timedelta

import pytest

from reports.documents import statement as statements
from reports.documents.head import ApprovalBox
from reports.documents.statement import Statement, StatementDoesNotAddUp, StatementLine
from tests.reports.documents import papers

OPENING = datetime(2026, 3, 2, 0, 5, tzinfo=UTC)  # 09:05 in Seoul


def payment(amount: int, *, minutes: int = 0, reference: str = "") -> StatementLine:
    return StatementLine(at=OPENING + timedelta(minutes=minutes), reference=reference, payments=1, paid=amount)


def refund(amount: int, *, minutes: int = 0, reference: str = "") -> StatementLine:
    return StatementLine(at=OPENING + timedelta(minutes=minutes), reference=reference, refunds=1, refunded=amount)


SHOP = Statement(
    document_number="지역경제과-1234",
    issued_on=date(2026, 3, 3),
    issuer="고양시장",
    municipality="고양시",
    currency="고양페이",
    first_day=date(2026, 3, 2),
    last_day=date(2026, 3, 2),
    pays_on=date(2026, 3, 3),
    shop="한빛식당",
    business_number="1248100998",
    representative="김철용",
    bank="농협은행",
    account_number="351-1234-5678-13",
    lines=(
        payment(200_000, reference="2603020001"),
        payment(39_080, minutes=7, reference="2603020002"),
        refund(4_500, minutes=65, reference="2603020003"),
    ),
    approvals=(
        ApprovalBox(role="담당", name="이영희", signed_on=date(2026, 3, 3)),
        ApprovalBox(role="팀장", name="박민수", signed_on=date(2026, 3, 3), delegated=True),
        ApprovalBox(role="과장", unused=True),
    ),
)


def words(statement: Statement, folder) -> str:
    """The text of the paper with single spaces."""
    return re.sub(r"\s+", " ", papers.text(statements.render(statement), folder))


def test_a_day_of_a_shop(tmp_path):
    """200,000 + 39,080 paid, 4,500 given back: 234,580 won go to the shop."""
    paper = words(SHOP, tmp_path)
    for expected in [
        "가맹점 정산내역서",
        "고양시 · 고양페이",
        "문서번호 지역경제과-1234 발급일 2026. 3. 3.",
        "정산기간 2026. 3. 2. 지급일 2026. 3. 3.",
        "상호 한빛식당 사업자등록번호 124-81-00998",
        "대표자 김*용 정산계좌 농협은행 ***-****-**78-13",
        "정산지급액 금234,580원(금이십삼만사천오백팔십원)",
        "(단위: 원)",
        "연번 거래일시 구분 승인번호 결제금액 취소금액 정산금액",
        "1 09:05 승인 2603020001 200,000 0 200,000",
        "2 09:12 승인 2603020002 39,080 0 39,080",
        "3 10:10 취소 2603020003 0 4,500 △4,500",
        "이하 빈칸 승인 소계 (2건) 239,080 0 239,080",
        "취소 소계 (1건) 0 4,500 △4,500",
        "총계 (3건) 239,080 4,500 234,580",
        "정산지급액 234,580",
        "끝. 2026. 3. 3. 고양시장 관인생략",
        "- 1 / 1 -",
    ]:
        assert expected in paper
    assert statements.digest(SHOP) in paper.replace(" ", "")


def test_approval_boxes_stand_on_the_first_page(tmp_path):
    paper = words(SHOP, tmp_path)
    assert "담당 팀장 과장" in paper
    assert "전결" in paper
    assert "이영희" in paper
    assert paper.index("박민수") < paper.index("문서번호")
    assert "담당" not in words(dataclasses.replace(SHOP, approvals=()), tmp_path)


def test_names_and_accounts_appear_nowhere_whole(tmp_path):
    made = statements.render(SHOP)
    for hidden in ("김철용", "351-1234-5678-13", "1234-5678"):
        assert hidden not in papers.text(made, tmp_path)
        assert hidden not in str(statements.words(SHOP))
        assert hidden not in repr(SHOP)


def test_a_long_statement_numbers_its_pages_and_repeats_the_heading_of_the_table(tmp_path):
    lines = tuple(payment(1_000 + number, minutes=number, reference=f"{number:010d}") for number in range(120))
    made = statements.render(dataclasses.replace(SHOP, lines=lines))
    pages = papers.text(made, tmp_path).split("\f")[:-1]
    assert papers.page_count(made, tmp_path) == len(pages) == 3
    for number, page in enumerate(pages, start=1):
        assert f"- {number} / 3 -" in page
        assert "결제금액" in page
        assert "지역경제과-1234 · " in page
    assert ["이하 빈칸" in page for page in pages] == [False, False, True]
    assert "127,140" in pages[2]


def test_the_end_never_stands_alone_on_a_page(tmp_path):
    for count in range(10, 40, 3):
        lines = tuple(payment(1_000, minutes=number) for number in range(count))
        last = papers.text(statements.render(dataclasses.replace(SHOP, lines=lines)), tmp_path).split("\f")[-2]
        assert "끝." in last
        assert "총계" in last


def test_several_days_have_subtotals(tmp_path):
    lines = (payment(1_000), payment(2_000, minutes=5), payment(5_000, minutes=24 * 60), refund(500, minutes=24 * 60))
    paper = words(dataclasses.replace(SHOP, last_day=date(2026, 3, 3), lines=lines), tmp_path)
    assert "정산기간 2026. 3. 2. ~ 2026. 3. 3." in paper
    assert "1 3. 2. 09:05 승인" in paper
    assert "2026. 3. 2. 소계 3,000 0 3,000" in paper
    assert "2026. 3. 3. 소계 5,000 500 4,500" in paper


def month(*, discount: int = 0) -> tuple[StatementLine, ...]:
    """Every day of the longest month, with amounts of a large shop."""
    return tuple(
        StatementLine(
            at=date(2026, 3, day), payments=1_200, paid=9_000_000, refunds=3, refunded=12_000, discount=discount
        )
        for day in range(1, 32)
    )  # fmt: skip


def test_one_line_per_day(tmp_path):
    paper = words(dataclasses.replace(SHOP, last_day=date(2026, 3, 4), lines=month()[1:4]), tmp_path)
    assert "거래일 승인(건) 취소(건) 결제금액 취소금액 정산금액" in paper
    assert "2026. 3. 3. 1,200 3 9,000,000 12,000 8,988,000" in paper
    assert "소계" not in paper
    assert "총계 3,600 9 27,000,000 36,000 26,964,000 정산지급액 26,964,000" in paper


def test_the_fullest_month_stands_on_one_page_with_its_totals_and_boxes_in_readable_letters(tmp_path):
    full = dataclasses.replace(
        SHOP, first_day=date(2026, 3, 1), last_day=date(2026, 3, 31), lines=month(discount=270_000), exchanged=1_000_000,
        fee=123_456, adjusted=-7_000, carried_in=-5_000, carried_out=-2_000,
    )  # fmt: skip
    made = statements.render(full)
    assert papers.page_count(made, tmp_path) == 1
    paper = re.sub(r"\s+", " ", papers.text(made, tmp_path))
    for expected in [
        "담당 팀장 과장", "2026. 3. 31. 1,200 3 9,258,000 270,000 9,000,000 12,000 8,988,000", "수시 환전액(이미 정산) △1,000,000",
        "가맹점 수수료 △123,456", "정산 조정액 △7,000", "전기 이월액 △5,000", "차기 이월액 △2,000", "정산지급액 277,494,544",
        "고양시장 관인생략", "- 1 / 1 -",
    ]:  # fmt: skip
        assert expected in paper
    sizes = papers.letter_sizes(made, tmp_path)
    assert all(sizes[word] >= 9 for word in ("9,258,000", "8,988,000", "△123,456", "277,494,544"))


def test_the_paper_is_an_archive_with_tags_and_the_same_bytes_again(tmp_path):
    made = statements.render(SHOP)
    assert statements.render(SHOP) == made
    assert len(made) < 100_000
    about, metadata = papers.facts(made, tmp_path)
    assert about["Tagged"].strip() == "yes"
    assert about["Title"].strip() == "가맹점 정산내역서 지역경제과-1234"
    assert re.search(r"part\W+3\b", metadata)
    assert re.search(r"conformance\W+A\b", metadata)
    tags = papers.structure(made, tmp_path)
    assert re.search(r"TH[^\n]*\n(?:\s+/[^\n]*\n)*\s+\"결제금액\"", tags)
    assert re.search(r"TD[^\n]*\n(?:\s+/[^\n]*\n)*\s+\"200,000\"", tags)
    for font in papers.fonts(made, tmp_path):
        assert "+NanumGothic" in font


def test_a_letter_that_no_font_has_is_shown_as_one_that_is_missing(tmp_path):
    paper = words(dataclasses.replace(SHOP, shop="똠얌 食堂 \U000f0000"), tmp_path)
    assert "상호 똠얌 食堂 〓 사업자등록번호" in paper


def test_what_is_carried_over_is_shown(tmp_path):
    """Refunds of 7,000 were left over; of this day's 5,000 nothing is paid and 2,000 stay to be made good."""
    carried = dataclasses.replace(SHOP, lines=(payment(5_000),), carried_in=-7_000, carried_out=-2_000)
    assert carried.payable == 0
    paper = words(carried, tmp_path)
    assert "전기 이월액 △7,000 차기 이월액 △2,000 정산지급액 0" in paper
    assert "금0원(금영원)" in paper
    assert "이월액" not in words(SHOP, tmp_path)


def test_a_day_without_payments(tmp_path):
    paper = words(dataclasses.replace(SHOP, lines=()), tmp_path)
    assert "정산금액 이하 빈칸 승인 소계 (0건) 0 0 0" in paper
    quiet = words(dataclasses.replace(SHOP, lines=(), last_day=date(2026, 3, 31)), tmp_path)
    assert "정산금액 이하 빈칸 총계 0 0 0 0 0 정산지급액 0" in quiet


@pytest.mark.parametrize(
    "change",
    [{"carried_in": -300_000}, {"carried_out": 300_000}, {"lines": (payment(-1),)}, {"lines": (refund(-1),)}],
)
def test_figures_that_do_not_add_up_are_not_printed(change):
    with pytest.raises(StatementDoesNotAddUp):
        dataclasses.replace(SHOP, **change)


@pytest.mark.parametrize("name", ['<img src="x"> & <b>식당', '#read("/etc/passwd") $x$ *_`식당`', 'a"b\\ \\"식당'])
def test_a_name_is_text_and_never_markup(tmp_path, name):
    assert f"상호 {name} 사업자등록번호" in words(dataclasses.replace(SHOP, shop=name), tmp_path)


def test_the_digest_is_pinned():
    """Papers in archives are checked against it: whoever changes its form makes a new format name."""
    assert statements.digest(SHOP) == "7026002ecefe503c1dbe0c2a7eae623b065f2c3c66be1ae4fefae2e10d6b55cb"


@pytest.mark.parametrize(
    "change",
    [
        {"document_number": "지역경제과-1235"},
        {"business_number": "1248100999"},
        {"municipality": "김포시"},
        {"currency": "김포페이"},
        {"last_day": date(2026, 3, 3)},
        {"carried_in": 1},
        {"carried_out": 1},
        {"lines": SHOP.lines[:2]},
        {"lines": SHOP.lines[::-1]},
        {"lines": (*SHOP.lines[:2], refund(4_500, minutes=66, reference="2603020003"))},
        {"lines": (*SHOP.lines[:2], refund(4_501, minutes=65, reference="2603020003"))},
        {"lines": (*SHOP.lines[:2], refund(4_500, minutes=65, reference="2603020004"))},
    ],
)
def test_every_figure_is_in_the_digest(change):
    assert statements.digest(dataclasses.replace(SHOP, **change)) != statements.digest(SHOP)


@pytest.mark.parametrize(
    "change", [{"representative": "이"}, {"account_number": ""}, {"shop": "새 상호"}, {"approvals": ()}]
)
def test_people_and_layout_are_not_in_the_digest(change):
    assert statements.digest(dataclasses.replace(SHOP, **change)) == statements.digest(SHOP)
