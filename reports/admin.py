"""Seam: where Django finds the pages of this app's rooms."""

from reports.dashboard import admin as dashboard
from reports.documents import admin as documents
from reports.kits import admin as kits
from reports.statements import admin as statements
from reports.statistics import admin as statistics

__all__ = ["dashboard", "documents", "kits", "statements", "statistics"]
