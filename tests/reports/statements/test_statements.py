"""The statements of a month: one of each shop, to the won, bound by 읍면동, made once, and made on after a stop."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from reports.documents.pdf import PaperFailed
from reports.documents.statement import Statement
from reports.statements import errors, services
from reports.statements.models import DongStatements, RunState, ShopStatement, StatementRun
from reports.statements.selectors import bundles_of, totals_of, unmade
from tests import factories
from tests.factories import AT
from tests.factories.statements import MONTH, Month, close_month, make_month
from tests.reports.documents import papers
from vouchers.common.errors import NotPermitted
from vouchers.common.seoul import business_date
from vouchers.municipalities.models import Dong
from vouchers.officials.rules import Role
from vouchers.privacy.fields import key_ring
from vouchers.privacy.files import FileStore
from vouchers.privacy.models import AccessRecord

pytestmark = pytest.mark.django_db


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(directory=tmp_path / "papers", ring=key_ring())


def ask(month: Month, dong: Dong | None = None) -> StatementRun:
    with month.city.scope():
        return services.ask(
            currency=month.city.currency,
            month=MONTH,
            dong=dong,
            official=month.official,
            authority=month.authority,
            at=AT,
        )


def make(month: Month, store: FileStore, **how) -> bool:
    return services.make_all(
        currency=month.city.currency.pk, month=MONTH, municipality=month.city.code, store=store,
        at=AT + timedelta(minutes=1), **how,
    )  # fmt: skip


def opened(month: Month, run: StatementRun, store: FileStore, **which) -> bytes:
    with month.city.scope():
        _, file = services.open_file(
            run=run, official=month.official, authority=month.authority, store=store, at=AT, **which
        )
    with file:
        return file.read()


def test_a_month_of_shops_adds_up_to_the_ledger_and_is_bound_by_dong(store, tmp_path):
    month = make_month()
    run = ask(month)
    assert make(month, store)
    with month.city.scope():
        run.refresh_from_db()
        bundles = bundles_of(run)
        assert (run.state, run.shops, run.done, run.failed, run.percent) == (RunState.READY, 4, 4, 0, 100)
        assert totals_of(run, bundles) == (51_500, 51_500)
        rows = list(ShopStatement.objects.select_related("merchant"))
    assert [(row.number, row.merchant.name[0], row.payable) for row in rows] == [
        (1, "나", 7_000), (2, "가", 32_500), (3, "다", 11_000), (4, "라", 1_000),
    ]  # fmt: skip
    assert [(one.name, one.shops, one.payable) for one in bundles] == [
        ("주교동", 2, 39_500), ("원신동", 1, 11_000), ("", 1, 1_000),
    ]  # fmt: skip

    own = opened(month, run, store, shop=rows[1].pk)
    said = re.sub(r"\s+", " ", papers.text(own, tmp_path))
    assert f"{month.city.code}-{MONTH:%Y%m}-000002" in said
    assert "총계 3 1 44,500 12,000 32,500" in said
    assert "삼만이천오백원" in said
    assert "- 1 / 1 -" in said
    about, metadata = papers.facts(own, tmp_path)
    assert about["Tagged"].strip() == "yes"
    assert re.search(r"conformance\W+A\b", metadata)

    bundle = opened(month, run, store, dong=month.city.dong.pk)
    pages = papers.text(bundle, tmp_path).split("\f")
    assert [re.sub(r"\s+", "", page).count("가맹점정산내역서") >= 1 for page in pages[:-1]] == [True] * 3
    assert "총계 (2곳)" in re.sub(r"\s+", " ", pages[0])
    assert [bool(re.search(r"- 1 / 1 -", page)) for page in pages[:-1]] == [True] * 3
    assert "가상회" in pages[2]
    _, metadata = papers.facts(bundle, tmp_path)
    assert re.search(r"conformance\W+B\b", metadata)
    assert "라상회" in papers.text(opened(month, run, store, dong=None), tmp_path)
    with month.city.scope():
        assert AccessRecord.objects.filter(action="download").count() == 3
    assert all(b"%PDF" not in file.read_bytes() for file in store.directory.iterdir())  # sealed


def test_what_is_made_stays_and_a_dong_asked_for_before_is_not_made_again(store):
    month = make_month()
    first = ask(month, month.other)
    assert make(month, store)
    with month.city.scope():
        of_dong = ShopStatement.objects.exclude(file_key="").get()
        assert of_dong.dong == month.other
    assert ask(month, month.other).pk == first.pk  # asked again: the same print
    everything = ask(month)
    assert make(month, store)
    with month.city.scope():
        again = ShopStatement.objects.get(pk=of_dong.pk)
        assert (again.file_key, again.number, again.made_at) == (of_dong.file_key, of_dong.number, of_dong.made_at)
        assert set(StatementRun.objects.values_list("state", "done")) == {(RunState.READY, 1), (RunState.READY, 4)}
        assert DongStatements.objects.count() == 3
        for change in ({"payable": 1}, {"file_key": "other"}, {"failure": "x"}):
            with pytest.raises(DatabaseError, match="final"), transaction.atomic():
                ShopStatement.objects.filter(pk=of_dong.pk).update(**change)
        with pytest.raises(DatabaseError, match="final"), transaction.atomic():
            ShopStatement.objects.filter(pk=of_dong.pk).update(number=99)
    assert len(list(store.directory.iterdir())) == 4 + 3
    assert opened(month, everything, store, shop=of_dong.pk) == opened(month, first, store, shop=of_dong.pk)


def test_a_stopped_worker_leaves_the_rest_and_two_at_once_keep_one_of_each(store, monkeypatch):
    monkeypatch.setattr(services, "KEPT_AT_ONCE", 1)
    month = make_month()
    run = ask(month)
    assert not make(month, store, stopping=lambda: True)
    with month.city.scope():
        kept = list(ShopStatement.objects.exclude(file_key="").values_list("file_key", flat=True))
        assert len(kept) == 1
        run.refresh_from_db()
        assert (run.state, run.done, run.percent) == (RunState.MAKING, 1, 25)

    def another_worker() -> bool:  # one that believes this one dead
        monkeypatch.setattr(services, "KEPT_AT_ONCE", 20)
        return make(month, store) and False

    assert make(month, store, stopping=another_worker)
    with month.city.scope():
        run.refresh_from_db()
        assert (run.state, run.done) == (RunState.READY, 4)
        keys = set(ShopStatement.objects.values_list("file_key", flat=True))
        bound = set(DongStatements.objects.values_list("file_key", flat=True))
    assert kept[0] in keys
    assert {file.name for file in store.directory.iterdir()} == keys | bound


def test_a_cancelled_print_goes_on_when_it_is_asked_for_again(store, monkeypatch):
    monkeypatch.setattr(services, "KEPT_AT_ONCE", 1)
    month = make_month()
    run = ask(month)

    def cancelling() -> bool:
        with month.city.scope():
            services.cancel(run=run, authority=month.authority)
        return False

    assert make(month, store, stopping=cancelling)
    with month.city.scope():
        run.refresh_from_db()
        assert (run.state, run.done) == (RunState.CANCELLED, 1)
    assert make(month, store)  # a job that comes late makes nothing
    ask(month)
    assert make(month, store)
    with month.city.scope():
        run.refresh_from_db()
        assert (run.state, run.done) == (RunState.READY, 4)


def test_a_shop_that_fails_is_told_and_tried_again_without_the_others(store, tmp_path, monkeypatch):
    month = make_month()
    render = services.render

    def refusing(statement: Statement) -> bytes:
        if statement.shop == "나상회":
            raise PaperFailed("no page fits")
        return render(statement)

    monkeypatch.setattr(services, "render", refusing)
    run = ask(month)
    assert make(month, store)
    with month.city.scope():
        run.refresh_from_db()
        failed = ShopStatement.objects.exclude(failure="").get()
        assert (run.state, run.done, run.failed) == (RunState.READY, 3, 1)
        assert failed.failure == "정산내역서를 만들지 못했습니다. 상호와 계좌를 확인한 뒤 다시 만드십시오."
        bundles = bundles_of(run)
        assert totals_of(run, bundles) == (44_500, 51_500)
        assert bundles[0].bound.shops == 1
        before = bundles[0].bound.file_key
        with pytest.raises(errors.StatementNotThere):
            services.open_file(
                run=run, shop=failed.pk, official=month.official, authority=month.authority, store=store, at=AT
            )
    monkeypatch.undo()
    ask(month)
    assert make(month, store)
    with month.city.scope():
        run.refresh_from_db()
        assert (run.state, run.done, run.failed) == (RunState.READY, 4, 0)
        assert totals_of(run, bundles_of(run)) == (51_500, 51_500)
    assert not (store.directory / before).exists()
    assert "나상회" in papers.text(opened(month, run, store, dong=month.city.dong.pk), tmp_path)


def test_a_month_still_open_without_shops_or_without_the_role_is_refused():
    month = make_month(close=False)
    with pytest.raises(errors.MonthNotClosed):
        ask(month)
    with month.city.scope():
        close_month(month.city)
        quiet = Dong.objects.create(municipality=month.city.municipality, code="4128098000", name="빈동")
    with pytest.raises(errors.NoStatementsThere):
        ask(month, quiet)
    with month.city.scope():
        month.official = factories.make_official(month.city, Role.AUDITOR)
    with pytest.raises(NotPermitted):
        ask(month)


def test_a_block_of_shops_takes_as_many_queries_as_one(django_assert_num_queries):
    month = make_month(shops=5)
    run = ask(month)
    with month.city.scope():
        services.number_shops(run)
    with django_assert_num_queries(5 + 2 + 5 + 1):  # two scopes; shops and days; no more shops
        blocks = list(unmade(run, issued_on=business_date(AT)))
    assert [len(block) for block in blocks] == [9]
    assert all(one.statement for one in blocks[0])


def test_officials_ask_follow_and_open(client, settings, tmp_path):
    settings.SEALED_FILES_DIR = tmp_path
    month = make_month()
    with month.city.scope():
        client.force_login(month.official)
    asked = client.post(
        reverse("admin:statement_ask"), {"month": f"{MONTH:%Y-%m-%d}", "currency": month.city.currency.pk, "dong": ""},
        follow=True,
    )  # fmt: skip
    assert "정산내역서를 만들고 있습니다" in asked.content.decode()
    assert f"{MONTH.year}. {MONTH.month}." in client.get(reverse("admin:statement_runs")).content.decode()
    with month.city.scope():
        run = StatementRun.objects.get()
    progress = client.get(reverse("admin:statement_progress", args=[run.pk])).json()
    assert (progress["working"], progress["text"]) == (True, "대기 · 0 / 0곳 (0%)")
    assert make(month, FileStore(directory=tmp_path / "papers", ring=key_ring()))
    shown = client.get(reverse("admin:statement_run", args=[run.pk]), {"q": "가상"}).content.decode()
    assert "정산내역서의 합계가 원장의 일 마감 합계와 같습니다." in shown
    assert "32,500원" in shown
    with month.city.scope():
        shop = ShopStatement.objects.get(merchant__name="가상회")
    file = reverse("admin:statement_file", args=[run.pk])
    assert f"{file}?shop={shop.pk}" in shown
    for which in ({"shop": shop.pk}, {"dong": month.city.dong.pk}, {"dong": ""}):
        answer = client.get(file, which)
        assert answer["Content-Type"] == "application/pdf"
        assert b"".join(answer.streaming_content).startswith(b"%PDF")
    assert client.get(file, {"shop": "none"}).status_code == 404
    assert client.get(file, {"shop": run.pk}).status_code == 302


def test_another_citys_prints_do_not_exist(client):
    month, other = make_month(), factories.make_city(code="41570", name="김포시")
    run = ask(month)
    with other.scope():
        client.force_login(factories.make_official(other, Role.SETTLEMENT_OFFICER))
    for name in ("statement_run", "statement_progress", "statement_file"):
        assert client.get(reverse(f"admin:{name}", args=[run.pk])).status_code == 404
