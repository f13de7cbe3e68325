"""A worker killed while it prints the statements of a month: the next one goes on; no shop twice, and none left out."""

from __future__ import annotations

import io
import signal

import psycopg
import pytest
from pikepdf import Pdf

from reports.documents.files import paper_store
from reports.statements import services
from reports.statements.models import DongStatements, RunState, ShopStatement, StatementRun
from reports.statements.selectors import bundles_of, totals_of
from tests.factories import AT
from tests.factories.statements import MONTH, Month, make_month
from tests.kill.test_worker import until, worker

pytestmark = pytest.mark.kill

MORE = 36
"""With the four of every month 40 shops, kept 20 at a time."""


def ask(month: Month) -> StatementRun:
    with month.city.scope():
        return services.ask(
            currency=month.city.currency,
            month=MONTH,
            dong=None,
            official=month.official,
            authority=month.authority,
            at=AT,
        )


def now(month: Month, run: StatementRun) -> StatementRun:
    with month.city.scope():
        return StatementRun.objects.select_related("currency").get(pk=run.pk)


def made(month: Month) -> dict[str, tuple[int, str]]:
    with month.city.scope():
        rows = ShopStatement.objects.exclude(file_key="")
        return {shop: (number, key) for shop, number, key in rows.values_list("merchant__code", "number", "file_key")}


def test_a_print_survives_the_workers_death(committed_db: str) -> None:
    month = make_month(shops=MORE)
    with psycopg.connect(committed_db, autocommit=True) as owner:  # a settlement that the ledger does not bear out
        owner.execute("UPDATE merchants_settlementline SET paid = 7001, payable = 7001 WHERE paid = 7000")
        run = ask(month)
        with worker() as process:
            until(lambda: now(month, run).done > 0, process)
            process.send_signal(signal.SIGKILL)
            process.wait()
        before = made(month)
        assert now(month, run).state == RunState.MAKING
        assert 0 < len(before) < MORE
        with worker() as process:
            until(lambda: now(month, run).state == RunState.READY, process)
            assert (now(month, run).done, now(month, run).failed) == (MORE + 3, 1)
            with month.city.scope():
                failed = ShopStatement.objects.exclude(failure="").select_related("merchant").get()
            assert failed.merchant.name == "나상회"
            assert "원장 기록이 일치하지 않아" in failed.failure
            owner.execute("UPDATE merchants_settlementline SET paid = 7000, payable = 7000 WHERE paid = 7001")
            ask(month)
            until(lambda: now(month, run).done == MORE + 4 and now(month, run).state == RunState.READY, process)
    after = made(month)
    assert before.items() <= after.items()
    assert sorted(number for number, _ in after.values()) == list(range(1, MORE + 5))
    with month.city.scope():
        bundles = bundles_of(run)
        totals = totals_of(run, bundles)
        bound = DongStatements.objects.get(dong=month.city.dong)
    assert totals.statements == totals.ledger > 0
    assert [one.bound is not None and one.bound.shops == one.made == one.shops for one in bundles] == [True] * 3
    with paper_store().open(bound.file_key) as file, Pdf.open(io.BytesIO(file.read())) as pdf:
        assert len(pdf.pages) == bound.pages
        with pdf.open_outline() as outline:
            marked = [item.title.split()[0] for item in outline.root][-(MORE + 2) :]
    expected = [f"{month.city.code}-{MONTH:%Y%m}-{number:06d}" for number in range(1, MORE + 3)]
    assert marked == expected
