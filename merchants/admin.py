"""Seam: where Django finds the admin classes and pages of this app's rooms."""

from merchants.applications import admin as applications
from merchants.closures import admin as closures
from merchants.dispositions import admin as dispositions
from merchants.dispositions import pages as disposition_pages
from merchants.open_data import admin as open_data
from merchants.payouts import admin as payouts
from merchants.qr_kit import admin as qr_kit
from merchants.registry import admin as registry
from merchants.registry import pages as registry_pages
from merchants.settlement import admin as settlement

__all__ = [
    "applications",
    "closures",
    "disposition_pages",
    "dispositions",
    "open_data",
    "payouts",
    "qr_kit",
    "registry",
    "registry_pages",
    "settlement",
]
