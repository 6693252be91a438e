"""The tables as the code uses them; origin/adapters/migrations makes them, a test compares."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

tenants = Table(
    "tenants",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("id_key", LargeBinary(32), nullable=False),
    Column("is_public", Boolean, nullable=False),
    Column("is_suspended", Boolean, nullable=False),
    Column("keeps_copyright", Boolean, nullable=False),
    Column("browser_max_age_s", Integer, nullable=False),
    Column("exp_bucket_s", Integer, nullable=False),
    Column("quota_bytes", BigInteger),  # None: the host's default, 0: unlimited
)

assets = Table(
    "assets",
    metadata,
    Column("tenant", String(32), ForeignKey("tenants.name"), primary_key=True),
    Column("asset", String(52), primary_key=True),
    Column("content", String(64), nullable=False),
    Column("source_digest", String(64), nullable=False),
    Column("life", Integer, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("photo", JSON, nullable=False),
    Column("warnings", JSON, nullable=False),
    Column("capture", JSON, nullable=False),
    Column("retention", String(16), nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("is_erased", Boolean, nullable=False),
    Column("is_quarantined", Boolean, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("created_at_s", BigInteger, nullable=False),
    Column("thumbhash", String(64), nullable=False),
    Column("dominant", String(6), nullable=False),
    Column("smart_x", Integer),
    Column("smart_y", Integer),
    Column("face_x", Integer),
    Column("face_y", Integer),
    Column("uploaded_at_s", BigInteger, nullable=False),  # the last time: created_at_s is the first
    Column("used_at_s", BigInteger, nullable=False),  # uploaded, or a preview read or made
    Column("source_damaged_at_s", BigInteger),
    UniqueConstraint("tenant", "content", "life"),
    Index(None, "created_at_s"),
)

_OF_ASSET = (("tenant", "asset"), ("assets.tenant", "assets.asset"))

owners = Table(
    "owners",
    metadata,
    Column("tenant", String(32), primary_key=True),
    Column("asset", String(52), primary_key=True),
    Column("owner", String(200), primary_key=True),
    Column("created_at_s", BigInteger, nullable=False),
    Column("is_direct", Boolean, nullable=False),  # also taken in without a project
    ForeignKeyConstraint(*_OF_ASSET),
    Index(None, "tenant", "owner"),
)

projects = Table(
    "projects",
    metadata,
    Column("tenant", String(32), primary_key=True),
    Column("asset", String(52), primary_key=True),
    Column("owner", String(200), primary_key=True),
    Column("project", String(200), primary_key=True),
    ForeignKeyConstraint(*_OF_ASSET),
    Index(None, "tenant", "project"),
)

designs = Table(
    "designs",
    metadata,
    Column("tenant", String(32), primary_key=True),
    Column("design", String(52), primary_key=True),
    Column("asset", String(52), nullable=False),
    Column("look", LargeBinary, nullable=False),
    Column("owner", String(200), nullable=False),
    Column("created_at_s", BigInteger, nullable=False),
    ForeignKeyConstraint(*_OF_ASSET),
    Index(None, "tenant", "asset"),
)

# Equal looks have one id, whoever posts them: each who did is kept, so that erasing one owner
# does not take the design from another.
design_owners = Table(
    "design_owners",
    metadata,
    Column("tenant", String(32), primary_key=True),
    Column("design", String(52), primary_key=True),
    Column("owner", String(200), primary_key=True),
    ForeignKeyConstraint(("tenant", "design"), ("designs.tenant", "designs.design")),
    Index(None, "tenant", "owner"),
)

derivatives = Table(
    "derivatives",
    metadata,
    Column("key", String(52), primary_key=True),
    Column("tenant", String(32), nullable=False),
    Column("asset", String(52), nullable=False),
    Column("ext", String(8), nullable=False),
    Column("path", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("engine", String(40), nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("last_used_s", BigInteger, nullable=False),
    ForeignKeyConstraint(*_OF_ASSET),
    Index(None, "tenant", "asset"),
    Index(None, "tenant", "last_used_s", "size_bytes"),
    Index(None, "engine"),
)

masters = Table(
    "masters",
    metadata,
    Column("tenant", String(32), primary_key=True),
    Column("asset", String(52), primary_key=True),
    Column("engine", String(40), primary_key=True),
    Column("level", Integer, primary_key=True, autoincrement=False),  # the long edge in px
    Column("size_bytes", BigInteger, nullable=False),
    Column("last_used_s", BigInteger, nullable=False),
    ForeignKeyConstraint(*_OF_ASSET),
    Index(None, "tenant", "last_used_s", "size_bytes"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("token_sha256", String(64), nullable=False, unique=True),
    Column("tenant", String(32), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("created_at_s", BigInteger, nullable=False),
    Column("revoked_at_s", BigInteger),
)

epoch = Table(
    "epoch",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", BigInteger, nullable=False),
)

erasures = Table(
    "erasures",
    metadata,
    Column("erasure", String(40), primary_key=True),
    Column("tenant", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("by", String(200), nullable=False),
    Column("reason", Text, nullable=False),
    Column("began_at_s", BigInteger, nullable=False),
    Column("receipt", Text),
    Index(None, "tenant", "kind", "subject"),
)

erased_photos = Table(
    "erased_photos",
    metadata,
    Column("erasure", String(40), ForeignKey("erasures.erasure"), primary_key=True),
    Column("asset", String(52), primary_key=True),
    Column("outcome", String(16), nullable=False),
    Column("why", String(16), nullable=False),
    Column("at_s", BigInteger, nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("counts", JSON, nullable=False),
    Column("designs", JSON, nullable=False),
    Column("paths", JSON, nullable=False),
    Column("removed", JSON(none_as_null=True)),
    Column("purge", String(64), nullable=False),
)

holds = Table(
    "holds",
    metadata,
    Column("hold", String(40), primary_key=True),
    Column("tenant", String(32), nullable=False),
    Column("asset", String(52), nullable=False),
    Column("by", String(200), nullable=False),
    Column("reason", Text, nullable=False),
    Column("since_s", BigInteger, nullable=False),
    Column("until_s", BigInteger),
    Column("lifted_at_s", BigInteger),
    Column("lifted_by", String(200), nullable=False),
    Column("lifted_reason", Text, nullable=False),
    ForeignKeyConstraint(*_OF_ASSET),
    Index(None, "tenant", "asset"),
)

prints = Table(
    "prints",
    metadata,
    Column("tenant", String(32), ForeignKey("tenants.name"), primary_key=True),
    Column("print_id", String(52), primary_key=True),
    Column("design", String(52)),
    Column("product", String(32), nullable=False),
    Column("engine", String(40), nullable=False),
    Column("lane", String(16), nullable=False),
    Column("recipe", LargeBinary, nullable=False),  # may hold a caption; empty when erased
    Column("created_at_s", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("step", String(16), nullable=False),
    Column("code", String(64), nullable=False),
    Column("words", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("updated_at_s", BigInteger, nullable=False),
    Column("not_before_s", BigInteger, nullable=False),  # of a running one: its lease's end
    Column("lease", String(40), nullable=False),
    Column("file", JSON(none_as_null=True)),
    Column("sha256", String(64)),
    Index(None, "state", "not_before_s"),
    Index(None, "tenant", "sha256"),
)

# Every photo that a print shows: an erase follows it.
print_assets = Table(
    "print_assets",
    metadata,
    Column("tenant", String(32), primary_key=True),
    Column("print_id", String(52), primary_key=True),
    Column("asset", String(52), primary_key=True),
    ForeignKeyConstraint(("tenant", "print_id"), ("prints.tenant", "prints.print_id")),
    ForeignKeyConstraint(*_OF_ASSET),
    Index(None, "tenant", "asset"),
)

print_owners = Table(
    "print_owners",
    metadata,
    Column("tenant", String(32), primary_key=True),
    Column("print_id", String(52), primary_key=True),
    Column("owner", String(200), primary_key=True),
    ForeignKeyConstraint(("tenant", "print_id"), ("prints.tenant", "prints.print_id")),
    Index(None, "tenant", "owner"),
)

# What an Idempotency-Key ordered: digests, because a key may be an order's number.
print_requests = Table(
    "print_requests",
    metadata,
    Column("tenant", String(32), primary_key=True),
    Column("key_sha256", String(64), primary_key=True),
    Column("body_sha256", String(64), nullable=False),
    Column("print_id", String(52), nullable=False),
    ForeignKeyConstraint(("tenant", "print_id"), ("prints.tenant", "prints.print_id")),
    Index(None, "tenant", "print_id"),
)
