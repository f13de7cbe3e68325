"""Routes of points."""

from __future__ import annotations

from django.urls import path

from vouchers.points.api import views

urlpatterns = [
    path("activities", views.ActivitiesView.as_view(), name="activities"),
    path("activities/<uuid:activity>", views.ActivityView.as_view(), name="activity"),
    path("wallets/<uuid:wallet>/points", views.WalletPointsView.as_view(), name="wallet-points"),
]
