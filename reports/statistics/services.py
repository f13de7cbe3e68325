"""발급: freeze a report of a period. Asked for at once, made by a job that shows how far it is, and final then."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.utils import translation

from allowances.approvals.services import give_number
from reports.documents import pdf
from reports.documents.rules import head_of
from reports.statistics import errors, paper, workbook
from reports.statistics.catalogue import REPORTS
from reports.statistics.definitions import Asked, Definition, Found
from reports.statistics.models import IssuedReport, IssueState
from reports.statistics.paper import Heading
from reports.statistics.rules import CODE_LENGTH, Content, code_of, digest, from_json, spaced_code, to_json
from vouchers.common import jobs
from vouchers.common.errors import DomainError, NotPermitted
from vouchers.common.korean import document_date, document_datetime
from vouchers.common.scope import scope
from vouchers.ledger.models import BusinessClose
from vouchers.ledger.services import call
from vouchers.municipalities.models import Municipality
from vouchers.officials.models import Official
from vouchers.officials.selectors import Authority

MAKE: Final = "reports.statistics.make"
FORMAT: Final = "jangteo-report-1"
ISSUE: Final = "reports.issue"
READ: Final = "reports.view"


def issue(
    *, id: UUID, definition: Definition, asked: Asked, official: Official, authority: Authority, at: datetime,
    replaces: IssuedReport | None = None,
) -> IssuedReport:  # fmt: skip
    """Give the report its number and have it made. The same ``id`` again is the same report.

    Raises NotPermitted, PeriodNotClosed, PeriodNotSummed, and ReplacesAnother for a reissue of something else.
    """
    code = asked.municipality
    if not (authority.may(ISSUE, code) and authority.may(definition.permission, code)):
        raise NotPermitted
    department = official.department or Municipality.objects.get(pk=code).name
    with connection.cursor() as cursor:  # a second click waits here for the first
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"issue {id}"])
    if known := IssuedReport.objects.defer("content", "pdf", "xlsx").filter(pk=id).first():
        return known
    _require_closed(asked)
    with translation.override("ko"):
        title, described = str(definition.title), describe(definition, asked)
    if replaces is not None and (replaces.report, replaces.first_day, replaces.last_day, replaces.chosen) != (
        definition.code, asked.first, asked.last_day, dict(asked.chosen)
    ):  # fmt: skip
        raise errors.ReplacesAnother
    number = give_number(municipality=code, department=department, at=at)
    made = IssuedReport.objects.create(
        id=id, municipality_id=code, number=number, report=definition.code, title=title, first_day=asked.first,
        last_day=asked.last_day, chosen=dict(asked.chosen), described=described[:200], official=official, asked_at=at,
        replaces=replaces, steps=len(asked.months), code=code_of(secrets.token_bytes(CODE_LENGTH)),
    )  # fmt: skip
    jobs.defer(MAKE, lock=f"report:{made.pk}", municipality=code, report_id=str(made.pk))
    return made


def _require_closed(asked: Asked) -> None:
    """A period is issued when no money can come to it any more."""
    closed = BusinessClose.objects.filter(pk=asked.municipality).values_list("closed_through", flat=True).first()
    if closed is None or closed < asked.last_day:
        first = asked.first if closed is None else max(asked.first, closed + timedelta(days=1))
        raise errors.PeriodNotClosed(day=document_date(first))
    upcoming: date | None = call("dashboard.next_day", asked.municipality)[0]
    if upcoming is not None and upcoming <= asked.last_day:
        raise errors.PeriodNotSummed


def describe(definition: Definition, asked: Asked) -> str:
    """The choices in words: 상품권 고양페이 · 구분 일별."""
    parts = []
    for choice in definition.choices:
        if value := asked.chosen.get(choice.name):
            labels = dict(choice.options(asked))
            parts.append(f"{choice.label} {labels.get(value, value)}")
    return " · ".join(parts)


def heading_of(definition: Definition, asked: Asked, *, official: Official, at: datetime) -> Heading:
    """The heading of a copy to look at."""
    city = Municipality.objects.get(pk=asked.municipality).name
    return Heading(
        title=str(definition.title), municipality=city, issuer=head_of(city), first_day=asked.first,
        last_day=asked.last_day, described=describe(definition, asked), official=str(official), at=at,
    )  # fmt: skip


# The job -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Made:
    """An issued report's two files."""

    pdf: bytes
    xlsx: bytes
    digest: str


def make(*, municipality: str, report_id: UUID, site: str, at: datetime) -> IssueState:
    """Make a report that was asked for; repeating it makes it again until it is ready. ``site``: our address."""
    with scope(municipalities=[municipality]):
        issued = IssuedReport.objects.select_for_update(of=("self",)).get(pk=report_id)
        if issued.state in (IssueState.READY, IssueState.FAILED):
            return IssueState(issued.state)
        IssuedReport.objects.filter(pk=issued.pk).update(state=IssueState.MAKING, steps_done=0)
    try:
        _make(issued, site=site, at=at)
    except DomainError as error:
        with scope(municipalities=[municipality]), translation.override("ko"):
            IssuedReport.objects.filter(pk=issued.pk).update(state=IssueState.FAILED, failure=str(error)[:200])
        return IssueState.FAILED
    return IssueState.READY


def _make(issued: IssuedReport, *, site: str, at: datetime) -> None:
    definition = REPORTS[issued.report]
    asked = asked_of(issued)
    found: dict[date, Found] = {}
    with translation.override("ko"):
        for done, month in enumerate(asked.months):
            with scope(municipalities=[asked.municipality]):
                IssuedReport.objects.filter(pk=issued.pk).update(steps_done=done)
                found[month] = definition.read(asked, month)
        with scope(municipalities=[asked.municipality]):
            IssuedReport.objects.filter(pk=issued.pk).update(steps_done=len(found))
            content = definition.tell(asked, found)
            heading = _heading(issued, site=site)
    control = content.control.value
    if not isinstance(control, int):
        raise TypeError(f"{definition.code}: a control total is a whole number")
    files = files_of(content, heading, said=_said(issued, content))
    with scope(municipalities=[asked.municipality]):
        IssuedReport.objects.filter(pk=issued.pk, state=IssueState.MAKING).update(
            state=IssueState.READY, content=to_json(content), digest=files.digest, control=control, pdf=files.pdf,
            xlsx=files.xlsx, ready_at=at,
        )  # fmt: skip


def asked_of(issued: IssuedReport) -> Asked:
    """What an issued report was asked for."""
    return Asked(
        municipality=issued.municipality_id, first=issued.first_day, last=issued.last_day.replace(day=1),
        chosen=issued.chosen,
    )  # fmt: skip


def _said(issued: IssuedReport, content: Content) -> Mapping[str, Any]:
    """What the digest is over: the figures, and what they are figures of."""
    return {
        "format": FORMAT, "municipality": issued.municipality_id, "number": str(issued.number), "report": issued.report,
        "period": [issued.first_day.isoformat(), issued.last_day.isoformat()], "chosen": issued.chosen,
        "content": to_json(content),
    }  # fmt: skip


def is_intact(issued: IssuedReport) -> bool:
    """Whether the digest is that of the kept figures."""
    return digest(_said(issued, from_json(issued.content or {}))) == issued.digest


def _heading(issued: IssuedReport, *, site: str) -> Heading:
    city = issued.municipality.name
    return Heading(
        title=issued.title, municipality=city, issuer=head_of(city), first_day=issued.first_day,
        last_day=issued.last_day, described=issued.described, official=str(issued.official), at=issued.asked_at,
        number=str(issued.number), replaces=str(issued.replaces.number) if issued.replaces else "", code=issued.code,
        verify_at=f"{site}/verify/",
    )  # fmt: skip


def files_of(content: Content, heading: Heading, *, said: Mapping[str, Any]) -> Made:
    """The two files, always in Korean; the workbook is enclosed in the paper."""
    fingerprint = digest(said)
    with translation.override("ko"):
        about = [
            f"{heading.number} · {heading.municipality} · {heading.period}"
            + (f" · {heading.described}" if heading.described else ""),
            f"발급 {document_datetime(heading.at)} {heading.official} · 진위확인 번호 {spaced_code(heading.code)} · {heading.verify_at}",
            f"검증값(SHA-256) {fingerprint}",
        ]
        xlsx = workbook.render(content.tables, title=heading.title, about=about, at=heading.at)
        enclosed = pdf.Enclosed(
            name=f"{heading.number}.xlsx", content=xlsx, description=heading.title, at=heading.at
        )  # fmt: skip
        return Made(paper.render(content, heading, digest=fingerprint, enclosed=enclosed), xlsx, fingerprint)
