"""Routes of applications."""

from __future__ import annotations

from django.urls import path

from merchants.applications.api import views

urlpatterns = [
    path("shop-applications", views.ApplicationsView.as_view(), name="shop-applications"),
    path("shop-applications/<uuid:application>", views.ApplicationView.as_view(), name="shop-application"),
]
