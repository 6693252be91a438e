"""What is asked of SQLite records most often: a whole question or change is one job of a thread.

Through aiosqlite each statement takes several turns between the event loop and a thread; the
change that every new preview makes cost 2 ms of CPU that way.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import ClauseElement, Engine, RowMapping, Select, create_engine, event
from sqlalchemy.dialects.sqlite.pysqlite import dialect

from origin.adapters.records.engines import (
    SQLITE_READERS,
    Waits,
    prepare_sqlite,
    with_driver,
)
from origin.adapters.to_its_end import to_its_end

T = TypeVar("T")
_NAMED = dialect(paramstyle="named")


def sql_of(statement: ClauseElement) -> str:
    """Return a statement as SQLite reads it, its parameters as ``:name``."""
    return str(statement.compile(dialect=_NAMED))


def _engine(url: str, waits: Waits) -> Engine:
    """Each SELECT stands alone: no transaction is begun, so there is none to roll back."""
    engine = create_engine(
        with_driver(url, {"sqlite": "sqlite+pysqlite"}),
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
        self._connection: sqlite3.Connection | None = None
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
        loop = asyncio.get_running_loop()
        return await to_its_end(loop.run_in_executor(self._thread, self._whole, work))

    def close(self) -> None:
        """Close every connection; what was begun is ended first."""
        self._readers.shutdown()
        self._engine.dispose()
        self._thread.shutdown()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _rows(self, query: Select[Any]) -> Sequence[RowMapping]:
        with self._engine.connect() as connection:
            return connection.execute(query).mappings().all()

    def _whole(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._connection is None:
            self._connection = self._opened()
        with self._connection as connection:
            connection.execute("BEGIN IMMEDIATE")
            return work(connection)

    def _opened(self) -> sqlite3.Connection:
        lent = self._engine.raw_connection()
        connection = lent.driver_connection
        lent.detach()
        assert isinstance(connection, sqlite3.Connection), connection
        return connection
