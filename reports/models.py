"""Seam: where Django finds the models of this app's rooms."""

from reports.documents import models as documents
from reports.kits import models as kits
from reports.statistics import models as statistics

__all__ = ["documents", "kits", "statistics"]
