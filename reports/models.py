"""Seam: where Django finds the models of this app's rooms."""

from reports.dashboard import models as dashboard
from reports.documents import models as documents
from reports.kits import models as kits
from reports.statements import models as statements
from reports.statistics import models as statistics

__all__ = ["dashboard", "documents", "kits", "statements", "statistics"]
