"""정산내역서 일괄 출력: ask for a month, follow it, open what it made by 읍면동 and by shop."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from reports.documents.files import paper_store
from reports.statements import services
from reports.statements.models import ShopStatement, StatementRun
from reports.statements.selectors import bundles_of, closed_months, statements_of, totals_of
from vouchers.common.errors import NotFound
from vouchers.common.filters import chosen_municipality
from vouchers.common.pages import find, page, refusals_shown, render, require
from vouchers.currencies.models import Currency
from vouchers.municipalities.models import Dong, Municipality

RUNS_SHOWN = 20
SHOPS_SHOWN = 50


class AskForm(forms.Form):
    """Which statements to make."""

    month = forms.ChoiceField(label=_("정산월"))
    currency = forms.ModelChoiceField(queryset=Currency.objects.none(), label=_("상품권"), empty_label=None)
    dong = forms.ModelChoiceField(
        queryset=Dong.objects.none(), label=_("읍면동"), required=False, empty_label=_("전체 읍면동")
    )

    def __init__(self, *args: Any, municipality: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        months = closed_months(municipality)
        self.fields["month"].choices = [(f"{one:%Y-%m-%d}", f"{one.year}. {one.month}.") for one in months]  # type: ignore[attr-defined]
        self.fields["currency"].queryset = Currency.objects.filter(municipality=municipality).order_by("name")  # type: ignore[attr-defined]
        self.fields["dong"].queryset = Dong.objects.filter(municipality=municipality).order_by("name")  # type: ignore[attr-defined]
        for field in self.fields.values():
            field.widget.attrs["class"] = "jt-input"

    def clean_month(self) -> date:
        """The first day of the month."""
        return date.fromisoformat(self.cleaned_data["month"])


@page("merchants/statements/", name="statement_runs")
def runs(request: HttpRequest) -> HttpResponse:
    """What can be asked for, and what was."""
    code = _municipality(request, services.READ)
    codes = sorted(request.authority.municipalities)  # type: ignore[attr-defined]
    asked = StatementRun.objects.filter(municipality=code).select_related("dong", "official", "currency")
    form = AskForm(municipality=code)
    return render(
        request, "reports/statements/runs.html", title=_("정산내역서 일괄 출력"), code=code, form=form,
        runs=asked.order_by("-asked_at")[:RUNS_SHOWN], has_months=bool(form.fields["month"].choices),  # type: ignore[attr-defined]
        municipalities=Municipality.objects.filter(pk__in=codes) if len(codes) > 1 else [],
        may_ask=request.authority.may(services.ASK, code),  # type: ignore[attr-defined]
    )  # fmt: skip


@page("merchants/statements/ask/", name="statement_ask", methods=("POST",))
def ask(request: HttpRequest) -> HttpResponse:
    """Queue the statements of a month; also for what failed or was stopped."""
    code = _municipality(request, services.ASK)
    form = AskForm(request.POST, municipality=code)
    if not form.is_valid():
        messages.error(request, _("정산월과 상품권을 고르십시오."))
        return redirect("admin:statement_runs")
    with refusals_shown(request):
        run = services.ask(
            currency=form.cleaned_data["currency"], month=form.cleaned_data["month"], dong=form.cleaned_data["dong"],
            official=request.user, authority=request.authority, at=request.at,  # type: ignore[arg-type,attr-defined]
        )  # fmt: skip
        messages.success(request, _("정산내역서를 만들고 있습니다. 먼저 끝난 읍면동부터 이 화면에서 열 수 있습니다."))
        return redirect("admin:statement_run", run.pk)
    return redirect("admin:statement_runs")


@page("merchants/statements/<uuid:run_id>/", name="statement_run")
def run(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """How far it is, what failed, the bundles, and shops by name or number."""
    asked = _run(request, run_id)
    bundles, said = bundles_of(asked), request.GET.get("q", "").strip()[:60]
    return render(
        request, "reports/statements/run.html", title=_("정산내역서 일괄 출력"), run=asked, bundles=bundles,
        totals=totals_of(asked, bundles), pages=sum(one.bound.pages for one in bundles if one.bound),
        failures=statements_of(asked).exclude(failure="").select_related("merchant")[:SHOPS_SHOWN],
        said=said, found=_found(asked, said) if said else [], most=SHOPS_SHOWN,
        may_ask=request.authority.may(services.ASK, asked.municipality_id),  # type: ignore[attr-defined]
    )  # fmt: skip


def _found(asked: StatementRun, said: str) -> QuerySet[ShopStatement]:
    """Statements of shops whose name begins so, or that have this number."""
    shops = (
        Q(merchant__code=said) | Q(merchant__name__startswith=said) | Q(merchant__business_number=said.replace("-", ""))
    )
    return statements_of(asked).filter(shops).select_related("merchant", "dong").order_by("number")[:SHOPS_SHOWN]


@page("merchants/statements/<uuid:run_id>/cancel/", name="statement_cancel", methods=("POST",))
def cancel(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Stop it; what is made stays."""
    asked = _run(request, run_id)
    with refusals_shown(request):
        services.cancel(run=asked, authority=request.authority)  # type: ignore[attr-defined]
        messages.success(
            request, _("만들기를 중단했습니다. 이미 만든 정산내역서는 그대로 있으며, 이어서 만들 수 있습니다.")
        )
    return redirect("admin:statement_run", asked.pk)


@page("merchants/statements/<uuid:run_id>/progress/", name="statement_progress")
def progress(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """How far a print is, for the page that asks every second."""
    asked = _run(request, run_id)
    text = gettext("%(label)s · %(done)s / %(shops)s곳 (%(percent)s%%)") % {
        "label": asked.get_state_display(), "done": f"{asked.done + asked.failed:,}", "shops": f"{asked.shops:,}",
        "percent": asked.percent,
    }  # fmt: skip
    return JsonResponse({"state": asked.state, "percent": asked.percent, "working": asked.is_working, "text": text})


@page("merchants/statements/<uuid:run_id>/file/", name="statement_file")
def file(request: HttpRequest, run_id: UUID) -> HttpResponseBase:
    """With ``?shop=`` a shop's statement, with ``?dong=`` the bundle of a 읍면동 (without a value: of shops without one)."""
    asked = _run(request, run_id)
    opened = None
    with refusals_shown(request):
        opened = services.open_file(
            run=asked, shop=_id(request, "shop"), dong=_id(request, "dong"), official=request.user,  # type: ignore[arg-type]
            authority=request.authority, store=paper_store(), at=request.at,  # type: ignore[attr-defined]
            address=request.META.get("REMOTE_ADDR") or None,
        )  # fmt: skip
    if opened is None:
        return redirect("admin:statement_run", asked.pk)
    name, content = opened
    response = FileResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f"inline; filename*=UTF-8''{quote(f'정산내역서_{name}.pdf')}"
    return response


def _id(request: HttpRequest, name: str) -> UUID | None:
    said = request.GET.get(name, "")
    try:
        return UUID(said) if said else None
    except ValueError as error:
        raise NotFound from error


def _run(request: HttpRequest, run_id: UUID) -> StatementRun:
    asked = find(StatementRun.objects.select_related("dong", "currency", "official", "municipality"), run_id)
    require(request, services.READ, asked.municipality_id)
    return asked


def _municipality(request: HttpRequest, permission: str) -> str:
    require(request, permission)
    asked = request.POST if request.method == "POST" else request.GET
    code = asked.get("municipality") or chosen_municipality(request)
    if code not in request.authority.municipalities:  # type: ignore[attr-defined]
        raise NotFound
    require(request, permission, code)
    return code
