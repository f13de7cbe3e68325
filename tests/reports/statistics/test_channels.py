"""채널별 이용 현황: every channel of two months, equal to the ledger to the won, on screen and in the workbook."""

from __future__ import annotations

from datetime import date, datetime
from io import BytesIO

import pytest
from django.db import connection
from django.urls import reverse
from python_calamine import CalamineWorkbook

from merchants.registry.models import MerchantBenefit
from reports.dashboard.services import sum_up
from reports.statistics import channels, workbook
from reports.statistics.definitions import Asked, month_after
from reports.statistics.rules import Content, Style
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
        sum_up(municipality=made.code, at=AT)
    return made


def content_of(city: City, first: date = LAST, last: date = THIS) -> Content:
    with city.scope():
        return channels.REPORT.content(Asked(municipality=city.code, first=first, last=last))


def lines_of(content: Content, month: date) -> dict[str, tuple]:
    rows = [row.values for row in content.tables[1].rows if row.values[0] == month and row.style != Style.SUM]
    return {values[1]: values[2:] for values in rows if any(values[2:])}


def test_every_channel_stands_in_the_month_of_its_own_business(city):
    # 결제 건수, 결제금액, 취소 건수, 취소금액, 순이용금액, 가맹점 할인액, 지갑에서 결제한 금액, 채널 수수료
    content = content_of(city)
    ordered = (1, 9_990, 0, 0, 9_990, 0, 9_990, 149)
    assert lines_of(content, LAST) == {
        "가맹점 QR(고정)": (1, 10_000, 0, 0, 10_000, 0, 10_000, 0), "온라인": ordered, "=배달앱": ordered,
    }  # fmt: skip
    returned = (0, 0, 1, 4_995, -4_995, 0, -4_995, 0)
    assert lines_of(content, THIS) == {
        # 299 won off; 299 × 8,765 / 9,999 rounded down are still borne after 1,234 won were cancelled
        "가맹점 QR(거래별)": (1, 9_999, 1, 1_234, 8_765, 262, 8_503, 0),
        "시민 바코드·QR": (1, 500, 0, 0, 500, 0, 500, 0), "온라인": returned, "=배달앱": returned,
    }  # fmt: skip
    rows = content.tables[0].rows
    assert [(row.values[0], row.style) for row in rows][-2:] == [("=배달앱", Style.PART), ("택시앱", Style.PART)]


def test_it_equals_what_the_ledger_moved_to_the_shops(city):
    content = content_of(city)
    sums = [row.values for row in content.tables[1].rows if row.style == Style.SUM]
    with city.scope():
        pending = set(Account.objects.filter(kind="merchant_pending").values_list("pk", flat=True))
        for first, *_values in sums:
            end = month_after(first, 1)
            moved = Transfer.objects.filter(business_date__gte=first, business_date__lt=end)
            paid = sum(moved.filter(credit_account_id__in=pending).values_list("amount", flat=True))
            back = sum(moved.filter(debit_account_id__in=pending).values_list("amount", flat=True))
            assert _values[-2] == paid - back != 0
    assert content.tables[0].total[1:] == tuple(map(sum, zip(*(values[2:] for values in sums), strict=True)))
    assert content.control.value == content.tables[0].total[-2]


def test_another_city_sees_none_of_it(city):
    other = factories.make_city(code="41570", name="김포시")
    with other.scope():
        assert channels.REPORT.content(Asked(municipality=city.code, first=LAST, last=THIS)).is_empty


def test_the_workbook_has_numbers_totals_and_no_formula(city):
    made = workbook.render(content_of(city).tables, title="채널별 이용 현황", about=["고양시"], at=AT)
    assert made == workbook.render(content_of(city).tables, title="채널별 이용 현황", about=["고양시"], at=AT)
    book = CalamineWorkbook.from_filelike(BytesIO(made))
    whole, months = (book.get_sheet_by_index(number).to_python() for number in (0, 1))
    assert [row[0] for row in whole].count("=배달앱") == 1
    assert whole[-1][1:] == [4, 30_489, 2, 6_229, 24_260, 262, 23_998, 149]
    assert months[-1][2:] == whole[-1][1:]
    assert len(months) == 3 + 2 * 8 + 1


def test_the_page_shows_the_channels_of_this_month(city, client):
    with city.scope():
        client.force_login(factories.make_official(city, Role.SETTLEMENT_OFFICER))
    shown = client.get(reverse("admin:report_channels"))
    assert "4,270" in shown.content.decode()  # 9,999 − 1,234 at the sale, 500 by barcode, − 4,995 of the order
    assert client.get(reverse("admin:report_channels"), {"as": "pdf"}).content[:5] == b"%PDF-"
