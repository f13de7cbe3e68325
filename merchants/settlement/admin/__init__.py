"""정산: closed days, on-demand exchange and its limits, and payouts that are held back."""

from merchants.settlement.admin import closes, exchanges, holds

__all__ = ["closes", "exchanges", "holds"]
