"""Seam: where Django finds the models of this app's rooms."""

from reports.documents import models as documents
from reports.kits import models as kits

__all__ = ["documents", "kits"]
