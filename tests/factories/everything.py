"""One row of everything the admin shows, and an official for each role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import models
from psycopg.types.json import Jsonb

from allowances.approvals.models import ApprovalLine, ApprovalStep
from allowances.batches.models import Batch
from allowances.budgets.models import BudgetLine
from allowances.catalogue.models import AllowanceType
from allowances.clawback.models import Receivable
from allowances.departures.models import Departure, DepartureList
from allowances.programmes.models import Cycle, LocalExclusiveGroup, Programme
from merchants.applications.models import ApplicationUpload
from merchants.closures.models import ClosureCheck
from merchants.dispositions.models import Disposition, Violation
from merchants.open_data.models import OpenDataTerms, UsageMonth
from merchants.payouts.models import BankSheet, Payout, PayoutBatch, PayoutResult, PayoutTerms
from merchants.qr_kit.models import MerchantQR
from merchants.registry.models import (
    ChangeState,
    Merchant,
    MerchantCategory,
    MerchantChange,
    MerchantPaper,
    RegistrationStandard,
)
from merchants.settlement.models import (
    Adjustment,
    AgentReckoning,
    DayClose,
    Exchange,
    ExchangeLimit,
    ExchangeUplift,
    FeeSchedule,
    PayoutHold,
    SalesAgent,
    SettlementLine,
)
from reports.documents.models import RegisterPaper
from reports.kits.models import KitPrint
from reports.statements.models import StatementRun
from reports.statistics.models import IssuedReport
from tests import factories
from tests.factories import AT, City
from tests.factories.bank import make_bank_line
from tests.factories.benefits import make_draft, make_fund
from tests.factories.clawbacks import make_debt
from tests.factories.gifts import make_gift
from tests.factories.holding import make_departure
from tests.factories.issued import make_issued
from tests.factories.lists import make_line
from tests.factories.open_data import make_terms, make_usage
from tests.factories.payouts import send_everything
from tests.factories.points import pay_points
from tests.factories.settlement import exchange_and_hold
from tests.factories.shops import ask_for_a_change, make_case, make_claim, make_decided_case, make_referral
from tests.factories.top_ups import buy, write_of
from tests.factories.webhooks import make_endpoint
from vouchers.citizens.models import Citizen, Corporation, Household
from vouchers.common.models import uuid7
from vouchers.common.seoul import business_date
from vouchers.currencies.models import Currency, PurchaseLimit, UsageRule
from vouchers.gifts.models import Gift
from vouchers.guidelines.models import GuidelineLimit, RegionStatus
from vouchers.incentives.models import BenefitFund, BenefitPolicy, BenefitTerms
from vouchers.ledger.models import Event
from vouchers.ledger.services import call
from vouchers.municipalities.models import Dong, Holiday, Municipality
from vouchers.officials.models import Absence, IncompatibleRoles, Official, RoleAssignment
from vouchers.officials.rules import Role
from vouchers.partners.models import Partner, PartnerKey
from vouchers.partners.services import issue_key
from vouchers.payments.models import OnlineChannel, Payment, PaymentTerms
from vouchers.points.models import (
    Activity,
    ActivityKind,
    ActivityUpload,
    PointLimits,
    PointProgramme,
    PointRule,
    PointRun,
)
from vouchers.privacy.models import AccessAction, AccessRecord
from vouchers.top_ups import services as top_ups
from vouchers.top_ups.models import AutoTopUp, TopUp, TopUpRefund
from vouchers.top_ups.selectors import RefundAccount
from vouchers.wallets.models import Wallet
from vouchers.webhooks.models import WebhookEndpoint, WebhookPolicy

SHOWN = (
    ApplicationUpload, ClosureCheck, Disposition, Violation,
    BankSheet, Payout, PayoutBatch, PayoutResult, PayoutTerms,
    Activity, ActivityKind, ActivityUpload, Holiday, PointLimits, PointProgramme, PointRule, PointRun,
    IssuedReport,
    Departure, DepartureList, Household, LocalExclusiveGroup,
    BenefitFund, BenefitPolicy, BenefitTerms, GuidelineLimit, RegionStatus,
    Absence, AccessRecord, AllowanceType, ApprovalLine, ApprovalStep, Batch, BudgetLine, Citizen, Corporation, Currency, Cycle, DayClose, Dong,
    Event, Gift, IncompatibleRoles, LogEntry, Merchant, MerchantCategory, MerchantChange, MerchantPaper, MerchantQR, OpenDataTerms, UsageMonth, RegistrationStandard, Municipality, Official, Partner,
    PartnerKey, OnlineChannel, Payment, PaymentTerms, Programme, PurchaseLimit, Receivable, RoleAssignment,
    SettlementLine, Adjustment, AgentReckoning, FeeSchedule, SalesAgent, Exchange, ExchangeLimit, ExchangeUplift, PayoutHold, AutoTopUp, TopUp, TopUpRefund, UsageRule, Wallet, WebhookEndpoint, WebhookPolicy,
)  # fmt: skip


@dataclass
class Everything:
    """A city where each thing has happened once."""

    city: City
    officials: dict[Role, Official]

    def row(self, model: type[models.Model]) -> Any:
        """One row of the model; call it inside the city's scope."""
        if model is Official:
            return self.officials[Role.DRAFTER]
        if model is MerchantChange:  # the one that waits, not those that brought the shops where they are
            return MerchantChange.objects.get(state=ChangeState.WAITING)
        return model._default_manager.order_by("pk").first()


def make_everything(*, code: str = "41280") -> Everything:
    """Grant, pay, close, and write down who did it."""
    city = factories.make_city(code=code)
    with city.scope():
        officials = {role: factories.make_official(city, role, username=f"{role}-{code}") for role in Role}
        citizen, merchant = factories.make_citizen(city), factories.make_merchant(city)
        partner = factories.make_partner(city)
        issue_key(partner=partner, at=AT)
        make_terms(city)
        make_usage(city)
        ask_for_a_change(city, merchant)
        make_case(merchant, factories.make_official(city, Role.MERCHANT_OFFICER))
        decided = make_decided_case(
            factories.make_merchant(city), officials[Role.MERCHANT_OFFICER], officials[Role.APPROVER]
        )
        make_claim(decided, officials[Role.MERCHANT_OFFICER])
        make_referral(decided, officials[Role.MERCHANT_OFFICER])
        ApplicationUpload.objects.create(
            municipality=city.municipality, file_name="신청.csv", file_sha256="0" * 64, rows="[]", rows_total=1, rows_wrong=1,
            problems=[{"row": 2, "column": "상호", "value": "", "reason": "반드시 적어야 합니다.", "blocks": True}],
            uploaded_by=officials[Role.MERCHANT_OFFICER], uploaded_at=AT,
        )  # fmt: skip
        ClosureCheck.objects.create(
            municipality=city.municipality, file_name="조회.csv", checked_on=AT.date(), rows_total=1, rows_open=0, rows_unknown=1,
            uploaded_by=officials[Role.MERCHANT_OFFICER], uploaded_at=AT,
        )  # fmt: skip
        KitPrint.objects.create(
            municipality=city.municipality,
            dong=city.dong,
            official=officials[Role.MERCHANT_OFFICER],
            rows=1,
            asked_at=AT,
        )
        StatementRun.objects.create(
            municipality=city.municipality, currency=city.currency, month=AT.date().replace(day=1), asked_at=AT,
            official=officials[Role.SETTLEMENT_OFFICER],
        )  # fmt: skip
        make_line(city, Role.REVIEWER, Role.APPROVER)
        UsageRule.objects.create(municipality=city.municipality, name="음식점", allowed_categories=["restaurant"])
        factories.make_purchase_limit(city)
        RegionStatus.objects.create(
            municipality=city.municipality, kind="capital", valid_from=date(2020, 1, 1), document="법 제2조"
        )
        bought = buy(partner, factories.wallet_of(citizen).pk, 10_000, at=AT - timedelta(days=1))
        top_ups.cancel(
            write=write_of(partner), top_up=bought.id, account=RefundAccount("088", "110123456", "김장터"), at=AT
        )
        top_ups.set_auto(
            write=write_of(partner), wallet=factories.wallet_of(citizen).pk, amount=10_000, threshold=1_000,
            day_of_month=None, at=AT,
        )  # fmt: skip
        batch = factories.grant(city, {citizen: 50_000})
        RegisterPaper.objects.create(
            municipality=city.municipality,
            batch=batch,
            attempt=1,
            official=officials[Role.DRAFTER],
            rows=1,
            asked_at=AT,
        )
        make_issued(city, officials[Role.SETTLEMENT_OFFICER])
        Household.objects.create(municipality=city.municipality, number="1")
        factories.corporate_wallet(city)
        LocalExclusiveGroup.objects.create(
            municipality=city.municipality, name="목욕비", legal_basis="조례", type_codes=["ELD-001", "ELD-002"],
            valid_from=AT.date(),
        )  # fmt: skip
        OnlineChannel.objects.create(
            municipality=city.municipality, code="delivery", name="배달앱", kind="delivery", partner=partner
        )
        wallet = factories.wallet_of(citizen)
        paid = AT - timedelta(days=1)
        call(
            "payments.pay", code, partner.pk, str(uuid7()), b"\0" * 32, wallet.pk, merchant.code, "T001", 3_000, "order-1",
            paid,
        )  # fmt: skip
        call("ledger.fence", code, business_date(paid))
        call("settlement.close_day", code, city.currency.pk, business_date(paid), AT)
        exchange_and_hold(city, merchant, officials[Role.SETTLEMENT_OFFICER], wallet.pk, partner.pk)
        make_bank_line(city, day=business_date(paid), at=AT, official=officials[Role.SETTLEMENT_OFFICER])
        make_departure(city, officials[Role.DRAFTER], citizen)
        Absence.objects.create(
            municipality=city.municipality, official=officials[Role.DRAFTER], deputy=officials[Role.REVIEWER],
            valid_from=business_date(AT), valid_until=business_date(AT), reason="출장",
        )  # fmt: skip
        AccessRecord.objects.create(
            municipality=city.municipality, at=AT, official=officials[Role.DRAFTER], action=AccessAction.UPLOAD,
            subject="batch", reason="시험",
        )  # fmt: skip
        make_draft(city, make_fund(city))
        make_debt(city)
        make_endpoint(city, partner)
        WebhookPolicy.objects.create(municipality=city.municipality, valid_from=business_date(AT))
        call("webhooks.emit", code, "payment.paid", [partner.pk], Jsonb({"amount": 3_000}), AT)
        pay_points(city)
        make_gift(city)
        send_everything(city)
    return Everything(city, officials)


def log_own_action(official: Official) -> LogEntry:
    """What the official's own list of actions shows; call it with the official's id in the scope."""
    return LogEntry.objects.create(
        user=official, content_type=ContentType.objects.get_for_model(Official), object_id=str(official.pk),
        object_repr=str(official), action_flag=ADDITION, change_message="[]",
    )  # fmt: skip
