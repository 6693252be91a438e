"""Make the records' files forget what their rows held, as far as each database can.

SQLite: every connection overwrites what it deletes (PRAGMA secure_delete); VACUUM writes the file
anew without what older versions left in free pages; a TRUNCATE checkpoint empties the write-ahead
log, where the pages stand as they were before. PostgreSQL: VACUUM frees the row versions; their
bytes stay until the pages are used again, and in its own log and backups.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from origin.adapters.records import schema
from origin.adapters.records.database import asking
from origin.adapters.records.engines import with_driver
from origin.errors import StoreUnavailable

#: Larger records are not written anew in the middle of the day: a gigabyte keeps writers waiting
#: for several seconds, longer than their own patience (busy_timeout_s).
VACUUM_BYTES_MAX = 256_000_000
#: How long others' transactions may keep us from it. They take milliseconds.
WAIT_S = 30.0
PAUSE_S = 0.05
VACUUMED = (
    *("assets", "owners", "projects", "designs", "design_owners", "derivatives"),
    *("prints", "print_owners", "print_requests"),
)
LEFT_IN_POSTGRESQL = (
    "PostgreSQL: VACUUM has freed the rows; their bytes stay in its files until it uses the"
    " pages again, and in its write-ahead log until that is recycled."
)
LEFT_IN_SQLITE = (
    "SQLite: the rows are overwritten with zeros; the file is too large to be written anew now, so"
    " what an older version of this program freed may be left in it until someone runs VACUUM."
)


@dataclass(frozen=True, slots=True)
class Wiped:
    """How well the records forgot. left: sentences about what may still hold it, and until when."""

    records: str  # sqlite | postgresql
    left: tuple[str, ...] = ()


class RecordsWipe:
    """Wipe of one database."""

    def __init__(self, url: str, *, vacuum_bytes_max: int = VACUUM_BYTES_MAX) -> None:
        self._url = url
        self._vacuum_bytes_max = vacuum_bytes_max

    async def wipe(self) -> Wiped:
        """Do it now. Raises StoreUnavailable when others keep us from it for too long."""
        return await asyncio.to_thread(self._wipe)

    def _wipe(self) -> Wiped:
        with asking():
            address = make_url(self._url)
            if address.drivername != "sqlite":
                return self._vacuum_postgresql()
            assert address.database is not None, "migrated records have a file"
            return _wipe_sqlite(Path(address.database), self._vacuum_bytes_max)

    def _vacuum_postgresql(self) -> Wiped:
        engine = create_engine(with_driver(self._url), isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                for name in VACUUMED:
                    connection.execute(text(f"VACUUM {schema.metadata.tables[name].name}"))
        finally:
            engine.dispose()
        return Wiped("postgresql", (LEFT_IN_POSTGRESQL,))


def _wipe_sqlite(file: Path, vacuum_bytes_max: int) -> Wiped:
    left: tuple[str, ...] = ()
    with closing(sqlite3.connect(file, timeout=WAIT_S, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete = ON")
        if file.stat().st_size <= vacuum_bytes_max:
            connection.execute("VACUUM")
        else:
            left = (LEFT_IN_SQLITE,)
        _empty_the_log(connection)
    return Wiped("sqlite", left)


def _empty_the_log(connection: sqlite3.Connection) -> None:
    """Copy every page into the file and cut the log to nothing; readers may delay it."""
    deadline = time.monotonic() + WAIT_S
    while True:
        is_busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if not is_busy:
            return
        if time.monotonic() > deadline:
            log = "the write-ahead log of the records cannot be emptied: someone reads all the time"
            raise StoreUnavailable("records.unavailable", log=log)
        time.sleep(PAUSE_S)
