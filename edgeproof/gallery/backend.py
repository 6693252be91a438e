"""What the gallery page needs from the running service, written for the page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PhotoCard:
    """One photo as the page lists it. Sides are upright px; warnings are sentences for a person."""

    tenant: str
    asset: str
    name: str  # the file's name, or any short label
    width_px: int
    height_px: int
    size_bytes: int
    format: str  # jpeg png webp avif heic tiff gif
    profile: str | None  # the profile's own name, None when the file has none
    warnings: tuple[str, ...]
    dominant: str  # rrggbb, painted until the picture is there


@dataclass(frozen=True, slots=True)
class PresetCard:
    """One preset of the shop: ``op`` is how a URL asks for it (``t_card~3``)."""

    tenant: str
    op: str
    words: str  # what it is for, or its ops


class GalleryBackend(Protocol):
    """The running service, as seen by its own gallery. Failures are OriginError or Refusal."""

    @property
    def preview_origin(self) -> str:
        """Scheme, host and port of the public listener, without a slash at the end."""

    async def photos(self) -> Sequence[PhotoCard]:
        """Return the photos of the demo shop in the order they came; an empty list when none."""

    async def presets(self) -> Sequence[PresetCard]:
        """Return the presets that a URL of the demo shop may name."""

    def sign(self, path: str) -> str:
        """Return the absolute signed URL of one preview path (``/v1/…``, no query)."""

    def sign_asset(self, tenant: str, asset: str) -> str:
        """Return the query (``exp=…&scope=asset&sig=…``) that opens every op of one asset."""

    async def post_design(self, tenant: str, body: bytes) -> Mapping[str, object]:
        """Store a design document; return its id as ``design``, and ready URLs."""

    async def upload(self, chunks: AsyncIterator[bytes], name: str) -> PhotoCard:
        """Take a photo in as the private API does; the same bytes give the same card."""
