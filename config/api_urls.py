"""URLs of the API, its document and the page to read it; everything else below /api/ is a 404 problem document."""

from __future__ import annotations

from django.urls import include, path, re_path

from vouchers.partners.api import pages, start, views

ROOMS = (
    "vouchers.wallets.api.urls",
    "vouchers.top_ups.api.urls",
    "vouchers.gifts.api.urls",
    "vouchers.payments.api.urls",
    "merchants.applications.api.urls",
    "merchants.settlement.api.urls",
    "vouchers.points.api.urls",
    "vouchers.reconciliation.api.urls",
    "vouchers.webhooks.api.urls",
)
"""Where rooms keep their routes. The document lists them in this order."""

urlpatterns = [
    path("healthz", views.HealthView.as_view(), name="healthz"),
    *(path("api/v1/", include(room)) for room in ROOMS),
    path("api/schema/", pages.SchemaView.as_view(), name="api-schema"),
    path("api/docs/", pages.DocsView.as_view(), name="api-docs"),
    path("api/start/", start.StartView.as_view(), name="api-start"),
    re_path(r"^api/", views.UnknownView.as_view(), name="api-unknown"),
]
