"""The records in SQL: SQLite by default, PostgreSQL by URL."""

from origin.adapters.records.database import Database
from origin.adapters.records.migrate import upgrade
from origin.adapters.records.sql import SqlRecords

__all__ = ["Database", "SqlRecords", "upgrade"]
