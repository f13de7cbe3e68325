"""진위확인: the public page on which anybody checks the code of an issued report."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from reports.statistics.selectors import verified
from vouchers.common.problems import TooManyRequests
from vouchers.partners.api.limits import Strangers

TRIES: Final = 20
"""Wrong codes that an address may send to one process in a minute; a code has a hundred bits."""

strangers = Strangers(limit=TRIES)


@never_cache
@require_http_methods(["GET", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Asks for the code; a code that is none and one that nobody has are the same answer."""
    if request.method == "GET":
        return _page(request)
    address, typed = request.META.get("REMOTE_ADDR") or "", request.POST.get("code", "")[:60]
    try:
        strangers.count(address)
    except TooManyRequests as error:
        text = _("잠시 동안 너무 많이 조회했습니다. 1분 뒤에 다시 시도하십시오.")
        response = _page(request, typed=typed, refusal=text, status=429)
        response.headers["Retry-After"] = error.headers["Retry-After"]
        return response
    found = verified(typed=typed)
    if found is None:
        text = _("이 번호로 발급한 보고서가 없습니다. 문서에 적힌 진위확인 번호 20자를 다시 확인하십시오.")
        return _page(request, typed=typed, refusal=text)
    strangers.forgive(address)
    return _page(request, typed=typed, found=found)


def _page(request: HttpRequest, *, status: int = 200, **context: object) -> HttpResponse:
    return render(request, "reports/statistics/verify.html", context, status=status)
