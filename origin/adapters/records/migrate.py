"""Bring the records to the newest schema, whoever starts first."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Engine, create_engine, event, inspect, text
from sqlalchemy.engine import Connection

from origin.adapters.records.database import asking
from origin.adapters.records.engines import choosing, prepare_sqlite, server_waits, with_driver
from origin.errors import StoreUnavailable

NEWEST = "0006"
ADVISORY_LOCK = 0x65_64_67_65  # "edge": any number that nobody else in the database uses
# A start may wait for another one's migration, or for a last writer of the old version.
WAIT_S = 30.0
PRIVATE = 0o600


def upgrade(url: str) -> None:
    """Migrate to NEWEST. Safe when several processes start at once: one does it, the others wait.

    Raises StoreUnavailable "records.unavailable" when the records cannot be reached or written, or
    are newer than this program.
    """
    address = with_driver(url)
    file = address.database if address.drivername.startswith("sqlite") else None
    with asking(), _alone(file):
        if file is not None:
            _make_private(Path(file))
        with choosing():
            engine = _engine(address.render_as_string(hide_password=False))
        try:
            _upgrade(engine)
        finally:
            engine.dispose()


def _upgrade(engine: Engine) -> None:
    is_sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        if is_sqlite:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": ADVISORY_LOCK})
        if current(connection) != NEWEST:
            _migrate(connection)
        if is_sqlite:
            _prove_writable(connection)
        connection.commit()


def current(connection: Connection) -> str | None:
    """Return the version that the records have, None for empty ones."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _migrate(connection: Connection) -> None:
    # A tenth of a second that most starts do not need.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    folder = Path(__file__).parent.parent / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, NEWEST)
    except CommandError as error:
        log = f"the records have version {current(connection)}, this program knows {NEWEST}"
        raise StoreUnavailable("records.unavailable", log=f"{log}: {error}") from error


def _prove_writable(connection: Connection) -> None:
    """Write something: a database on a read-only disk says so now, not at the first upload."""
    connection.execute(text("UPDATE epoch SET number = number + 1"))


def _engine(address: str) -> Engine:
    is_sqlite = address.startswith("sqlite")
    waits: dict[str, object] = {"timeout": WAIT_S}
    if not is_sqlite:
        waits = server_waits(WAIT_S, lock_timeout=int(WAIT_S * 1000))
    engine = create_engine(address, connect_args=waits)
    if is_sqlite:
        event.listen(engine, "connect", prepare_sqlite)
    return engine


def _make_private(database: Path) -> None:
    """Make the file, or take it from others: it holds the shops' keys. SQLite copies the mode.

    A file that is there is not opened: closing it would free SQLite's locks of this process.
    """
    with suppress(FileExistsError):
        os.close(os.open(database, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE))
    for ending in ("", "-wal", "-shm"):
        path = database.with_name(database.name + ending)
        with suppress(FileNotFoundError):
            if path.stat().st_mode & 0o077:
                path.chmod(PRIVATE)


@contextmanager
def _alone(database: str | None) -> Iterator[None]:
    """Hold ``{database}.lock``: the change to WAL does not wait for others, so they wait for it."""
    if database is None:
        yield
        return
    path = Path(f"{database}.lock")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
