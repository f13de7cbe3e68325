"""Routes of on-demand exchange."""

from __future__ import annotations

from django.urls import path

from merchants.settlement.api import views

urlpatterns = [
    path("shops/<shop:shop>/exchangeable", views.ExchangeableView.as_view(), name="exchangeable"),
    path("shops/<shop:shop>/exchanges", views.ExchangesView.as_view(), name="exchanges"),
    path("shops/<shop:shop>/exchanges/<uuid:exchange>", views.ExchangeView.as_view(), name="exchange"),
]
