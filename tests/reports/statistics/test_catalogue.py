"""Every report of the catalogue: screen, workbook, paper and what was issued say the same, which is the ledger's to the won.

The ledger's side is asked of the transfers and of the registry alone, never of the sums that the reports read.
"""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override
from python_calamine import CalamineWorkbook

from allowances.clawback import services as clawbacks
from merchants.registry.models import MerchantStatus
from reports.dashboard.services import sum_up
from reports.statistics import services
from reports.statistics.catalogue import REPORTS
from reports.statistics.definitions import Asked, Definition, month_after
from reports.statistics.models import IssuedReport, IssueState
from reports.statistics.rules import Content, Kind, Table, from_json
from tests import factories
from tests.factories import AT
from tests.factories.clawbacks import Desk, Till, owed, paid_list, person
from tests.factories.lists import Office, open_office
from tests.reports.documents import papers
from tests.reports.statistics.world import LAST, THIS, World, close, make_world
from vouchers.common.korean import document_amount, grouped
from vouchers.common.models import uuid7
from vouchers.common.seoul import start_of_day
from vouchers.ledger.audit import INVARIANTS
from vouchers.ledger.services import call
from vouchers.officials.models import Official
from vouchers.officials.rules import Role
from vouchers.officials.selectors import authority_of
from vouchers.privacy.models import AccessRecord

SITE = "https://jangteo.example.go.kr"
LATER: Final = start_of_day(month_after(THIS, 1)) + timedelta(hours=9)
"""The morning after both months."""
ISSUED_BY: Final = {
    "shops": Role.MERCHANT_OFFICER,
    "budgets": Role.BUDGET,
    "registers": Role.BUDGET,
    "decisions": Role.BUDGET,
}
_SUM = """
SELECT coalesce(sum(t.amount), 0)::bigint FROM vouchers_transfer t
JOIN vouchers_event event ON event.municipality_id = t.municipality_id AND event.id = t.journal_id
JOIN vouchers_account debit ON debit.municipality_id = t.municipality_id AND debit.id = t.debit_account_id
JOIN vouchers_account credit ON credit.municipality_id = t.municipality_id AND credit.id = t.credit_account_id
WHERE t.municipality_id = %(city)s AND t.business_date BETWEEN %(first)s AND %(last)s AND
"""
_PAID = "credit.kind = 'merchant_pending' AND event.kind = 'pay'"
_BACK = "debit.kind = 'merchant_pending' AND event.kind = 'refund'"
_SPENDING = "event.kind NOT IN ('fund', 'divert', 'allot', 'endow') AND"
LEDGER: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "circulation": {
        "발행액": ("credit.kind = 'wallet' AND event.kind IN ('disburse', 'claim', 'top_up', 'cashback', 'points')",),
        "순사용액": (_PAID, _BACK),
        "환전액": ("credit.kind = 'merchant_settled' AND event.kind IN ('settle', 'exchange')",),
    },
    "settlements": {"정산금액": ("credit.kind = 'merchant_settled' AND event.kind = 'settle'",), "결제액": (_PAID,)},
    "registers": {
        "지급액": ("debit.kind = 'programme' AND event.kind = 'disburse'",),
        "미가입자 보관": ("credit.kind = 'unclaimed' AND event.kind = 'disburse'",),
    },
    "decisions": {"지갑에서 거둔 금액": ("debit.kind = 'wallet' AND event.kind = 'claw_back'",)},
    "budgets": {
        label: (f"{_SPENDING} debit.kind = '{kind}'", f"{_SPENDING} credit.kind = '{kind}'")
        for label, kind in (("지출 누계", "programme"), ("혜택 재원 지출 누계", "benefit"))
    },
    "channels": {"지갑에서 결제한 금액": (_PAID, _BACK)},
    "usage": {"순사용액": (_PAID, _BACK), "결제액": (_PAID,)},
    "balances": {"기말 미사용잔액": ("credit.kind = 'wallet' AND debit.kind <> 'wallet'", "debit.kind = 'wallet' AND credit.kind <> 'wallet'")},
}  # fmt: skip
"""Of each report: figures, and the conditions on transfers whose sum they are, less those of the second."""


@pytest.fixture
def world(db: None, tmp_path: Path) -> World:
    return make_both_months(tmp_path)


def make_both_months(folder: Path) -> World:
    """Last month as in `make_world`. This month: a list of three and one that some non-members stand on; of the three one
    had spent half, two are clawed back, and of what could not be taken 10,000 were paid. Everything closed."""
    made = make_world()
    with made.city.scope():
        call("ledger.ensure_partitions", THIS, month_after(THIS, 1))
        office = open_office(made.city)
        desk, paid = Desk(office, folder), paid_list(office, rows=3)
        Till(office).pay(person(paid, 3).wallet_id, 50_000)
        clawed = desk.carry_out(desk.by_rows(paid, (2, 20_000), (3, None)))
        repay(office, clawed)
        close(made.city, first=THIS, through=month_after(THIS, 1) - timedelta(days=1))
        sum_up(municipality=made.city.code, at=LATER)
    return made


def repay(office: Office, clawed: Any) -> None:
    (debt,) = owed(clawed)
    clawbacks.record_payment(
        receivable=debt, id=call("ledger.id_at", AT)[0], amount=10_000, paid_on=AT.date(), method="transfer",
        document_number="지역경제과-12", at=AT, **office.acting(Role.PAYER),
    )  # fmt: skip


def asked_of(world: World, report: Definition) -> Asked:
    units = [choice.options(world.asked()) for choice in report.choices if choice.name == "unit"]
    chosen = {"unit": units[0][0][0]} if units else {}
    return world.asked(first=LAST, last=THIS, **chosen)


def figure(content: Content, label: str) -> Any:
    return next(one.value for one in content.figures if one.label == label)


def ledger_says(world: World, report: Definition, label: str) -> int:
    sums = []
    with connection.cursor() as cursor:
        for condition in LEDGER[report.code][label]:
            first = LAST.replace(year=2000) if "누계" in label or label == "기말 미사용잔액" else LAST
            cursor.execute(
                _SUM + condition, {"city": world.city.code, "first": first, "last": asked_of(world, report).last_day}
            )
            sums.append(cursor.fetchone()[0])
    return sums[0] - sum(sums[1:])


def differences(world: World, report: Definition, content: Content) -> list[tuple[str, Any, int]]:
    """Figures that are not what the ledger says; of shops, not what the registry says."""
    if report.code == "shops":
        pairs = [("기말 가맹점 수", content.control.value, registered(world))]
    else:
        pairs = [(label, figure(content, label), ledger_says(world, report, label)) for label in LEDGER[report.code]]
    return [(label, said, true) for label, said, true in pairs if said != true]


def registered(world: World) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM merchants_merchant WHERE municipality_id = %s AND status IN (%s, %s)",
            [world.city.code, MerchantStatus.ACTIVE, MerchantStatus.SUSPENDED],
        )
        return int(cursor.fetchone()[0])


def officials(world: World) -> dict[Role, Official]:
    roles = {Role.SETTLEMENT_OFFICER, *ISSUED_BY.values()}
    return {role: factories.make_official(world.city, role, department="일자리경제과") for role in roles}


def issued(world: World, report: Definition, official: Official, asked: Asked) -> IssuedReport:
    with world.city.scope():
        made = services.issue(
            id=uuid7(), definition=report, asked=asked, official=official, at=LATER,
            authority=authority_of(official_id=official.pk, day=AT.date()),
        )  # fmt: skip
    assert services.make(municipality=world.city.code, report_id=made.pk, site=SITE, at=LATER) == IssueState.READY
    with world.city.scope():
        return IssuedReport.objects.select_related("number", "municipality").get(pk=made.pk)


def signed_in(world: World, official: Official) -> Client:
    client = Client()
    with world.city.scope():
        client.force_login(official)
    return client


def totals(table: Table) -> list[Any]:
    """The numbers under a table."""
    numbers = zip(table.columns, table.total or (), strict=True) if table.total else ()
    return [value for column, value in numbers if column.kind in (Kind.WON, Kind.COUNT)]


def sheets(file: bytes) -> list[list[list[Any]]]:
    book = CalamineWorkbook.from_filelike(BytesIO(file))
    return [book.get_sheet_by_index(number).to_python() for number in range(len(book.sheet_names))]


def assert_same_everywhere(content: Content, *, screen: str, xlsx: bytes, paper: str) -> None:
    """Every total of every table stands on the screen, in the workbook and on paper."""
    assert document_amount(content.control.value) in paper or content.control.kind == Kind.COUNT  # type: ignore[arg-type]
    for table, sheet in zip(content.tables, sheets(xlsx), strict=True):
        for row, line in zip(
            [*(row.values for row in table.rows), table.total or ()], sheet[-len(table.rows) - 1 :], strict=True
        ):
            for column, value, cell in zip(table.columns, row, line, strict=False):
                if column.kind in (Kind.WON, Kind.COUNT) and isinstance(value, int):
                    assert cell == value, (table.title, column.label)
        for value in totals(table):
            assert grouped(value) in screen, (table.title, value)
            assert grouped(value, minus="△") in paper, (table.title, value)


def test_report_screen_workbook_paper_and_ledger_agree_to_the_won(world: World, tmp_path: Path) -> None:
    assert REPORTS.keys() == {*LEDGER, "shops"}
    with world.city.scope():
        by = officials(world)
    for code, report in REPORTS.items():
        official = by[ISSUED_BY.get(code, Role.SETTLEMENT_OFFICER)]
        asked = asked_of(world, report)
        with world.city.scope():
            content = report.content(asked)
            assert differences(world, report, content) == [], code
            assert content.control.value, code
        made = issued(world, report, official, asked)
        assert from_json(made.content) == content, code  # type: ignore[arg-type]
        assert made.control == content.control.value
        client = signed_in(world, official)
        said = {"first": f"{LAST:%Y-%m}", "last": f"{THIS:%Y-%m}", **asked.chosen}
        screen = client.get(reverse(f"admin:report_{code}"), said).content.decode()
        folder = tmp_path / code
        folder.mkdir()
        paper = papers.text(bytes(made.pdf), folder)  # type: ignore[arg-type]
        assert_same_everywhere(content, screen=screen, xlsx=bytes(made.xlsx), paper=paper)  # type: ignore[arg-type]
        for word in (str(report.title), "끝.", made.digest[:8], f"{SITE}/verify/", "- 1 / "):
            assert word in paper, (code, word)
        shown = Client().post(reverse("statistics:verify"), {"code": made.code}).content.decode()
        assert made.digest in shown, code
        copy = client.get(reverse(f"admin:report_{code}"), said | {"as": "xlsx"}).content
        assert [sheet[-1] for sheet in sheets(copy)] == [sheet[-1] for sheet in sheets(bytes(made.xlsx))], code  # type: ignore[arg-type]


def test_the_comparison_finds_a_figure_that_is_not_the_ledgers(committed_db: str, tmp_path: Path) -> None:
    """Each kind of sum changed by a won is a difference, to this test and to the audit that runs each night."""
    world = make_both_months(tmp_path)
    audit = next(rule for rule in INVARIANTS if rule.name == "day_sums_follow_ledger").sql
    changes = {
        "circulation": "dimension = 'flow' AND event = 'disburse'", "usage": "dimension = 'age' AND event = 'pay'",
        "channels": "dimension = 'channel' AND event = 'pay'", "budgets": "dimension = 'account' AND event = 'disburse'",
    }  # fmt: skip
    for code, where in changes.items():
        found = []
        for change in ("amount", "amount + 1", "amount - 1"):
            with connections["owner"].cursor() as cursor:
                cursor.execute(f"UPDATE reports_daysum SET amount = {change} WHERE {where}")
                cursor.execute(audit)
                by_audit = cursor.fetchone()[1]
            with world.city.scope():
                content = REPORTS[code].content(asked_of(world, REPORTS[code]))
                found.append((bool(differences(world, REPORTS[code], content)), bool(by_audit)))
        assert found == [(False, False), (True, True), (False, False)], code


def test_english_pages_have_no_korean_of_ours(world: World) -> None:
    """Titles, labels and notes; what stands in the rows is data."""
    with world.city.scope(), override("en"):
        for code, report in REPORTS.items():
            content = report.content(asked_of(world, report))
            labels = [column.label for table in content.tables for column in table.columns]
            titles = [word for table in content.tables for word in (table.title, table.note)]
            figures = [word for one in (content.control, *content.figures) for word in (one.label, one.note)]
            said = [str(report.title), str(report.empty_hint), *labels, *titles, *figures, *content.notes]
            said += [str(word) for one in report.choices for word in (one.label, one.all_label)]
            assert [word for word in said if re.search("[가-힣]", word)] == [], code


def test_what_was_issued_has_the_same_bytes_on_any_later_day(world: World) -> None:
    with world.city.scope():
        by = officials(world)
    made = {
        code: issued(world, report, by[ISSUED_BY.get(code, Role.SETTLEMENT_OFFICER)], asked_of(world, report))
        for code, report in REPORTS.items()
    }
    with world.city.scope():
        shop, partner = factories.make_merchant(world.city, terminal="T009"), factories.make_partner(world.city)
        wallet = factories.wallet_of(world.people[0]).pk
        call(
            "payments.pay",
            world.city.code,
            partner.pk,
            str(uuid7()),
            b"\0" * 32,
            wallet,
            shop.code,
            "T009",
            1_000,
            "-",
            LATER,
        )
        sum_up(municipality=world.city.code, at=LATER)
    for code, one in made.items():
        client = signed_in(world, by[ISSUED_BY.get(code, Role.SETTLEMENT_OFFICER)])
        for what in ("pdf", "xlsx"):
            later = client.get(reverse("admin:issued_report_file", args=[one.pk]), {"as": what}).content
            assert later == bytes(getattr(one, what)), (code, what)
        with world.city.scope():
            content = from_json(one.content)  # type: ignore[arg-type]
            again = services.files_of(content, services._heading(one, site=SITE), said=services._said(one, content))
        assert (again.pdf, again.xlsx) == (bytes(one.pdf), bytes(one.xlsx)), code  # type: ignore[arg-type]


def test_a_page_reads_sums_and_never_a_payment_or_a_transfer(world: World) -> None:
    """However many payments there are, a year is some hundred rows for each day."""
    with world.city.scope():
        for code, report in REPORTS.items():
            with CaptureQueriesContext(connection) as seen:
                report.content(asked_of(world, report))
            for query in seen.captured_queries:
                for table in ("vouchers_payment", "vouchers_transfer", "vouchers_cancellation"):
                    assert f"FROM {table}" not in query["sql"].replace('"', ""), (code, query["sql"])
                    assert f"JOIN {table}" not in query["sql"].replace('"', ""), (code, query["sql"])
            assert len(seen.captured_queries) <= 20, code


def test_a_chosen_list_names_its_people_masked_with_its_signatures_and_tells_who_looked(
    world: World, tmp_path: Path
) -> None:
    with world.city.scope():
        official = factories.make_official(world.city, Role.BUDGET, department="예산과")
    client = signed_in(world, official)
    with world.city.scope():
        stranger = signed_in(world, factories.make_official(world.city, Role.MERCHANT_OFFICER))
    for code, name, words in (
        ("registers", "지급 대상자", ("위와 같이 지급하였습니다.", "금300,000원(금삼십만원)", "지급 근거")),
        ("decisions", "환수 대상자", ("위와 같이 환수하였습니다.", "금120,000원(금일십이만원)", "조례 제15조")),
    ):  # fmt: skip
        period = {"first": f"{THIS:%Y-%m}", "last": f"{THIS:%Y-%m}"}
        page = client.get(reverse(f"admin:report_{code}"), period)
        (lists,) = [one for one in page.context["filters"] if one.name == "list"]
        asked = world.asked(first=THIS, last=THIS, list=lists.options[-1][0])
        shown = client.get(
            reverse(f"admin:report_{code}") + "?" + urlencode(period | dict(asked.chosen))
        ).content.decode()
        assert name in shown
        made = issued(world, REPORTS[code], official, asked)
        paper = " ".join(papers.text(bytes(made.pdf), tmp_path).split())  # type: ignore[arg-type]
        for word in (*words, "결재 지문"):
            assert word in paper, (code, word)
        assert "가일" not in shown
        assert "가일" not in paper
        client.get(reverse("admin:issued_report_file", args=[made.pk]))
        for other in (
            reverse("admin:issued_report_file", args=[made.pk]),
            reverse("admin:reports_issuedreport_change", args=[made.pk]),
        ):
            assert stranger.get(other).status_code == 403, code
        assert str(made.number) not in stranger.get(reverse("admin:reports_issuedreport_changelist")).content.decode()
        with world.city.scope():
            seen = AccessRecord.objects.filter(official=official.pk, subject__contains=asked.chosen["list"])
            assert {one.action for one in seen} == {"view", "print"}, code
