"""Routes of gifts."""

from __future__ import annotations

from django.urls import path

from vouchers.gifts.api import views

urlpatterns = [
    path("gifts", views.GiftsView.as_view(), name="gifts"),
    path("gifts/<uuid:gift>", views.GiftView.as_view(), name="gift"),
]
