"""The bank's result sheet (이체 결과 파일): which columns these are, and what each row says of a payment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final

from django.utils.translation import gettext_lazy as _

from merchants.payouts.errors import ResultEmpty, ResultUnreadable
from merchants.payouts.rules import NOTED, PAID, REASONS, REJECTED, UNTOLD, Answer, digits_of_account

_HEADER_ROWS: Final = 30
ID, ACCOUNT, AMOUNT, RESULT, REASON = "id", "account", "amount", "result", "reason"
_NAMES: Final = {
    ID: ("이체번호", "업체사용key", "메모", "적요", "비고"),
    ACCOUNT: ("계좌번호", "입금계좌번호", "입금계좌", "받는계좌번호"),
    AMOUNT: ("이체금액", "입금액", "입금금액", "금액", "이체액"),
    RESULT: ("처리결과", "이체결과", "결과", "처리상태", "처리여부", "상태"),
    REASON: ("불능사유", "오류내용", "오류사유", "실패사유", "처리내용", "사유", "결과내용", "오류코드", "불능코드"),
}  # fmt: skip
_LABELS: Final = {ACCOUNT: _("계좌번호"), AMOUNT: _("이체금액"), RESULT: _("처리결과")}
_PAID: Final = frozenset({"정상", "정상처리", "완료", "처리완료", "이체완료", "성공", "정상완료", "입금완료"})
_FAILED: Final = ("불능", "실패", "오류", "거절", "반환", "미처리", "취소")
_BRACKETS: Final = re.compile(r"[(\[（].*?[)\]）]")
_OWN_ID: Final = re.compile(r"[0-9a-f]{32}")
_WORDS: Final = (
    ("AC04", ("해지", "없는계좌", "계좌없음", "무계좌")), ("BE01", ("예금주", "성명", "수취인명")),
    ("AM04", ("잔액", "출금한도")), ("AC06", ("지급정지", "거래중지", "거래정지", "입금정지")), ("AC03", ("계좌",)),
    ("RC01", ("은행",)),
)  # fmt: skip
"""What banks write for a reason, and the code it means; the first one that fits."""


def read_results(rows: Iterable[tuple[int, Sequence[str]]]) -> tuple[Answer, ...]:
    """What each row says. Raises ResultUnreadable with the row, ResultEmpty."""
    remaining = iter(rows)
    columns = _columns(islice(remaining, _HEADER_ROWS))
    answers = [
        answer for number, cells in remaining if (answer := _answer(number, cells, columns)) is not None
    ]  # fmt: skip
    if not answers:
        raise ResultEmpty
    return tuple(answers)


def _columns(head: Iterable[tuple[int, Sequence[str]]]) -> dict[str, list[int]]:
    for _number, cells in head:
        found: dict[str, list[int]] = {}
        for column, cell in enumerate(cells):
            name = _BRACKETS.sub("", re.sub(r"\s", "", cell)).lower()
            for field, names in _NAMES.items():
                if name in names:
                    found.setdefault(field, []).append(column)
        if all(field in found for field in _LABELS):
            return found
    missing = ", ".join(str(label) for label in _LABELS.values())
    raise ResultUnreadable(reason=_("다음 열의 제목이 있는 줄을 찾지 못했습니다: %(columns)s.") % {"columns": missing})


def _answer(number: int, cells: Sequence[str], columns: dict[str, list[int]]) -> Answer | None:
    """What the row says; None for one that is blank or a sum."""

    def said(field: str) -> list[str]:
        return [cells[column].strip() for column in columns.get(field, []) if column < len(cells)]

    account, result = digits_of_account("".join(said(ACCOUNT)[:1])), "".join(said(RESULT)[:1]).replace(" ", "")
    if not account and not result:
        return None
    amount = said(AMOUNT)[0].removesuffix("원").replace(",", "").removesuffix(".0")
    if not amount.isdecimal() or len(amount) > 15 or not account.isdecimal():
        raise ResultUnreadable(
            reason=_("%(row)s번째 줄의 계좌번호나 금액을 읽을 수 없습니다.") % {"row": number}
        )  # fmt: skip
    own = next((text for text in said(ID) if _OWN_ID.fullmatch(text)), "")
    words = " ".join(said(REASON))
    outcome, reason = _outcome(result, words)
    return Answer(own, outcome, reason, int(amount), account)


def _outcome(result: str, words: str) -> tuple[str, str]:
    """A result that nobody knows moves no money: it is noted, with the bank's own words."""
    if result in _PAID:
        return PAID, ""
    if not any(word in result for word in _FAILED):
        return NOTED, result
    code = next((code for code in REASONS if code in words), None)
    plain = words.replace(" ", "")
    return REJECTED, code or next((code for code, hints in _WORDS if any(hint in plain for hint in hints)), UNTOLD)
