"""The demo: its list is dirty in known ways, it touches no database that is not its own, and its figures are right."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import psycopg
import pytest

from config.demo.lists import DUPLICATES, MISTAKES, birth_dates_for_age, make_lists
from config.demo.people import WORDS, People, business_number
from tests.conftest import Databases
from vouchers.partners.rules import Kind
from vouchers.privacy.rules import parse_business_number, parse_phone

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def empty_database(databases: Databases) -> Iterator[str]:
    """An empty database on the test server; yields its URL."""
    name = f"jangteo_demo_{os.getpid()}"
    databases.drop(name)
    databases.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'")
    yield databases.url(name)
    databases.drop(name)


def demo(url: str, folder: Path) -> subprocess.Popen[str]:
    """Start the command on a database."""
    return subprocess.Popen(
        [sys.executable, "manage.py", "demo", "--no-serve", "--folder", str(folder)],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_people_are_made_up_and_well_formed():
    people = People(seed=1)
    everybody = [
        people.person(dongs=["주교동"], born_from=date(2000, 1, 1), born_until=date(2000, 12, 31)) for _ in range(500)
    ]
    assert len({person.phone for person in everybody}) == 500
    assert all(parse_phone(person.phone)[3] in "01" for person in everybody)
    assert all(parse_business_number(business_number(number)) for number in range(500))


@pytest.mark.parametrize(
    ("on", "first", "last"),
    [
        (date(2026, 11, 22), date(2001, 11, 23), date(2002, 11, 22)),
        (date(2028, 2, 29), date(2003, 3, 1), date(2004, 2, 29)),
        (date(2026, 2, 28), date(2001, 3, 1), date(2002, 2, 28)),
    ],
)
def test_birth_dates_for_age(on, first, last):
    assert birth_dates_for_age(24, on=on) == (first, last)


def test_the_list_has_its_rows_its_titles_and_its_total():
    people = People(seed=1)
    recipients = [
        people.person(dongs=WORDS["dongs"]["41280"], born_from=date(2001, 11, 23), born_until=date(2002, 11, 22))
        for _ in range(400)
    ]
    lists = make_lists(people, recipients, amount=250_000, title="명단")
    dirty = lists.dirty.decode("cp949").splitlines()
    assert lists.rows == 400 + DUPLICATES
    assert lists.mistakes == DUPLICATES + sum(count for count, *_ in MISTAKES)
    assert len(dirty) == lists.rows + 4 + 2
    assert dirty[-2].startswith("합계,")


@pytest.mark.timeout(900)  # each run makes all tables anew, which takes minutes where other work has the processors
def test_after_one_that_was_stopped_it_does_the_main_job_and_every_won_is_found(empty_database: str, tmp_path: Path):
    stopped = demo(empty_database, tmp_path)
    assert stopped.stdout is not None
    for line in stopped.stdout:
        if "The drafter makes a programme" in line:  # the web server and the worker run by now
            stopped.send_signal(signal.SIGINT)
            break
    stopped.communicate()
    assert stopped.returncode == 0
    with psycopg.connect(empty_database) as connection:
        others = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
    assert others == (0,)

    run = demo(empty_database, tmp_path)
    said, _nothing = run.communicate()
    assert run.returncode == 0, said
    figures = json.loads((tmp_path / "summary.json").read_text())
    assert figures["ledger_difference"] == 0
    assert figures["rows_uploaded"] == 5_000
    assert figures["rows_rejected"] >= 150
    assert figures["amount_paid"] == figures["rows_paid"] * 250_000
    assert figures["settled"] == figures["amount_spent"] > 0
    assert figures["top_ups"] > 0
    assert figures["cashback"] > 0
    assert figures["points_paid"] > 0
    keys = sorted((tmp_path / "sandbox").iterdir())
    assert [path.stem for path in keys] == sorted(Kind)
    assert {path.stat().st_mode & 0o777 for path in keys} == {0o600}
    assert all("export JANGTEO_SECRET=jts" in path.read_text() for path in keys)
    assert "JANGTEO_SECRET" not in said
    assert Path(figures["statement_pdf"]).read_bytes().startswith(b"%PDF-")


def test_a_database_with_data_of_somebody_else_is_left_alone(empty_database: str, tmp_path: Path):
    with psycopg.connect(empty_database) as connection:
        connection.execute("CREATE TABLE precious (id int)")
    run = demo(empty_database, tmp_path)
    said, _nothing = run.communicate()
    assert run.returncode == 1
    assert "nothing was touched" in said
    with psycopg.connect(empty_database) as connection:
        connection.execute("SELECT FROM precious")
