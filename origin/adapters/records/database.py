"""How the records are asked: connections, transactions, and what their silence means."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import RowMapping, Select, Table, event, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from origin.adapters.records import schema
from origin.adapters.to_its_end import to_its_end
from origin.errors import StoreUnavailable

# psycopg speaks both ways under one name, so that the URL of an operator is plain.
ASYNC_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}
BUSY_TIMEOUT_S = 2.0
# Each is a thread in SQLite; a read takes half a millisecond.
READERS = 4

S = TypeVar("S", bound="Asks")
T = TypeVar("T")
P = ParamSpec("P")


class Database:
    """Two pools. Used from one event loop; connections are opened when they are needed.

    Each question runs to its end. A caller that is cancelled inside a transaction would otherwise
    leave a connection behind that holds SQLite's write lock for good (seen with aiosqlite 0.22).
    """

    def __init__(self, url: str, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        """``busy_timeout_s``: how long a write waits for another process's before it is refused.

        Raises StoreUnavailable "records.unavailable" for a URL that we cannot use.
        """
        address = with_driver(url, ASYNC_DRIVERS)
        with choosing():
            if address.drivername.startswith("sqlite"):
                self._readers = _sqlite_readers(address, busy_timeout_s)
                self._writers = _sqlite_writer(address, busy_timeout_s)
            else:
                self._readers = create_async_engine(address, pool_size=READERS, pool_pre_ping=True)
                self._writers = self._readers

    async def rows(self, query: Select[Any]) -> Sequence[RowMapping]:
        """Return what a SELECT finds; it sees what is committed."""
        return await to_its_end(asyncio.create_task(self._rows(query)))

    async def row(self, query: Select[Any]) -> RowMapping | None:
        """Return the only row that a SELECT may find."""
        found = await self.rows(query)
        return found[0] if found else None

    async def ping(self) -> None:
        """Ask for one row. Raises StoreUnavailable "records.unavailable"."""
        await self.rows(select(schema.epoch.c.number))

    async def write(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Run ``work`` in a transaction that is committed on its clean end, else rolled back.

        In SQLite it holds the only write lock from its beginning (BEGIN IMMEDIATE), so what it has
        read stays true until it ends.
        """
        return await to_its_end(asyncio.create_task(self._write(work)))

    async def _rows(self, query: Select[Any]) -> Sequence[RowMapping]:
        with asking():
            async with self._readers.connect() as connection:
                found: Sequence[RowMapping] = (await connection.execute(query)).mappings().all()
                return found

    async def _write(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        with asking():
            async with self._writers.begin() as connection:
                return await work(connection)

    async def close(self) -> None:
        """Close every connection."""
        await self._readers.dispose()
        await self._writers.dispose()


class Asks(Protocol):
    """Whatever holds a database."""

    _database: Database


def in_transaction(
    method: Callable[Concatenate[S, AsyncConnection, P], Awaitable[T]],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, T]]:
    """Give a method its connection, in a transaction that is committed on its clean end."""

    @wraps(method)
    async def whole(self: S, /, *args: P.args, **named: P.kwargs) -> T:
        return await self._database.write(
            lambda connection: method(self, connection, *args, **named)
        )

    return whole


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


@contextmanager
def asking() -> Iterator[None]:
    """Turn what a database says when it cannot answer into StoreUnavailable."""
    try:
        yield
    except IntegrityError:
        raise  # an answer: each place that writes knows what it means
    except (DBAPIError, PoolTimeoutError, sqlite3.Error, OSError) as error:
        log = str(error) or type(error).__name__
        raise StoreUnavailable("records.unavailable", log=log) from error


async def insert_new(
    connection: AsyncConnection, table: Table, values: Mapping[str, object]
) -> None:
    """Insert a row unless its primary key is there."""
    is_sqlite = connection.dialect.name == "sqlite"
    insert = sqlite.insert(table) if is_sqlite else postgresql.insert(table)
    keys = list(table.primary_key.columns)
    await connection.execute(insert.values(**values).on_conflict_do_nothing(index_elements=keys))


async def move_epoch(connection: AsyncConnection) -> None:
    """Say, in the same transaction, that something changed which others may remember."""
    await connection.execute(update(schema.epoch).values(number=schema.epoch.c.number + 1))


def with_driver(url: str, drivers: Mapping[str, str]) -> URL:
    """Return the URL with the driver for its kind. Raises StoreUnavailable for another kind."""
    with choosing():
        parsed = make_url(url)
    if parsed.drivername not in drivers:
        log = f"{parsed.drivername!r} is no kind of records: sqlite or postgresql"
        raise StoreUnavailable("records.unavailable", log=log)
    if parsed.drivername == "sqlite" and parsed.host:  # two slashes where three were meant
        log = "the URL cannot be read: a SQLite file is sqlite:///relative or sqlite:////absolute"
        raise StoreUnavailable("records.unavailable", log=log)
    return parsed.set(drivername=drivers[parsed.drivername])


def _sqlite_readers(address: URL, busy_timeout_s: float) -> AsyncEngine:
    """Each SELECT stands alone: no transaction is begun, so there is none to roll back."""
    engine = create_async_engine(
        address,
        pool_size=READERS,
        pool_timeout=2 * busy_timeout_s,
        pool_reset_on_return=None,
        skip_autocommit_rollback=True,
        connect_args={"timeout": busy_timeout_s},
    )
    event.listen(engine.sync_engine, "connect", prepare_sqlite)
    return engine


def _sqlite_writer(address: URL, busy_timeout_s: float) -> AsyncEngine:
    """One connection: our writers take turns, because SQLite's own waiting is not fair."""
    engine = create_async_engine(
        address,
        pool_size=1,
        max_overflow=0,
        pool_timeout=2 * busy_timeout_s,
        connect_args={"timeout": busy_timeout_s},
    )
    event.listen(engine.sync_engine, "connect", prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_immediate)
    return engine


def prepare_sqlite(connection: DBAPIConnection, _: object) -> None:
    """Leave transactions to us, keep references whole, and flush each commit to the disk."""
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
