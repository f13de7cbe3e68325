"""From the tax office's list to cases against shops: shown first, noticed to all, and decided by two people.

A shop is not closed by a list. It gets the notice and the days to answer that the law gives (행정절차법 제21조), and who
answers is heard like in any other case.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, BinaryIO, Final, NamedTuple

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from merchants.closures import selectors
from merchants.closures.errors import CheckDecided, NobodyToNotify
from merchants.closures.models import BusinessStatus, CheckState, ClosureCheck, ClosureFinding
from merchants.closures.rules import CASES, end_of, status_of
from merchants.dispositions import services as dispositions
from merchants.dispositions.selectors import violations_on
from vouchers.common.database import domain_errors
from vouchers.common.errors import NotPermitted
from vouchers.common.korean import document_date
from vouchers.common.seoul import business_date
from vouchers.common.sheets import FileUnreadable, Row, open_sheet, text_of
from vouchers.officials.models import Official
from vouchers.officials.selectors import Authority
from vouchers.privacy.rules import BusinessNumberInvalid, parse_business_number

MOST_ROWS: Final = 100_000
PROBLEMS_KEPT: Final = 200
_BATCH: Final = 1_000
COLUMNS: Final = {
    "b_no": "number", "사업자등록번호": "number", "사업자번호": "number",
    "b_stt_cd": "code", "상태코드": "code", "사업자상태코드": "code",
    "b_stt": "status", "사업자상태": "status", "납세자상태": "status", "상태": "status", "휴폐업상태": "status",
    "end_dt": "end", "폐업일": "end", "폐업일자": "end",
}  # fmt: skip


class Answer(NamedTuple):
    """What the tax office says of one number."""

    number: str
    status: str
    ended_on: date | None


def take_in(
    *, municipality: str, file: BinaryIO, file_name: str, checked_on: date, official: Official, authority: Authority,
    at: datetime,
) -> ClosureCheck:  # fmt: skip
    """Read a list and match it with the register; nothing happens to any shop yet. Raises NotPermitted, FileUnreadable."""
    _require(authority, "merchants.edit", municipality)
    sheet = open_sheet(file, columns=COLUMNS, required={"number"}, most_rows=MOST_ROWS)
    if not {"code", "status"} & sheet.fields:
        raise FileUnreadable(why=_("b_stt_cd(상태코드) 또는 b_stt(사업자 상태) 열이 있어야 합니다."))
    problems: list[dict[str, Any]] = []
    answers = {answer.number: answer for answer in _answers(sheet.rows, problems)}
    if not answers and not problems:
        raise FileUnreadable(why=_("조회 결과가 한 건도 없습니다."))
    said = list(answers.values())
    found = selectors.matched(municipality=municipality, numbers=[answer.number for answer in said])
    with transaction.atomic():
        check = ClosureCheck.objects.create(
            municipality_id=municipality, file_name=file_name[-200:], checked_on=checked_on, uploaded_by=official,
            uploaded_at=at, problems=problems[:PROBLEMS_KEPT], rows_total=len(said) + len(problems),
            rows_open=sum(answer.status == "open" for answer in said),
            rows_unknown=sum(match.merchant is None for match in found),
        )  # fmt: skip
        ClosureFinding.objects.bulk_create(
            [
                ClosureFinding(
                    municipality_id=municipality, check_of=check, merchant_id=match.merchant,
                    status=said[match.at].status, ended_on=said[match.at].ended_on,
                )
                for match in found
                if match.merchant and said[match.at].status != "open"
            ],
            batch_size=_BATCH,
        )  # fmt: skip
    return check


def notify(
    *, check: ClosureCheck, notice_on: date, notice_document: str, opinion_until: date, official: Official,
    authority: Authority, at: datetime,
) -> int:  # fmt: skip
    """Begin a case against every closed or dormant shop that has none; returns how many.

    Raises NotPermitted, CheckDecided, NobodyToNotify, OpinionTimeTooShort.
    """
    _require(authority, "merchants.edit", check.municipality_id)
    with transaction.atomic(), domain_errors():
        held = _undecided(check)
        open_ones = list(selectors.without_case(held))
        if not open_ones:
            raise NobodyToNotify
        rules = {rule.code: rule for rule in violations_on(day=business_date(at))}
        for status, (code, _measure) in CASES.items():
            findings = {finding.merchant_id: finding for finding in open_ones if finding.status == status}
            cases = dispositions.notify_all(
                municipality=held.municipality_id, violation=rules[code], found_on=held.checked_on, notice_on=notice_on,
                notice_document=notice_document, opinion_until=opinion_until, official=official, authority=authority,
                at=at, shops={shop: _facts(held, finding) for shop, finding in findings.items()},
            )  # fmt: skip
            for case in cases:
                findings[case.merchant_id].disposition = case
        ClosureFinding.objects.bulk_update(open_ones, ["disposition"], batch_size=_BATCH)
        _decide(held, CheckState.NOTICED, official=official, at=at)
    return len(open_ones)


def discard(*, check: ClosureCheck, official: Official, authority: Authority, at: datetime) -> ClosureCheck:
    """Give a list up. Raises NotPermitted, CheckDecided."""
    _require(authority, "merchants.edit", check.municipality_id)
    with transaction.atomic():
        return _decide(_undecided(check), CheckState.DISCARDED, official=official, at=at)


def propose_unanswered(
    *, check: ClosureCheck, effective_from: date, official: Official, authority: Authority, at: datetime
) -> int:
    """Submit closing or suspension for every shop that did not answer in time; returns how many. Raises NotPermitted."""
    proposed = 0
    with transaction.atomic():
        for status, (_code, measure) in CASES.items():
            waiting = selectors.unanswered(check, day=business_date(at)).filter(status=status)
            proposed += dispositions.propose_all(
                municipality=check.municipality_id, cases=list(waiting.values_list("disposition", flat=True)),
                measure=measure, effective_from=effective_from, official=official, authority=authority, at=at,
                reason=gettext("국세청 휴폐업 조회(%(day)s) 결과 %(status)s, 기한까지 의견 없음")
                % {"day": document_date(check.checked_on), "status": BusinessStatus(status).label},
            )  # fmt: skip
    return proposed


def decide_proposed(*, check: ClosureCheck, official: Official, authority: Authority, at: datetime) -> int:
    """Decide all that another official submitted of a list; returns how many. Raises NotPermitted."""
    waiting = selectors.to_decide(check, official=official)
    return dispositions.decide_all(
        municipality=check.municipality_id, cases=list(waiting.values_list("disposition", flat=True)), official=official,
        authority=authority, at=at,
    )  # fmt: skip


def _answers(rows: Iterator[Row], problems: list[dict[str, Any]]) -> Iterator[Answer]:
    """Every row that says something; of two rows with one number the later counts."""
    for row in rows:
        said = {name: text_of(cell) for name, cell in row.cells.items()}
        status = status_of(code=said.get("code", ""), name=said.get("status", ""))
        try:
            number = parse_business_number(said["number"])
        except BusinessNumberInvalid as error:
            problems.append({"row": row.number, "value": said["number"][:60], "reason": str(error)})
            continue
        try:
            ended_on = end_of(said.get("end", ""))
        except ValueError:
            problems.append(
                {"row": row.number, "value": said["end"][:60], "reason": gettext("폐업일을 읽을 수 없습니다.")}
            )
            continue
        if status is None:
            value = said.get("code") or said.get("status", "")
            problems.append(
                {"row": row.number, "value": value[:60], "reason": gettext("사업자 상태를 알 수 없습니다.")}
            )
            continue
        yield Answer(number, status, ended_on)


def _facts(check: ClosureCheck, finding: ClosureFinding) -> str:
    ended = gettext(", 폐업일 %(day)s") % {"day": document_date(finding.ended_on)} if finding.ended_on else ""
    return gettext("국세청 사업자등록 상태조회(%(day)s) 결과 %(status)s%(ended)s") % {
        "day": document_date(check.checked_on), "status": finding.get_status_display(), "ended": ended,
    }  # fmt: skip


def _require(authority: Authority, permission: str, municipality: str) -> None:
    if not authority.may(permission, municipality):
        raise NotPermitted


def _undecided(check: ClosureCheck) -> ClosureCheck:
    held = ClosureCheck.objects.select_for_update(of=("self",), no_key=True).get(pk=check.pk)
    if held.state != CheckState.CHECKED:
        raise CheckDecided
    return held


def _decide(held: ClosureCheck, state: CheckState, *, official: Official, at: datetime) -> ClosureCheck:
    held.state, held.decided_by, held.decided_at = state, official, at
    held.save(update_fields=["state", "decided_by", "decided_at"])
    return held
