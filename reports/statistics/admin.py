"""Reports on screen with their filters, as workbook and as paper; and the reports that were issued."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, ClassVar
from urllib.parse import quote, urlencode
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from reports.statistics import paper, services, workbook
from reports.statistics.catalogue import REPORTS
from reports.statistics.definitions import MOST_MONTHS, Asked, Definition, month_after, months_between
from reports.statistics.errors import ReportNotReady
from reports.statistics.lists import LIST
from reports.statistics.models import IssuedReport, IssueState
from reports.statistics.rules import (
    NUMBERS,
    Content,
    Row,
    Style,
    Table,
    as_text,
    from_json,
    part_column,
    spaced_code,
)
from reports.statistics.selectors import as_of
from vouchers.common.admin import ListAdmin, moment
from vouchers.common.errors import NotFound
from vouchers.common.filters import MunicipalityFilter, chosen_municipality
from vouchers.common.korean import document_datetime, document_period
from vouchers.common.models import uuid7
from vouchers.common.pages import find, page, refusals_shown, render, require
from vouchers.common.seoul import business_date
from vouchers.municipalities.models import Municipality
from vouchers.privacy.models import AccessAction
from vouchers.privacy.services import record_access

SHOWN = 400
"""Rows of a table on screen; a longer one is read in the workbook."""
_PDF = "application/pdf"
_WORKING = (IssueState.WAITING, IssueState.MAKING)
_FILES = {"pdf": ("pdf", _PDF, "inline"), "xlsx": ("xlsx", workbook.TYPE, "attachment")}


# The report ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _Filter:
    """A choice as the page shows it."""

    name: str
    label: Any
    options: list[tuple[str, str]]
    chosen: str


def show(request: HttpRequest, definition: Definition) -> HttpResponse:
    """The chosen months; ``?as=xlsx`` and ``?as=pdf`` give the same as a file. The filters stay in the address, so that it
    can be kept and sent."""
    asked, note = _asked(request, request.GET, definition)
    at, what = request.at, request.GET.get("as", "")  # type: ignore[attr-defined]
    is_long = len(asked.months) > definition.screen_months
    content = None if is_long else definition.content(asked)
    if content is not None:
        _record(request, definition.people(asked), what, content, asked.municipality)
    may_print = content is not None and sum(len(table.rows) for table in content.tables) <= SHOWN
    if content is not None and (what == "xlsx" or (what == "pdf" and may_print)):
        return _copy(request, definition, asked, what, content)
    codes = sorted(request.authority.municipalities)  # type: ignore[attr-defined]
    return render(
        request, "reports/statistics/report.html", title=definition.title, definition=definition, asked=asked,
        at=as_of(municipality=asked.municipality, day=asked.last_day) or at, note=note, is_long=is_long,
        content=content, tables=_shown(content) if content else [],
        figures=_figures(content) if content else [], facts=content.facts if content else (),
        filters=_filters(definition, asked), may_print=may_print,
        municipalities=Municipality.objects.filter(pk__in=codes) if len(codes) > 1 else [],
        latest=business_date(at), presets=_presets(asked, business_date(at)), address=_address(asked), key=uuid7(),
        issue_address=f"admin:report_{definition.code}_issue",
        may_issue=request.authority.may(services.ISSUE, asked.municipality),  # type: ignore[attr-defined]
        issued=IssuedReport.objects.filter(
            municipality=asked.municipality, report=definition.code, first_day=asked.first, last_day=asked.last_day,
            chosen=dict(asked.chosen),
        ).defer("content", "pdf", "xlsx").select_related("number", "official")[:5],
    )  # fmt: skip


def ask(request: HttpRequest, definition: Definition) -> HttpResponse:
    """Issue what the form names."""
    asked, note = _asked(request, request.POST, definition)
    if note:
        raise NotFound
    require(request, services.ISSUE, asked.municipality)
    with refusals_shown(request):
        made = services.issue(
            id=_key(request), definition=definition, asked=asked, official=request.user, authority=request.authority,  # type: ignore[arg-type,attr-defined]
            at=request.at,  # type: ignore[attr-defined]
        )  # fmt: skip
        return redirect("admin:reports_issuedreport_change", made.pk)
    return redirect(f"{reverse(f'admin:report_{definition.code}')}?{_address(asked)}")


def _copy(request: HttpRequest, definition: Definition, asked: Asked, what: str, content: Content) -> HttpResponse:
    """A file of what has not been issued: the workbook in the official's language, the paper in Korean, both saying so."""
    at = request.at  # type: ignore[attr-defined]
    if what == "pdf":
        with translation.override("ko"):
            heading = services.heading_of(definition, asked, official=request.user, at=at)  # type: ignore[arg-type]
            made = paper.render(definition.content(asked), heading)
    else:
        heading = services.heading_of(definition, asked, official=request.user, at=at)  # type: ignore[arg-type]
        about = [heading.municipality, heading.period, heading.described, _as_of(at), gettext("단위: 원")]
        made = workbook.render(
            content.tables, title=heading.title, about=[" · ".join(filter(None, about))], at=at
        )  # fmt: skip
    name = f"{heading.title}_{heading.municipality}_{asked.first:%Y%m}-{asked.last:%Y%m}"
    return _file(made, name, what)


def _record(request: HttpRequest, subject: str, what: str, content: Content, municipality: str) -> None:
    """Who looked at people one by one, and how."""
    if not subject:
        return
    actions = {"pdf": AccessAction.PRINT, "xlsx": AccessAction.DOWNLOAD}
    record_access(
        municipality=municipality, official=request.user.pk, address=request.META.get("REMOTE_ADDR") or None,  # type: ignore[arg-type]
        action=actions.get(what, AccessAction.VIEW), subject=subject, reason="", at=request.at,  # type: ignore[attr-defined]
        count=len(content.tables[0].rows),
    )  # fmt: skip


def _as_of(at: Any) -> str:
    return gettext("%(time)s 기준") % {"time": document_datetime(at)}


def _file(content: bytes, name: str, what: str) -> HttpResponse:
    suffix, kind, disposition = _FILES[what]
    return HttpResponse(
        content, content_type=kind,
        headers={"Content-Disposition": f"{disposition}; filename*=UTF-8''{quote(name.replace('/', '-'))}.{suffix}"},
    )  # fmt: skip


def _asked(request: HttpRequest, said: QueryDict, definition: Definition) -> tuple[Asked, str]:
    """What the address asks for, and what was made of a period that cannot be shown as it was asked. This month when
    nothing is said; what is no month and no option is a 404."""
    require(request, definition.permission)
    code = said.get("municipality") or chosen_municipality(request)
    if code not in request.authority.municipalities:  # type: ignore[attr-defined]
        raise NotFound
    require(request, definition.permission, code)
    this = business_date(request.at).replace(day=1)  # type: ignore[attr-defined]
    last = _month(said.get("last")) or this
    first = _month(said.get("first")) or last
    note = ""
    if first > last:
        first, last = last, first
        note = gettext("시작 월이 끝 월보다 늦어 서로 바꾸어 조회했습니다.")
    if len(months_between(first=first, last=last)) > MOST_MONTHS:
        first = month_after(last, 1 - MOST_MONTHS)
        note = gettext("한 번에 12개월까지 볼 수 있어 끝 월까지의 12개월을 표시합니다.")
    asked = Asked(municipality=code, first=first, last=last)
    chosen = {}
    for choice in definition.choices:
        values = [value for value, _label in choice.options(asked)]
        value = said.get(choice.name, "")
        if value and value not in values:
            if not choice.in_period:
                raise NotFound
            note, value = gettext("고른 조건이 이 기간에 없어 전체를 표시합니다."), ""
        if value or choice.all_label is None:
            chosen[choice.name] = value or values[0]
    return replace(asked, chosen=chosen), note


def _month(said: str | None) -> date | None:
    if not said:
        return None
    try:
        year, month = said.split("-")
        first = date(int(year), int(month), 1)
    except ValueError as error:
        raise NotFound from error
    if not 2000 <= first.year <= 2100:
        raise NotFound
    return first


def _address(asked: Asked) -> str:
    period = {"municipality": asked.municipality, "first": f"{asked.first:%Y-%m}", "last": f"{asked.last:%Y-%m}"}
    return urlencode(period | dict(asked.chosen))


def _presets(asked: Asked, today: date) -> list[dict[str, Any]]:
    """The periods that are asked for most, one click each, with the same choices."""
    this = today.replace(day=1)
    half = date(this.year, 7 if this.month > 6 else 1, 1)
    last = month_after(this, -1)
    periods = (
        (gettext("이번 달"), this, this), (gettext("지난달"), last, last),
        (gettext("지난 반기"), month_after(half, -6), month_after(half, -1)), (gettext("올해"), date(this.year, 1, 1), this),
    )  # fmt: skip
    return [
        {"label": label, "address": _address(replace(asked, first=first, last=last)),
         "is_current": (first, last) == (asked.first, asked.last)}
        for label, first, last in periods
    ]  # fmt: skip


def _filters(definition: Definition, asked: Asked) -> list[_Filter]:
    return [
        _Filter(
            name=choice.name, label=choice.label, chosen=asked.chosen.get(choice.name, ""),
            options=([("", str(choice.all_label))] if choice.all_label is not None else [])
            + list(choice.options(asked)),
        )
        for choice in definition.choices
    ]  # fmt: skip


def _shown(content: Content) -> list[dict[str, Any]]:
    """The tables as texts."""
    return [
        {
            "title": table.title, "note": table.note, "is_cut": len(table.rows) > SHOWN,
            "columns": [{"label": c.label, "number": c.kind in NUMBERS} for c in table.columns],
            "rows": [{"style": row.style, "cells": _cells(table, row)} for row in table.rows[:SHOWN]],
            "total": _cells(table, Row(table.total)) if table.total else None,
        }
        for table in content.tables
    ]  # fmt: skip


def _cells(table: Table, row: Row) -> list[dict[str, Any]]:
    return [
        {
            "text": as_text(value, column.kind), "number": column.kind in NUMBERS,
            "is_part": row.style == Style.PART and column is part_column(table.columns),
        }
        for column, value in zip(table.columns, row.values, strict=True)
    ]  # fmt: skip


def _figures(content: Content) -> list[dict[str, Any]]:
    return [
        {"label": one.label, "kind": one.kind, "value": one.value, "text": as_text(one.value, one.kind), "note": one.note}
        for one in content.figures
    ]  # fmt: skip


for _code, _definition in REPORTS.items():
    page(f"reports/{_code}/", name=f"report_{_code}")(
        lambda request, definition=_definition: show(request, definition)
    )  # fmt: skip
    page(f"reports/{_code}/issue/", name=f"report_{_code}_issue", methods=("POST",))(
        lambda request, definition=_definition: ask(request, definition)
    )  # fmt: skip


# What was issued -----------------------------------------------------------------------------------------------------


@admin.register(IssuedReport)
class IssuedReportAdmin(ListAdmin):
    """Issued reports, the latest first. Whoever may issue or read money may read them."""

    view_permission = services.READ
    list_display: ClassVar = ["number", "title", "period", "described", "official", "issued", "state_text"]
    list_select_related: ClassVar = ["number", "official"]
    list_filter: ClassVar = [MunicipalityFilter]
    list_display_links: ClassVar = ["number", "title"]
    sortable_by: ClassVar[list[str]] = []
    empty_hint = _("보고서 화면에서 기간을 고르고 '발급'을 누르면 발급한 보고서가 여기에 남습니다.")

    issued = moment("asked_at", _("발급일시"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[IssuedReport]:
        """Without the files; those of one list's people for whoever may read the report itself."""
        unread = [code for code, report in REPORTS.items() if not request.authority.may(report.permission)]  # type: ignore[attr-defined]
        rows = super().get_queryset(request).exclude(report__in=unread, chosen__has_key=LIST)
        return rows.defer("content", "pdf", "xlsx")

    @admin.display(description=_("기간"))
    def period(self, issued: IssuedReport) -> str:
        """The first and the last day."""
        return document_period(issued.first_day, issued.last_day)

    @admin.display(description=_("상태"))
    def state_text(self, issued: IssuedReport) -> SafeString:
        """Ready or not."""
        return format_html('<span class="jt-badge">{}</span>', issued.get_state_display())

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The report as it was issued."""
        if object_id is None:
            raise PermissionDenied
        rows = IssuedReport.objects.defer("pdf", "xlsx").select_related("number", "official", "replaces__number")
        issued = rows.filter(pk=object_id).first() if _is_key(object_id) else None
        if issued is None:
            raise Http404
        _require(request, issued)
        content = from_json(issued.content) if issued.content else None
        if content is not None:
            _record(request, _people(issued), "", content, issued.municipality_id)
        return render(
            request, "reports/statistics/issued.html", title=str(issued), issued=issued,
            period=document_period(issued.first_day, issued.last_day), working=issued.state in _WORKING,
            tables=_shown(content) if content else [], figures=_figures(content) if content else [],
            facts=content.facts if content else (), notes=content.notes if content else [], code=spaced_code(issued.code),
            control=paper.in_words(content.control) if content else "",
            is_intact=content is None or services.is_intact(issued), later=list(
                IssuedReport.objects.defer("content", "pdf", "xlsx").filter(replaces=issued).select_related("number")
            ),
            may_issue=request.authority.may(services.ISSUE, issued.municipality_id),  # type: ignore[attr-defined]
            key=uuid7(), list_address="admin:reports_issuedreport_changelist",
        )  # fmt: skip


@page("reports/issued/<uuid:report_id>/progress/", name="issued_report_progress")
def issued_report_progress(request: HttpRequest, report_id: UUID) -> HttpResponse:
    """How far it is, for the page that asks every second."""
    issued = _issued(request, report_id)
    text = gettext("%(label)s · %(percent)s%%") % {"label": issued.get_state_display(), "percent": issued.percent}
    return JsonResponse(
        {"state": issued.state, "percent": issued.percent, "working": issued.state in _WORKING, "text": text}
    )


@page("reports/issued/<uuid:report_id>/file/", name="issued_report_file")
def issued_report_file(request: HttpRequest, report_id: UUID) -> HttpResponse:
    """The paper, or with ``?as=xlsx`` the workbook, byte for byte as issued."""
    what = "xlsx" if request.GET.get("as") == "xlsx" else "pdf"
    issued = _issued(request, report_id, what, "content")
    content = getattr(issued, what)
    if issued.state != IssueState.READY or content is None:
        messages.error(request, str(ReportNotReady()))
        return redirect("admin:reports_issuedreport_change", issued.pk)
    _record(request, _people(issued), what, from_json(issued.content or {}), issued.municipality_id)
    return _file(bytes(content), f"{issued.number} {issued.title}", what)


@page("reports/issued/<uuid:report_id>/again/", name="issued_report_again", methods=("POST",))
def issued_report_again(request: HttpRequest, report_id: UUID) -> HttpResponse:
    """Issue the same report of the same period under a new number that names this one."""
    issued = _issued(request, report_id)
    require(request, services.ISSUE, issued.municipality_id)
    with refusals_shown(request):
        made = services.issue(
            id=_key(request), definition=REPORTS[issued.report], asked=services.asked_of(issued), official=request.user,  # type: ignore[arg-type]
            authority=request.authority, at=request.at, replaces=issued,  # type: ignore[attr-defined]
        )  # fmt: skip
        return redirect("admin:reports_issuedreport_change", made.pk)
    return redirect("admin:reports_issuedreport_change", issued.pk)


def _key(request: HttpRequest) -> UUID:
    """The key of the form, so that a second click is the same report."""
    said = request.POST.get("key", "")
    return UUID(said) if _is_key(said) else uuid7()


def _is_key(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _issued(request: HttpRequest, report_id: UUID, *files: str) -> IssuedReport:
    unread = {"content", "pdf", "xlsx"}.difference(files)
    issued = find(IssuedReport.objects.defer(*unread).select_related("number"), report_id)
    _require(request, issued)
    return issued


def _require(request: HttpRequest, issued: IssuedReport) -> None:
    """Issued reports are read by whoever may read issued ones; of people, only by whoever may read this report too."""
    require(request, services.READ, issued.municipality_id)
    if _people(issued):
        require(request, REPORTS[issued.report].permission, issued.municipality_id)


def _people(issued: IssuedReport) -> str:
    return REPORTS[issued.report].people(services.asked_of(issued))
