"""Seam: where Django finds the models of this app's rooms."""

from merchants.dispositions.models import Disposition, Violation
from merchants.open_data import models as open_data
from merchants.qr_kit.models import MerchantQR
from merchants.registry.models import (
    Merchant,
    MerchantBenefit,
    MerchantCategory,
    MerchantChange,
    MerchantPaper,
    RegistrationStandard,
)
from merchants.settlement.models import DayClose, Exchange, ExchangeLimit, ExchangeUplift, PayoutHold, SettlementLine

__all__ = [
    "DayClose", "Disposition", "Exchange", "ExchangeLimit", "ExchangeUplift", "Merchant", "MerchantBenefit", "MerchantCategory",
    "MerchantChange", "MerchantPaper", "MerchantQR", "PayoutHold", "RegistrationStandard", "SettlementLine",
    "Violation", "open_data",
]  # fmt: skip
