"""URLs: the admin at the root of the site, the API under /api/."""

from django.contrib import admin
from django.urls import path

urlpatterns = [path("admin/", admin.site.urls)]
