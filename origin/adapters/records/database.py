"""How the records are asked: connections, transactions, and what their silence means."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import RowMapping, Select, Table, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from origin.adapters.records import schema
from origin.adapters.records.engines import (
    BUSY_TIMEOUT_S,
    DATABASE_CONNECTIONS,
    DATABASE_TIMEOUT_S,
    Waits,
    postgresql_engines,
    with_driver,
)
from origin.adapters.records.local import LocalRecords
from origin.adapters.to_its_end import to_its_end
from origin.errors import StoreUnavailable

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite
    from sqlalchemy.ext.asyncio import AsyncConnection

# A whole change, with what its program does in between: within it a server that has stopped
# without closing its connections is given up. The response deadline is as long.
WRITE_S = 15.0
CANCEL_S = 1.0

S = TypeVar("S", bound="Asks")
T = TypeVar("T")
P = ParamSpec("P")


class Database:
    """Threads for SQLite, two pools for PostgreSQL. Used from one event loop.

    Each question runs to its end, in PostgreSQL at most to a deadline. A caller that is cancelled
    inside a transaction would otherwise leave a connection behind that holds SQLite's write lock
    for good (seen).
    """

    def __init__(
        self,
        url: str,
        *,
        busy_timeout_s: float = BUSY_TIMEOUT_S,
        timeout_s: float = DATABASE_TIMEOUT_S,
        connections: int = DATABASE_CONNECTIONS,
    ) -> None:
        """Say how long to wait and on how many connections: see Waits. Nothing is opened yet.

        Raises StoreUnavailable "records.unavailable" for a URL that we cannot use.
        """
        waits = Waits(busy_timeout_s, timeout_s, connections)
        address = with_driver(url)
        is_sqlite = address.drivername.startswith("sqlite")  # bounded by its busy timeout
        self._server = None if is_sqlite else postgresql_engines(address, waits)
        self._read_s = None if is_sqlite else 2 * timeout_s
        self._write_s = None if is_sqlite else max(WRITE_S, 2 * timeout_s)
        #: Questions and short changes as one job each; None where a server is asked.
        self.local = LocalRecords(url, waits) if is_sqlite else None
        # Two writers of one process would wait for each other as strangers do: unfairly.
        self._turn = asyncio.Lock() if is_sqlite else None
        self._turn_s = 2 * busy_timeout_s

    async def rows(self, query: Select[Any]) -> Sequence[RowMapping]:
        """Return what a SELECT finds; it sees what is committed."""
        if self.local is not None:
            with asking():
                return await self.local.rows(query)
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

    async def write_here(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``work`` as one job of a thread, in a transaction like that of write().

        Only where ``local`` is.
        """
        assert self.local is not None, "these records are not a file here"
        with asking():
            async with self._my_turn():
                return await self.local.write(work)

    async def _rows(self, query: Select[Any]) -> Sequence[RowMapping]:
        with asking():
            async with _given_up_after(self._read_s):
                try:
                    return await self._select(query)
                except DBAPIError as error:
                    if not error.connection_invalidated:
                        raise
                    # The server was started again since this connection was last used.
                    return await self._select(query)

    async def _select(self, query: Select[Any]) -> Sequence[RowMapping]:
        assert self._server is not None, "a file is asked by local"
        async with self._server.readers.connect() as connection:
            found: Sequence[RowMapping] = (await connection.execute(query)).mappings().all()
            return found

    async def _write(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        with asking():
            async with (
                self._my_turn(),
                _given_up_after(self._write_s),
                self._begin() as connection,
            ):
                return await work(connection)

    def _begin(self) -> AbstractAsyncContextManager[AsyncConnection]:
        if self.local is not None:
            return self.local.begin()
        assert self._server is not None, "records are in a file or a server"
        return self._server.writers.begin()

    @asynccontextmanager
    async def _my_turn(self) -> AsyncIterator[None]:
        """Wait, in order of arrival, until no other change of this process runs in SQLite."""
        if self._turn is None:
            yield
            return
        async with asyncio.timeout(self._turn_s):
            await self._turn.acquire()
        try:
            yield
        finally:
            self._turn.release()

    async def close(self) -> None:
        """Close every connection."""
        if self.local is not None:
            await asyncio.to_thread(self.local.close)
        if self._server is not None:
            await self._server.readers.dispose()
            await self._server.writers.dispose()


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
def asking() -> Iterator[None]:
    """Turn what a database says when it cannot answer into StoreUnavailable."""
    try:
        yield
    except IntegrityError:
        raise  # an answer: each place that writes knows what it means
    except (DBAPIError, PoolTimeoutError, sqlite3.Error, OSError) as error:
        # The driver's own words: SQLAlchemy's would quote the statement after them.
        said = getattr(error, "orig", None) or error
        log = str(said) or type(said).__name__
        raise StoreUnavailable("records.unavailable", log=log) from error


@asynccontextmanager
async def _given_up_after(limit_s: float | None) -> AsyncIterator[None]:
    """Cancel what takes longer, and cancel it again when it is not gone a second later.

    At the first one psycopg asks the server to stop, and waits up to ten seconds for its answer.
    """
    second_s = None if limit_s is None else limit_s + CANCEL_S
    async with asyncio.timeout(second_s), asyncio.timeout(limit_s):
        yield


async def insert_new(
    connection: AsyncConnection, table: Table, values: Mapping[str, object]
) -> None:
    """Insert a row unless its primary key is there."""
    keys = list(table.primary_key.columns)
    change = _insert(connection, table).values(**values)
    await connection.execute(change.on_conflict_do_nothing(index_elements=keys))


async def put_row(connection: AsyncConnection, table: Table, values: Mapping[str, object]) -> None:
    """Insert a row, or give the one with its primary key these values."""
    keys = list(table.primary_key.columns)
    change = _insert(connection, table).values(**values)
    await connection.execute(change.on_conflict_do_update(index_elements=keys, set_=values))


def _insert(connection: AsyncConnection, table: Table) -> sqlite.Insert | postgresql.Insert:
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # 5 MB that records in a file do not need

    return postgresql.insert(table)


async def move_epoch(connection: AsyncConnection) -> None:
    """Say, in the same transaction, that something changed which others may remember."""
    await connection.execute(update(schema.epoch).values(number=schema.epoch.c.number + 1))
