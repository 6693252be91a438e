"""The audit's entries by the order that they are about."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

#: Entries read at once: some megabytes.
PAGE = 1_000


def upgrade() -> None:
    """Add the column and its index, and fill it from what the entries say."""
    op.add_column("purge_audit", sa.Column("order_id", sa.String(32)))
    op.create_index("ix_purge_audit_order_id", "purge_audit", ["order_id"])
    fill()


def fill() -> None:
    """Write down the order of each entry, a page at a time."""
    names = ("seq", "body", "order_id")
    audit = sa.table("purge_audit", *(sa.column(name) for name in names))
    connection, after = op.get_bind(), 0
    change = sa.update(audit).where(audit.c.seq == sa.bindparam("its_seq"))
    change = change.values(order_id=sa.bindparam("its_order"))
    query = sa.select(audit.c.seq, audit.c.body).order_by(audit.c.seq).limit(PAGE)
    while page := connection.execute(query.where(audit.c.seq > after)).all():
        orders = {seq: json.loads(body)["facts"].get("order") for seq, body in page}
        found = [{"its_seq": seq, "its_order": order} for seq, order in orders.items() if order]
        if found:
            connection.execute(change, found)
        after = page[-1].seq
