"""Routes of members and wallets."""

from __future__ import annotations

from django.urls import path

from vouchers.wallets.api import views

urlpatterns = [
    path("members", views.MembersView.as_view(), name="members"),
    path("wallets/<uuid:wallet>", views.WalletView.as_view(), name="wallet"),
    path("wallets/<uuid:wallet>/transactions", views.TransactionsView.as_view(), name="transactions"),
]
