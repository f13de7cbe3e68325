"""가맹점 이체: what is owed to shops, batches of it with two people's consent, files for the bank, and its answers."""

from merchants.payouts.admin import batches, payouts, results, sheets, terms

__all__ = ["batches", "payouts", "results", "sheets", "terms"]
