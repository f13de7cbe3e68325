"""Tests run against a real PostgreSQL, as the application role, in a database cloned from a migrated template."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connections
from django.utils import translation
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pytest_django.plugin import DjangoDbBlocker

from config.database import embedded
from config.database.setup import prepare
from config.settings import _database, environment

ROOT = Path(__file__).resolve().parent.parent
TODAY = datetime.now(UTC).date()

# No test fails because a machine is busy: neither for an example that takes long nor for one that takes long to draw.
hypothesis_settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("patient")


def _schema_hash() -> str:
    """Changes whenever a migration, an SQL file, the privileges or the reference data change."""
    digest = hashlib.sha256(TODAY.isoformat().encode())
    sources = [*ROOT.glob("*/migrations/*.py"), *ROOT.glob("*/*/sql/**/*.sql"), *ROOT.glob("*/*/data/*.csv")]
    sources += [
        *ROOT.glob("config/database/*.py"),
        *ROOT.glob("config/management/commands/migrate.py"),
        *ROOT.glob("*/*/models.py"),
        ROOT / "vouchers/officials/rules.py",
    ]
    for path in sorted(sources):
        digest.update(path.read_bytes())
    digest.update(os.environ["JANGTEO_SECRET_KEY"].encode())
    return digest.hexdigest()[:12]


class Databases:
    """The test server: makes clones of the template and points Django at one of them."""

    def __init__(self, owner_url: str) -> None:
        self.owner_url = owner_url
        self.template = f"jangteo_template_{_schema_hash()}"

    def url(self, name: str) -> str:
        """The owner's URL of a database on the test server."""
        head, _, query = self.owner_url.partition("?")
        return f"{head.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")

    def execute(self, statement: str) -> None:
        """Run a statement that cannot run in a transaction."""
        with psycopg.connect(self.owner_url, autocommit=True) as connection:
            connection.execute(statement)

    def ensure_template(self) -> None:
        """Migrate the template once for this schema; concurrent sessions wait for the first one."""
        with psycopg.connect(self.owner_url, autocommit=True) as connection:
            connection.execute("SELECT pg_advisory_lock(hashtext('jangteo.template'))")
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [self.template]).fetchone()
            if known:
                return
            making = f"{self.template}_making"
            connection.execute(f"DROP DATABASE IF EXISTS {making} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {making} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'")
            self.point_at(making)
            prepare(today=TODAY)
            connections.close_all()
            connection.execute(f"ALTER DATABASE {making} RENAME TO {self.template}")

    def clone(self) -> str:
        """A fresh database with everything the ordinary set-up makes; returns its name."""
        name = f"jangteo_test_{os.getpid()}_{uuid.uuid4().hex[:8]}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {self.template} STRATEGY FILE_COPY")
        return name

    def drop(self, name: str) -> None:
        """Remove a clone, ending whatever is still connected to it."""
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def point_at(self, name: str) -> None:
        """Make Django's connections, and the environment of child processes, use a database."""
        owner = self.url(name)
        os.environ["DATABASE_URL"] = owner
        app = environment.app_url(owner, role="jangteo_app", password=connections["default"].settings_dict["PASSWORD"])
        for alias, url in (("owner", owner), ("default", app)):
            connections[alias].close()
            connections[alias].settings_dict.update(_database(url))


@pytest.fixture(autouse=True)
def _in_korean() -> Iterator[None]:
    """A page asked for in English leaves its language with the thread; the next test begins in Korean again."""
    with translation.override(settings.LANGUAGE_CODE):
        yield


@pytest.fixture(scope="session")
def databases(django_db_blocker: DjangoDbBlocker) -> Iterator[Databases]:
    """The test server: DATABASE_URL's, or an embedded one of its own."""
    before = os.environ.get("DATABASE_URL")
    made = Databases(before or embedded.ensure(durable=False))
    with django_db_blocker.unblock():
        made.ensure_template()
    yield made
    connections.close_all()
    if before is None:
        os.environ.pop("DATABASE_URL", None)


@pytest.fixture(scope="session")
def django_db_setup(databases: Databases, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """One database for all tests that roll back."""
    name = databases.clone()
    with django_db_blocker.unblock():
        databases.point_at(name)
    yield
    with django_db_blocker.unblock():
        connections.close_all()
    databases.drop(name)


@pytest.fixture
def committed_db(databases: Databases, django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """A database of the test's own, for tests that need real commits: threads, workers, servers. Yields the owner's URL."""
    shared = connections["default"].settings_dict["NAME"]
    name = databases.clone()
    with django_db_blocker.unblock():
        databases.point_at(name)
        yield databases.url(name)
        connections.close_all()
        databases.point_at(shared)
    databases.drop(name)
