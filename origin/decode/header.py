"""Opens a source's header only: what the decoder will give, before it gives a pixel."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from origin.decode.attached import attached_profile
from origin.decode.heic import bands_of, heic_damage_refused, main_image, profile_of_main
from origin.decode.libvips import pyvips
from origin.decode.nclx import profile_by_numbers
from origin.decode.open import damage_refused, open_source

SPACES: Final = {
    "srgb": "srgb",
    "rgb": "srgb",
    "rgb16": "srgb",
    "scrgb": "scrgb",
    "b-w": "gray",
    "grey16": "gray",
    "cmyk": "cmyk",
    "lab": "lab",
    "labs": "lab",
    "labq": "lab",
}
"""Our words for libvips' interpretations; what is not here is no photo."""
BITS: Final = {
    "uchar": 8,
    "char": 8,
    "ushort": 16,
    "short": 16,
    "uint": 32,
    "int": 32,
    "float": 32,
    "double": 64,
}
UNTURNED: Final = frozenset({"avif", "heic"})
"""Their decoder applies irot and imir itself; an EXIF orientation beside them repeats that."""


@dataclass(frozen=True, slots=True)
class Header:
    """What comes out of open_source(): sides in px as stored, samples, profile."""

    width_px: int
    height_px: int
    bands: int
    bits: int
    space: str | None  # None: no colour space that we know
    has_alpha: bool
    orientation: int  # EXIF 1..8
    pages: int
    profile: bytes | None = field(repr=False)


def read_header(path: Path, fmt: str) -> Header:
    """Read the header of a source whose layout was walked and found within the caps.

    Raises PhotoRefused ("photo.damaged").
    """
    if fmt == "heic":
        return _read_heic_header(path)
    image = open_source(path, fmt)
    with damage_refused():
        orientation = _number(image, "orientation", 1)
        if fmt in UNTURNED or not 1 <= orientation <= 8:
            orientation = 1
        return Header(
            width_px=image.width,
            height_px=image.height,
            bands=image.bands,
            bits=_number(image, "bits-per-sample", BITS.get(str(image.format), 0)),
            space=_space(image),
            has_alpha=bool(image.hasalpha()),
            orientation=orientation,
            pages=_number(image, "n-pages", 1),
            profile=attached_profile(image),
        )


def _read_heic_header(path: Path) -> Header:
    with heic_damage_refused():
        main = main_image(path)
    bands = bands_of(main)
    bits: Any = main.info["bit_depth"]
    return Header(
        width_px=main.size[0],
        height_px=main.size[1],
        bands=bands,
        bits=bits,
        space="srgb" if bands > 2 else "gray",
        has_alpha=bool(main.has_alpha),
        orientation=1,
        pages=1,
        profile=profile_of_main(main) or profile_by_numbers(path),
    )


def _number(image: pyvips.Image, name: str, missing: int) -> int:
    value: Any = image.get(name) if image.get_typeof(name) else missing
    return int(value)


def _space(image: pyvips.Image) -> str | None:
    return SPACES.get(str(image.interpretation)) if image.format in BITS else None
