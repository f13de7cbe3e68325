"""QR 키트: one of a code at once, and those of a 읍면동 or of all as one job."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from merchants.qr_kit.models import MerchantQR
from merchants.qr_kit.services import keys_from
from reports.documents.files import paper_store
from reports.documents.models import PaperState
from reports.kits import services
from reports.kits.models import KitPrint, KitSize
from reports.kits.selectors import without_code
from vouchers.common.errors import NotFound
from vouchers.common.filters import chosen_municipality
from vouchers.common.pages import find, page, refusals_shown, render, require
from vouchers.municipalities.models import Dong, Municipality

_SHOWN = 10
_PDF = "application/pdf"


@page("merchants/merchantqr/<uuid:code_id>/kit/", name="qr_kit")
def kit(request: HttpRequest, code_id: UUID) -> HttpResponse:
    """The kit of one code as PDF, on A4 or with ``?size=A6``."""
    code = find(MerchantQR.objects.select_related("merchant__category", "merchant__municipality"), code_id)
    require(request, "merchants.view", code.municipality_id)
    size = KitSize.A6 if request.GET.get("size") == KitSize.A6 else KitSize.A4
    with refusals_shown(request):
        made = services.print_kit(
            code=code, size=size, keys=keys_from(settings.QR_KEYS), authority=request.authority,  # type: ignore[attr-defined]
        )  # fmt: skip
        name = f"{code.merchant.code}-{code.terminal}-{size}.pdf"
        return HttpResponse(made, content_type=_PDF, headers={"Content-Disposition": f'inline; filename="{name}"'})
    return redirect("admin:qr_show", code.pk)


class KitForm(forms.Form):
    """Which kits to make."""

    dong = forms.ModelChoiceField(
        queryset=Dong.objects.none(), label=_("읍면동"), required=False, empty_label=_("전체 읍면동")
    )
    size = forms.ChoiceField(choices=KitSize, label=_("크기"))

    def __init__(self, *args: object, municipality: str, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["dong"].queryset = Dong.objects.filter(municipality=municipality).order_by("name")  # type: ignore[attr-defined]
        for field in self.fields.values():
            field.widget.attrs["class"] = "jt-input"


@page("merchants/kits/", name="kit_prints")
def kit_prints(request: HttpRequest) -> HttpResponse:
    """What can be asked for, and what was."""
    code = _municipality(request, "merchants.view")
    codes = sorted(request.authority.municipalities)  # type: ignore[attr-defined]
    made = KitPrint.objects.filter(municipality=code).select_related("dong", "official").prefetch_related("parts")
    return render(
        request, "reports/kits/prints.html", title=_("QR 키트 인쇄"), code=code, form=KitForm(municipality=code),
        prints=made[:_SHOWN], per_file=services.PART_ROWS,
        municipalities=Municipality.objects.filter(pk__in=codes) if len(codes) > 1 else [],
        may_ask=request.authority.may("merchants.edit", code),  # type: ignore[attr-defined]
    )  # fmt: skip


@page("merchants/kits/ask/", name="kit_ask", methods=("POST",))
def ask(request: HttpRequest) -> HttpResponse:
    """Queue the kits of a 읍면동, or of all."""
    code = _municipality(request, "merchants.edit")
    form = KitForm(request.POST, municipality=code)
    if not form.is_valid():
        messages.error(request, _("읍면동과 크기를 고르십시오."))
        return redirect("admin:kit_prints")
    with refusals_shown(request):
        job = services.ask_for_kits(
            municipality=code, dong=form.cleaned_data["dong"], size=KitSize(form.cleaned_data["size"]),
            official=request.user, authority=request.authority, at=request.at,  # type: ignore[arg-type,attr-defined]
        )  # fmt: skip
        messages.success(request, _("키트를 만들고 있습니다. 먼저 끝난 파일부터 이 화면에서 열 수 있습니다."))
        if lacking := without_code(municipality=code, dong=job.dong_id):
            messages.warning(
                request,
                gettext(
                    "사용 중인 QR 코드가 없는 등록 가맹점 %(number)s곳은 키트에 없습니다. 가맹점 화면에서 발급하십시오."
                )
                % {"number": lacking},
            )
    return redirect("admin:kit_prints")


@page("merchants/kits/<uuid:job_id>/progress/", name="kit_progress")
def progress(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """How far a print is, for the page that asks every second."""
    job = _job(request, job_id)
    text = gettext("%(label)s · %(percent)s%%") % {"label": job.get_state_display(), "percent": job.percent}
    working = job.state in (PaperState.WAITING, PaperState.MAKING)
    return JsonResponse({"state": job.state, "percent": job.percent, "working": working, "text": text})


@page("merchants/kits/<uuid:job_id>/file/", name="kit_file")
def file(request: HttpRequest, job_id: UUID) -> HttpResponseBase:
    """All kits as one file, or with ``?part=`` its number a finished part."""
    job, said = _job(request, job_id), request.GET.get("part", "")
    if said and not (said.isascii() and said.isdecimal() and len(said) < 6):
        raise NotFound
    content = None
    with refusals_shown(request):
        content = services.open_file(
            job=job, number=int(said or 0), authority=request.authority, store=paper_store(),  # type: ignore[attr-defined]
        )  # fmt: skip
    if content is None:
        return redirect("admin:kit_prints")
    response = FileResponse(content, content_type=_PDF)
    response["Content-Disposition"] = (
        f"inline; filename*=UTF-8''{quote('_'.join(filter(None, ['QR키트', str(job), said])) + '.pdf')}"
    )
    return response


def _job(request: HttpRequest, job_id: UUID) -> KitPrint:
    job = find(KitPrint.objects.select_related("dong"), job_id)
    require(request, "merchants.view", job.municipality_id)
    return job


def _municipality(request: HttpRequest, permission: str) -> str:
    require(request, permission)
    asked = request.POST if request.method == "POST" else request.GET
    code = asked.get("municipality") or chosen_municipality(request)
    if code not in request.authority.municipalities:  # type: ignore[attr-defined]
        raise NotFound
    require(request, permission, code)
    return code
