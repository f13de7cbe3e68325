"""Routes of members and wallets."""

from __future__ import annotations

from django.urls import path

from vouchers.wallets.api import views

urlpatterns = [
    path("members", views.MembersView.as_view(), name="members"),
]
