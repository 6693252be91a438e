"""Tables of prints and their jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add prints, and the photos, owners and requests of each."""
    _prints()
    _assets()
    _owners()
    _requests()


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def _key(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), primary_key=True)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _of_print() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(("tenant", "print_id"), ("prints.tenant", "prints.print_id"))


def _prints() -> None:
    op.create_table(
        "prints",
        sa.Column("tenant", sa.String(32), sa.ForeignKey("tenants.name"), primary_key=True),
        _key("print_id", 52),
        sa.Column("design", sa.String(52)),
        _text("product", 32),
        _text("engine", 40),
        _text("lane", 16),
        sa.Column("recipe", sa.LargeBinary, nullable=False),
        _number("created_at_s"),
        _text("state", 16),
        _text("step", 16),
        _text("code", 64),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        _number("updated_at_s"),
        _number("not_before_s"),
        _text("lease", 40),
        sa.Column("file", sa.JSON(none_as_null=True)),
        sa.Column("sha256", sa.String(64)),
    )
    op.create_index("ix_prints_state_not_before_s", "prints", ["state", "not_before_s"])
    op.create_index("ix_prints_tenant_sha256", "prints", ["tenant", "sha256"])


def _assets() -> None:
    op.create_table(
        "print_assets",
        _key("tenant", 32),
        _key("print_id", 52),
        _key("asset", 52),
        _of_print(),
        sa.ForeignKeyConstraint(("tenant", "asset"), ("assets.tenant", "assets.asset")),
    )
    op.create_index("ix_print_assets_tenant_asset", "print_assets", ["tenant", "asset"])


def _owners() -> None:
    op.create_table(
        "print_owners", _key("tenant", 32), _key("print_id", 52), _key("owner", 200), _of_print()
    )
    op.create_index("ix_print_owners_tenant_owner", "print_owners", ["tenant", "owner"])


def _requests() -> None:
    op.create_table(
        "print_requests",
        _key("tenant", 32),
        _key("key_sha256", 64),
        _text("body_sha256", 64),
        _text("print_id", 52),
        _of_print(),
    )
    op.create_index("ix_print_requests_tenant_print_id", "print_requests", ["tenant", "print_id"])
