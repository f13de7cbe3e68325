"""Seam: where Django finds the models of this app's rooms."""

from reports.documents import models as documents

__all__ = ["documents"]
