"""What quotas and presets made ahead need."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

OLD_INDEX = "ix_derivatives_tenant_last_used_s"
NEW_INDEX = "ix_derivatives_tenant_last_used_s_size_bytes"


def upgrade() -> None:
    """Add quotas, the rows of masters, and the mark of a damaged source."""
    op.add_column("tenants", sa.Column("quota_bytes", sa.BigInteger))
    op.add_column("assets", sa.Column("source_damaged_at_s", sa.BigInteger))
    # What came in last is made ahead again after a restart.
    op.create_index("ix_assets_created_at_s", "assets", ["created_at_s"])
    # With the bytes in it, a shop's sum is read from the index alone.
    op.drop_index(OLD_INDEX, "derivatives")
    op.create_index(NEW_INDEX, "derivatives", ["tenant", "last_used_s", "size_bytes"])
    op.create_table(
        "masters",
        sa.Column("tenant", sa.String(32), primary_key=True),
        sa.Column("asset", sa.String(52), primary_key=True),
        sa.Column("engine", sa.String(40), primary_key=True),
        sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("last_used_s", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(("tenant", "asset"), ("assets.tenant", "assets.asset")),
    )
    columns = ["tenant", "last_used_s", "size_bytes"]
    op.create_index("ix_masters_tenant_last_used_s_size_bytes", "masters", columns)
