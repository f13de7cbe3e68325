"""Papers opened from the admin."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from merchants.settlement.models import SettlementLine
from reports.documents import services
from vouchers.common.errors import NotPermitted


@require_GET
@never_cache
@login_required
def settlement_statement(request: HttpRequest, line: UUID) -> HttpResponse:
    """정산내역서 of a shop's closed day, shown in the browser. Another city's line is a 404."""
    settled = get_object_or_404(SettlementLine.objects.select_related("merchant", "municipality", "currency"), pk=line)
    try:
        pdf = services.print_statement(
            line=settled,
            official=request.user,  # type: ignore[arg-type]
            authority=request.authority,  # type: ignore[attr-defined]
            at=request.at,  # type: ignore[attr-defined]
            address=request.META.get("REMOTE_ADDR"),
        )
    except NotPermitted as error:
        raise PermissionDenied(str(error)) from error
    name = f"statement-{settled.merchant.code}-{settled.business_date:%Y%m%d}.pdf"
    return HttpResponse(
        pdf, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'}
    )
