"""URLs: the admin at the root of the site, the API under /api/."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/documents/", include("reports.documents.urls")),
    path("admin/", admin.site.urls),
    path("", include("config.api_urls")),
]

handler400 = "vouchers.common.problems.bad_request"
handler500 = "vouchers.common.problems.server_error"
