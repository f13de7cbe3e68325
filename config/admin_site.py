"""The admin site: Unfold's, with the rooms' own pages beside the lists and forms."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from vouchers.common.pages import PAGES


class JangteoAdminSite(UnfoldAdminSite):
    """Lists, forms and pages for officials. Whoever holds no role today may log in and sees that they hold none."""

    index_title = _("홈")
    index_template = "reports/dashboard/home.html"
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        """Every official who is still in office may enter; what they see follows from their roles."""
        return bool(request.user.is_authenticated and request.user.is_active)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """All models by name, for who looks at the list: every page carries it, but shows the menu in its place."""
        return SimpleLazyObject(partial(super().get_app_list, request, app_label))

    def extra_urls(self) -> list[URLPattern]:
        """The rooms' pages. They come before the forms, whose addresses take any text as a key."""
        return [path(page.route, self.admin_view(page.view), name=page.name) for page in PAGES]
