"""No row of a municipality is seen or written outside a scope that names it; the application may do what is declared."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import Error, connection, connections, models, transaction
from psycopg.types.json import Jsonb

from allowances.approvals.models import ApprovalLine, ApprovalLineStep, DigestMail, DocumentNumber
from allowances.batches.models import (
    Acceptance,
    AcceptedProblem,
    Batch,
    BatchAction,
    BatchEvent,
    BatchProblem,
    BatchState,
    ColumnMapping,
    ListComparison,
    ListDifference,
    RowCorrection,
)
from allowances.programmes.models import LocalExclusiveGroup
from config.database import security
from merchants.applications.models import ApplicationUpload
from merchants.closures.models import ClosureCheck, ClosureFinding
from merchants.open_data import services as open_data
from merchants.open_data.models import UsageCell, UsageMonth
from merchants.registry.models import MerchantBenefit
from reports.documents.models import RegisterPaper
from reports.kits.models import KitPart, KitPrint
from reports.statements.models import DongStatements, ShopStatement, StatementRun
from tests import factories
from tests.factories import AT, City
from tests.factories.bank import make_bank_line
from tests.factories.benefits import make_every_benefit
from tests.factories.clawbacks import make_debt
from tests.factories.gifts import make_gift
from tests.factories.holding import Stranger, make_departure, make_holding_list
from tests.factories.issued import make_issued
from tests.factories.open_data import make_terms
from tests.factories.payouts import send_everything
from tests.factories.points import pay_points
from tests.factories.settlement import exchange_and_hold
from tests.factories.shops import ask_for_a_change, make_claim, make_decided_case, make_referral
from tests.factories.top_ups import buy, make_discount, write_of
from tests.factories.webhooks import make_endpoint
from vouchers.citizens.models import CitizenCategory, Household, HouseholdMember, ResidencePeriod
from vouchers.citizens.rules import Category, Relation
from vouchers.common.models import uuid7
from vouchers.common.scope import scope, set_local
from vouchers.common.seoul import business_date
from vouchers.currencies.models import UsageRule
from vouchers.guidelines.models import RegionStatus
from vouchers.ledger.services import call
from vouchers.officials.models import Absence, Official
from vouchers.officials.rules import Role
from vouchers.partners.services import issue_key
from vouchers.payments.models import ChannelFee, OnlineChannel
from vouchers.privacy.models import AccessAction, AccessRecord
from vouchers.top_ups.selectors import RefundAccount
from vouchers.top_ups.services import cancel, set_auto
from vouchers.wallets.models import WalletLink, WalletStatusChange
from vouchers.webhooks.models import WebhookPolicy

pytestmark = pytest.mark.django_db

HERE, ELSEWHERE = "41280", "28110"
MODELS = [model for model in apps.get_models(include_auto_created=True) if not model._meta.proxy]
TENANT = [model for model in MODELS if security.tenant_column(model)]
LEDGER_TABLES = [model._meta.db_table for model in TENANT if getattr(model, "app_privileges", "") == "SELECT"]


def label(model: type[models.Model]) -> str:
    return model._meta.label


@pytest.fixture
def city() -> City:
    """A city that has at least one row of everything, and another one that has none of it."""
    factories.make_city(code=ELSEWHERE, name="인천광역시 중구")
    city = factories.make_city(code=HERE)
    with city.scope():
        _live_a_day(city)
        _fill_the_rest(city)
    return city


def _live_a_day(city: City) -> None:
    citizen, merchant, partner = (
        factories.make_citizen(city), factories.make_merchant(city), factories.make_partner(city)
    )  # fmt: skip
    wallet = factories.wallet_of(citizen)
    factories.grant(city, {citizen: 50_000})
    make_departure(city, factories.make_official(city), citizen)
    held = make_holding_list(city, [Stranger()])
    call("disbursement.plan", city.code, held.pk)
    call("disbursement.post_chunk", city.code, held.pk, 0, AT)
    call(
        "payments.pay", city.code, partner.pk, "key", b"\0" * 32, wallet.pk, merchant.code, "T001", 1_000, "order", AT
    )  # fmt: skip
    key = issue_key(partner=partner, at=AT).key
    call("partners.lease", city.code, partner.pk, key.key_id)
    issue_key(partner=partner, at=AT)
    call("payments.new_sale_qr", city.code, partner.pk, "sale", b"\2" * 32, merchant.code, 1_000, "POS-1", AT)
    channel = OnlineChannel.objects.create(
        municipality=city.municipality, code="delivery", name="배달앱", kind="delivery", partner=partner
    )
    ChannelFee.objects.create(municipality=city.municipality, channel=channel, valid_from=date(2026, 1, 1), rate=1)
    call(
        "payments.prepare_order", city.code, partner.pk, "order", b"\x08" * 32, "delivery", merchant.code, "ORDER-1", 1_000,
        1_000, None, AT,
    )  # fmt: skip
    call("payments.register_card", city.code, partner.pk, "card", b"\5" * 32, wallet.pk, b"\6" * 16, "1234", AT)
    call("payments.reverse", city.code, partner.pk, "reversal", b"\7" * 32, "TRACE-1", AT)
    call("payments.new_token", city.code, partner.pk, "token", b"\3" * 32, wallet.pk, uuid7(), b"\4" * 16, AT)
    make_every_benefit(city, [(
        city.code, partner.pk, "key-2", b"\2" * 32, wallet.pk, merchant.code, "T001", 1_000, "order-2", AT,
    )])  # fmt: skip
    exchange_and_hold(city, merchant, factories.make_official(city), wallet.pk, partner.pk)
    today = business_date(AT)
    call("ledger.fence", city.code, today)
    call("settlement.close_day", city.code, city.currency.pk, today, AT + timedelta(days=1))
    make_bank_line(city, day=today, at=AT, official=factories.make_official(city))
    call("dashboard.sum_day", city.code, today, AT)
    _let_money_expire(city)
    make_debt(city)
    make_endpoint(city, partner)
    WebhookPolicy.objects.create(municipality=city.municipality, valid_from=AT.date())
    call("webhooks.emit", city.code, "payment.paid", [partner.pk], Jsonb({}), AT)


def _let_money_expire(city: City) -> None:
    """A grant runs out, is swept, and a payment of it is given back too late."""
    citizen, merchant, partner = (
        factories.make_citizen(city), factories.make_merchant(city), factories.make_partner(city)
    )  # fmt: skip
    factories.grant(city, {citizen: 2_000}, validity_days=1)
    later, wallet = AT + timedelta(days=3), factories.wallet_of(citizen)
    payment = call(
        "payments.pay", city.code, partner.pk, "late", b"\0" * 32, wallet.pk, merchant.code, "T001", 500, "order",
        AT + timedelta(days=1),
    )[0]  # fmt: skip
    call("ledger.expire", city.code, later, 100, later)
    call("payments.cancel", city.code, partner.pk, "late-cancel", b"\1" * 32, payment, 500, later)


def _fill_the_rest(city: City) -> None:
    UsageRule.objects.create(municipality=city.municipality, name="음식점")
    factories.make_purchase_limit(city)
    RegionStatus.objects.create(
        municipality=city.municipality, kind="capital", valid_from=date(2020, 1, 1), document="법 제2조"
    )
    MerchantBenefit.objects.create(
        municipality=city.municipality, merchant=factories.make_merchant(city), rate=5, valid_from=date(2026, 1, 1),
        valid_until=date(2026, 12, 31), document="지역경제과-1",
    )  # fmt: skip
    make_terms(city)
    check = ClosureCheck.objects.create(
        municipality=city.municipality, file_name="조회.csv", checked_on=AT.date(), rows_total=1, rows_open=0, rows_unknown=0,
        uploaded_by=factories.make_official(city), uploaded_at=AT,
    )  # fmt: skip
    ClosureFinding.objects.create(
        municipality=city.municipality, check_of=check, merchant=factories.make_merchant(city), status="closed"
    )
    ApplicationUpload.objects.create(
        municipality=city.municipality, file_name="신청.csv", file_sha256="0" * 64, rows="[]", rows_total=0, rows_wrong=0,
        uploaded_by=factories.make_official(city), uploaded_at=AT,
    )  # fmt: skip
    job = KitPrint.objects.create(
        municipality=city.municipality, dong=city.dong, official=factories.make_official(city), rows=1, asked_at=AT
    )
    KitPart.objects.create(
        municipality=city.municipality, job=job, number=1, rows=1, last_shop="M000000001", last_terminal="T001",
        file_key="none", list_key="none",
    )  # fmt: skip
    of_month: dict[str, Any] = {
        "municipality": city.municipality, "currency": city.currency, "month": date(2026, 1, 1), "dong": city.dong,
    }  # fmt: skip
    StatementRun.objects.create(official=factories.make_official(city), asked_at=AT, **of_month)
    ShopStatement.objects.create(merchant=factories.make_merchant(city), number=1, **of_month)
    DongStatements.objects.create(file_key="none", shops=1, pages=1, payable=0, made_at=AT, **of_month)
    open_data.publish(municipality=city.code, at=AT)
    month = UsageMonth.objects.create(
        municipality=city.municipality, month=date(2026, 1, 1), fewest_people=5, made_at=AT
    )
    UsageCell.objects.create(
        municipality=city.municipality, usage=month, payments=1, amount=1, card_amount=0, mobile_amount=1, people=1,
        card_people=0, mobile_people=1, is_hidden=True,
    )  # fmt: skip
    ask_for_a_change(city, factories.make_merchant(city))
    officer = factories.make_official(city, Role.MERCHANT_OFFICER)
    case = make_decided_case(factories.make_merchant(city), officer, factories.make_official(city, Role.APPROVER))
    make_claim(case, officer)
    make_referral(case, officer)
    _sell(city)
    _keep_a_household(city)
    pay_points(city)
    make_gift(city)
    send_everything(city)
    LocalExclusiveGroup.objects.create(
        municipality=city.municipality, name="중복 제한", legal_basis="조례", type_codes=["ELD-001"],
        valid_from=date(2026, 1, 1),
    )  # fmt: skip
    line = ApprovalLine.objects.create(municipality=city.municipality, name="일반", valid_from=date(2021, 1, 1))
    ApprovalLineStep.objects.create(
        municipality=city.municipality, line=line, position=1, role=Role.APPROVER, title="과장"
    )
    official = factories.make_official(city, Role.AUDITOR)
    Absence.objects.create(
        municipality=city.municipality, official=official, deputy=factories.make_official(city), reason="휴가",
        valid_from=date(2020, 1, 1), valid_until=date(2020, 1, 2),
    )  # fmt: skip
    AccessRecord.objects.create(
        municipality=city.municipality, at=AT, official=official, action=AccessAction.VIEW, subject="시민"
    )
    batch = Batch.objects.create(
        municipality=city.municipality, cycle=factories.make_cycle(factories.make_programme(city)), file_size=1,
        uploaded_by=official, uploaded_at=AT, file_name="명단.csv", file_key=str(uuid7()), file_sha256=uuid7().hex * 2,
    )  # fmt: skip
    BatchEvent.objects.create(
        municipality=city.municipality, batch=batch, action=BatchAction.UPLOAD, official=official, at=AT
    )
    ColumnMapping.objects.create(municipality=city.municipality, fingerprint="0" * 64, remembered_at=AT)
    acceptance = Acceptance.objects.create(
        municipality=city.municipality, batch=batch, code="missing", field="name", rows=1, reason="시험",
        official=official, at=AT,
    )  # fmt: skip
    AcceptedProblem.objects.create(
        id=uuid7(), municipality=city.municipality, batch_id=batch.pk, acceptance_id=acceptance.pk, row_number=2,
        field="name", code="missing", value="",
    )  # fmt: skip
    RowCorrection.objects.create(
        id=uuid7(), municipality=city.municipality, batch=batch, row_number=2, field="row", kind="leave_out",
        shown_before="", shown_after="", reason="시험", official=official, at=AT,
    )  # fmt: skip
    batch.state = BatchState.READING
    batch.save()
    BatchProblem.objects.create(
        id=uuid7(), municipality=city.municipality, batch_id=batch.pk, row_number=2, field="name", code="missing",
        value="", is_warning=False,
    )  # fmt: skip
    RegisterPaper.objects.create(
        municipality=city.municipality, batch=batch, attempt=1, official=official, rows=1, asked_at=AT
    )
    DocumentNumber.objects.create(
        municipality=city.municipality,
        batch=batch,
        attempt=1,
        department="지역경제과",
        year=AT.year,
        number=99,
        issued_at=AT,
    )
    make_issued(city, official)
    DigestMail.objects.create(municipality=city.municipality, official=official, day=business_date(AT), items=1)
    comparison = ListComparison.objects.create(municipality=city.municipality, batch=batch, purpose="version")
    ListDifference.objects.create(
        municipality=city.municipality, comparison_id=comparison.pk, kind="added", number=1, after_batch_id=batch.pk,
        after_row=2,
    )  # fmt: skip


def _sell(city: City) -> None:
    """Something is bought at a discount and taken back."""
    make_discount(city)
    partner, wallet = factories.make_partner(city), factories.wallet_of(factories.make_citizen(city)).pk
    bought = buy(partner, wallet, 10_000)
    set_auto(write=write_of(partner), wallet=wallet, amount=10_000, threshold=1_000, day_of_month=None, at=AT)
    account = RefundAccount("088", "110123456789", "김장터")
    cancel(write=write_of(partner), top_up=bought.id, account=account, at=AT + timedelta(minutes=5))


def _keep_a_household(city: City) -> None:
    citizen, own = factories.make_citizen(city), {"municipality": city.municipality}
    WalletLink.objects.create(
        wallet=factories.wallet_of(citizen), partner=factories.make_partner(city), outcome="opened", at=AT, **own
    )
    WalletStatusChange.objects.create(
        wallet=factories.wallet_of(citizen), status="frozen", reason="시험", official=factories.make_official(city), at=AT,
        **own,
    )  # fmt: skip
    CitizenCategory.objects.create(citizen=citizen, category=Category.VETERAN, **own)
    ResidencePeriod.objects.create(citizen=citizen, since=date(2020, 1, 1), until=date(2021, 1, 1), **own)
    factories.corporate_wallet(city)
    home = Household.objects.create(number="1", **own)
    HouseholdMember.objects.create(
        household=home, citizen=citizen, name=citizen.name, birth_date=citizen.birth_date, relation=Relation.HEAD, **own
    )


def count(model: type[models.Model]) -> int:
    return rows(f'SELECT count(*) FROM "{model._meta.db_table}"')[0][0]


def rows(query: str, *parameters: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchall()


def test_each_model_is_either_a_tenants_or_declared_global_with_a_reason() -> None:
    neither = {label(model) for model in MODELS} - {label(model) for model in TENANT}
    assert neither == set(security.GLOBAL)
    assert all(security.GLOBAL.values())


def test_rows_are_seen_in_their_scope_and_nowhere_else(city: City) -> None:
    with scope(municipalities=[HERE]):
        without_sample = [label(model) for model in TENANT if count(model) == 0]
    assert without_sample == [], "add a sample of these models to this test"
    own = {"vouchers.Municipality", "vouchers.Dong", "vouchers.Currency", "vouchers.CurrencyPolicy",
           "vouchers.Account", "vouchers.Balance", "vouchers.HistoricalCurrency", "vouchers.HistoricalCurrencyPolicy",
           "vouchers.PaymentTerms", "vouchers.HistoricalPaymentTerms"}  # fmt: skip
    with scope(municipalities=[ELSEWHERE]):
        assert {label(model) for model in TENANT if count(model)} == own  # what that city has of its own
        for model in TENANT:
            column = security.tenant_column(model)
            assert rows(f'SELECT count(*) FROM "{model._meta.db_table}" WHERE {column} = %s', HERE) == [(0,)], label(
                model
            )
    for codes in ([], [""], ["4128"], ["41281"], ["%"]):
        with scope(municipalities=codes):
            assert [label(model) for model in TENANT if count(model)] == []


def test_a_scope_of_both_sees_both(city: City) -> None:
    with scope(municipalities=[HERE, ELSEWHERE]):
        assert rows("SELECT count(*) FROM vouchers_municipality") == [(2,)]


@pytest.mark.parametrize("model", TENANT, ids=label)
def test_rows_of_another_city_cannot_be_written(model: type[models.Model]) -> None:
    table, column = model._meta.db_table, security.tenant_column(model)
    with scope(municipalities=[ELSEWHERE]), pytest.raises(Error) as refused, transaction.atomic():
        rows(f'INSERT INTO "{table}" ({column}) VALUES (%s) RETURNING 1', HERE)
    assert getattr(refused.value.__cause__, "sqlstate", "") in {"42501", "23502", "55000"}
    if "INSERT" in getattr(model, "app_privileges", "INSERT"):
        policy = rows("SELECT cmd, permissive, with_check FROM pg_policies WHERE tablename = %s", table)
        assert policy == [("ALL", "PERMISSIVE", None)], "the same condition must hold for what is written"


@pytest.mark.parametrize("model", TENANT, ids=label)
def test_row_security_is_on(model: type[models.Model]) -> None:
    if getattr(model, "is_view", False):
        options = rows("SELECT reloptions FROM pg_class WHERE oid = %s::regclass", model._meta.db_table)
        assert options == [(["security_invoker=true"],)], "a view must not show what its tables hide"
        return
    found = rows("SELECT relrowsecurity FROM pg_class WHERE oid = %s::regclass", model._meta.db_table)
    assert found == [(True,)]
    policies = rows("SELECT policyname, roles::text FROM pg_policies WHERE tablename = %s", model._meta.db_table)
    assert policies == [("tenant", f"{{{settings.APP_ROLE}}}")]


@pytest.mark.parametrize("model", MODELS, ids=label)
def test_the_application_has_the_privileges_that_the_model_declares(model: type[models.Model]) -> None:
    declared = set(re.findall(r"\w+(?: \(\w+\))?", getattr(model, "app_privileges", "SELECT, INSERT, UPDATE, DELETE")))
    every = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN"]
    table = model._meta.db_table
    held = {name for name in every if rows("SELECT has_table_privilege(%s::regclass, %s)", table, name)[0][0]}
    held |= {
        f"{name} ({column})"
        for name in ("INSERT", "UPDATE") if name not in held
        for (column,) in rows("SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
                              " AND has_column_privilege(attrelid, attnum, %s)", table, name)
    }  # fmt: skip
    assert held == declared


def test_nobody_but_the_kernel_writes_the_ledger() -> None:
    ledger = {"vouchers_account", "vouchers_balance", "vouchers_journal", "vouchers_transfer", "vouchers_lot",
              "vouchers_payment", "vouchers_businessclose", "merchants_dayclose", "merchants_settlementline"}  # fmt: skip
    assert ledger <= set(LEDGER_TABLES)


def test_partitions_are_reached_through_their_parents_only() -> None:
    query = "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r' AND has_table_privilege(oid, 'SELECT')"
    assert rows("SELECT count(*) > 0 FROM pg_class WHERE relispartition AND relkind = 'r'") == [(True,)]
    assert rows(query) == []


def test_the_application_calls_the_listed_functions_and_no_others() -> None:
    query = """
        SELECT DISTINCT n.nspname || '.' || p.proname
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname NOT IN ('public', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%%'
          AND has_function_privilege(p.oid, 'EXECUTE')
    """
    assert {name for (name,) in rows(query)} == set(security.APP_FUNCTIONS)


def test_functions_that_run_as_the_owner_fix_their_search_path() -> None:
    query = "SELECT oid::regprocedure::text FROM pg_proc WHERE prosecdef AND NOT coalesce(proconfig::text, '') LIKE %s"
    assert rows(query, "%search_path=public, pg_temp%") == []


def test_the_application_role_is_bound_by_row_security_and_owns_nothing() -> None:
    query = "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user"
    assert rows(query) == [(False, False, False, False)]
    assert rows("SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole") == [(0,)]
    assert rows("SELECT has_schema_privilege('public', 'CREATE')") == [(False,)]


def test_before_a_scope_an_official_sees_only_himself(city: City) -> None:
    with city.scope():
        me, _other = factories.make_official(city, username="me"), factories.make_official(city)
    with scope(municipalities=[]):
        assert list(Official.objects.all()) == []
        set_local(login="me")
        assert list(Official.objects.all()) == [me]
        set_local(login="", official=str(me.pk))
        assert list(Official.objects.all()) == [me]
        set_local(official="")


def test_a_scope_ends_with_its_block_and_its_transaction(city: City) -> None:
    with city.scope():
        with scope(municipalities=[ELSEWHERE]):
            assert rows("SELECT code FROM vouchers_municipality") == [(ELSEWHERE,)]
        assert rows("SELECT code FROM vouchers_municipality") == [(HERE,)]
    assert rows("SELECT code FROM vouchers_municipality") == []


def test_the_owner_is_not_the_application() -> None:
    assert connections["owner"].settings_dict["USER"] != connections["default"].settings_dict["USER"]
