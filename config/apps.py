from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _


class ConfigConfig(AppConfig):
    """Commands, settings and what the rooms share at start."""

    name = "config"
    verbose_name = _("관리")
    default = True


class JangteoAdminConfig(AdminConfig):
    """Django's admin with our site."""

    default = False
    default_site = "config.admin_site.JangteoAdminSite"
