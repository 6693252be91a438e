"""Opens HEIC (HEVC in HEIF) through libheif, since the libvips wheel has no HEVC decoder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pillow_heif

from origin.decode.attached import with_profile
from origin.decode.libvips import pyvips
from origin.decode.view import damaged
from origin.errors import PhotoRefused

pillow_heif.options.DECODE_THREADS = 1
pillow_heif.options.THUMBNAILS = False
pillow_heif.options.DEPTH_IMAGES = False
pillow_heif.options.AUX_IMAGES = False


def open_heic(path: Path) -> pyvips.Image:
    """Decode the main image whole, turned by its own irot and imir boxes: it is upright.

    8 bits stay uchar; 10 and 12 bits are shifted up to ushort. Raises PhotoRefused
    ("photo.damaged", "photo.decode_bytes").
    """
    with heic_damage_refused():
        main = main_image(path)
        declared = main.size
        main.load()
        if main.size != declared:
            damaged(f"declared {declared}, decoded {main.size}")
        pixels = main.data
    bands, is_wide = bands_of(main), ";16" in main.mode
    image = pyvips.Image.new_from_memory(
        pixels, main.size[0], main.size[1], bands, "ushort" if is_wide else "uchar"
    )
    spaces = ("grey16", "rgb16") if is_wide else ("b-w", "srgb")
    image = image.copy(interpretation=spaces[bands > 2])
    if main.premultiplied_alpha:
        image = image.unpremultiply().cast(image.format)
    profile = profile_of_main(main)
    return with_profile(image, profile) if profile else image


def main_image(path: Path) -> pillow_heif.HeifImage:
    """Read the boxes and return the main image, not decoded yet."""
    container = pillow_heif.open_heif(path, convert_hdr_to_8bit=False)
    if not len(container):
        damaged("no image in a coding that libheif reads")
    return container[container.primary_index]


def bands_of(main: pillow_heif.HeifImage) -> int:
    """Return the channels of L, LA, RGB or RGBA, 1 to 4."""
    return len(main.mode.split(";")[0]) if main.mode[0] in "RL" else 1


def profile_of_main(main: pillow_heif.HeifImage) -> bytes | None:
    """Return its ICC profile, None when it has none in full."""
    content: Any = main.info.get("icc_profile")
    return content or None


@contextmanager
def heic_damage_refused() -> Iterator[None]:
    """Turn what libheif says about the bytes into a refusal."""
    try:
        yield
    except MemoryError as error:
        raise PhotoRefused("photo.decode_bytes", log="out of memory") from error
    except (ValueError, SyntaxError, EOFError, RuntimeError, OSError) as error:
        raise PhotoRefused("photo.damaged", log=str(error)[:500]) from error
