"""Seam: where Django finds the pages of this app's rooms."""

from reports.budgets import admin as budgets

__all__ = ["budgets"]
