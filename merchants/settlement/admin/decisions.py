"""What one official asks for and another decides: the frame that all such pages share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from merchants.settlement.models import Decision, SecondPerson
from vouchers.common.admin import EditAdmin, moment
from vouchers.common.pages import find, page, refusals_shown, require

Row = TypeVar("Row", bound=SecondPerson)


class SecondPersonAdmin(EditAdmin):
    """A list of requests, a form for a new one, and a page on which somebody else decides. Nothing is changed."""

    view_permission = "settlement.view"
    edit_permission = "settlement.edit"
    sortable_by: ClassVar[list[str]] = []
    change_form_outer_before_template = "merchants/settlement/decide.html"
    decide_page: ClassVar[str]
    """The name of the page that takes the decision."""
    decide_title: ClassVar[Any]

    asked_at = moment("requested_at", _("요청일시"))
    decided = moment("decided_at", _("결정일시"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def sentences(self, row: Any) -> list[Any]:
        """What the request comes to, in words."""
        return []

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """With where the decision goes, and what it is about."""
        if object_id is None:
            return super().changeform_view(request, object_id, form_url, extra_context)
        row = self.get_object(request, object_id)
        context = {
            "decide_address": reverse(f"admin:{self.decide_page}", args=[object_id]), "decide_title": self.decide_title,
            "sentences": self.sentences(row) if row else [],
        }  # fmt: skip
        return super().changeform_view(request, object_id, form_url, context | (extra_context or {}))


def decision_page(
    model: type[Row], *, name: str, decide: Callable[[Row, bool, dict[str, Any]], None], approved: Any, rejected: Any
) -> None:
    """Register the page that takes the second person's decision on rows of a model."""
    label = model._meta.model_name

    @page(f"merchants/{label}/<uuid:row_id>/decide/", name=name, methods=("POST",))
    def decision(request: HttpRequest, row_id: UUID) -> HttpResponse:
        row = find(model._default_manager.all(), row_id)
        require(request, "settlement.approve", row.municipality_id)
        approve = request.POST.get("decision") == Decision.APPROVED
        acting = {"official": request.user, "authority": request.authority, "at": request.at}  # type: ignore[attr-defined]
        with refusals_shown(request):
            decide(row, approve, acting)
            messages.success(request, approved if approve else rejected)
        return redirect(f"admin:merchants_{label}_change", row.pk)
