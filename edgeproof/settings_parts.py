"""The settings by part: one class each, joined in settings.py."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from origin.ingest.caps import Caps
from origin.printing.preflight.limits import PreflightLimits

CAPS = Caps()
LIMITS = PreflightLimits()


class StoreSettings(BaseSettings):
    """Where objects and records are, how long things are kept, and what may be stored."""

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


class PurgeSettings(BaseSettings):
    """The purge manager and its audit."""

    purge_secret: SecretStr | None = Field(
        None, description="64 hex: what the purge manager says to a Varnish edge or shield"
    )
    purge_config: Path | None = Field(
        None,
        description="purge providers and edges (TOML); default: data_dir/purge.toml, if there",
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


class PrintSettings(BaseSettings):
    """The print lane: its listener, its links, its workers."""

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


class PreflightSettings(BaseSettings):
    """Where a check of a photo begins to say something."""

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


class PhotoSettings(BaseSettings):
    """What one upload may be."""

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
