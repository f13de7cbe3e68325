"""The settlement statement of a closed day: from the ledger, for those who may, and recorded."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse

from merchants.registry.models import MerchantBenefit
from merchants.settlement.models import ExchangeLimit, SettlementLine
from reports.documents import errors, selectors, services
from reports.documents.rules import bank_name, head_of
from reports.documents.statement import digest, words
from tests import factories
from tests.factories import AT, City
from vouchers.common.errors import NotPermitted
from vouchers.common.models import uuid7
from vouchers.ledger.services import call
from vouchers.officials.rules import Role
from vouchers.officials.selectors import authority_of
from vouchers.privacy.models import AccessRecord

pytestmark = pytest.mark.django_db
YESTERDAY = AT.date() - timedelta(days=1)
NOON = AT - timedelta(days=1)


def settle(city: City, amounts: list[int], *, cancel: int = 0, exchange: int = 0) -> SettlementLine:
    """A shop that was paid these amounts yesterday, ``cancel`` won of the first of them given back; closed.

    ``exchange`` won were settled on demand before.
    """
    shop = factories.make_merchant(
        city, representative="홍길동", account_bank="088", account_number="110-123-456789", account_holder="홍길동"
    )
    citizen, partner = factories.make_citizen(city), factories.make_partner(city).pk
    factories.grant(city, {citizen: sum(amounts)}, at=NOON)
    wallet = factories.wallet_of(citizen).pk
    payments = [
        call("payments.pay", city.code, partner, str(uuid7()), b"", wallet, shop.code, "T001", amount, "주문", NOON)[0]
        for amount in amounts
    ]
    if cancel:
        call("payments.cancel", city.code, partner, str(uuid7()), b"", payments[0], cancel, NOON)
    if exchange:
        ExchangeLimit.objects.create(
            municipality=city.municipality,
            currency=city.currency,
            valid_from=YESTERDAY,
            per_month=exchange,
            legal_basis="조례",
        )
        official = factories.make_official(city)
        call("settlement.exchange", city.code, uuid7(), city.currency.pk, shop.pk, exchange, official.pk, None, NOON)
    call("ledger.fence", city.code, YESTERDAY)
    call("settlement.close_day", city.code, city.currency.pk, YESTERDAY, AT)
    return SettlementLine.objects.select_related("merchant", "municipality", "currency").get(merchant=shop)


def test_it_lists_every_payment_and_refund_and_adds_up():
    city = factories.make_city()
    with city.scope():
        statement = selectors.statement_of(line=settle(city, [30_000, 5_500], cancel=12_000), at=AT)

    assert sorted((line.paid, line.refunded) for line in statement.lines) == [(0, 12_000), (5_500, 0), (30_000, 0)]
    assert (statement.paid, statement.refunded, statement.payable) == (35_500, 12_000, 23_500)
    assert statement.issuer == "고양시장"
    assert statement.bank == "신한은행"
    assert statement.pays_on == AT.date()


def test_what_was_exchanged_before_the_close_is_told_and_not_paid_again():
    city = factories.make_city()
    with city.scope():
        statement = selectors.statement_of(line=settle(city, [30_000], cancel=2_000, exchange=20_000), at=AT)
    assert (statement.exchanged, statement.payable) == (20_000, 8_000)
    totals = [(row["label"], *row["cells"]) for row in words(statement)["totals"]]
    assert totals[-2:] == [("수시 환전액(이미 정산)", "△20,000"), ("정산지급액", "8,000")]
    assert digest(statement) != digest(replace(statement, exchanged=19_000, carried_out=1_000))


def test_statements_of_two_currencies_have_two_numbers():
    city = factories.make_city()
    with city.scope():
        line = settle(city, [30_000])
        first = selectors.statement_of(line=line, at=AT).document_number
        line.currency.name = "고양청년페이"
        other = selectors.statement_of(line=line, at=AT).document_number
    assert first == f"{city.code}-{city.currency.name}-{YESTERDAY:%Y%m%d}-{line.merchant.code}"
    assert other == f"{city.code}-고양청년페이-{YESTERDAY:%Y%m%d}-{line.merchant.code}"


def test_two_readings_of_one_day_have_the_same_digest():
    city = factories.make_city()
    with city.scope():
        line = settle(city, [30_000])
        first = selectors.statement_of(line=line, at=AT)
        later = selectors.statement_of(line=line, at=AT + timedelta(days=30))
    assert digest(first) == digest(later)


def test_a_line_that_the_ledger_does_not_bear_out_is_not_printed():
    city = factories.make_city()
    with city.scope():
        line = settle(city, [30_000])
        line.paid += 1
        with pytest.raises(errors.StatementDiffersFromLedger):
            selectors.statement_of(line=line, at=AT)


def test_printing_needs_the_permission_and_is_recorded():
    city = factories.make_city()
    with city.scope():
        line = settle(city, [30_000])
        for role, may in ((Role.SETTLEMENT_OFFICER, True), (Role.DRAFTER, False)):
            official = factories.make_official(city, role)
            authority = authority_of(official_id=official.pk, day=AT.date())
            if may:
                pdf = services.print_statement(line=line, official=official, authority=authority, at=AT)
                assert pdf.startswith(b"%PDF-")
                assert AccessRecord.objects.get(official=official).action == "print"
            else:
                with pytest.raises(NotPermitted):
                    services.print_statement(line=line, official=official, authority=authority, at=AT)
        assert AccessRecord.objects.count() == 1


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.SETTLEMENT_OFFICER, 200), (Role.AUDITOR, 200), (Role.DRAFTER, 403), (Role.MERCHANT_OFFICER, 403)],
)
def test_the_page(client, role, status):
    city = factories.make_city()
    with city.scope():
        line = settle(city, [30_000])
        official = factories.make_official(city, role)
        client.force_login(official)
    response = client.get(reverse("documents:settlement_statement", args=[line.pk]))
    assert response.status_code == status
    if status == 200:
        assert response["Content-Type"] == "application/pdf"


def test_the_page_is_for_officials_of_that_city_only(client):
    city, other = factories.make_city(), factories.make_city(code="41570", name="김포시")
    with city.scope():
        line = settle(city, [30_000])
    address = reverse("documents:settlement_statement", args=[line.pk])
    assert client.get(address).status_code == 302
    with other.scope():
        client.force_login(factories.make_official(other, Role.SETTLEMENT_OFFICER))
    assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    ("municipality", "head"),
    [("고양시", "고양시장"), ("양평군", "양평군수"), ("해운대구", "해운대구청장"), ("경기도", "경기도지사")],
)
def test_head_of(municipality, head):
    assert head_of(municipality) == head


def test_an_unknown_bank_keeps_its_code():
    assert bank_name("999") == "999"


def test_it_works_without_any_query_per_line(django_assert_num_queries):
    city = factories.make_city()
    with city.scope():
        line = settle(city, [1_000] * 20)
        with django_assert_num_queries(1):
            selectors.statement_of(line=line, at=AT)


def test_a_shops_own_discount_is_shown_with_the_price_and_settled_by_nobody():
    city = factories.make_city()
    with city.scope():
        shop = factories.make_merchant(city)
        MerchantBenefit.objects.create(
            municipality=city.municipality, merchant=shop, rate=3, valid_from=YESTERDAY, valid_until=YESTERDAY,
            document="지역경제과-1",
        )  # fmt: skip
        citizen, partner = factories.make_citizen(city), factories.make_partner(city).pk
        factories.grant(city, {citizen: 10_000}, at=NOON)
        wallet = factories.wallet_of(citizen).pk
        paid = call(
            "payments.pay", city.code, partner, str(uuid7()), b"", wallet, shop.code, "T001", 9_999, "주문", NOON
        )[0]
        call("payments.cancel", city.code, partner, str(uuid7()), b"", paid, 1_234, NOON)
        call("ledger.fence", city.code, YESTERDAY)
        call("settlement.close_day", city.code, city.currency.pk, YESTERDAY, AT)
        line = SettlementLine.objects.select_related("merchant", "municipality", "currency").get(merchant=shop)
        statement = selectors.statement_of(line=line, at=AT)
    # of 9,999 won the shop bears 299, of the 8,765 that are left 262
    assert sorted((one.net, one.discount, one.discount_returned) for one in statement.lines) == [
        (-1_197, 0, 37), (9_700, 299, 0),
    ]  # fmt: skip
    assert statement.payable == 8_503
    said = words(statement)
    assert [column["title"] for column in said["columns"][4:]] == [
        "정가", "가맹점 할인\n(혜택+)", "결제금액", "취소금액", "정산금액",
    ]  # fmt: skip
    assert sorted(row["cells"][4:] for row in said["rows"]) == [
        ("9,999", "299", "9,700", "0", "9,700"), ("△1,234", "△37", "0", "1,197", "△1,197"),
    ]  # fmt: skip
    assert [row["cells"] for row in said["totals"]] == [
        ("9,999", "299", "9,700", "0", "9,700"), ("△1,234", "△37", "0", "1,197", "△1,197"),
        ("8,765", "262", "9,700", "1,197", "8,503"), ("8,503",),
    ]  # fmt: skip
    assert said["note"].startswith("정가 = ")


def test_a_statement_without_discounts_says_nothing_of_them():
    city = factories.make_city()
    with city.scope():
        said = words(selectors.statement_of(line=settle(city, [30_000]), at=AT))
    assert "정가" not in str(said)
    assert "가맹점 할인" not in str(said)
