"""The audit finds nothing after an honest day, and the right thing after each dishonest one."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connections, transaction

from allowances.programmes.models import Programme
from merchants.settlement.models import ExchangeLimit
from tests import factories
from tests.factories import AT, City
from tests.factories.holding import Stranger, make_holding_list
from tests.merchants.payouts.test_audits import NAMES as PAYOUTS
from tests.merchants.settlement.test_audits import NAMES as CHARGES
from tests.vouchers.incentives import test_audits
from tests.vouchers.ledger import test_audit_benefits
from tests.vouchers.points.test_audits import NAMES as POINTS
from vouchers.common.models import uuid7
from vouchers.common.seoul import business_date
from vouchers.ledger import services, tasks
from vouchers.ledger.audit import INVARIANTS, audit
from vouchers.ledger.errors import LedgerDiffers
from vouchers.ledger.services import call

TODAY = business_date(AT)
TAMPERING = {
    "a wallet is topped up": (
        "UPDATE vouchers_lot SET remaining = remaining + 1 WHERE remaining < granted - expired",
        {"lots_follow_transfers", "bank_covers_all"},
    ),
    "a movement is made larger": (
        "UPDATE vouchers_transfer t SET amount = t.amount + 1 FROM vouchers_payment p WHERE t.journal_id = p.id",
        {"lots_follow_transfers", "payments_follow_transfers", "settlement_follows_transfers"},
    ),
    "a movement is removed": (
        "DELETE FROM vouchers_transfer WHERE credit_lot_id IS NOT NULL AND debit_lot_id IS NULL AND line = 1",
        {"lots_follow_transfers", "refunds_follow_transfers", "journals_have_transfers", "settlement_follows_transfers",
         "balances_follow_transfers", "unclaimed_follows_lists"},
    ),
    "an account disappears": (
        "DELETE FROM vouchers_account WHERE kind = 'merchant_settled'",
        {"balances_sum_to_zero", "balances_follow_transfers", "settlement_is_posted", "bank_covers_all",
         "exchanges_follow_transfers", "payouts_follow_transfers"},
    ),
    "a budget is topped up": (
        "UPDATE vouchers_balance SET credits = credits + 1 WHERE reserved > 0",
        {"balances_follow_transfers", "bank_covers_all"},
    ),
    "a budget line is topped up": (
        "UPDATE vouchers_balance SET credits = credits + 1 FROM vouchers_account a WHERE a.id = account_id AND kind = 'budget'",
        {"balances_follow_transfers", "bank_covers_all"},
    ),
    "a budget entry is made larger": (
        "UPDATE allowances_budgetentry SET city = city + 1", {"budgets_follow_entries"},
    ),
    "an allotment is hidden": ("DELETE FROM allowances_budgetallotment", {"budgets_follow_entries"}),
    "an allotment becomes a payment": (
        "UPDATE vouchers_journal SET kind = 'fund' WHERE kind = 'allot'", {"budgets_follow_entries"},
    ),
    "budget is set aside for nobody": (
        "UPDATE vouchers_balance SET reserved = reserved + 1 WHERE reserved > 0", {"reserved_for_open_lists"},
    ),
    "a payment is made smaller": (
        "UPDATE vouchers_payment SET amount = amount - 1", {"payments_follow_transfers", "bank_covers_all"},
    ),
    "a refund is hidden": (
        "UPDATE vouchers_payment SET refunded = refunded - 1 WHERE refunded > 0",
        {"refunds_follow_transfers", "bank_covers_all", "discounts_split_exactly"},
    ),
    "a cancellation is told larger": (
        "UPDATE vouchers_cancellation SET amount = amount + 1", {"discounts_split_exactly"},
    ),
    "a shop's discount is told larger": (
        "UPDATE vouchers_payment SET discount = 10, discount_returned = 9 WHERE refunded > 0", {"discounts_split_exactly"},
    ),
    "expired money is spent": (
        "UPDATE vouchers_lot SET expires_at = created_at WHERE remaining < granted", {"nothing_spent_after_expiry", "expired_money_returned"},
    ),
    "an event moves to another day": (
        "UPDATE vouchers_journal SET business_date = business_date + 1 WHERE kind = 'refund'", {"journals_have_transfers"},
    ),
    "a shop's day is made better": (
        "UPDATE merchants_settlementline SET paid = paid + 1, payable = payable + 1",
        {"settlement_follows_transfers", "settlement_is_posted"},
    ),
    "a debt of a shop is forgotten": (
        "UPDATE merchants_settlementline SET carried_in = carried_in + 1, payable = payable + 1",
        {"settlement_carries_over", "settlement_is_posted"},
    ),
    "a day's total is made larger": (
        "UPDATE merchants_dayclose SET payable = payable + 1", {"settlement_is_posted", "bank_covers_all"},
    ),
    "an exchange is hidden": (
        "DELETE FROM merchants_exchange", {"exchanges_follow_transfers", "bank_covers_all"},
    ),
    "an exchange is made smaller": (
        "UPDATE merchants_exchange SET amount = amount - 1", {"exchanges_follow_transfers", "bank_covers_all"},
    ),
    "an exchange becomes the close of a day": (
        "UPDATE vouchers_journal SET kind = 'settle' WHERE kind = 'exchange'",
        {"exchanges_follow_transfers", "settlement_follows_transfers", "settlement_is_posted"},
    ),
    "a day forgets what was exchanged": (
        "UPDATE merchants_settlementline SET exchanged = 0, payable = payable + exchanged",
        {"settlement_follows_transfers", "settlement_is_posted"},
    ),
    "a swept lot is filled again": (
        "UPDATE vouchers_lot SET remaining = 1, expired = expired - 1 WHERE expired > 0",
        {"lots_follow_transfers", "bank_covers_all", "expired_money_returned"},
    ),
    "a programme's returned money is made larger": (
        "UPDATE vouchers_balance SET returned = returned + 1 WHERE returned > 0", {"returned_is_counted"},
    ),
    "an entitlement is made smaller": (
        "UPDATE allowances_entitlement SET amount = amount - 1", {"entitlements_paid_once", "unclaimed_follows_lists"},
    ),
    "held money is made more": (
        "UPDATE allowances_unpaidentitlement SET amount = amount + 1", {"unclaimed_follows_lists"},
    ),
    "held money is called paid": (
        ("UPDATE allowances_unpaidentitlement SET state = 'credited', wallet_id = uuidv7(), ending = 'claimed',"
         " ended_at = now(), ended_journal_id = uuidv7() WHERE state = 'held'"),
        {"entitlements_paid_once", "unclaimed_follows_lists"},
    ),
    "somebody who was paid is called held": (
        ("UPDATE allowances_unpaidentitlement u SET entitlement_id = e.id FROM allowances_entitlement e"
         " WHERE e.amount = 60000 AND u.state = 'held'"), {"entitlements_paid_once"},
    ),
    "cash is paid to nobody": (
        "UPDATE allowances_entitlement SET in_cash = false WHERE in_cash",
        {"entitlements_paid_once", "unclaimed_follows_lists"},
    ),
    "a list that was cut short keeps its budget": (
        "UPDATE allowances_disbursementchunk SET posted_at = NULL, is_cancelled = false WHERE is_cancelled",
        {"reserved_for_open_lists"},
    ),
}  # fmt: skip
ELSEWHERE = {"clawbacks_within_paid", "receivables_add_up", "day_sums_follow_ledger"} | (
    test_audit_benefits.NAMES | test_audits.NAMES | POINTS | PAYOUTS | CHARGES
)
"""Tampered with in test_audit.py of tests/allowances/clawback and tests/reports/dashboard, test_audit_benefits.py, and of
incentives, points, payouts and settlement test_audits.py."""


@pytest.fixture
def city(committed_db: str) -> City:
    """A city after a day of work: granted, paid, given back, closed; and a list on its way."""
    city = factories.make_city()
    with city.scope():
        citizen, merchant, partner = (
            factories.make_citizen(city), factories.make_merchant(city), factories.make_partner(city)
        )  # fmt: skip
        wallet = factories.wallet_of(citizen)
        budget_line = factories.make_budget_line(city, amount=1_200_000)
        programme = factories.make_programme(city, budget=1_000_000, budget_line=budget_line)
        factories.grant(city, {citizen: 60_000}, programme=programme)
        factories.grant(city, {citizen: 40_000}, programme=programme, validity_days=30)
        payment = _pay(city, wallet.pk, merchant.code, 50_000, partner.pk)
        call("payments.cancel", city.code, partner.pk, "cancel", b"\1" * 32, payment, 15_000, AT)
        official = factories.make_official(city)
        ExchangeLimit.objects.create(
            municipality=city.municipality,
            currency=city.currency,
            valid_from=TODAY,
            per_month=10_000,
            legal_basis="조례",
        )
        call("settlement.exchange", city.code, uuid7(), city.currency.pk, merchant.pk, 10_000, official.pk, None, AT)
        factories.grant(city, {factories.make_citizen(city): 7_000}, programme=programme, validity_days=1)
        factories.make_signed_batch(city, {factories.make_citizen(city): 5_000}, programme=programme)
        _hold_pay_in_cash_and_cancel(city, programme)
    with city.scope():
        call("ledger.fence", city.code, TODAY)
    with city.scope():
        call("settlement.close_day", city.code, city.currency.pk, TODAY, AT + timedelta(days=1))
        later = AT + timedelta(days=3)
        services.expire(municipality=city.code, until=later, limit=10, at=later)
    return city


def _hold_pay_in_cash_and_cancel(city: City, programme: Programme) -> None:
    """Rows of 10,000 won: one held, one in cash, one claimed, one returned, one cancelled."""
    people = [Stranger(phone=f"0107777000{number}") for number in range(4)]
    batch = make_holding_list(
        city, [*people, factories.make_citizen(city)], programme=programme, chunk_rows=3, cash=[3]
    )
    call("disbursement.plan", city.code, batch.pk)
    call("disbursement.post_chunk", city.code, batch.pk, 0, AT)
    call("disbursement.post_chunk", city.code, batch.pk, 1, AT)
    call("disbursement.cancel_rest", city.code, batch.pk, AT)
    people[2].joins(city)
    call("disbursement.stop", city.code, [None], ["김미래|1990-03-04|01077770003"], [None], ["deceased"], AT)


def _pay(city: City, wallet: UUID, merchant: str, amount: int, partner: UUID) -> UUID:
    payment: UUID = call(
        "payments.pay", city.code, partner, str(uuid7()), b"\0" * 32, wallet, merchant, "T001", amount, "order", AT
    )[0]
    return payment


def test_an_honest_day_has_no_difference_and_every_figure_says_something(city: City) -> None:
    found = {finding.invariant.name: (finding.figure, finding.difference) for finding in audit(using="owner")}
    assert found == {
        "balances_sum_to_zero": (
            1_200_000 + 1_000_000 + 107_000 + 50_000 + 15_000 + 35_000 + 7_000 + 60_000 + 10_000,
            0,
        ),
        "bank_covers_all": (1_200_000, 0),
        "lots_follow_transfers": (75_000, 0),
        "balances_follow_transfers": (1_200_000 + 1_000_000 + 35_000 + 10_000 + 7_000 + 50_000, 0),
        "payments_follow_transfers": (50_000, 0),
        "refunds_follow_transfers": (15_000, 0),
        "discounts_split_exactly": (0, 0),
        "nothing_spent_after_expiry": (50_000, 0),
        "expired_money_returned": (7_000, 0),
        "returned_is_counted": (17_000, 0),
        "clawbacks_within_paid": (0, 0),
        "day_sums_follow_ledger": (0, 0),
        "receivables_add_up": (0, 0),
        **dict.fromkeys(test_audit_benefits.NAMES | test_audits.NAMES | POINTS | PAYOUTS | CHARGES, (0, 0)),
        "payouts_follow_transfers": (10_000, 0),
        "journals_have_transfers": (15, 0),
        "settlement_follows_transfers": (50_000, 0),
        "settlement_carries_over": (0, 0),
        "settlement_is_posted": (25_000, 0),
        "exchanges_follow_transfers": (10_000, 0),
        "budgets_follow_entries": (200_000, 0),
        "reserved_for_open_lists": (5_000, 0),
        "entitlements_paid_once": (117_000, 0),
        "unclaimed_follows_lists": (10_000, 0),
    }


def test_each_tampering_is_found_by_the_invariants_that_name_it(city: City) -> None:
    found = {}
    for what, (statement, _expected) in TAMPERING.items():
        with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(statement)
            assert cursor.rowcount > 0, what
            found[what] = {finding.invariant.name for finding in audit(using="owner") if finding.difference}
            transaction.set_rollback(True, using="owner")
    assert found == {what: expected for what, (_statement, expected) in TAMPERING.items()}
    assert set.union(*found.values()) | ELSEWHERE == {invariant.name for invariant in INVARIANTS}


def test_the_command_prints_each_invariant_and_ends_with_an_error_on_a_difference(city: City) -> None:
    out = StringIO()
    call_command("audit_ledger", stdout=out)
    assert len(out.getvalue().splitlines()) == len(INVARIANTS) + 1
    assert "[일치] 지갑 잔액 = 들어온 금액 − 나간 금액 · 지갑 잔액 75,000원" in out.getvalue()
    _tamper("UPDATE vouchers_lot SET remaining = remaining + 1 WHERE remaining < granted - expired")
    with pytest.raises(CommandError, match="2개 항목"):
        call_command("audit_ledger", stdout=out)
    assert "[차이 1] 지갑 잔액 = 들어온 금액 − 나간 금액" in out.getvalue()


def test_the_job_sees_its_own_municipality_and_fails_on_a_difference(city: City) -> None:
    factories.make_city(code="28110", name="인천광역시 중구")
    assert services.municipalities() == ["28110", city.code]
    _tamper("UPDATE vouchers_lot SET remaining = remaining + 1 WHERE remaining < granted - expired")
    tasks.audit_municipality("28110")
    with pytest.raises(LedgerDiffers) as differs:
        tasks.audit_municipality(city.code)
    assert differs.value.params["invariants"] == "bank_covers_all, lots_follow_transfers"


def _tamper(statement: str) -> None:
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement)
