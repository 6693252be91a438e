"""The values that cross the origin's borders: a photo, its record, what was rendered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class ProfileStatus(StrEnum):
    """How the colour space of a source was decided; recorded, never guessed silently."""

    EMBEDDED = "embedded"
    ASSUMED = "assumed"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Photo:
    """What a render must know about a source. Sides are upright (after EXIF orientation), in px."""

    format: str  # jpeg png webp avif heic tiff gif
    width_px: int
    height_px: int
    orientation: int  # EXIF 1..8, of the stored pixels
    pages: int
    bands: int
    bits: int  # per sample: 1, 2, 4, 8, 10, 12, 16, 32
    space: str  # "srgb" "gray" "cmyk" "lab" ...: the pixels' colour space before any profile
    has_alpha: bool
    profile_status: ProfileStatus
    profile_name: str | None
    is_progressive: bool = False


#: What a tombstone says of the photo: nothing.
NO_PHOTO = Photo(
    format="",
    width_px=0,
    height_px=0,
    orientation=1,
    pages=0,
    bands=0,
    bits=0,
    space="",
    has_alpha=False,
    profile_status=ProfileStatus.ASSUMED,
    profile_name=None,
)


@dataclass(frozen=True, slots=True)
class Asset:
    """A source and its record. ``content`` and ``source_digest`` are 64 hex characters."""

    tenant: str
    asset: str
    content: str  # keyed digest, GRAMMAR of ids
    source_digest: str  # plain BLAKE3-256 of the bytes: integrity, recipes
    life: int
    size_bytes: int
    photo: Photo
    warnings: tuple[str, ...]
    retention: str  # transient | project | order | hold
    generation: int
    is_erased: bool
    is_quarantined: bool
    created_at_s: int
    thumbhash: str  # base64
    dominant: str  # rrggbb
    focus_smart: tuple[int, int] | None = None  # 1/100000 of the upright source
    focus_face: tuple[int, int] | None = None
    source_damaged_at_s: int | None = None  # found by a scrub; the same bytes again mend it


@dataclass(frozen=True, slots=True)
class Tenant:
    """A shop. ``id_key`` is 32 secret bytes that never change and never reach an edge."""

    name: str
    id_key: bytes = field(repr=False)
    is_public: bool
    is_suspended: bool
    keeps_copyright: bool = False
    browser_max_age_s: int = 604_800
    exp_bucket_s: int = 86_400
    quota_bytes: int | None = None  # masters and derivatives; None: the default, 0: unlimited


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a worker made: encoded bytes, their size in px, milliseconds per step."""

    content: bytes = field(repr=False)
    width_px: int
    height_px: int
    steps_ms: Mapping[str, float]


class Pixels:
    """A decoded level in a memory file: uint8 sRGB, (height, width, 3), row after row.

    file: its descriptor in this process.
    """

    def __init__(self, file: int, sides_px: tuple[int, int]) -> None:
        """sides_px: width and height."""
        self.file = file
        self.sides_px = sides_px

    @property
    def size_bytes(self) -> int:
        """Return how many bytes the samples are."""
        return 3 * self.sides_px[0] * self.sides_px[1]


@dataclass(frozen=True, slots=True)
class Masters:
    """Baseline JPEGs, upright sRGB on white, by long edge (2560; 1920, 960 and 640 where smaller).

    thumbhash: base64. dominant: rrggbb.
    """

    levels: dict[int, bytes] = field(repr=False)
    thumbhash: str
    dominant: str


@dataclass(frozen=True, slots=True)
class Derivative:
    """Rendered preview bytes as they are stored and served. Digests are hex."""

    content: bytes = field(repr=False)
    digest: str  # BLAKE3-256, the ETag
    sha256: str  # Repr-Digest
    generation: int
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class DerivativeName:
    """Where a derivative lives: ``{tenant}/derivatives/{asset}/{key}.{ext}``."""

    tenant: str
    asset: str
    key: str
    ext: str
    path: str  # the canonical path, for the record
    engine: str

    @property
    def object_name(self) -> str:
        """Return the name of the object that holds it."""
        return f"{self.tenant}/derivatives/{self.asset}/{self.key}.{self.ext}"


@dataclass(frozen=True, slots=True, order=True)
class MasterName:
    """Where one level of a master lives; ``level`` is its long edge in px, at most."""

    tenant: str
    asset: str
    engine: str
    level: int

    @property
    def name(self) -> str:
        """Return the name of the object that holds it."""
        return f"{self.tenant}/masters/{self.asset}/{self.engine}/{self.level}"

    @property
    def photo(self) -> tuple[str, str]:
        """Return tenant and asset."""
        return self.tenant, self.asset

    @classmethod
    def read(cls, name: str) -> MasterName:
        """Return what the name of an object says; ValueError when it is no master's."""
        tenant, room, asset, engine, level = name.split("/")
        if room != "masters":
            raise ValueError(name)
        return cls(tenant, asset, engine, int(level))
