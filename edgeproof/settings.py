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
from origin.adapters.s3.address import S3Address, S3Limits, read_address
from origin.adapters.sandbox import Sandbox
from origin.ingest.caps import Caps
from origin.printing.preflight.limits import PreflightLimits

CAPS = Caps()
LIMITS = PreflightLimits()
PORT_MAX = 65_535
NameList = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    """One field per setting; docs/settings.md lists them all (a test compares)."""

    model_config = SettingsConfigDict(env_prefix="EDGEPROOF_", extra="forbid", frozen=True)

    mode: Literal["dev", "production"] = Field(
        "dev", description="dev makes missing keys and says so; production refuses to start without"
    )
    data_dir: Path = Field(Path("data"), description="folder of objects, records and local keys")
    database_url: str | None = Field(None, description="records; default is SQLite inside data_dir")
    store_url: str | None = Field(
        None, description="s3://bucket/prefix of sources, masters, previews; default: data_dir"
    )
    s3_endpoint: str | None = Field(
        None, description="https://host of an S3 that is not AWS; keys come from AWS's own chain"
    )
    s3_region: str | None = Field(None, description="region of the bucket; default: AWS's chain")
    s3_connections: int = Field(
        32, ge=1, le=1_000, description="connections to S3, per HTTP process"
    )
    s3_connect_timeout_s: float = Field(
        2.0, gt=0, le=60, description="time of one attempt to connect to S3"
    )
    s3_read_timeout_s: float = Field(
        5.0, gt=0, le=60, description="silence of S3 in the middle of an answer"
    )
    s3_attempts: int = Field(
        3, ge=1, le=10, description="tries of one request to S3, the first included"
    )
    s3_operation_s: float = Field(
        8.0, gt=0, le=60, description="time of one object in S3, tries included, before 503"
    )
    s3_transfer_s: float = Field(
        60.0, gt=0, le=600, description="time of one source to or from S3, tries included"
    )
    s3_object_bytes_max: int = Field(
        100_000_000, ge=1_000_000, description="largest master or preview that S3 may hold"
    )
    source_copies_mb: int = Field(
        512, ge=0, le=1_000_000, description="idle copies of sources from S3 in data_dir"
    )
    sweep_every_s: float = Field(
        21_600.0, ge=60, description="time between two looks for objects that no record knows"
    )
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
    purge_secret: SecretStr | None = Field(
        None, description="64 hex: what the purge manager says to a Varnish edge or shield"
    )
    purge_config: Path | None = Field(
        None,
        description="TOML file of purge providers and edges; default: data_dir/purge.toml, if there",
    )
    purge_worker: bool = Field(
        default=True, description="send purges from `serve`; off where `purge work` runs by itself"
    )
    purge_coalesce_s: float = Field(
        0.3,
        ge=0,
        le=10,
        description="purges that arrive within it share calls; takedowns do not wait",
    )
    purge_give_up_s: float = Field(
        7_200.0,
        ge=60,
        le=604_800,
        description="a target that has failed for so long becomes a dead letter",
    )
    purge_inner_wait_s: float = Field(
        30.0, ge=0, le=3_600, description="how long an outer cache waits for a failing inner one"
    )
    purge_keep_days: float = Field(
        30.0,
        ge=1,
        le=3_650,
        description="how long a settled purge can be looked at; the audit keeps it for ever",
    )
    audit_key: Path | None = Field(
        None,
        description="Ed25519 PEM, mode 0600, that signs the audit; default data_dir/keys/audit.pem",
    )
    public_tenants: NameList | None = Field(
        None, description="tenants that answer unsigned requests; default: as the records say"
    )

    http_processes: int = Field(1, ge=1, le=64, description="HTTP processes on this host")
    workers: int = Field(
        default_factory=lambda: max(1, os.cpu_count() or 1),
        ge=1,
        le=256,
        description="worker processes that touch pixels, per HTTP process; default: the cores",
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
    epoch_poll_s: float = Field(
        0.2, ge=0, le=1, description="oldest news of purges and erasures that a hit may rest on"
    )
    transient_days: float = Field(
        7.0, gt=0, le=36_500, description="class transient: days after the last upload"
    )
    project_idle_days: float = Field(
        90.0, gt=0, le=36_500, description="class project: days without upload or use"
    )
    order_idle_days: float = Field(
        730.0,
        gt=0,
        le=36_500,
        description="class order: days without upload or use; two years of legal guarantee",
    )
    records_grace_s: float = Field(
        60.0, ge=0, le=86400, description="how long hits are still answered while records are away"
    )
    busy_timeout_s: float = Field(
        2.0, ge=0, le=60, description="wait for a locked SQLite database before 503"
    )
    database_timeout_s: float = Field(
        5.0, gt=0, le=60, description="one statement, connect or wait in PostgreSQL before 503"
    )
    database_connections: int = Field(
        8,
        ge=1,
        le=1_000,
        description="connections to PostgreSQL for questions, and as many for changes, per process",
    )
    quota_mb: int = Field(
        0,
        ge=0,
        description="masters and previews of a shop, 10^6 bytes; 0: unlimited; its own quota wins",
    )
    quota_grace_s: float = Field(
        3_600.0, ge=120, description="what was used in this time is not evicted, quota or not"
    )
    quota_every_s: float = Field(
        60.0, ge=1, description="time between two looks at what the shops have stored"
    )
    eager_max: int = Field(
        256, ge=0, le=100_000, description="photos that wait for presets made ahead; 0: none are"
    )
    print_ring: Path | None = Field(
        None,
        description="JSON key ring of print links, 0600; default data_dir/keys/print-ring.json",
    )
    print_bind: str | None = Field(
        None, description="own address for print links; default: the private listener has them"
    )
    print_url: str | None = Field(
        None, description="base of print links; default http:// + print_bind or private_bind"
    )
    print_link_life_s: int = Field(
        900, ge=10, le=86_400, description="how long a print link opens its file"
    )
    print_worker: bool = Field(
        default=True, description="make prints in `serve`; off where another host makes them"
    )
    print_fast_workers: int = Field(
        1, ge=1, le=64, description="small prints made at once, per HTTP process"
    )
    print_careful_workers: int = Field(
        1, ge=1, le=64, description="large or CMYK prints made at once, per HTTP process"
    )
    print_fast_mp: float = Field(
        12.0, gt=0, le=1_000, description="largest page of the fast lane, 10^6 px; sRGB only"
    )
    print_memory_mb: int = Field(
        4096, ge=512, le=65536, description="address space of one print worker (RLIMIT_AS)"
    )
    print_deadline_s: float = Field(
        120.0, gt=0, le=3_600, description="time of one print before its worker is killed"
    )
    print_lease_s: int = Field(
        30, ge=2, le=600, description="after so long without a sign of its maker a print waits anew"
    )
    print_turns: int = Field(5, ge=1, le=100, description="tries of one print before it is paused")
    print_poll_s: float = Field(
        2.0, ge=0.1, le=60, description="time between two looks for prints of another process"
    )
    exposes_details: bool = Field(
        default=False, description="let browsers see Server-Timing and the key (for development)"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="what the log holds; info has one line per request"
    )

    preflight_dpi_share_percent: float = Field(
        LIMITS.dpi_share_percent, ge=1, le=100, description="of a product's dpi: below it a warning"
    )
    preflight_cropped_percent: float = Field(
        LIMITS.cropped_percent, ge=0, le=100, description="of a photo cut away: above it a note"
    )
    preflight_sharpness: float = Field(
        LIMITS.sharpness, ge=0, le=20, description="sharpness at print scale: below it a warning"
    )
    preflight_overshoot: float = Field(
        LIMITS.overshoot, ge=0, le=1_000, description="halos along edges: above it a note"
    )
    preflight_clipped_percent: float = Field(
        LIMITS.clipped_percent, ge=0, le=100, description="plain white or black: above it a note"
    )
    preflight_highlight_level: float = Field(
        LIMITS.highlight_level, ge=0, le=255, description="level of the lights: below it a warning"
    )
    preflight_banding: float = Field(
        LIMITS.banding, ge=0, le=2, description="roughness of the histogram: above it a note"
    )
    preflight_gamut_percent: float = Field(
        LIMITS.gamut_percent, ge=0, le=100, description="colours out of gamut: above it a note"
    )
    preflight_transparent_percent: float = Field(
        LIMITS.transparent_percent, ge=0, le=100, description="transparent: above it a note"
    )

    upload_bytes_max: int = Field(CAPS.upload_bytes, ge=1, description="size of one upload")
    pixels_max: int = Field(CAPS.pixels, ge=1, description="width x height of one photo")
    side_px_max: int = Field(
        CAPS.side_px, ge=1, le=CAPS.side_px, description="longest side of one photo"
    )
    pages_max: int = Field(CAPS.pages, ge=1, description="pages or frames in one file")
    bands_max: int = Field(CAPS.bands, ge=1, description="channels of one photo, alpha included")
    decode_bytes_max: int = Field(
        CAPS.decode_bytes, ge=1, description="memory that opening one photo may need, as estimated"
    )
    profile_bytes_max: int = Field(CAPS.profile_bytes, ge=1, description="one ICC profile")
    metadata_bytes_max: int = Field(
        CAPS.metadata_bytes, ge=1, description="metadata of one photo, inflated"
    )
    chunks_max: int = Field(CAPS.chunks, ge=1, description="chunks, segments or boxes of one file")
    scans_max: int = Field(CAPS.scans, ge=1, description="scans of one progressive JPEG")
    design_bytes_max: int = Field(
        65_536, ge=1_024, description="body of one posted design, before it is normalised"
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
