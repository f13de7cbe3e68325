"""예산 집행 현황, on screen and as a workbook."""

from __future__ import annotations

from urllib.parse import quote, urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from reports.budgets import workbook
from reports.budgets.selectors import Filters, departments_of, execution, lines_of, years_of
from vouchers.common.errors import NotFound
from vouchers.common.filters import chosen_municipality
from vouchers.common.pages import page, render, require
from vouchers.common.seoul import business_date
from vouchers.municipalities.models import Municipality

SHOWN = 200
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@page("reports/budget-execution/", name="budget_execution")
def budget_execution(request: HttpRequest) -> HttpResponse:
    """Lines and their programmes; the chosen filters stay in the address, so that it can be kept and sent."""
    filters = _filters(request)
    report = execution(filters=filters, today=business_date(request.at))  # type: ignore[attr-defined]
    codes = sorted(request.authority.municipalities)  # type: ignore[attr-defined]
    return render(
        request, "reports/budgets/execution.html", title=_("예산 집행 현황"), report=report, filters=filters,
        rows=report.rows[:SHOWN], is_cut=len(report.rows) > SHOWN, at=request.at,  # type: ignore[attr-defined]
        municipalities=Municipality.objects.filter(pk__in=codes) if len(codes) > 1 else [],
        years=years_of(municipality=filters.municipality) or [filters.fiscal_year],
        departments=departments_of(municipality=filters.municipality, fiscal_year=filters.fiscal_year),
        lines=lines_of(
            municipality=filters.municipality, fiscal_year=filters.fiscal_year, department=filters.department
        ),
        address=urlencode({name: value for name, value in vars(filters).items() if value}),
        may_edit=request.authority.may("budgets.edit", filters.municipality),  # type: ignore[attr-defined]
    )  # fmt: skip


@page("reports/budget-execution.xlsx", name="budget_execution_file")
def budget_execution_file(request: HttpRequest) -> HttpResponse:
    """The same, whole, with every column. It names no person."""
    filters = _filters(request)
    at = request.at  # type: ignore[attr-defined]
    report = execution(filters=filters, today=business_date(at))
    city = Municipality.objects.get(pk=filters.municipality)
    name = f"{gettext('예산집행현황')}_{city.name}_{filters.fiscal_year}_{business_date(at):%Y%m%d}.xlsx"
    return HttpResponse(
        workbook.render(report, municipality=str(city), at=at), content_type=_XLSX,
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"},
    )  # fmt: skip


def _filters(request: HttpRequest) -> Filters:
    """What the address asks for; what it does not say is this year's, and what it says wrongly is a 404."""
    require(request, "allowances.view")
    code = request.GET.get("municipality") or chosen_municipality(request)
    if code not in request.authority.municipalities:  # type: ignore[attr-defined]
        raise NotFound
    require(request, "allowances.view", code)
    try:
        year = int(request.GET.get("fiscal_year") or _latest_year(request, code))
        line = UUID(request.GET["line"]) if request.GET.get("line") else None
    except ValueError as error:
        raise NotFound from error
    if not 1900 < year < 3000:
        raise NotFound
    return Filters(
        municipality=code, fiscal_year=year, department=request.GET.get("department", "")[:60], line=line
    )  # fmt: skip


def _latest_year(request: HttpRequest, code: str) -> int:
    this: int = business_date(request.at).year  # type: ignore[attr-defined]
    years = years_of(municipality=code)
    return this if this in years or not years else years[0]
