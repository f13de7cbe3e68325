"""Addresses of papers; config.urls puts them under the admin."""

from __future__ import annotations

from django.urls import path

from reports.documents import views

app_name = "documents"
urlpatterns = [path("settlement/<uuid:line>.pdf", views.settlement_statement, name="settlement_statement")]
