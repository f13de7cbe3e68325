from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConfigConfig(AppConfig):
    """Commands, settings and what the rooms share at start."""

    name = "config"
    verbose_name = _("관리")
