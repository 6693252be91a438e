"""A real PostgreSQL for tests: a cluster of this session's own, one fresh database for each test.

Use the fixture ``postgres_url`` (migrated and empty) or ``bare_postgres_url`` (no tables yet);
``with cluster(folder) as own:`` is one that a test may stop, break and start again.
"""

from __future__ import annotations

import itertools
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from origin.adapters.records import upgrade
from tests.system.server import free_ports

USER = "edgeproof"
#: postgres refuses to run as root; this user comes with Debian's package.
SERVICE_USER = "postgres"
START_S = 60.0
#: An order of letters that is not that of bytes, as in most real installations: what sorts in
#: Python and what sorts in the records must not be taken for equal.
ICU = ("--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US")
#: Lost with the machine, not with the server: no test pulls the plug of the machine.
FAST = {"fsync": "off", "full_page_writes": "off"}
SMALL = {"shared_buffers": "16MB", "max_connections": "60", "max_wal_senders": "0"}


@dataclass
class Cluster:
    """One PostgreSQL server on loopback. ``password`` is asked for, so URLs carry one."""

    folder: Path
    programs: Path
    port: int
    password: str = field(default_factory=lambda: f"p@ss/{secrets.token_hex(8)}")
    process: subprocess.Popen[bytes] | None = None
    _names: Iterator[int] = field(default_factory=itertools.count)

    def url(self, database: str) -> str:
        """Return the address as an operator writes it."""
        password = self.password.replace("@", "%40").replace("/", "%2F")
        return f"postgresql://{USER}:{password}@127.0.0.1:{self.port}/{database}"

    def make(self) -> None:
        """Make the files of the cluster."""
        words = self.folder / "password"
        words.write_text(self.password)
        if os.getuid() == 0:
            for path in (self.folder, words):
                shutil.chown(path, SERVICE_USER, SERVICE_USER)
        made = [str(self.programs / "initdb"), "--pgdata", str(self.folder / "data"), "--no-sync"]
        made += ["--username", USER, "--pwfile", str(words), "--auth=scram-sha-256", *ICU]
        done = subprocess.run(
            [*_as_service(), *made], cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        """Start the server and wait until it answers."""
        settings = FAST | SMALL | {"listen_addresses": "127.0.0.1", "port": str(self.port)}
        settings["unix_socket_directories"] = str(self.folder)
        command = [*_as_service(), str(self.programs / "postgres"), "-D", str(self.folder / "data")]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log)
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                psycopg.connect(self.url("postgres")).close()
            except psycopg.OperationalError:
                time.sleep(0.02)
            else:
                return
        raise RuntimeError(f"PostgreSQL did not start: {(self.folder / 'log').read_text()}")

    def stop(self, number: int = signal.SIGQUIT) -> None:
        """Stop it: SIGQUIT is the immediate shutdown, after which a start recovers from the log."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(timeout=START_S)
            self.process = None

    def run(self, *statements: str, database: str = "postgres") -> None:
        """Run statements, each in a transaction of its own."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def new_database(self, template: str = "template0") -> str:
        """Make a database and return its name."""
        name = f"test_{next(self._names)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, database: str) -> None:
        """Remove a database, and who still asks it."""
        self.run(f"DROP DATABASE {database} WITH (FORCE)")


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Run a cluster of one's own; skips, or fails where all is required, without PostgreSQL."""
    from tests.conftest import missing  # it knows our fixtures

    programs = _programs()
    if programs is None:
        missing("PostgreSQL (Debian package postgresql)")
        raise AssertionError
    # Not below tmp_path: pytest closes its folders to every other user.
    folder = Path(tempfile.mkdtemp(prefix="edgeproof-postgres-"))
    made = Cluster(folder, programs, free_ports(1)[0])
    try:
        made.make()
        made.start()
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    """The session's server; in its database ``migrated`` are the newest tables."""
    with cluster() as made:
        made.run("CREATE DATABASE migrated TEMPLATE template0")
        upgrade(made.url("migrated"))
        yield made


@pytest.fixture
def postgres_url(postgres_cluster: Cluster) -> Iterator[str]:
    """Records of one test, migrated."""
    name = postgres_cluster.new_database("migrated")
    yield postgres_cluster.url(name)
    postgres_cluster.drop(name)


@pytest.fixture
def bare_postgres_url(postgres_cluster: Cluster) -> Iterator[str]:
    """A database without a table."""
    name = postgres_cluster.new_database()
    yield postgres_cluster.url(name)
    postgres_cluster.drop(name)


def _as_service() -> list[str]:
    """Run what follows as a user that PostgreSQL accepts, and end it when the tests end."""
    words = ["setpriv", "--pdeathsig", "QUIT"]
    if os.getuid() == 0:
        user = pwd.getpwnam(SERVICE_USER)
        words += ["--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups"]
    return words


def _programs() -> Path | None:
    """Debian keeps the servers of each version out of the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return None if initdb is None else Path(initdb).resolve().parent
