"""URLs: the admin at the root of the site, the API under /api/."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("admin/documents/", include("reports.documents.urls")),
    path("admin/", admin.site.urls),
    path("", include("reports.statistics.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("openapi/", include("merchants.open_data.urls")),
    path("", include("config.api_urls")),
]

handler400 = "vouchers.common.problems.bad_request"
handler500 = "vouchers.common.problems.server_error"
