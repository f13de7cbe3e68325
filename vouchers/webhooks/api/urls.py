"""Routes of webhooks."""

from __future__ import annotations

from django.urls import path

from vouchers.webhooks.api import views

urlpatterns = [
    path("webhook-endpoints", views.EndpointsView.as_view(), name="webhook-endpoints"),
    path("webhook-endpoints/<uuid:endpoint>", views.EndpointView.as_view(), name="webhook-endpoint"),
    path("webhook-endpoints/<uuid:endpoint>/rotations", views.RotationsView.as_view(), name="webhook-rotations"),
    path(
        "webhook-endpoints/<uuid:endpoint>/verifications",
        views.VerificationsView.as_view(),
        name="webhook-verifications",
    ),
    path("webhook-endpoints/<uuid:endpoint>/deletion", views.DeletionView.as_view(), name="webhook-deletion"),
    path("webhook-endpoints/<uuid:endpoint>/replays", views.MissedReplaysView.as_view(), name="webhook-replays"),
    path("events", views.EventsView.as_view(), name="events"),
    path("events/<uuid:event>", views.EventView.as_view(), name="event"),
    path("events/<uuid:event>/replays", views.ReplaysView.as_view(), name="event-replays"),
]
