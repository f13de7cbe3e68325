"""URLs of the API, its document and the page to read it; everything else below /api/ is a 404 problem document."""

from __future__ import annotations

from django.urls import path, re_path

from vouchers.payments.api import pages, views

urlpatterns = [
    path("healthz", views.HealthView.as_view(), name="healthz"),
    path("api/v1/payments", views.PaymentsView.as_view(), name="payments"),
    path("api/v1/payments/<uuid:payment>", views.PaymentView.as_view(), name="payment"),
    path("api/v1/payments/<uuid:payment>/cancellations", views.CancellationsView.as_view(), name="cancellations"),
    path("api/schema/", pages.SchemaView.as_view(), name="api-schema"),
    path("api/docs/", pages.DocsView.as_view(), name="api-docs"),
    re_path(r"^api/", views.UnknownView.as_view(), name="api-unknown"),
]
