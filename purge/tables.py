"""The purge's tables as the code uses them; the origin's migration 0002 makes them.

An order's targets lie in packs (JSON lists) until a worker spreads them into rows, one row per
target and provider: an order of 100,000 targets must not hold the records' write lock for seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    literal_column,
    text,
)

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite
    from sqlalchemy.ext.asyncio import AsyncConnection

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

orders = Table(
    "purge_orders",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("what", String(16), nullable=False),
    Column("tenant", String(32), nullable=False),
    Column("label", Text, nullable=False),
    Column("mode", String(4), nullable=False),
    Column("is_takedown", Boolean, nullable=False),
    Column("by", String(100), nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at_s", Float, nullable=False),
    Column("providers", JSON, nullable=False),
    Column("generations", JSON, nullable=False),
    Column("target_count", Integer, nullable=False),
    Column("open_count", Integer, nullable=False),  # rows that are neither settled nor dead
    Index(None, "created_at_s"),
)

# Targets that are not rows yet: JSON lists of [kind, text], numbered from ``first`` on.
packs = Table(
    "purge_packs",
    metadata,
    Column("order_id", String(32), ForeignKey("purge_orders.id"), primary_key=True),
    Column("first", Integer, primary_key=True),
    Column("lane", Integer, nullable=False),
    Column("targets", JSON, nullable=False),
)


def _only(name: str, condition: str, *columns: str) -> Index:
    """Return an index over the few rows that matter: most of the table is settled orders."""
    name, its = f"ix_purge_rows_{name}", text(condition)
    return Index(name, "provider", *columns, sqlite_where=its, postgresql_where=its)


# ``due_at_s`` says when there is something to do, NULL that there is not (or not yet: an inner
# cache goes first). ``round`` is the next sending: 1, 2, or 3 when both were accepted.
rows = Table(
    "purge_rows",
    metadata,
    Column("order_id", String(32), ForeignKey("purge_orders.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("provider", String(64), primary_key=True),
    Column("depth", Integer, nullable=False),
    Column("lane", Integer, nullable=False),
    Column("kind", String(8), nullable=False),
    Column("text", Text, nullable=False),
    Column("mode", String(4), nullable=False),
    Column("state", String(8), nullable=False),
    Column("round", Integer, nullable=False),
    Column("due_at_s", Float),
    Column("since_s", Float),
    Column("attempts", Integer, nullable=False),
    Column("lease", BigInteger),
    Column("lease_until_s", Float),
    Column("accepted_at_s", Float),
    Column("settled_at_s", Float),
    Column("code", String(40), nullable=False),
    _only("urgency", "due_at_s IS NOT NULL", "lane", "due_at_s", "order_id", "number"),
    _only("lease", "lease IS NOT NULL", "lease"),
    _only("dead", "state = 'dead'"),
)
#: The state in words of its own, not as a parameter: else neither database uses the index.
is_dead = rows.c.state == literal_column("'dead'")

# What an Idempotency-Key ordered: digests of who and key, and of the request. Ends with its order.
keys = Table(
    "purge_keys",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("request", String(64), nullable=False),
    Column("order_id", String(32), ForeignKey("purge_orders.id"), nullable=False),
    Index(None, "order_id"),
)

# One bucket of tokens per account, shared by every worker, and the last fencing token given out.
accounts = Table(
    "purge_accounts",
    metadata,
    Column("account", String(64), primary_key=True),
    Column("tokens", Float, nullable=False),
    Column("filled_at_s", Float, nullable=False),
    Column("paused_until_s", Float, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("failing_since_s", Float),
    Column("fence", BigInteger, nullable=False),
)

# Append-only: each hash covers the one before. ``order_id`` repeats what the body says, so that the
# entries of one order are found without reading all; who walks the chain compares the two.
audit = Table(
    "purge_audit",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("order_id", String(32)),
    Index(None, "order_id"),
)

# One row: the end of the chain, locked by whoever appends.
audit_tip = Table(
    "purge_audit_tip",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
)


def insert_into(connection: AsyncConnection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return an insert of that database's kind, which knows ``on_conflict_do_nothing``."""
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # 5 MB that records in a file do not need

    return postgresql.insert(table)
