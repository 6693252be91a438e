"""Tables of the purge queue and its audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

OF_ORDER = "purge_orders.id"


def upgrade() -> None:
    """Make the tables, and the two single rows that others lock."""
    _orders()
    _rows()
    _keys()
    _accounts()
    _audit()


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)


def _time(name: str) -> sa.Column[float]:
    return sa.Column(name, sa.Float, nullable=False)


def _orders() -> None:
    op.create_table(
        "purge_orders",
        sa.Column("id", sa.String(32), primary_key=True),
        _text("what", 16),
        _text("tenant", 32),
        sa.Column("label", sa.Text, nullable=False),
        _text("mode", 4),
        sa.Column("is_takedown", sa.Boolean, nullable=False),
        _text("by", 100),
        sa.Column("reason", sa.Text, nullable=False),
        _time("created_at_s"),
        sa.Column("providers", sa.JSON, nullable=False),
        sa.Column("generations", sa.JSON, nullable=False),
        _count("target_count"),
        _count("open_count"),
    )
    op.create_index("ix_purge_orders_created_at_s", "purge_orders", ["created_at_s"])
    op.create_table(
        "purge_packs",
        sa.Column("order_id", sa.String(32), sa.ForeignKey(OF_ORDER), primary_key=True),
        sa.Column("first", sa.Integer, primary_key=True),
        _count("lane"),
        sa.Column("targets", sa.JSON, nullable=False),
    )


def _rows() -> None:
    op.create_table(
        "purge_rows",
        sa.Column("order_id", sa.String(32), sa.ForeignKey(OF_ORDER), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("provider", sa.String(64), primary_key=True),
        _count("depth"),
        _count("lane"),
        _text("kind", 8),
        sa.Column("text", sa.Text, nullable=False),
        _text("mode", 4),
        _text("state", 8),
        _count("round"),
        sa.Column("due_at_s", sa.Float),
        sa.Column("since_s", sa.Float),
        _count("attempts"),
        sa.Column("lease", sa.BigInteger),
        sa.Column("lease_until_s", sa.Float),
        sa.Column("accepted_at_s", sa.Float),
        sa.Column("settled_at_s", sa.Float),
        _text("code", 40),
    )
    urgency = ["provider", "lane", "due_at_s", "order_id", "number"]
    _index_only("urgency", "due_at_s IS NOT NULL", urgency)
    _index_only("lease", "lease IS NOT NULL", ["provider", "lease"])
    _index_only("dead", "state = 'dead'", ["provider"])


def _index_only(name: str, condition: str, columns: list[str]) -> None:
    its = sa.text(condition)
    name = f"ix_purge_rows_{name}"
    op.create_index(name, "purge_rows", columns, sqlite_where=its, postgresql_where=its)


def _keys() -> None:
    op.create_table(
        "purge_keys",
        sa.Column("key", sa.String(64), primary_key=True),
        _text("request", 64),
        sa.Column("order_id", sa.String(32), sa.ForeignKey(OF_ORDER), nullable=False),
    )
    op.create_index("ix_purge_keys_order_id", "purge_keys", ["order_id"])


def _accounts() -> None:
    op.create_table(
        "purge_accounts",
        sa.Column("account", sa.String(64), primary_key=True),
        _time("tokens"),
        _time("filled_at_s"),
        _time("paused_until_s"),
        _count("failures"),
        sa.Column("failing_since_s", sa.Float),
        sa.Column("fence", sa.BigInteger, nullable=False),
    )


def _audit() -> None:
    op.create_table(
        "purge_audit",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("body", sa.Text, nullable=False),
        _text("hash", 64),
    )
    op.create_table(
        "purge_audit_tip",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        _text("hash", 64),
    )
    tip = sa.table("purge_audit_tip", sa.column("id"), sa.column("seq"), sa.column("hash"))
    op.bulk_insert(tip, [{"id": 1, "seq": 0, "hash": "0" * 64}])
