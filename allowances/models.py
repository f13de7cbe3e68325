"""Seam: where Django finds the models of this app's rooms."""

from allowances.approvals.models import ApprovalLine, ApprovalLineStep, ApprovalStep
from allowances.batches.models import Batch, BatchEvent, BatchProblem, BatchRow, Entitlement
from allowances.budgets.models import BudgetAllotment, BudgetEntry, BudgetLine
from allowances.catalogue.models import AllowanceType, ExclusiveGroup
from allowances.clawback.models import Clawback, ClawbackItem, Instalment, Receivable, ReceivableEntry, Recovery
from allowances.departures.models import Departure, DepartureList
from allowances.disbursement.models import DisbursementChunk, UnpaidEntitlement
from allowances.programmes.models import Cycle, LocalExclusiveGroup, Programme, ProgrammeTerms

__all__ = [
    "AllowanceType", "ApprovalLine", "ApprovalLineStep", "ApprovalStep", "Batch", "BatchEvent", "BatchProblem",
    "BatchRow", "BudgetAllotment", "BudgetEntry", "BudgetLine", "Clawback", "ClawbackItem", "Cycle", "Departure",
    "DepartureList", "DisbursementChunk", "Entitlement", "ExclusiveGroup", "Instalment", "LocalExclusiveGroup", "Programme",
    "ProgrammeTerms", "Receivable", "ReceivableEntry", "Recovery", "UnpaidEntitlement",
]  # fmt: skip
