"""정산: closed days, on-demand exchange and its limits, fees, adjustments, sales agents, and payouts that are held back."""

from merchants.settlement.admin import adjustments, agents, closes, exchanges, fees, holds

__all__ = ["adjustments", "agents", "closes", "exchanges", "fees", "holds"]
