"""Routes of top-ups."""

from __future__ import annotations

from django.urls import path

from vouchers.top_ups.api import views

urlpatterns = [
    path("top-ups", views.TopUpsView.as_view(), name="top-ups"),
    path("top-ups/<uuid:top_up>", views.TopUpView.as_view(), name="top-up"),
    path("top-ups/<uuid:top_up>/deposit", views.DepositView.as_view(), name="top-up-deposit"),
    path("top-ups/<uuid:top_up>/cancellation", views.TopUpCancellationView.as_view(), name="top-up-cancellation"),
    path("wallets/<uuid:wallet>/refunds", views.RefundsView.as_view(), name="wallet-refunds"),
    path("wallets/<uuid:wallet>/auto-top-up", views.AutoTopUpView.as_view(), name="auto-top-up"),
    path(
        "wallets/<uuid:wallet>/auto-top-up/cancellation",
        views.AutoTopUpCancellationView.as_view(),
        name="auto-top-up-cancellation",
    ),
]
