"""채널별 이용 현황: every channel of two months, equal to the ledger to the won, on screen and in the workbook."""

from __future__ import annotations

import re
from datetime import date, datetime
from io import BytesIO

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from python_calamine import CalamineWorkbook

from merchants.registry.models import MerchantBenefit
from reports.channels import workbook
from reports.channels.selectors import Figures, Report, month_after, report
from tests import factories
from tests.factories import AT, City
from vouchers.common.models import uuid7
from vouchers.common.seoul import business_date
from vouchers.ledger.models import Account, Transfer
from vouchers.ledger.services import call
from vouchers.officials.rules import Role
from vouchers.payments.models import ChannelFee, OnlineChannel

pytestmark = pytest.mark.django_db

THIS = business_date(AT).replace(day=1)
EARLIER = datetime.combine(month_after(THIS, -1).replace(day=15), AT.timetz())
LAST = month_after(THIS, -1)


@pytest.fixture
def city() -> City:
    """Last month: 10,000 at a fixed code and 9,990 at a delivery app. This month: a sale's code with 3 % off, a barcode,
    and half of what was ordered last month given back."""
    made = factories.make_city()
    with made.scope():
        call("ledger.ensure_partitions", LAST, THIS)
        shop, generous = factories.make_merchant(made), factories.make_merchant(made)
        partner, citizen = factories.make_partner(made), factories.make_citizen(made)
        wallet = factories.wallet_of(citizen).pk
        MerchantBenefit.objects.create(
            municipality=made.municipality, merchant=generous, rate=3, valid_from=THIS, valid_until=business_date(AT),
            document="지역경제과-1",
        )  # fmt: skip
        for code, name in (("delivery", "=배달앱"), ("taxi", "택시앱")):
            channel = OnlineChannel.objects.create(
                municipality=made.municipality, code=code, name=name, kind="taxi", partner=partner
            )
            ChannelFee.objects.create(
                municipality=made.municipality, channel=channel, valid_from=date(2020, 1, 1), rate="1.5"
            )
        factories.grant(made, {citizen: 100_000}, at=EARLIER)

        def key() -> tuple[str, object, str, bytes]:
            return made.code, partner.pk, str(uuid7()), b""

        call("payments.pay", *key(), wallet, shop.code, "T001", 10_000, "주문", EARLIER)
        order = call("payments.prepare_order", *key(), "delivery", shop.code, "A1", 9_990, 9_990, wallet, EARLIER)[0]
        call("payments.confirm_order", *key(), order, wallet, 9_990, EARLIER)
        with connection.cursor() as cursor:
            cursor.execute("SELECT payment_id FROM vouchers_onlineorder WHERE id = %s", [order])
            ordered = cursor.fetchone()[0]
        sale = call("payments.new_sale_qr", *key(), generous.code, 9_999, "POS-1", AT)[0]
        sold = call("payments.pay", *key(), wallet, generous.code, None, 9_999, "주문", AT, sale)[0]
        call("payments.new_token", *key(), wallet, uuid7(), b"\4" * 16, AT)
        call("payments.pay_by_token", *key(), b"\4" * 16, shop.code, 500, "주문", AT)
        call("payments.cancel", *key(), sold, 1_234, AT)
        call("payments.cancel", *key(), ordered, 4_995, AT)
    return made


def report_of(city: City, first: date = LAST, last: date = THIS) -> Report:
    with city.scope():
        return report(municipality=city.code, first=first, last=last)


def lines_of(month) -> dict[str, Figures]:
    return {line.name: line.figures for line in month.lines if line.figures != Figures()}


def test_every_channel_stands_in_the_month_of_its_own_business(city):
    before, now = report_of(city).by_month
    ordered = Figures(payments=1, price=9_990, fee=149)
    assert lines_of(before) == {
        "가맹점 QR(고정)": Figures(payments=1, price=10_000), "온라인": ordered, "=배달앱": ordered,
    }  # fmt: skip
    returned = Figures(cancellations=1, cancelled=4_995)
    assert lines_of(now) == {
        # 299 won off; 299 × 8,765 / 9,999 rounded down are still borne after 1,234 won were cancelled
        "가맹점 QR(거래별)": Figures(payments=1, price=9_999, cancellations=1, cancelled=1_234, discount=262),
        "시민 바코드·QR": Figures(payments=1, price=500), "온라인": returned, "=배달앱": returned,
    }  # fmt: skip
    assert [line.name for line in now.lines][-2:] == ["=배달앱", "택시앱"]  # one without business stands there too


def test_it_equals_what_the_ledger_moved_to_the_shops(city):
    found = report_of(city)
    with city.scope():
        pending = set(Account.objects.filter(kind="merchant_pending").values_list("pk", flat=True))
        for month in found.by_month:
            end = month_after(month.first, 1)
            moved = Transfer.objects.filter(business_date__gte=month.first, business_date__lt=end)
            paid = sum(moved.filter(credit_account_id__in=pending).values_list("amount", flat=True))
            back = sum(moved.filter(debit_account_id__in=pending).values_list("amount", flat=True))
            assert month.total.moved == paid - back != 0
    assert found.whole.total == sum((month.total for month in found.by_month), Figures())


def test_another_city_sees_none_of_it(city):
    other = factories.make_city(code="41570", name="김포시")
    with other.scope():
        assert report(municipality=city.code, first=LAST, last=THIS).is_empty


def test_a_month_is_one_statement_that_reads_the_partitions_around_it_alone(city):
    with city.scope(), CaptureQueriesContext(connection) as seen:
        call("ledger.ensure_partitions", month_after(THIS, -4), month_after(THIS, 1))
        report(municipality=city.code, first=LAST, last=LAST)
        (asked,) = [query["sql"] for query in seen.captured_queries if "WITH movement" in query["sql"]]
        paid = asked.split("UNION ALL")[0] + ") SELECT * FROM movement"
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN (COSTS OFF) " + paid)
            plan = "\n".join(line for (line,) in cursor.fetchall())
    read = set(re.findall(r"vouchers_payment_(\d{4}_\d{2})", plan))
    assert read == {f"{month_after(LAST, number):%Y_%m}" for number in (-1, 0, 1)}  # two days before, a minute after


def test_the_workbook_has_numbers_totals_and_no_formula(city):
    content = workbook.render(report_of(city), municipality=city.municipality.name, at=AT)
    book = CalamineWorkbook.from_filelike(BytesIO(content))
    whole, months = (book.get_sheet_by_index(number).to_python() for number in (0, 1))
    assert [row[1] for row in whole[3:]].count("=배달앱") == 1
    assert whole[-1][2:] == [4, 30_489, 2, 6_229, 24_260, 262, 23_998, 149]
    assert months[-1][2:] == whole[-1][2:]
    assert len(months) == 3 + 2 * 8 + 1


@pytest.fixture
def officer(city, client) -> Client:
    with city.scope():
        client.force_login(factories.make_official(city, Role.SETTLEMENT_OFFICER))
    return client


def test_the_page_begins_with_this_month_and_offers_the_file(city, officer):
    shown = officer.get(reverse("admin:channel_usage"))
    assert (shown.context["asked"].first, shown.context["asked"].last) == (THIS, THIS)
    assert "4,270" in shown.content.decode()  # 9,999 − 1,234 at the sale, 500 by barcode, − 4,995 of the order
    file = officer.get(reverse("admin:channel_usage_file"), {"first": f"{LAST:%Y-%m}", "last": f"{THIS:%Y-%m}"})
    assert (file.status_code, file.content[:2]) == (200, b"PK")


def test_a_period_is_turned_round_or_cut_with_a_word_and_nonsense_is_not_found(city, officer):
    address = reverse("admin:channel_usage")
    turned = officer.get(address, {"first": f"{THIS:%Y-%m}", "last": f"{LAST:%Y-%m}"})
    assert (turned.context["asked"].first, turned.context["asked"].last) == (LAST, THIS)
    cut = officer.get(address, {"first": "2001-01", "last": f"{THIS:%Y-%m}"})
    assert len(cut.context["report"].months) == 12
    assert "12개월까지" in cut.content.decode()
    for wrong in ("2026-13", "x", "0001-01", "2026-01-01"):
        assert officer.get(address, {"first": wrong}).status_code == 404
    assert officer.get(address, {"municipality": "11110"}).status_code == 404


def test_a_month_without_payments_says_what_to_do(city, officer):
    shown = officer.get(reverse("admin:channel_usage"), {"first": "2020-01", "last": "2020-01"})
    assert "기간을 넓혀" in shown.content.decode()
