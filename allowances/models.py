"""Seam: where Django finds the models of this app's rooms."""

from allowances.approvals.models import ApprovalLine, ApprovalLineStep, ApprovalStep
from allowances.batches.models import Batch, BatchEvent, BatchProblem, BatchRow, Entitlement
from allowances.budgets.models import BudgetAllotment, BudgetEntry, BudgetLine
from allowances.catalogue.models import AllowanceType
from allowances.disbursement.models import DisbursementChunk, UnpaidEntitlement
from allowances.programmes.models import Cycle, Programme

__all__ = [
    "AllowanceType", "ApprovalLine", "ApprovalLineStep", "ApprovalStep", "Batch", "BatchEvent", "BatchProblem", "BatchRow",
    "BudgetAllotment", "BudgetEntry", "BudgetLine", "Cycle",
    "DisbursementChunk", "Entitlement", "Programme", "UnpaidEntitlement",
]  # fmt: skip
