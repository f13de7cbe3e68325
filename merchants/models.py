"""Seam: where Django finds the models of this app's rooms."""

from merchants.qr_kit.models import MerchantQR
from merchants.registry.models import Merchant, MerchantBenefit, MerchantCategory
from merchants.settlement.models import DayClose, SettlementLine

__all__ = ["DayClose", "Merchant", "MerchantBenefit", "MerchantCategory", "MerchantQR", "SettlementLine"]
