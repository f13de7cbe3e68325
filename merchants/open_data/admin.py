"""공개 데이터: under which terms, what is public now, and what of it a CP949 file cannot say."""

from __future__ import annotations

from typing import ClassVar, Final
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from merchants.open_data.models import OpenDataTerms, ShopRelease, UsageMonth
from merchants.open_data.selectors import altered_of, terms_on
from merchants.open_data.services import ask_to_publish
from vouchers.common.admin import EditAdmin, day
from vouchers.common.errors import NotFound
from vouchers.common.filters import MunicipalityFilter, chosen_municipality
from vouchers.common.pages import find, page, refusals_shown, render, require
from vouchers.common.seoul import business_date
from vouchers.municipalities.models import Municipality

ALTERED_SHOWN = 100
MONTHS_SHOWN = 12
CELLS_SHOWN = 200


@admin.register(OpenDataTerms)
class OpenDataTermsAdmin(EditAdmin):
    """Terms that hold from a day on. What holds or held is never changed: new terms are a new row."""

    view_permission = "merchants.view"
    edit_permission = "settings.edit"
    list_display: ClassVar = [
        "starts",
        "is_open",
        "institution_code",
        "institution_name",
        "fewest_people",
        "legal_basis",
    ]
    list_filter: ClassVar = [MunicipalityFilter]
    sortable_by: ClassVar[list[str]] = []
    fieldsets: ClassVar = [
        (None, {"fields": [("valid_from", "is_open"), ("institution_code", "institution_name"), "legal_basis"]}),
        (_("한도"), {"fields": [("fewest_people", "requests_per_minute")]}),
    ]
    empty_hint = _("공개 데이터 기준이 없으면 아무것도 공개하지 않습니다. 제공기관코드와 시행일을 등록하십시오.")

    starts = day("valid_from", _("시행일"))

    def has_change_permission(self, request: HttpRequest, obj: OpenDataTerms | None = None) -> bool:
        return False


@page("merchants/open-data/", name="open_data")
def open_data(request: HttpRequest) -> HttpResponse:
    """What one municipality publishes, with the links that everybody may use."""
    code = _municipality(request, "merchants.view")
    codes = sorted(request.authority.municipalities)  # type: ignore[attr-defined]
    terms = terms_on(municipality=code, day=business_date(request.at))  # type: ignore[attr-defined]
    release = ShopRelease.objects.filter(municipality=code).order_by("-id").first()
    return render(
        request, "merchants/open_data/open_data.html", title=_("공개 데이터"), terms=terms, release=release, code=code,
        altered=altered_of(release, limit=ALTERED_SHOWN) if release and release.altered_rows else [],
        municipalities=Municipality.objects.filter(pk__in=codes) if len(codes) > 1 else [],
        links=_links(release) if release else {},
        months=UsageMonth.objects.filter(municipality=code).order_by("-month")[:MONTHS_SHOWN],
        may_publish=request.authority.may("merchants.edit", code),  # type: ignore[attr-defined]
        may_set=request.authority.may("settings.edit", code),  # type: ignore[attr-defined]
    )  # fmt: skip


@page("merchants/open-data/publish/", name="open_data_publish", methods=("POST",))
def publish(request: HttpRequest) -> HttpResponse:
    """Queue a new release."""
    code = _municipality(request, "merchants.edit")
    with refusals_shown(request):
        if ask_to_publish(municipality=code, authority=request.authority):  # type: ignore[attr-defined]
            messages.success(request, _("공개본을 새로 만들고 있습니다. 잠시 뒤 이 화면을 새로 고치십시오."))
        else:
            messages.info(request, _("공개본을 이미 만들고 있습니다. 잠시 뒤 이 화면을 새로 고치십시오."))
    return redirect(f"{reverse('admin:open_data')}?{urlencode({'municipality': code})}")


SEXES: Final = {"M": _("남성"), "F": _("여성"), "": _("성별 미상")}
AGES: Final = {
    "01": _("10대 이하"), "02": _("20대"), "03": _("30대"), "04": _("40대"), "05": _("50대"), "06": _("60대 이상"),
    "": _("연령 미상"),
}  # fmt: skip


@page("merchants/open-data/usage/<uuid:key>/", name="open_data_usage")
def open_data_usage(request: HttpRequest, key: UUID) -> HttpResponse:
    """A month's statistics as everybody gets them: what is suppressed does not stand here either, and the page says so."""
    month = find(UsageMonth.objects, key)
    require(request, "merchants.view", month.municipality_id)
    pages = max(1, -(-month.rows // CELLS_SHOWN))
    asked = request.GET.get("page", "")
    number = min(pages, max(1, int(asked))) if asked.isascii() and asked.isdecimal() and len(asked) < 6 else 1
    cells = month.cells.filter(position__gt=(number - 1) * CELLS_SHOWN, position__lte=number * CELLS_SHOWN)
    return render(
        request, "merchants/open_data/usage.html", title=_("공개하는 이용 통계"), month=month,
        cells=[(cell, SEXES.get(cell.sex, cell.sex), AGES.get(cell.age, cell.age)) for cell in cells.order_by("position")],
        operation=[
            (_("카드 발급 수량"), month.told("cards", "card_people")),
            (_("모바일 가입자 수"), month.told("joiners", "joiners")),
            (_("모바일 충전액(원)"), month.told("charged", "charge_people")),
        ],
        number=number, pages=pages, before=number - 1, after=number + 1 if number < pages else 0,
    )  # fmt: skip


def _municipality(request: HttpRequest, permission: str) -> str:
    require(request, permission)
    asked = request.POST if request.method == "POST" else request.GET
    code = asked.get("municipality") or chosen_municipality(request)
    if code not in request.authority.municipalities:  # type: ignore[attr-defined]
        raise NotFound
    require(request, permission, code)
    return code


def _links(release: ShopRelease) -> dict[str, str]:
    def link(name: str, **parameters: str) -> str:
        return f"{reverse(f'open_data:{name}')}?{urlencode({'instt_code': release.institution_code, **parameters})}"

    return {
        "csv": link("file"), "utf8": link("file", encoding="utf-8"), "json": link("shops", type="json"),
        "xml": link("shops", type="xml"),
    }  # fmt: skip
