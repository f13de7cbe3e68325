"""Seam: where Django finds the admin classes and pages of this app's rooms."""

from allowances.approvals import admin as approvals
from allowances.batches import admin as batches
from allowances.budgets import admin as budgets
from allowances.catalogue import admin as catalogue
from allowances.clawback import admin as clawback
from allowances.departures import admin as departures
from allowances.disbursement import admin as disbursement
from allowances.programmes import admin as programmes
from allowances.programmes import pages as programme_pages

__all__ = [
    "approvals", "batches", "budgets", "catalogue", "clawback", "departures", "disbursement", "programme_pages",
    "programmes",
]  # fmt: skip
