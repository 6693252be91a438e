"""Rows to values and back: the one place that knows which column is which field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import RowMapping

from origin.ports import DesignRecord, TokenRecord
from origin.values import Asset, Photo, ProfileStatus, Tenant

# Fields of Asset that are columns of the same name; photo, warnings and the focus points are not.
PLAIN = (
    "tenant",
    "asset",
    "content",
    "source_digest",
    "life",
    "size_bytes",
    "retention",
    "generation",
    "is_erased",
    "is_quarantined",
    "created_at_s",
    "thumbhash",
    "dominant",
    "source_damaged_at_s",
)
FOCUS_COLUMNS = {"smart": ("smart_x", "smart_y"), "face": ("face_x", "face_y")}


def asset_row(asset: Asset, capture: Mapping[str, str]) -> dict[str, Any]:
    """Return the columns of a photo."""
    row: dict[str, Any] = {name: getattr(asset, name) for name in PLAIN}
    row["photo"] = asdict(asset.photo)
    row["warnings"] = list(asset.warnings)
    row["capture"] = dict(capture)
    row["failures"] = 0
    for kind, point in (("smart", asset.focus_smart), ("face", asset.focus_face)):
        row |= zip(FOCUS_COLUMNS[kind], point or (None, None), strict=True)
    return row


def asset_of(row: RowMapping) -> Asset:
    """Return the photo of a row."""
    photo = dict(row["photo"])
    photo["profile_status"] = ProfileStatus(photo["profile_status"])
    return Asset(
        **{name: row[name] for name in PLAIN},
        photo=Photo(**photo),
        warnings=tuple(row["warnings"]),
        focus_smart=focus_of(row, "smart"),
        focus_face=focus_of(row, "face"),
    )


def focus_of(row: RowMapping, kind: str) -> tuple[int, int] | None:
    """Return a stored point of a row."""
    x, y = (row[name] for name in FOCUS_COLUMNS[kind])
    return None if x is None else (x, y)


def tenant_of(row: RowMapping) -> Tenant:
    """Return the shop of a row."""
    return Tenant(**row)


def design_of(row: RowMapping) -> DesignRecord:
    """Return the design of a row."""
    return DesignRecord(**row)


def token_row(record: TokenRecord) -> dict[str, Any]:
    """Return the columns of a token."""
    return {**asdict(record), "scopes": list(record.scopes)}


def token_of(row: RowMapping) -> TokenRecord:
    """Return the token of a row."""
    return TokenRecord(**{**row, "scopes": tuple(row["scopes"])})
