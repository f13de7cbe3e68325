"""The embedded server with real processes: start, share, crash, recover, stop."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from config.database import embedded
from config.database.embedded import PROJECT, Cluster, EmbeddedDatabaseError

# Another process that uses the server until it reads the end of its input.
USE = """
import sys
from pathlib import Path
from config.database.embedded import Cluster
print(Cluster(Path(sys.argv[1])).start(), flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with embedded.temporary() as running:
        yield running


@contextmanager
def another_user_of(cluster: Cluster) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", USE, str(cluster.directory)]
    with subprocess.Popen(
        command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == cluster.url()
        yield process


def ask(cluster: Cluster, statement: str) -> object:
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        cursor = connection.execute(statement)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


@contextmanager
def expecting_the_end_of(cluster: Cluster) -> Iterator[None]:
    """Wait at the end for the server's first process to end."""
    server = cluster.postmaster()
    assert server is not None
    descriptor = os.pidfd_open(server)
    try:
        yield
        assert select.select([descriptor], [], [], 60)[0], "the server is still running"
    finally:
        os.close(descriptor)


def test_starting_again_finds_the_running_server(cluster: Cluster) -> None:
    server = cluster.postmaster()
    assert Cluster(cluster.directory).start() == cluster.url()
    assert cluster.postmaster() == server


def test_the_database_is_there_in_utf8_and_durable(cluster: Cluster) -> None:
    assert ask(cluster, "SELECT current_database()") == "jangteo"
    assert ask(cluster, "SHOW server_encoding") == "UTF8"
    assert [ask(cluster, f"SHOW {name}") for name in ("fsync", "synchronous_commit", "full_page_writes")] == ["on"] * 3
    assert ask(cluster, "SELECT array_agg(name ORDER BY name) FROM unnest('{하나,가지,장터}'::text[]) name") == [
        "가지",
        "장터",
        "하나",
    ]


def test_nobody_else_reaches_it(cluster: Cluster) -> None:
    assert ask(cluster, "SHOW listen_addresses") == ""
    assert cluster.sockets.stat().st_mode & 0o777 == 0o700
    assert cluster.data.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as somebody else")
def test_for_root_it_runs_as_another_account(cluster: Cluster) -> None:
    server = Path(f"/proc/{cluster.postmaster()}")
    assert server.stat().st_uid == cluster.data.stat().st_uid != 0


def test_after_a_crash_what_was_committed_is_there(cluster: Cluster) -> None:
    ask(cluster, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS number")
    with psycopg.connect(cluster.url()) as connection:
        connection.execute("INSERT INTO kept VALUES (0)")
        cluster.kill()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    assert cluster.processes() == set()
    cluster.start()
    assert ask(cluster, "SELECT count(*) FROM kept") == 1000


def test_after_a_crash_a_process_id_that_is_another_programs_by_now_does_no_harm(cluster: Cluster) -> None:
    cluster.kill()
    pid_file = cluster.data / "postmaster.pid"
    pid_file.write_text(pid_file.read_text().replace(pid_file.read_text().split()[0], str(os.getpid()), 1))
    assert cluster.postmaster() is None
    cluster.start()
    assert ask(cluster, "SELECT 1") == 1


def test_the_server_runs_until_its_last_user_leaves() -> None:
    with embedded.temporary(durable=False) as cluster:
        with expecting_the_end_of(cluster), another_user_of(cluster):
            cluster.release()
            assert ask(cluster, "SELECT 1") == 1
        assert cluster.processes() == set()


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP])
def test_the_server_stops_however_its_last_user_ends(end: signal.Signals) -> None:
    with embedded.temporary(durable=False) as cluster:
        with expecting_the_end_of(cluster), another_user_of(cluster) as user:
            cluster.release()
            user.send_signal(end)
        assert cluster.processes() == set()


def test_two_that_start_it_at_once_share_one_server(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path / "긴 이름 'n\" %s" / ("d" * 200), durable=False)
    with another_user_of(cluster), another_user_of(cluster):
        parents = {int(Path(f"/proc/{process}/stat").read_text().split()[3]) for process in cluster.processes()}
        assert cluster.postmaster() in parents
        assert len(parents & cluster.processes()) == 1
    cluster.stop()


def test_what_keeps_it_from_starting_is_said(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, durable=False)
    cluster.start()
    cluster.release()
    (cluster.data / "PG_VERSION").write_text("17\n")
    with pytest.raises(EmbeddedDatabaseError, match="database files are incompatible"):
        cluster.start()
    assert cluster.processes() == set()


def test_commands(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "config.database.embedded", "--directory", str(tmp_path)]
    stopped = subprocess.run([*command, "status"], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (stopped.returncode, stopped.stdout) == (3, "The server does not run.\n")
    with subprocess.Popen([*command, "start"], cwd=PROJECT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdout.readline().strip() == Cluster(tmp_path).url()
        running = subprocess.run([*command, "status"], cwd=PROJECT, capture_output=True, text=True, check=False)
        assert (running.returncode, running.stdout.split()[0]) == (0, Cluster(tmp_path).url())
        asked = subprocess.run(
            [*command, "psql"], cwd=PROJECT, input="SELECT 40 + 2;", capture_output=True, text=True, check=True
        )
        assert "42" in asked.stdout
        server.send_signal(signal.SIGINT)
    assert Cluster(tmp_path).processes() == set()
