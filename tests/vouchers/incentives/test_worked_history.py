"""인천e음 and 동백전, 2019 to 2026: the published rules as dated terms, and payments whose cashback was worked out by hand.

``history/terms.csv`` holds the rules with their sources' gaps noted as assumptions; ``history/payments.csv`` the payments,
what each payer bears, and the arithmetic in words. Each payment goes through the kernel at its own moment, of a member of
its own who has spent 회원의 이달 누적 before; payments.follow_up reckons both.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connections

from tests.conftest import Databases
from tests.vouchers.incentives.world import World
from tests.vouchers.ledger.kernel import CITY, Kernel, connect
from vouchers.common.seoul import SEOUL

HISTORY = Path(__file__).parent / "history"
PAYERS = {"국비": "national", "시비": "city", "구비": "district", "가맹점": "other"}
BEGINNING = datetime(2019, 1, 10, 12, tzinfo=SEOUL)
ENOUGH = 3_000_000
ENDLESS = 10**12
HALTS = {"동백전": [(datetime(2020, 11, 17, tzinfo=SEOUL), datetime(2021, 1, 9, tzinfo=SEOUL))]}


def table(name: str, city: str) -> list[dict[str, str]]:
    with (HISTORY / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["도시"] == city]


def number(text: str) -> int | None:
    return int(text) if text else None


def moment(row: dict[str, str]) -> datetime:
    return datetime.fromisoformat(row["일시"]).replace(tzinfo=SEOUL)


@pytest.fixture(params=["인천e음", "동백전"])
def city(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def world(city: str, databases: Databases, django_db_setup: None) -> Iterator[World]:
    """One member for each payment, with bought money that lasts; and the city's terms, each published."""
    payments = table("payments", city)
    with connect(databases.url(connections["default"].settings_dict["NAME"]), autocommit=False) as connection:
        connection.execute("SELECT 1")
        kernel = Kernel(connection, savepoint=True)
        months = {moment(row).date().replace(day=1) for row in payments} | {BEGINNING.date(), date(2018, 11, 1)}
        for month in sorted(months):
            kernel.call("ledger.ensure_partitions", month, month)
        made = World(kernel, members=len(payments), money=1, at=BEGINNING)
        programme = kernel.open_programme(len(payments) * ENOUGH, at=BEGINNING)
        kernel.disburse(
            programme, [(member, ENOUGH) for member in made.members], at=BEGINNING, days=4_000, kind="purchase"
        )
        load_terms(made, city)
        yield made
        made.assert_sound()
        connection.rollback()


def load_terms(world: World, city: str) -> None:
    """Each row is a tier; those of one day are one version of the terms."""
    funds = {payer: world.fund(ENDLESS, payer=kind) for payer, kind in PAYERS.items()}
    versions: dict[str, list[dict[str, str]]] = {}
    for row in table("terms", city):
        versions.setdefault(row["시행일"], []).append(row)
    for valid_from, rows in versions.items():
        world.publish(
            *(
                {
                    "fund": funds[row["재원"]], "rate": round(float(row["지급률(%)"]) * 100),
                    "above": int(row["월 누적 초과"]), "up_to": number(row["월 누적 이하"]),
                    "sales_above": number(row["연매출 초과"]), "sales_up_to": number(row["연매출 이하"]),
                    "dongs": row["구역"].split(";") if row["구역"] else [],
                    "categories": row["업종"].split(";") if row["업종"] else [],
                }
                for row in rows
            ),
            own=funds["시비"], valid_from=date.fromisoformat(valid_from), spend_cap=number(rows[0]["월 인정 한도"]),
            month=number(rows[0]["월 예산"]),
        )  # fmt: skip
    for begins, ended in HALTS.get(city, []):
        world.run(
            "INSERT INTO vouchers_benefithalt (municipality_id, policy_id, begins_at, reason, official_id, ended_at,"
            " end_reason, ended_by_id) VALUES (%s, %s, %s, '예산 소진', %s, %s, '예산 편성', %s)",
            CITY, world.policy, begins, world.author, ended, world.publisher,
        )  # fmt: skip


def paid(world: World, row: dict[str, str], member: UUID) -> UUID:
    """The member's payment, after what they had spent before in that month at a small shop of the same place."""
    at = moment(row)
    if so_far := int(row["회원의 이달 누적"]):
        world.pay(member, world.shop(dong=row["구역"] or None), so_far, at=at - timedelta(minutes=1))
    if used := number(row["사업의 이달 혜택"]):
        world.run(
            "INSERT INTO vouchers_benefitmonth (municipality_id, policy_id, month, used, factor)"
            " VALUES (%s, %s, %s, %s, 10000)", CITY, world.policy, at.date().replace(day=1), used,
        )  # fmt: skip
    shop = world.shop(sales=int(row["연매출"]), category=row["업종"], dong=row["구역"] or None)
    payment = world.pay(member, shop, int(row["결제액"]), at=at)
    world.follow_up(at=at)
    return payment


def forget_what_others_used(world: World, rows: list[dict[str, str]]) -> None:
    """The invariants know only the payments that were made here."""
    for row in rows:
        if used := number(row["사업의 이달 혜택"]):
            world.run(
                "UPDATE vouchers_benefitmonth SET used = used - %s WHERE policy_id = %s AND month = %s",
                used, world.policy, moment(row).date().replace(day=1),
            )  # fmt: skip


def test_every_payment_earns_what_was_worked_out_by_hand(world: World, city: str) -> None:
    payers = dict(world.kernel.rows("SELECT id, payer FROM vouchers_benefitfund"))
    rows = sorted(table("payments", city), key=moment)
    wrong = []
    for row, member in zip(rows, world.members, strict=True):
        payment = paid(world, row, member)
        borne = {payers[fund]: won for fund, won in world.parts(payment).items()}
        expected = {kind: int(row[payer]) for payer, kind in PAYERS.items() if int(row[payer])}
        if (borne, world.cashback(payment)) != (expected, int(row["합계"])):
            wrong.append((row["번호"], row["계산"], expected, borne))
    assert wrong == []
    forget_what_others_used(world, rows)


def test_the_table_adds_up_and_reaches_every_version(city: str) -> None:
    payments, versions = table("payments", city), sorted({row["시행일"] for row in table("terms", city)})
    assert all(sum(int(row[payer]) for payer in PAYERS) == int(row["합계"]) for row in payments)
    days = sorted(row["일시"][:10] for row in payments)
    for begins, ends in zip(versions, [*versions[1:], "9999"], strict=True):
        assert any(begins <= day < ends for day in days), begins
