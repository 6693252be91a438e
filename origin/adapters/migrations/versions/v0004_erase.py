"""What erase, sweep and receipts need."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the clocks of retention, and the tables of erasures and holds."""
    _clocks()
    _erasures()
    _holds()


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _clocks() -> None:
    """What was there before was uploaded and used as far as we know, and keeps its owners."""
    for name in ("uploaded_at_s", "used_at_s"):
        op.add_column("assets", sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))
    op.execute("UPDATE assets SET uploaded_at_s = created_at_s, used_at_s = created_at_s")
    op.execute(
        "UPDATE assets SET used_at_s = coalesce((SELECT max(last_used_s) FROM derivatives"
        " WHERE derivatives.tenant = assets.tenant AND derivatives.asset = assets.asset"
        " AND last_used_s > assets.created_at_s), created_at_s)"
    )
    is_direct = sa.Column("is_direct", sa.Boolean, nullable=False, server_default=sa.true())
    op.add_column("owners", is_direct)


def _erasures() -> None:
    op.create_table(
        "erasures",
        sa.Column("erasure", sa.String(40), primary_key=True),
        _text("tenant", 32),
        _text("kind", 16),
        _text("subject", 64),
        _text("by", 200),
        sa.Column("reason", sa.Text, nullable=False),
        _number("began_at_s"),
        sa.Column("receipt", sa.Text),
    )
    of = ["tenant", "kind", "subject"]
    op.create_index("ix_erasures_tenant_kind_subject", "erasures", of)
    op.create_table(
        "erased_photos",
        sa.Column("erasure", sa.String(40), sa.ForeignKey("erasures.erasure"), primary_key=True),
        sa.Column("asset", sa.String(52), primary_key=True),
        _text("outcome", 16),
        _text("why", 16),
        _number("at_s"),
        _number("generation"),
        *(sa.Column(name, sa.JSON, nullable=False) for name in ("counts", "designs", "paths")),
        sa.Column("removed", sa.JSON(none_as_null=True)),
        _text("purge", 64),
    )


def _holds() -> None:
    op.create_table(
        "holds",
        sa.Column("hold", sa.String(40), primary_key=True),
        _text("tenant", 32),
        _text("asset", 52),
        _text("by", 200),
        sa.Column("reason", sa.Text, nullable=False),
        _number("since_s"),
        sa.Column("until_s", sa.BigInteger),
        sa.Column("lifted_at_s", sa.BigInteger),
        _text("lifted_by", 200),
        sa.Column("lifted_reason", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(("tenant", "asset"), ("assets.tenant", "assets.asset")),
    )
    op.create_index("ix_holds_tenant_asset", "holds", ["tenant", "asset"])
