"""Routes of payments."""

from __future__ import annotations

from django.urls import path

from vouchers.payments.api import views

urlpatterns = [
    path("payments", views.PaymentsView.as_view(), name="payments"),
    path("payments/<uuid:payment>", views.PaymentView.as_view(), name="payment"),
    path("payments/<uuid:payment>/cancellations", views.CancellationsView.as_view(), name="cancellations"),
]
