"""Every setting of edgeproof: read once from EDGEPROOF_* variables, passed on as plain values."""

from __future__ import annotations

import os
import re
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from edgeproof.console import CommandFailed, ExitCode
from edgeproof.settings_parts import (
    PhotoSettings,
    PreflightSettings,
    PrintSettings,
    PurgeSettings,
    StoreSettings,
)
from origin.adapters.s3.address import S3Address, S3Limits, read_address
from origin.adapters.sandbox import Sandbox
from origin.ingest.caps import Caps
from origin.printing.preflight.limits import PreflightLimits

PORT_MAX = 65_535
NameList = Annotated[tuple[str, ...], NoDecode]


class Settings(
    StoreSettings, PurgeSettings, PrintSettings, PreflightSettings, PhotoSettings, BaseSettings
):
    """One field per setting; docs/settings.md lists them all (a test compares)."""

    model_config = SettingsConfigDict(env_prefix="EDGEPROOF_", extra="forbid", frozen=True)

    mode: Literal["dev", "production"] = Field(
        "dev", description="dev makes missing keys and says so; production refuses to start without"
    )
    data_dir: Path = Field(Path("data"), description="folder of objects, records and local keys")
    presets_dir: Path | None = Field(
        None, description="folder of {tenant}.json preset files; default data_dir/presets"
    )
    products_dir: Path | None = Field(
        None, description="folder of a shop's own name~version.json products, beside those shipped"
    )
    profiles_dir: Path | None = Field(
        None, description="folder of added colour profiles; default data_dir/profiles"
    )
    public_bind: str = Field("127.0.0.1:8080", description="address of the previews' listener")
    private_bind: str = Field(
        "127.0.0.1:8081", description="address of the API, health and metrics listener"
    )
    hosts: NameList = Field(
        (), description="Host headers that are answered; default the public bind and localhost"
    )
    public_url: str | None = Field(
        None, description="base of the URLs that are handed out; default http:// + first host"
    )
    key_ring: Path | None = Field(
        None,
        description="JSON key ring of preview URLs, mode 0600; default data_dir/keys/ring.json",
    )
    edge_secrets: SecretStr | None = Field(
        None, description='JSON {"kid": "64 hex"} of live edge secrets, at most two'
    )
    edge_transform: bool = Field(
        default=False, description="whether a Worker makes the pictures of the edge lane itself"
    )
    public_tenants: NameList | None = Field(
        None, description="tenants that answer unsigned requests; default: as the records say"
    )
    http_processes: int = Field(1, ge=1, le=64, description="HTTP processes on this host")
    workers: int = Field(
        default_factory=lambda: max(1, os.cpu_count() or 1),
        ge=1,
        le=256,
        description="worker processes that touch pixels, per HTTP process, and as many more from "
        "its first soft proof on; default: the cores",
    )
    worker_memory_mb: int = Field(
        2048, ge=256, le=65536, description="address space of one worker (RLIMIT_AS)"
    )
    sandbox: Sandbox = Field(
        Sandbox.AUTO,
        description="Landlock and seccomp in workers: what there is (auto), all (required), off",
    )
    worker_max_jobs: int = Field(
        500, ge=1, le=1_000_000, description="jobs after which a worker is replaced by a fresh one"
    )
    queue_max: int = Field(
        64, ge=1, le=100_000, description="distinct cold pictures that may wait; past it 503"
    )
    uploads_max: int = Field(
        8, ge=1, le=1_000, description="uploads taken in at once; as many as queue_max may wait"
    )
    upload_wait_s: float = Field(
        30.0, gt=0, le=600, description="time that an upload may wait for its turn; past it 503"
    )
    body_deadline_s: float = Field(
        300.0, ge=1, le=3_600, description="time to send one whole upload or design; past it 400"
    )
    cold_renders_per_minute: int = Field(
        120, ge=1, description="new pictures of one photo, per HTTP process; past it 429"
    )
    render_deadline_s: float = Field(
        10.0, gt=0, le=600, description="time of one render before its worker is killed"
    )
    intake_deadline_s: float = Field(
        20.0, gt=0, le=600, description="time of opening one upload before its worker is killed"
    )
    response_deadline_s: float = Field(
        15.0,
        gt=0,
        le=60,
        description="age at which an unfinished answer is given up; purges rely on it",
    )
    drain_s: float = Field(
        10.0, ge=0, le=600, description="time that a stopping server gives to what it began"
    )
    quarantine_after: int = Field(
        2, ge=1, le=100, description="crashes or time-outs after which a source is not opened again"
    )
    memory_cache_mb: int = Field(
        64, ge=0, le=65536, description="hot derivatives kept in memory, per HTTP process"
    )
    level_memory_mb: int = Field(
        64,
        ge=0,
        le=65536,
        description="decoded masters kept in memory for a minute, per HTTP process; 0: none",
    )
    epoch_poll_s: float = Field(
        0.2, ge=0, le=1, description="oldest news of purges and erasures that a hit may rest on"
    )
    eager_max: int = Field(
        256, ge=0, le=100_000, description="photos that wait for presets made ahead; 0: none are"
    )
    exposes_details: bool = Field(
        default=False, description="let browsers see Server-Timing and the key (for development)"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="what the log holds; info has one line per request"
    )

    @field_validator("hosts", "public_tenants", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip().lower() for part in value.split(",") if part.strip())
        return value

    @field_validator("purge_secret")
    @classmethod
    def _hex(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch("[0-9a-f]{64}", value.get_secret_value()):
            raise ValueError("must be 64 lower-case hex characters")
        return value

    @field_validator("public_bind", "private_bind", "print_bind")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        host, _, port = value.rpartition(":")
        if not host or not port.isdecimal() or not 0 <= int(port) <= PORT_MAX:
            raise ValueError("an address is HOST:PORT, like 127.0.0.1:8080")
        return value

    @field_validator("public_url", "print_url", "s3_endpoint")
    @classmethod
    def _is_a_base(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"https?://[^/?#@\s]+/?", value):
            raise ValueError("a base is like https://img.example.org: no path, no password")
        return value

    @field_validator("store_url")
    @classmethod
    def _is_a_store(cls, value: str | None) -> str | None:
        if value is not None:
            read_address(value)
        return value

    @field_validator("hosts", "public_tenants")
    @classmethod
    def _has_names(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if value is not None and not all(
            re.fullmatch(r"[a-z0-9.:_\[\]-]+", name) for name in value
        ):
            raise ValueError("names are separated by commas")
        return value

    @property
    def caps(self) -> Caps:
        """The limits of the decode guard."""
        return Caps(**{field.name: getattr(self, f"{field.name}_max") for field in fields(Caps)})

    @property
    def preflight_limits(self) -> PreflightLimits:
        """Where the checks before a print draw their lines."""
        names = [field.name for field in fields(PreflightLimits)]
        return PreflightLimits(**{name: getattr(self, f"preflight_{name}") for name in names})

    @property
    def s3_address(self) -> S3Address | None:
        """Where the bucket is; None when objects are kept in data_dir."""
        if self.store_url is None:
            return None
        return read_address(self.store_url, endpoint=self.s3_endpoint, region=self.s3_region)

    @property
    def s3_limits(self) -> S3Limits:
        """The bounds of the S3 client."""
        return S3Limits(
            connect_s=self.s3_connect_timeout_s,
            read_s=self.s3_read_timeout_s,
            attempts=self.s3_attempts,
            operation_s=self.s3_operation_s,
            transfer_s=self.s3_transfer_s,
            connections=self.s3_connections,
            object_bytes=self.s3_object_bytes_max,
        )

    @property
    def purge_config_path(self) -> Path | None:
        """The purge configuration; None: there are no caches to purge."""
        own = self.data_dir / "purge.toml"
        return self.purge_config or (own if own.is_file() else None)

    @property
    def audit_key_path(self) -> Path:
        """Where the audit's private key is read from."""
        return self.audit_key or self.data_dir / "keys" / "audit.pem"

    @property
    def audit_head_path(self) -> Path:
        """Where the last signed end of the audit is kept, outside the records."""
        return self.data_dir / "audit" / "head.json"

    @property
    def ring_path(self) -> Path:
        """Where the key ring is read from."""
        return self.key_ring or self.data_dir / "keys" / "ring.json"

    @property
    def print_ring_path(self) -> Path:
        """Where the key ring of print links is read from."""
        return self.print_ring or self.data_dir / "keys" / "print-ring.json"

    @property
    def print_base_url(self) -> str:
        """The start of every print link."""
        return (self.print_url or f"http://{self.print_bind or self.private_bind}").rstrip("/")

    @property
    def presets_path(self) -> Path:
        """The folder of the tenants' preset files."""
        return self.presets_dir or self.data_dir / "presets"

    @property
    def profiles_path(self) -> Path:
        """The folder of added colour profiles."""
        return self.profiles_dir or self.data_dir / "profiles"

    @property
    def records_url(self) -> str:
        """The SQLAlchemy URL of the records."""
        return self.database_url or f"sqlite:///{self.data_dir.absolute()}/records.sqlite3"

    @property
    def answered_hosts(self) -> frozenset[str]:
        """The Host headers that are answered, lower case, with port where it belongs to them."""
        if self.hosts:
            return frozenset(host.lower() for host in self.hosts)
        port = self.public_bind.rpartition(":")[2]
        return frozenset({self.public_bind.lower(), f"localhost:{port}", f"127.0.0.1:{port}"})

    @property
    def base_url(self) -> str:
        """The start of every URL that is handed out."""
        if self.public_url:
            return self.public_url.rstrip("/")
        return f"http://{self.hosts[0] if self.hosts else self.public_bind}"


def load() -> Settings:
    """Read the settings from the environment; raises CommandFailed that names what is wrong."""
    _refuse_unknown()
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            f"EDGEPROOF_{'_'.join(str(part) for part in problem['loc']).upper()}: {problem['msg']}"
            for problem in error.errors()
        ]
        raise CommandFailed("\n".join(lines), ExitCode.USAGE) from error


def environment() -> dict[str, str]:
    """Return the variables, for what the purge configuration names: the providers' secrets."""
    return dict(os.environ)


def child_environment(settings: Settings) -> dict[str, str]:
    """Return the variables that make another process of this program read the same settings."""
    values = settings.model_dump(mode="json", exclude_none=True)
    for name, value in settings:
        if isinstance(value, SecretStr):
            values[name] = value.get_secret_value()
    return {
        f"EDGEPROOF_{name.upper()}": ",".join(value) if isinstance(value, list) else str(value)
        for name, value in values.items()
    }


#: Variables that belong to the tests and the Makefile, not to the program.
NOT_SETTINGS = {
    "EDGEPROOF_CORPUS",
    "EDGEPROOF_PREFLIGHT_ALL",
    "EDGEPROOF_PRINT_METADATA_ALL",
    "EDGEPROOF_REQUIRE_ALL",
}


def _refuse_unknown() -> None:
    """A mistyped variable must not be a silent default."""
    known = {f"EDGEPROOF_{name.upper()}" for name in Settings.model_fields} | NOT_SETTINGS
    unknown = sorted(
        name for name in os.environ if name.startswith("EDGEPROOF_") and name not in known
    )
    if unknown:
        raise CommandFailed(
            f"unknown setting {', '.join(unknown)}; `edgeproof config show` lists them all",
            ExitCode.USAGE,
        )
