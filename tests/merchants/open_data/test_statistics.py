"""이용 통계: cells counted by hand, equal to the ledger before suppression, and what the public doors tell of them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from merchants.open_data.models import UsageCell, UsageMonth
from merchants.open_data.rules import TOTAL
from merchants.open_data.statistics import Cell, cells_of, make_months, month_after
from merchants.registry.models import Merchant
from tests import factories
from tests.factories import AT, City
from tests.factories.open_data import make_terms, make_usage
from vouchers.citizens.models import Citizen
from vouchers.common.models import uuid7
from vouchers.common.scope import set_local
from vouchers.common.seoul import business_date, start_of_day
from vouchers.ledger.models import Account, Transfer
from vouchers.ledger.services import call
from vouchers.municipalities.models import Dong
from vouchers.officials.rules import Role

pytestmark = pytest.mark.django_db

THIS = business_date(AT).replace(day=1)
LAST = month_after(THIS, -1)
PAID = datetime.combine(LAST.replace(day=15), AT.timetz())
LATER = start_of_day(THIS) + timedelta(days=1, hours=3)
"""The second day of this month: when last month is made."""
PAYMENTS = "/openapi/B190001/localGiftsPaymentV3/paymentsV3"
OPERATIONS = "/openapi/B190001/localGiftsOperateV2/operationsV2"


def born(age: int) -> date:
    """Whoever had that birthday on the last day of last month."""
    last = THIS - timedelta(days=1)
    return last.replace(year=last.year - age, day=min(last.day, 28))


@pytest.fixture
def city() -> City:
    """Last month in 주교동: six men in their thirties pay 1,000 won each, and one of them 200 of it is given back; six women
    in their twenties pay 2,000. In 행신동: six men in their thirties pay 3,000, two women in their twenties 5,000."""
    made = factories.make_city()
    with made.scope():
        make_terms(made, valid_from=LAST)
        call("ledger.ensure_partitions", LAST, THIS)
        other = Dong.objects.create(municipality=made.municipality, code=f"{made.code}62000", name="행신동")
        here, there = factories.make_merchant(made), factories.make_merchant(made)
        Merchant.objects.filter(pk=there.pk).update(dong=other)
        partner = factories.make_partner(made)
        men = [factories.make_citizen(made, birth_date=born(39), sex="male") for _number in range(6)]
        women = [factories.make_citizen(made, birth_date=born(20), sex="female") for _number in range(6)]
        factories.grant(made, dict.fromkeys([*men, *women], 50_000), at=PAID)

        def key() -> tuple[str, object, str, bytes]:
            return made.code, partner.pk, str(uuid7()), b""

        def pay(citizen: Citizen, shop: str, amount: int):
            return call(
                "payments.pay", *key(), factories.wallet_of(citizen).pk, shop, "T001", amount, "주문", PAID
            )[0]  # fmt: skip

        paid = [pay(man, here.code, 1_000) for man in men]
        call("payments.cancel", *key(), paid[0], 200, PAID)
        for woman in women:
            pay(woman, here.code, 2_000)
        for man in men:
            pay(man, there.code, 3_000)
        for woman in women[:2]:
            pay(woman, there.code, 5_000)
        call("ledger.fence", made.code, THIS - timedelta(days=1))
    return made


def cells_by_key(city: City) -> dict[tuple[str, str], Cell]:
    with city.scope():
        return {
            (cell.dong[1] or TOTAL, "".join(cell.group)): cell for cell in cells_of(municipality=city.code, month=LAST)
        }


def test_cells_and_totals_are_counted_by_hand(city):
    found = {key: (cell.payments, cell.amount, cell.people) for key, cell in cells_by_key(city).items()}
    assert found == {
        ("주교동", "M03"): (6, 5_800, 6), ("주교동", "F02"): (6, 12_000, 6), ("주교동", TOTAL): (12, 17_800, 12),
        ("행신동", "M03"): (6, 18_000, 6), ("행신동", "F02"): (2, 10_000, 2), ("행신동", TOTAL): (8, 28_000, 8),
        (TOTAL, "M03"): (12, 23_800, 6), (TOTAL, "F02"): (8, 22_000, 6), (TOTAL, TOTAL): (20, 45_800, 12),
    }  # fmt: skip


def test_before_suppression_it_equals_what_the_ledger_moved_to_the_shops(city):
    listed = [cell for cell in cells_by_key(city).values() if not cell.is_total]
    with city.scope():
        pending = set(Account.objects.filter(kind="merchant_pending").values_list("pk", flat=True))
        moved = Transfer.objects.filter(business_date__gte=LAST, business_date__lt=THIS)
        paid = sum(moved.filter(credit_account_id__in=pending).values_list("amount", flat=True))
        back = sum(moved.filter(debit_account_id__in=pending).values_list("amount", flat=True))
    assert sum(cell.amount for cell in listed) == paid - back == 45_800
    assert all(cell.card_amount + cell.mobile_amount == cell.amount for cell in listed)


def test_two_people_stay_hidden_and_nobody_can_reckon_them_from_the_rest(city, client):
    assert make_months(municipality=city.code, at=LATER) == [LAST]
    answer = client.get(PAYMENTS, {"perPage": "100", "cond[crtr_ym::EQ]": f"{LAST:%Y%m}"}).json()
    told = {(row["emd_nm"], row["par_gend"] + row["par_ag"]): row for row in answer["data"]}
    # the two women's line and column have two cells each, so all four go; no line is left from which to subtract
    assert {key: row["stlm_amt"] for key, row in told.items()} == dict.fromkeys(told)
    assert {row["sprs_yn"] for row in answer["data"]} == {"Y"}
    with city.scope():
        month = UsageMonth.objects.get()
        assert (month.rows, month.hidden_rows) == (4, 4)
        assert UsageCell.objects.get(usage=month, dong_code=TOTAL, sex=TOTAL).is_hidden is False
        assert sum(UsageCell.objects.filter(position__isnull=False).values_list("amount", flat=True)) == 45_800


def test_where_many_paid_the_figures_are_told_in_komscos_shape(city, client):
    with city.scope():
        make_terms(city, valid_from=THIS, fewest_people=3)
    make_months(municipality=city.code, at=LATER)
    answer = client.get(PAYMENTS, {"cond[usage_rgn_cd::EQ]": city.code, "perPage": "1", "page": "2"}).json()
    assert {name: answer[name] for name in ("page", "perPage", "totalCount", "matchCount", "currentCount")} == {
        "page": 2, "perPage": 1, "totalCount": 4, "matchCount": 4, "currentCount": 1,
    }  # fmt: skip
    assert list(answer["data"][0]) == [
        "crtr_ym", "usage_rgn_cd", "par_gend", "par_ag", "stlm_nocs", "stlm_amt", "card_use_amt", "mbl_user_cnt", "mbl_use_amt",
        "emd_cd", "emd_nm", "sprs_yn",
    ]  # fmt: skip


def test_one_neighbourhood_of_many_people_is_told(city, client):
    with city.scope():
        rest = Dong.objects.get(name="행신동")
        Merchant.objects.filter(dong=rest).update(dong=city.dong)  # all in one neighbourhood: six men and six women
    make_months(municipality=city.code, at=LATER)
    asked = {"cond[crtr_ym::EQ]": f"{LAST:%Y%m}", "cond[par_gend::EQ]": "M"}
    answer = client.get(PAYMENTS, asked).json()
    assert (answer["totalCount"], answer["matchCount"]) == (2, 1)
    assert answer["data"] == [
        {
            "crtr_ym": f"{LAST:%Y%m}", "usage_rgn_cd": city.code, "par_gend": "M", "par_ag": "03", "stlm_nocs": 12,
            "stlm_amt": 23_800, "card_use_amt": 0, "mbl_user_cnt": 6, "mbl_use_amt": 23_800, "emd_cd": f"{city.code}510",
            "emd_nm": "주교동", "sprs_yn": "N",
        }
    ]  # fmt: skip


def test_operations_hide_what_few_did(city, client):
    make_months(municipality=city.code, at=LATER)
    (row,) = client.get(OPERATIONS, {"cond[crtr_ym::EQ]": f"{LAST:%Y%m}"}).json()["data"]
    assert row == {
        "crtr_ym": f"{LAST:%Y%m}", "usage_rgn_cd": city.code, "card_pblcn_qty": 0, "mbl_joiner_cnt": 0, "mbl_chg_amt": 0,
        "ppr_ntsl_amt": 0, "ppr_rtrvl_amt": 0, "sprs_yn": "N",
    }  # fmt: skip
    month = UsageMonth(fewest_people=5, cards=9, card_people=4, charged=100_000, charge_people=5)
    assert (month.told("cards", "card_people"), month.told("charged", "charge_people")) == (None, 100_000)


@pytest.mark.parametrize(
    "asked",
    [
        {"cond[crtr_ym::EQ]": "202613"}, {"cond[crtr_ym::GT]": "202601"}, {"cond[wallet::EQ]": "1"}, {"perPage": "0"},
        {"cond[par_gend::EQ]": "M"},
    ],
)  # fmt: skip
def test_nonsense_and_filters_without_a_month_are_refused(city, client, asked):
    answer = client.get(PAYMENTS, asked)
    assert (answer.status_code, answer.json()["code"]) == (400, -4)


def test_a_month_is_made_once_and_only_when_all_its_days_are_closed(city):
    assert make_months(municipality=city.code, at=start_of_day(THIS) + timedelta(hours=3)) == []  # a day too early
    assert make_months(municipality=city.code, at=LATER) == [LAST]
    assert make_months(municipality=city.code, at=LATER) == []
    other = factories.make_city(code="41570", name="김포시")
    with other.scope():
        make_terms(other, valid_from=LAST)
        call("ledger.fence", other.code, LAST)
    assert LAST not in make_months(municipality=other.code, at=LATER)  # its days are open


def test_a_month_reads_its_own_partitions_alone(city):
    with city.scope(), CaptureQueriesContext(connection) as seen:
        call("ledger.ensure_partitions", month_after(THIS, -4), month_after(THIS, 1))
        cells_of(municipality=city.code, month=LAST)
        (asked,) = [query["sql"] for query in seen.captured_queries if "WITH movement" in query["sql"]]
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN (COSTS OFF) " + asked.split("UNION ALL")[0] + ") SELECT * FROM movement")
            plan = "\n".join(line for (line,) in cursor.fetchall())
    read = {
        f"{month_after(THIS, number):%Y_%m}"
        for number in range(-5, 3)
        if f"vouchers_payment_{month_after(THIS, number):%Y_%m}" in plan
    }
    assert read == {f"{month_after(LAST, number):%Y_%m}" for number in (-1, 0, 1)}  # two days before, a minute after


def test_officials_see_how_much_is_hidden(city, client):
    make_months(municipality=city.code, at=LATER)
    with city.scope():
        client.force_login(factories.make_official(city, Role.MERCHANT_OFFICER))
    shown = client.get(reverse("admin:open_data")).content.decode()
    assert f"cond[crtr_ym::EQ]={LAST:%Y%m}" in shown


def test_officials_see_what_everybody_gets_and_which_cells_are_suppressed(city: City, client: Client) -> None:
    with city.scope():
        make_usage(city)
        month = UsageMonth.objects.get(month=date(2026, 1, 1))
        official = factories.make_official(city, Role.MERCHANT_OFFICER)
    set_local(official=str(official.pk))
    client.force_login(official)
    page = client.get(reverse("admin:open_data_usage", args=[month.pk])).text
    assert ">7,777원<" in page
    assert "2,222" not in page
    assert page.count("가림</span>") == 1
    assert "<dt>모바일 가입자 수</dt><dd>가림</dd>" in page
    assert client.get(reverse("admin:open_data_usage", args=[month.pk]), {"page": "９"}).status_code == 200
    assert client.get(reverse("admin:open_data_usage", args=[uuid7()])).status_code == 404
