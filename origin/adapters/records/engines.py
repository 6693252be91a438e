"""Which database an address names, and how its connections behave."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError

from origin.errors import StoreUnavailable

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

# psycopg speaks both ways under one name, so that the URL of an operator is plain.
DRIVERS = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg"}
# Each is a thread in SQLite; a read takes half a millisecond.
SQLITE_READERS = 4
# A transaction that waits for its own program this long is ended by the server: a stopped origin
# must not keep purges waiting. The longest wait is that for the name of a preview in its store.
IDLE_IN_TRANSACTION_S = 30
# Defaults; edgeproof/settings.py says what they are for.
BUSY_TIMEOUT_S = 2.0
DATABASE_TIMEOUT_S = 5.0
DATABASE_CONNECTIONS = 8


@dataclass(frozen=True, slots=True)
class Engines:
    """Where questions go and where changes go in PostgreSQL: changes wait for locks and stores."""

    readers: AsyncEngine
    writers: AsyncEngine


@dataclass(frozen=True, slots=True)
class Waits:
    """How long, and on how many connections.

    busy_s: a write waits for another process's in SQLite before it is refused. timeout_s: one
    statement, one connect and one wait for a free connection in PostgreSQL. connections: of one
    process to PostgreSQL, for questions and as many for changes.
    """

    busy_s: float
    timeout_s: float
    connections: int


def with_driver(url: str) -> URL:
    """Return the URL with the driver for its kind. Raises StoreUnavailable for another kind."""
    with choosing():
        parsed = make_url(url)
    if parsed.drivername not in DRIVERS:
        log = f"{parsed.drivername!r} is no kind of records: sqlite or postgresql"
        raise StoreUnavailable("records.unavailable", log=log)
    if parsed.drivername == "sqlite" and parsed.host:  # two slashes where three were meant
        log = "the URL cannot be read: a SQLite file is sqlite:///relative or sqlite:////absolute"
        raise StoreUnavailable("records.unavailable", log=log)
    return parsed.set(drivername=DRIVERS[parsed.drivername])


@contextmanager
def choosing() -> Iterator[None]:
    """Turn a URL that cannot be read, or has no driver here, into StoreUnavailable.

    The URL itself is left out of the words: it may hold a password.
    """
    try:
        yield
    except (ArgumentError, ValueError) as error:
        log = "the records' URL cannot be read: sqlite:////PATH or postgresql://USER@HOST/NAME"
        raise StoreUnavailable("records.unavailable", log=log) from error
    except ImportError as error:
        log = f"the driver for these records is missing ({error}): pip install 'psycopg[binary]'"
        raise StoreUnavailable("records.unavailable", log=log) from error


def server_waits(timeout_s: float, **settings: int) -> dict[str, object]:
    """Return what psycopg is told at each connect: no wait without an end, on either side.

    settings: PostgreSQL's own, in milliseconds. An address may say otherwise (``?options=…``).
    """
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    return {
        "connect_timeout": math.ceil(timeout_s),
        "options": options,
        # A host that is gone without a word: libpq, "Parameter Key Words".
        "tcp_user_timeout": int(timeout_s * 1000),
        "keepalives_idle": math.ceil(timeout_s),
        "application_name": "edgeproof",
    }


def prepare_sqlite(connection: DBAPIConnection, _: object) -> None:
    """Leave transactions to us, keep references whole, and flush each commit to the disk."""
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = FULL")
    # What is erased is overwritten, not only unlinked: rows hold captions.
    cursor.execute("PRAGMA secure_delete = ON")
    cursor.close()


def postgresql_engines(address: URL, waits: Waits) -> Engines:
    """Return two pools that connect when they are needed: no question waits behind a change.

    Raises StoreUnavailable "records.unavailable" when the driver is missing.
    """
    # Records in SQLite never load SQLAlchemy's asyncio, nor its ORM, which comes along: 10 MB.
    from sqlalchemy.ext.asyncio import create_async_engine

    ours = server_waits(
        waits.timeout_s,
        statement_timeout=int(waits.timeout_s * 1000),
        idle_in_transaction_session_timeout=IDLE_IN_TRANSACTION_S * 1000,
    )
    said = {name: value for name, value in ours.items() if name not in address.query}
    pool = {
        "hide_parameters": True,  # no error and no traceback may quote a caption or an owner
        "pool_size": waits.connections,
        "max_overflow": 0,
        "pool_timeout": waits.timeout_s,
        "connect_args": said,
    }
    with choosing():
        return Engines(
            # A SELECT in autocommit is one round trip instead of three.
            create_async_engine(address, isolation_level="AUTOCOMMIT", **pool),
            # A connection that a restart has cut is noticed before the transaction, not within it.
            create_async_engine(address, pool_pre_ping=True, **pool),
        )
