"""Every address of the admin × every role: what is allowed stands in one table, and an address that is missing fails."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any, Final

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db import models, transaction
from django.test import Client
from django.urls import Resolver404, resolve, reverse

from allowances.batches.models import Batch
from allowances.budgets.models import BudgetLine
from allowances.clawback.models import Receivable
from allowances.departures.models import Departure, DepartureList
from allowances.programmes.models import Cycle, Programme
from merchants.applications.models import ApplicationUpload
from merchants.closures.models import ClosureCheck
from merchants.dispositions.models import Disposition, Referral, Restitution
from merchants.open_data.models import UsageMonth
from merchants.payouts.models import Payout, PayoutBatch
from merchants.qr_kit.models import MerchantQR
from merchants.registry.models import Merchant, MerchantChange, MerchantPaper
from merchants.settlement.models import Adjustment, AgentReckoning, ExchangeUplift, FeeSchedule, PayoutHold
from reports.documents.models import RegisterPaper
from reports.kits.models import KitPrint
from reports.statements.models import StatementRun
from reports.statistics.models import IssuedReport
from tests.factories.everything import Everything, log_own_action, make_everything
from vouchers.citizens.models import Citizen, Corporation
from vouchers.common.pages import PAGES
from vouchers.common.scope import set_local
from vouchers.incentives.models import BenefitFund, BenefitPolicy, BenefitTerms
from vouchers.officials.models import Absence
from vouchers.officials.rules import Role
from vouchers.partners.models import Partner, PartnerKey
from vouchers.points.models import Activity, ActivityUpload, PointProgramme, PointRun
from vouchers.reconciliation.models import BankLine, DayReview
from vouchers.top_ups.models import AutoTopUp, TopUpRefund
from vouchers.wallets.models import Wallet
from vouchers.webhooks.models import WebhookEndpoint

pytestmark = pytest.mark.django_db

LETTERS: Final = {
    "D": Role.DRAFTER, "R": Role.REVIEWER, "B": Role.BUDGET, "A": Role.APPROVER, "P": Role.PAYER,
    "M": Role.MERCHANT_OFFICER, "S": Role.SETTLEMENT_OFFICER, "U": Role.AUDITOR, "X": Role.ADMINISTRATOR,
}  # fmt: skip
EVERYBODY: Final = "DRBAPMSUX"
_LINK: Final = re.compile(r'<a\b[^>]*\shref="(/admin/[^"#?]*)')

# model: who may see its list and its rows; who may add a row; who may see the history ("-": there is none, 404)
MODELS: Final[dict[str, tuple[str, str, str]]] = {
    "admin.LogEntry": (EVERYBODY, "", "-"),
    "allowances.AllowanceType": ("DRBAPUX", "", "-"),
    "allowances.ApprovalLine": ("DRBAPUX", "X", "DRBAPUX"),
    "allowances.ApprovalStep": ("UX", "", "-"),
    "allowances.Batch": ("DRBAPUX", "", "-"),
    "allowances.BudgetLine": ("DRBAPUX", "B", "DRBAPUX"),
    "allowances.Cycle": ("DRBAPUX", "D", "DRBAPUX"),
    "allowances.DepartureList": ("DRAPUX", "", "-"),
    "allowances.LocalExclusiveGroup": ("DRBAPUX", "D", "DRBAPUX"),
    "allowances.Programme": ("DRBAPUX", "D", "DRBAPUX"),
    "allowances.Receivable": ("DRBAPUX", "", "-"),
    "merchants.ClosureCheck": ("AMSUX", "", "-"),
    "merchants.DayClose": ("BAPSUX", "", "-"),
    "merchants.Exchange": ("BAPSUX", "", "-"),
    "merchants.ExchangeLimit": ("BAPSUX", "X", "BAPSUX"),
    "merchants.ExchangeUplift": ("BAPSUX", "S", "-"),
    "merchants.FeeSchedule": ("BAPSUX", "S", "-"),
    "merchants.Adjustment": ("BAPSUX", "S", "-"),
    "merchants.SalesAgent": ("BAPSUX", "X", "BAPSUX"),
    "merchants.AgentReckoning": ("BAPSUX", "S", "-"),
    "merchants.PayoutHold": ("BAPSUX", "S", "BAPSUX"),
    "merchants.Merchant": ("AMSUX", "M", "AMSUX"),
    "merchants.MerchantCategory": ("AMSUX", "", "-"),
    "merchants.Disposition": ("AMSUX", "", "-"),
    "merchants.Violation": ("AMSUX", "", "-"),
    "merchants.MerchantChange": ("AMSUX", "", "-"),
    "merchants.MerchantQR": ("AMSUX", "", "-"),
    "merchants.OpenDataTerms": ("AMSUX", "X", "-"),
    "merchants.RegistrationStandard": ("AMSUX", "X", "-"),
    "merchants.ApplicationUpload": ("AMSUX", "", "-"),
    "merchants.BankSheet": ("BAPSUX", "X", "BAPSUX"),
    "merchants.Payout": ("BAPSUX", "", "-"),
    "merchants.PayoutBatch": ("BAPSUX", "", "-"),
    "merchants.PayoutResult": ("BAPSUX", "", "-"),
    "merchants.PayoutTerms": ("BAPSUX", "X", "-"),
    "merchants.SettlementLine": ("BAPSUX", "", "-"),
    "reports.IssuedReport": ("DRBAPMSUX", "", "-"),
    "vouchers.Absence": ("UX", "X", "UX"),
    "vouchers.AccessRecord": ("UX", "", "-"),
    "vouchers.AutoTopUp": ("DRAPUX", "", "-"),
    "vouchers.BenefitFund": ("DBAPSUX", "B", "DBAPSUX"),
    "vouchers.BenefitPolicy": ("DBAPSUX", "D", "DBAPSUX"),
    "vouchers.BenefitTerms": ("DBAPSUX", "D", "DBAPSUX"),
    "vouchers.Citizen": ("DRAPUX", "X", "DRAPUX"),
    "vouchers.Corporation": ("DRAPUX", "X", "DRAPUX"),
    "vouchers.Currency": ("BAPSUX", "", "BAPSUX"),
    "vouchers.Dong": ("DRAPUX", "X", "-"),
    "vouchers.Household": ("DRAPUX", "X", "DRAPUX"),
    "vouchers.IncompatibleRoles": ("UX", "", "-"),
    "vouchers.Event": ("UX", "", "-"),
    "vouchers.Municipality": ("X", "", "-"),
    "vouchers.Official": ("UX", "X", "UX"),
    "vouchers.Activity": ("DBAPSUX", "", "-"),
    "vouchers.ActivityKind": ("DBAPSUX", "D", "DBAPSUX"),
    "vouchers.ActivityUpload": ("DBAPSUX", "", "-"),
    "vouchers.GuidelineLimit": ("DBAPSUX", "", "-"),
    "vouchers.RegionStatus": ("DBAPSUX", "X", "DBAPSUX"),
    "vouchers.Holiday": ("DBAPSUX", "DSX", "DBAPSUX"),
    "vouchers.PointLimits": ("DBAPSUX", "D", "DBAPSUX"),
    "vouchers.PointProgramme": ("DBAPSUX", "D", "DBAPSUX"),
    "vouchers.PointRule": ("DBAPSUX", "D", "DBAPSUX"),
    "vouchers.PointRun": ("DBAPSUX", "", "-"),
    "vouchers.Partner": ("X", "X", "X"),
    "vouchers.OnlineChannel": ("BAPSUX", "X", "BAPSUX"),
    "vouchers.PaymentTerms": ("BAPSUX", "X", "-"),
    "vouchers.Gift": ("BAPSUX", "", "-"),
    "vouchers.Payment": ("BAPSUX", "", "-"),
    "vouchers.PurchaseLimit": ("BAPSUX", "X", "BAPSUX"),
    "vouchers.RoleAssignment": ("UX", "", "-"),
    "vouchers.TopUp": ("BAPSUX", "", "-"),
    "vouchers.TopUpRefund": ("BAPSUX", "", "-"),
    "vouchers.UsageRule": ("BAPSUX", "X", "-"),
    "vouchers.Wallet": ("DRAPUX", "", "-"),
    "vouchers.WebhookEndpoint": ("X", "", "-"),
    "vouchers.WebhookPolicy": ("X", "X", "X"),
}  # fmt: skip

# page: method, whose key it takes, who may use it; whether the step itself is possible, its service decides
PAGE_RIGHTS: Final[dict[str, tuple[str, type[models.Model] | None, str]]] = {
    "wallet_status": ("post", Wallet, "X"),
    "auto_top_up_stop": ("post", AutoTopUp, "X"),
    "wallet_transactions": ("get", Wallet, "APUX"),
    "fund_entry": ("get", BenefitFund, "B"),
    "bank_sheet_preview": ("post", None, "X"),
    "benefit_halt": ("post", BenefitPolicy, "A"),
    "benefit_publish": ("post", BenefitTerms, "A"),
    "benefit_resume": ("post", BenefitPolicy, "A"),
    "benefit_trial": ("post", BenefitTerms, "DA"),
    "benefit_trial_progress": ("get", BenefitTerms, "DBAPSUX"),
    "batch_accept": ("post", Batch, "D"),
    "batch_annotated": ("post", Batch, "DRAPUX"),
    "batch_approval": ("get", Batch, "DRBAPUX"),
    "batch_confirm": ("post", Batch, "D"),
    "batch_difference": ("get", Batch, "DRBAPUX"),
    "batch_difference_progress": ("get", Batch, "DRBAPUX"),
    "batch_discard": ("post", Batch, "D"),
    "batch_inspection": ("get", Batch, "DRBAPUX"),
    "batch_leave_out": ("post", Batch, "D"),
    "batch_look_again": ("post", Batch, "D"),
    "batch_mended_file": ("post", Batch, "D"),
    "batch_mending": ("get", Batch, "DRBAPUX"),
    "batch_pay": ("post", Batch, "DRBAPUX"),
    "batch_cancel_rest": ("post", Batch, "P"),
    "batch_cash_list": ("post", Batch, "DRAPUX"),
    "batch_follow": ("get", Batch, "D"),
    "batch_give_up": ("post", Batch, "P"),
    "batch_pause": ("post", Batch, "P"),
    "batch_payment": ("get", Batch, "DRBAPUX"),
    "batch_payment_progress": ("get", Batch, "DRBAPUX"),
    "batch_payment_result": ("post", Batch, "DRAPUX"),
    "batch_reschedule": ("post", Batch, "P"),
    "batch_retry": ("post", Batch, "P"),
    "batch_start": ("post", Batch, "P"),
    "batch_unschedule": ("post", Batch, "P"),
    "batch_progress": ("get", Batch, "DRBAPUX"),
    "batch_recheck": ("post", Batch, "D"),
    "batch_registered_dongs": ("post", Batch, "D"),
    "batch_register": ("get", Batch, "DRBAPUX"),
    "batch_register_print": ("post", Batch, "DRBAPUX"),
    "batch_result": ("get", Batch, "DRBAPUX"),
    "batch_resume": ("post", Batch, "P"),
    "batch_return": ("post", Batch, "DRBAPUX"),
    "batch_revoke": ("post", Batch, "D"),
    "batch_row": ("get", Batch, "D"),
    "batch_sample": ("get", None, "DRBAPUX"),
    "batch_sign": ("post", Batch, "DRBAPUX"),
    "batch_submit": ("post", Batch, "D"),
    "batch_template": ("get", Cycle, "DRBAPUX"),
    "batch_undo": ("post", Batch, "D"),
    "batch_upload": ("get", None, "D"),
    "batch_withdraw": ("post", Batch, "DRBAPUX"),
    "citizen_wallets": ("get", Citizen, "DRAPUX"),
    "corporation_wallets": ("get", Corporation, "DRAPUX"),
    "citizen_received": ("get", Citizen, "DRAPUX"),
    "citizen_reveal": ("get", Citizen, "DRAPUX"),
    "clawback_decision": ("post", Batch, "DRBAPUX"),
    "clawback_file": ("post", Batch, "D"),
    "clawback_outcome": ("get", Batch, "DRBAPUX"),
    "clawback_start": ("get", Batch, "D"),
    "day_close": ("post", None, "S"),
    "exchange": ("get", Merchant, "S"),
    "uplift_decide": ("post", ExchangeUplift, "A"),
    "fee_decide": ("post", FeeSchedule, "A"),
    "adjustment_decide": ("post", Adjustment, "A"),
    "reckoning_decide": ("post", AgentReckoning, "A"),
    "holidays_load": ("post", None, "DSX"),
    "hold_release": ("post", PayoutHold, "S"),
    "my_absence_end": ("post", Absence, "DX"),
    "my_digest": ("post", None, EVERYBODY),
    "my_settings": ("get", None, EVERYBODY),
    "departure_confirm": ("post", DepartureList, "D"),
    "departure_discard": ("post", DepartureList, "D"),
    "departure_list": ("get", DepartureList, "DRAPUX"),
    "departure_undo": ("post", Departure, "D"),
    "departure_upload": ("get", None, "D"),
    "expiry_file": ("post", None, "DRAPUX"),
    "expiry_notice": ("get", None, "DRBAPUX"),
    "expiry_sweep": ("post", None, "P"),
    "reconciliation": ("get", None, "BAPSUX"),
    "reconciliation_day": ("get", DayReview, "BAPSUX"),
    "reconciliation_explain": ("post", DayReview, "S"),
    "reconciliation_file": ("get", None, "BAPSUX"),
    "reconciliation_match": ("post", BankLine, "S"),
    "reconciliation_receive": ("get", BankLine, "S"),
    "reconciliation_unmatch": ("post", BankLine, "S"),
    "reconciliation_upload": ("get", None, "S"),
    "partner_issue_key": ("post", Partner, "X"),
    "partner_revoke_key": ("post", PartnerKey, "X"),
    "budget_entry": ("get", BudgetLine, "B"),
    "report_budgets": ("get", None, "DRBAPUX"),
    "report_budgets_issue": ("post", None, "DB"),
    "report_registers": ("get", None, "DRBAPUX"),
    "report_registers_issue": ("post", None, "DB"),
    "report_decisions": ("get", None, "DRBAPUX"),
    "report_decisions_issue": ("post", None, "DB"),
    "report_settlements": ("get", None, "BAPSUX"),
    "report_settlements_issue": ("post", None, "BS"),
    "report_circulation": ("get", None, "BAPSUX"),
    "report_circulation_issue": ("post", None, "BS"),
    "report_balances": ("get", None, "BAPSUX"),
    "report_balances_issue": ("post", None, "BS"),
    "report_usage": ("get", None, "BAPSUX"),
    "report_usage_issue": ("post", None, "BS"),
    "report_shops": ("get", None, "MASUX"),
    "report_shops_issue": ("post", None, "MS"),
    "issued_report_again": ("post", IssuedReport, "BS"),
    "issued_report_file": ("get", IssuedReport, "DRBAPMSUX"),
    "issued_report_progress": ("get", IssuedReport, "DRBAPMSUX"),
    "live_figures": ("get", None, EVERYBODY),
    "report_channels": ("get", None, "BAPSUX"),
    "report_channels_issue": ("post", None, "BS"),
    "programme_allot": ("get", Programme, "B"),
    "programme_terms": ("get", Programme, "D"),
    "programme_try": ("get", Programme, "DRAPUX"),
    "application_upload": ("get", ApplicationUpload, "AMSUX"),
    "application_upload_confirm": ("post", ApplicationUpload, "M"),
    "application_upload_discard": ("post", ApplicationUpload, "M"),
    "application_upload_new": ("get", None, "M"),
    "application_upload_problems": ("post", ApplicationUpload, "M"),
    "application_template": ("get", None, "M"),
    "open_data": ("get", None, "AMSUX"),
    "open_data_publish": ("post", None, "M"),
    "closure_check": ("get", ClosureCheck, "AMSUX"),
    "closure_decide": ("post", ClosureCheck, "A"),
    "closure_discard": ("post", ClosureCheck, "M"),
    "closure_new": ("get", None, "M"),
    "closure_numbers": ("post", None, "M"),
    "closure_propose": ("post", ClosureCheck, "M"),
    "disposition_notice": ("post", Disposition, "M"),
    "closure_notices": ("post", ClosureCheck, "M"),
    "open_data_usage": ("get", UsageMonth, "AMSUX"),
    "disposition_new": ("get", Merchant, "M"),
    "disposition_hear": ("get", Disposition, "M"),
    "disposition_propose": ("get", Disposition, "M"),
    "disposition_decide": ("post", Disposition, "A"),
    "disposition_return": ("post", Disposition, "A"),
    "disposition_drop": ("post", Disposition, "M"),
    "disposition_restitution": ("get", Disposition, "M"),
    "disposition_referral": ("get", Disposition, "M"),
    "restitution_pay": ("get", Restitution, "M"),
    "restitution_write_off": ("get", Restitution, "A"),
    "referral_outcome": ("get", Referral, "M"),
    "merchant_changes_approve": ("post", None, "A"),
    "merchants_submit": ("post", None, "M"),
    "merchant_change_approve": ("post", MerchantChange, "A"),
    "merchant_change_return": ("post", MerchantChange, "A"),
    "merchant_change_withdraw": ("post", MerchantChange, "M"),
    "merchant_duplicates": ("get", None, "AMSUX"),
    "merchant_paper": ("post", MerchantPaper, "AMSUX"),
    "merchant_paper_add": ("post", Merchant, "M"),
    "merchant_request": ("get", Merchant, "M"),
    "kit_ask": ("post", None, "M"),
    "kit_file": ("get", KitPrint, "AMSUX"),
    "kit_prints": ("get", None, "AMSUX"),
    "kit_progress": ("get", KitPrint, "AMSUX"),
    "qr_kit": ("get", MerchantQR, "AMSUX"),
    "qr_reissue": ("post", MerchantQR, "M"),
    "qr_issue": ("post", Merchant, "M"),
    "receivable": ("get", Receivable, "DRBAPUX"),
    "receivable_pay": ("post", Receivable, "P"),
    "receivable_plan": ("post", Receivable, "P"),
    "receivable_write_off": ("post", Receivable, "A"),
    "activity_look_again": ("post", Activity, "D"),
    "activity_upload": ("get", ActivityUpload, "DBAPSUX"),
    "activity_upload_confirm": ("post", ActivityUpload, "D"),
    "activity_upload_discard": ("post", ActivityUpload, "D"),
    "activity_upload_problems": ("post", ActivityUpload, "D"),
    "activity_upload_new": ("get", None, "D"),
    "activity_withdraw": ("post", Activity, "D"),
    "citizen_points": ("get", Citizen, "DRAPUX"),
    "point_cancel": ("post", PointRun, "P"),
    "point_compute": ("post", PointProgramme, "D"),
    "point_confirm": ("post", PointRun, "P"),
    "point_examples": ("post", None, "D"),
    "point_cuts": ("get", PointRun, "DBAPSUX"),
    "point_cuts_file": ("get", PointRun, "DBAPSUX"),
    "point_progress": ("get", PointRun, "DBAPSUX"),
    "point_resume": ("post", PointRun, "P"),
    "point_run": ("get", PointRun, "DBAPSUX"),
    "point_status": ("get", PointProgramme, "DBAPSUX"),
    "qr_retire": ("post", MerchantQR, "M"),
    "qr_show": ("get", MerchantQR, "AMSUX"),
    "payout_approve": ("post", PayoutBatch, "P"),
    "payout_cancel": ("post", PayoutBatch, "SP"),
    "payout_copy": ("post", PayoutBatch, "S"),
    "payout_expenditure": ("post", PayoutBatch, "S"),
    "payout_mended": ("post", Payout, "S"),
    "payout_new": ("get", None, "S"),
    "payout_result_upload": ("get", None, "S"),
    "payout_send": ("post", PayoutBatch, "S"),
    "refund_begin": ("post", None, "P"),
    "refund_file": ("post", TopUpRefund, "P"),
    "refund_finish": ("post", TopUpRefund, "P"),
    "refund_return": ("post", TopUpRefund, "P"),
    "register_file": ("get", RegisterPaper, "DRBAPUX"),
    "register_progress": ("get", RegisterPaper, "DRBAPUX"),
    "statement_ask": ("post", None, "S"),
    "statement_cancel": ("post", StatementRun, "S"),
    "statement_file": ("get", StatementRun, "BAPSUX"),
    "statement_progress": ("get", StatementRun, "BAPSUX"),
    "statement_run": ("get", StatementRun, "BAPSUX"),
    "statement_runs": ("get", None, "BAPSUX"),
    "webhook_resend": ("post", WebhookEndpoint, "X"),
    "webhook_resend_missed": ("post", WebhookEndpoint, "X"),
    "webhook_stop": ("post", WebhookEndpoint, "X"),
    "webhook_verify": ("post", WebhookEndpoint, "X"),
}  # fmt: skip


@pytest.fixture
def world() -> Everything:
    return make_everything()


def client_of(world: Everything, role: Role) -> Client:
    client = Client()
    set_local(official=str(world.officials[role].pk))
    client.force_login(world.officials[role])
    return client


def rows_of(world: Everything, role: Role) -> dict[str, Any]:
    set_local(official=str(world.officials[role].pk))
    log = log_own_action(world.officials[role])
    with world.city.scope():
        return {
            model._meta.label: log if model is LogEntry else world.row(model)
            for model in [
                *admin.site._registry,
                PartnerKey,
                RegisterPaper,
                KitPrint,
                StatementRun,
                Departure,
                BankLine,
                DayReview,
                MerchantPaper,
                Referral,
                Restitution,
                UsageMonth,
            ]
        }


def test_nothing_is_missing_from_the_table() -> None:
    assert {model._meta.label for model in admin.site._registry} == set(MODELS)
    assert {page.name for page in PAGES} == set(PAGE_RIGHTS)


@pytest.mark.parametrize("letter", LETTERS)
def test_lists_and_forms_and_where_their_links_lead(world: Everything, letter: str) -> None:
    role = LETTERS[letter]
    client, rows = client_of(world, role), rows_of(world, role)
    wrong: list[tuple[str, int, int]] = []
    links: list[tuple[str, str]] = []
    status: dict[str, int] = {}
    for label, (view, add, history) in MODELS.items():
        name, row = f"admin:{label.lower().replace('.', '_')}", rows[label]
        expected = {
            reverse(f"{name}_changelist"): 200 if letter in view else 403,
            reverse(f"{name}_add"): 200 if letter in add else 403,
            reverse(f"{name}_change", args=[row.pk]): 200 if letter in view else 403,
            reverse(f"{name}_history", args=[row.pk]): 404 if history == "-" else 200 if letter in history else 403,
            reverse(f"{name}_delete", args=[row.pk]): 403,
        }
        for address, right in expected.items():
            answer = client.get(address, follow=True)
            status[address] = answer.status_code
            links += [(address, link) for link in _some(_LINK.findall(answer.content.decode()))]
            if answer.status_code != right:
                wrong.append((address, answer.status_code, right))
    assert wrong == []
    status |= {link: _status(client, link) for link in {link for _, link in links} - status.keys()}
    assert {(address, link) for address, link in links if status[link] in {403, 404}} == set()


def _some(links: list[str]) -> set[str]:
    """A page's links to all kinds of pages; of those to one kind the first two and the last two, for a list leads to each
    of its rows in the same way."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for link in dict.fromkeys(links):
        kinds[_kind(link)].append(link)
    return {link for same in kinds.values() for link in same[:2] + same[-2:]}


def _kind(link: str) -> str:
    try:
        return resolve(link).view_name
    except Resolver404:
        return link


def _status(client: Client, link: str) -> int:
    with transaction.atomic():  # a page that fails in the database does not end the test's own transaction
        return client.get(link).status_code


@pytest.mark.parametrize("letter", LETTERS)
def test_pages(world: Everything, letter: str) -> None:
    role = LETTERS[letter]
    client, rows = client_of(world, role), rows_of(world, role)
    wrong = []
    for name, (method, model, allowed) in PAGE_RIGHTS.items():
        address = reverse(f"admin:{name}", args=[rows[model._meta.label].pk] if model else [])
        status = getattr(client, method)(address).status_code
        # 422: may do it, but what was sent says nothing
        if (status in {200, 302, 422}) != (letter in allowed) or status not in {200, 302, 403, 422}:
            wrong.append((address, status))
        if method == "post" and client.get(address).status_code != 405:
            wrong.append((address, "changes something on GET"))
    assert wrong == []


def test_another_citys_rows_do_not_exist(world: Everything) -> None:
    other = make_everything(code="41480")
    rows = rows_of(other, Role.ADMINISTRATOR)
    client = client_of(world, Role.ADMINISTRATOR)
    shared = {
        "admin.LogEntry", "allowances.AllowanceType", "merchants.MerchantCategory", "merchants.Violation", "vouchers.GuidelineLimit",
        "vouchers.IncompatibleRoles",
    }  # fmt: skip
    for label in MODELS.keys() - shared:
        address = reverse(f"admin:{label.lower().replace('.', '_')}_change", args=[rows[label].pk])
        answer = client.get(address)
        assert answer.status_code == 404 or answer.url == reverse("admin:index"), address
    for name, (method, model, _) in PAGE_RIGHTS.items():
        if model is not None:
            answer = getattr(client, method)(reverse(f"admin:{name}", args=[rows[model._meta.label].pk]))
            assert answer.status_code == 404, name


def test_nobody_enters_without_a_login(world: Everything) -> None:
    for label in MODELS:
        answer = Client().get(reverse(f"admin:{label.lower().replace('.', '_')}_changelist"))
        assert answer.status_code == 302
        assert answer.url.startswith(reverse("admin:login"))
