"""The OpenAPI document and the page that shows it, which needs nothing from outside this server."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.views.decorators.vary import vary_on_headers
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from vouchers.common import problems

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Swagger UI writes style attributes; everything else is a file of this server."""


@method_decorator(vary_on_headers("Accept-Language"), name="dispatch")
class SchemaView(SpectacularJSONAPIView):
    """The OpenAPI 3.1 document in the language of the request, or in ``?lang=``."""

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]
        """Refusals are problem documents here, too."""
        return problems.response_to(exc, allow=self.allowed_methods)


class DocsView(SpectacularSwaggerSplitView):
    """The document to read and to try out."""

    url_name = "api-schema"

    def dispatch(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let the browser load nothing from elsewhere."""
        response = super().dispatch(*args, **kwargs)
        response["Content-Security-Policy"] = _POLICY
        return response
