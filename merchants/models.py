"""Seam: where Django finds the models of this app's rooms."""

from merchants.open_data import models as open_data
from merchants.qr_kit.models import MerchantQR
from merchants.registry.models import Merchant, MerchantBenefit, MerchantCategory
from merchants.settlement.models import DayClose, SettlementLine

__all__ = ["DayClose", "Merchant", "MerchantBenefit", "MerchantCategory", "MerchantQR", "SettlementLine", "open_data"]
