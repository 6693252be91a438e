"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

OF_ASSET = (("tenant", "asset"), ("assets.tenant", "assets.asset"))


def upgrade() -> None:
    """Make every table and the one row of the epoch."""
    _tenants_and_assets()
    _references()
    _designs()
    _derivatives()
    _access()


def _key(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), primary_key=True)


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False)


def _tenants_and_assets() -> None:
    op.create_table(
        "tenants",
        _key("name", 32),
        sa.Column("id_key", sa.LargeBinary(32), nullable=False),
        *map(_flag, ("is_public", "is_suspended", "keeps_copyright")),
        sa.Column("browser_max_age_s", sa.Integer, nullable=False),
        sa.Column("exp_bucket_s", sa.Integer, nullable=False),
    )
    op.create_table(
        "assets",
        sa.Column("tenant", sa.String(32), sa.ForeignKey("tenants.name"), primary_key=True),
        _key("asset", 52),
        _text("content", 64),
        _text("source_digest", 64),
        sa.Column("life", sa.Integer, nullable=False),
        _number("size_bytes"),
        *(sa.Column(name, sa.JSON, nullable=False) for name in ("photo", "warnings", "capture")),
        _text("retention", 16),
        _number("generation"),
        _flag("is_erased"),
        _flag("is_quarantined"),
        sa.Column("failures", sa.Integer, nullable=False),
        _number("created_at_s"),
        _text("thumbhash", 64),
        _text("dominant", 6),
        *(sa.Column(name, sa.Integer) for name in ("smart_x", "smart_y", "face_x", "face_y")),
        sa.UniqueConstraint("tenant", "content", "life"),
    )


def _references() -> None:
    keys = (("tenant", 32), ("asset", 52), ("owner", 200))
    op.create_table(
        "owners",
        *(_key(name, length) for name, length in keys),
        _number("created_at_s"),
        sa.ForeignKeyConstraint(*OF_ASSET),
    )
    op.create_index("ix_owners_tenant_owner", "owners", ["tenant", "owner"])
    op.create_table(
        "projects",
        *(_key(name, length) for name, length in (*keys, ("project", 200))),
        sa.ForeignKeyConstraint(*OF_ASSET),
    )
    op.create_index("ix_projects_tenant_project", "projects", ["tenant", "project"])


def _designs() -> None:
    op.create_table(
        "designs",
        _key("tenant", 32),
        _key("design", 52),
        _text("asset", 52),
        sa.Column("look", sa.LargeBinary, nullable=False),
        _text("owner", 200),
        _number("created_at_s"),
        sa.ForeignKeyConstraint(*OF_ASSET),
    )
    op.create_index("ix_designs_tenant_asset", "designs", ["tenant", "asset"])
    op.create_table(
        "design_owners",
        _key("tenant", 32),
        _key("design", 52),
        _key("owner", 200),
        sa.ForeignKeyConstraint(("tenant", "design"), ("designs.tenant", "designs.design")),
    )
    op.create_index("ix_design_owners_tenant_owner", "design_owners", ["tenant", "owner"])


def _derivatives() -> None:
    op.create_table(
        "derivatives",
        _key("key", 52),
        _text("tenant", 32),
        _text("asset", 52),
        _text("ext", 8),
        sa.Column("path", sa.Text, nullable=False),
        _text("digest", 64),
        _number("size_bytes"),
        _text("engine", 40),
        _number("generation"),
        _number("last_used_s"),
        sa.ForeignKeyConstraint(*OF_ASSET),
    )
    op.create_index("ix_derivatives_tenant_asset", "derivatives", ["tenant", "asset"])
    op.create_index("ix_derivatives_tenant_last_used_s", "derivatives", ["tenant", "last_used_s"])
    op.create_index("ix_derivatives_engine", "derivatives", ["engine"])


def _access() -> None:
    op.create_table(
        "tokens",
        _key("name", 100),
        sa.Column("token_sha256", sa.String(64), nullable=False, unique=True),
        _text("tenant", 32),
        sa.Column("scopes", sa.JSON, nullable=False),
        _number("created_at_s"),
        sa.Column("revoked_at_s", sa.BigInteger),
    )
    op.create_table("epoch", sa.Column("id", sa.Integer, primary_key=True), _number("number"))
    op.execute("INSERT INTO epoch (id, number) VALUES (1, 1)")
