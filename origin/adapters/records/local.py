"""How SQLite records are asked: threads that read, and one that writes.

What is asked most often, a question or the change of a new preview, is one job of a thread. In
other changes each statement is one. An asyncio driver takes several turns between the event loop
and a thread for each: 2 ms of CPU for the change of a preview.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar, cast

from sqlalchemy import (
    ClauseElement,
    Connection,
    Engine,
    Executable,
    Result,
    RowMapping,
    ScalarResult,
    Select,
    create_engine,
    event,
)
from sqlalchemy.dialects.sqlite.pysqlite import dialect

from origin.adapters.records.engines import (
    SQLITE_READERS,
    Waits,
    prepare_sqlite,
    with_driver,
)
from origin.adapters.to_its_end import to_its_end

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")
_NAMED = dialect(paramstyle="named")


def sql_of(statement: ClauseElement) -> str:
    """Return a statement as SQLite reads it, its parameters as ``:name``."""
    return str(statement.compile(dialect=_NAMED))


def _engine(url: str, waits: Waits) -> Engine:
    """Each SELECT stands alone: no transaction is begun, so there is none to roll back."""
    engine = create_engine(
        with_driver(url),
        pool_size=SQLITE_READERS,
        pool_timeout=2 * waits.busy_s,
        pool_reset_on_return=None,
        skip_autocommit_rollback=True,
        hide_parameters=True,
        connect_args={"timeout": waits.busy_s, "check_same_thread": False},
    )
    event.listen(engine, "connect", prepare_sqlite)
    return engine


class LocalRecords:
    """Threads that read, and one that writes on a connection of its own; opened when needed."""

    def __init__(self, url: str, waits: Waits) -> None:
        """Nothing is opened yet. Another process's change is waited for as in any change."""
        self._engine = _engine(url, waits)
        self._readers = ThreadPoolExecutor(SQLITE_READERS, "records-read")
        self._connection: Connection | None = None
        self._thread = ThreadPoolExecutor(1, "records-write")

    async def rows(self, query: Select[Any]) -> Sequence[RowMapping]:
        """Return what a SELECT finds; it sees what is committed."""
        loop = asyncio.get_running_loop()
        return await to_its_end(loop.run_in_executor(self._readers, self._rows, query))

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``work`` in a transaction that is committed on its clean end, else rolled back.

        It holds the only write lock from its beginning, and runs to its end even when the caller
        is cancelled.
        """
        return await self._written(self._whole, work)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection in a transaction like that of write(), statement by statement.

        One at a time, and none beside write(): the caller sees to that.
        """
        connection = await self._written(self._begun)
        try:
            yield cast("AsyncConnection", _Changing(connection, self._written))
            await self._written(connection.commit)
        except BaseException:
            await self._written(self._back)
            raise

    async def _written(self, job: Callable[..., T], *args: Any) -> T:
        loop = asyncio.get_running_loop()
        return await to_its_end(loop.run_in_executor(self._thread, job, *args))

    def close(self) -> None:
        """Close every connection; what was begun is ended first."""
        self._readers.shutdown()
        self._thread.shutdown()
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._engine.dispose()

    def _rows(self, query: Select[Any]) -> Sequence[RowMapping]:
        with self._engine.connect() as connection:
            return connection.execute(query).mappings().all()

    def _whole(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with self._driver() as driver:
            driver.execute("BEGIN IMMEDIATE")
            return work(driver)

    def _begun(self) -> Connection:
        self._driver()
        connection = self._connection
        assert connection is not None, "it was opened just now"
        connection.begin()  # so that it is ended though no statement follows
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        except BaseException:
            connection.rollback()
            raise
        return connection

    def _back(self) -> None:
        """Undo what was not committed, also where it is the commit that failed."""
        assert self._connection is not None, "it was opened when this began"
        self._connection.rollback()
        self._driver().rollback()

    def _driver(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
        driver = self._connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection), driver
        return driver


class _Changing:
    """What our changes call of an AsyncConnection; each statement is one job of the thread."""

    def __init__(self, connection: Connection, written: Callable[..., Any]) -> None:
        self.dialect = connection.dialect
        self._connection = connection
        self._written = written

    async def execute(self, statement: Executable, values: Any = None) -> Result[Any]:
        """Run a statement; its rows are here when this returns."""
        found: Result[Any] = await self._written(self._execute, statement, values)
        return found

    async def scalars(self, statement: Executable) -> ScalarResult[Any]:
        """Return the first column of each row."""
        return (await self.execute(statement)).scalars()

    def _execute(self, statement: Executable, values: Any) -> Result[Any]:
        result = self._connection.execute(statement, values)
        return result.freeze()() if result.returns_rows else result
