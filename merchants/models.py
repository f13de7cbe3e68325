"""Seam: where Django finds the models of this app's rooms."""

from merchants.applications.models import ApplicationUpload
from merchants.closures.models import ClosureCheck, ClosureFinding
from merchants.dispositions.models import Disposition, Referral, Restitution, Violation
from merchants.open_data import models as open_data
from merchants.payouts.models import BankSheet, Payout, PayoutBatch, PayoutResult, PayoutResultLine, PayoutTerms
from merchants.qr_kit.models import MerchantQR
from merchants.registry.models import (
    Merchant,
    MerchantBenefit,
    MerchantCategory,
    MerchantChange,
    MerchantPaper,
    RegistrationStandard,
)
from merchants.settlement.models import (
    Adjustment,
    AgentFee,
    AgentReckoning,
    DayClose,
    Exchange,
    ExchangeLimit,
    ExchangeUplift,
    FeeRate,
    FeeSchedule,
    PayoutHold,
    SalesAgent,
    SettlementFee,
    SettlementLine,
)

__all__ = [
    "Adjustment", "AgentFee", "AgentReckoning", "ApplicationUpload", "BankSheet", "ClosureCheck", "ClosureFinding", "DayClose",
    "Disposition", "Exchange", "ExchangeLimit", "ExchangeUplift", "FeeRate", "FeeSchedule", "Merchant", "MerchantBenefit",
    "MerchantCategory", "MerchantChange", "MerchantPaper", "MerchantQR", "Payout", "PayoutBatch", "PayoutHold",
    "PayoutResult", "PayoutResultLine", "PayoutTerms", "Referral", "RegistrationStandard", "Restitution", "SalesAgent", "SettlementFee",
    "SettlementLine", "Violation", "open_data",
]  # fmt: skip
