"""A private, durable server for one run: nothing measured here touches a database that somebody uses."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import connections
from django.utils import timezone

from config.database import embedded
from config.database.setup import prepare
from config.environment import app_url
from config.settings import _database
from vouchers.common.seoul import business_date


@dataclass(frozen=True)
class Server:
    """The run's server with one prepared database; child processes find it through the environment."""

    cluster: embedded.Cluster

    @property
    def owner_url(self) -> str:
        """The owner's URL, whom row-level security does not bind."""
        return self.cluster.url()

    @property
    def app_url(self) -> str:
        """The application role's URL."""
        return app_url(self.owner_url, role=settings.APP_ROLE, password=settings.APP_ROLE_PASSWORD)

    def owner(self) -> psycopg.Connection:
        """A new autocommit connection of the owner."""
        return psycopg.connect(self.owner_url, autocommit=True)

    def settle_down(self) -> None:
        """What a server does by itself after a bulk load, so that it does not fall into a measurement."""
        with self.owner() as connection:
            connection.execute("VACUUM (ANALYZE)")
            connection.execute("CHECKPOINT")


@contextmanager
def private_server() -> Iterator[Server]:
    """Start it, prepare the database, point Django and the environment at it; at the end all of it is gone."""
    with embedded.temporary(durable=True) as cluster, used(cluster) as server:
        yield server


@contextmanager
def kept_server(folder: Path) -> Iterator[Server]:
    """The same in a folder of one's own, which stays. It may be lost when the machine crashes: nothing waits for the disk."""
    cluster = embedded.Cluster(folder, durable=False)
    cluster.start()
    try:
        with used(cluster) as server:
            yield server
    finally:
        cluster.release()


@contextmanager
def used(cluster: embedded.Cluster) -> Iterator[Server]:
    """Prepare the database of a running cluster, and point Django and the environment at it as long as it is used."""
    before = os.environ.get("DATABASE_URL")
    server = Server(cluster)
    os.environ["DATABASE_URL"] = server.owner_url
    _point_django_at(server)
    try:
        prepare(today=business_date(timezone.now()))
        yield server
    finally:
        connections.close_all()
        if before is None:
            del os.environ["DATABASE_URL"]
        else:
            os.environ["DATABASE_URL"] = before


def _point_django_at(server: Server) -> None:
    for alias, url in (("owner", server.owner_url), ("default", server.app_url)):
        connections[alias].close()
        connections[alias].settings_dict.update(_database(url))
