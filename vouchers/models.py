"""Seam: where Django finds the models of this app's rooms."""

from vouchers.citizens.models import (
    Citizen,
    CitizenCategory,
    Household,
    HouseholdMember,
    ResidencePeriod,
)
from vouchers.currencies.models import Currency, CurrencyPolicy, PurchaseLimit, UsageRule
from vouchers.gifts.models import Gift
from vouchers.guidelines.models import GuidelineLimit, RegionStatus
from vouchers.incentives.models import (
    BenefitDay,
    BenefitDue,
    BenefitFund,
    BenefitHalt,
    BenefitMonth,
    BenefitPolicy,
    BenefitSimulation,
    BenefitStep,
    BenefitTerms,
    BenefitTier,
    Cashback,
    FundEntry,
    MemberMonth,
)
from vouchers.ledger.models import (
    Account,
    Balance,
    BusinessClose,
    Event,
    ExpiryMark,
    ExpiryReturn,
    Journal,
    LateExpiry,
    Lot,
    LotReturn,
    Transfer,
)
from vouchers.municipalities.models import Dong, Holiday, Municipality
from vouchers.officials.models import IncompatibleRoles, Official, RoleAssignment
from vouchers.partners.models import IdempotencyRecord, Partner, PartnerDay, PartnerKey, PartnerMinute
from vouchers.payments.models import (
    Cancellation,
    CardApproval,
    ChannelFee,
    OnlineChannel,
    OnlineOrder,
    Outbox,
    Payment,
    PaymentCard,
    PaymentTerms,
    PaymentToken,
    SaleQR,
)
from vouchers.points.models import (
    Activity,
    ActivityKind,
    ActivityUpload,
    PointCap,
    PointChunk,
    PointCut,
    PointEarning,
    PointLimits,
    PointPayment,
    PointProgramme,
    PointRule,
    PointRun,
    PointWitness,
)
from vouchers.privacy.models import AccessRecord
from vouchers.reconciliation.models import BankDay, BankLine, BankMatch, BankStatement, DailySum, DayReview, ReviewNote
from vouchers.wallets.models import Wallet, WalletLink, WalletStatusChange
from vouchers.webhooks.models import WebhookDelivery, WebhookEndpoint, WebhookEvent, WebhookPolicy, WebhookSecret

__all__ = [
    "AccessRecord", "Account", "Activity", "ActivityKind", "ActivityUpload", "Balance", "BankDay", "BankLine",
    "BankMatch", "BankStatement", "BenefitDay", "BenefitDue", "BenefitFund", "BenefitHalt", "BenefitMonth", "BenefitPolicy",
    "BenefitSimulation", "BenefitStep", "BenefitTerms", "BenefitTier", "BusinessClose", "Cancellation",
    "CardApproval", "Cashback", "ChannelFee", "Citizen", "CitizenCategory", "Currency", "CurrencyPolicy",
    "DailySum", "DayReview", "Dong", "Event", "ExpiryMark", "ExpiryReturn", "FundEntry", "Gift", "GuidelineLimit", "Holiday",
    "Household", "HouseholdMember", "IdempotencyRecord", "IncompatibleRoles", "Journal", "LateExpiry", "Lot",
    "LotReturn", "MemberMonth", "Municipality", "Official", "OnlineChannel", "OnlineOrder", "Outbox", "Partner",
    "PartnerDay", "PartnerKey", "PartnerMinute", "Payment", "PaymentCard", "PaymentTerms", "PaymentToken",
    "PointCap", "PointChunk", "PointCut", "PointEarning", "PointLimits", "PointPayment", "PointProgramme", "PointRule",
    "PointRun", "PointWitness", "PurchaseLimit", "RegionStatus", "ResidencePeriod", "ReviewNote", "RoleAssignment", "SaleQR",
    "Transfer",
    "UsageRule", "Wallet", "WalletLink", "WalletStatusChange", "WebhookDelivery", "WebhookEndpoint", "WebhookEvent",
    "WebhookPolicy", "WebhookSecret",
]  # fmt: skip
