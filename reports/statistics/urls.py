"""The public address of the check; config.urls puts it at the root of the site."""

from __future__ import annotations

from django.urls import path

from reports.statistics import views

app_name = "statistics"
urlpatterns = [path("verify/", views.verify, name="verify")]
