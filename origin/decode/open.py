"""Opens the main image of a source: page 0, first frame, the print and never its thumbnail.

What can come out (bands and format are left as they are; colour is the renderer's work):

    format  bands                        sample     interpretation
    jpeg    1, 3, 4                      8          b-w, srgb, cmyk (Adobe's inversion undone)
    png     1, 2, 3, 4 (last: alpha)     8, 16      b-w, srgb, grey16, rgb16
    webp    3, 4                         8          srgb
    avif    3, 4                         8, 16      srgb, rgb16 (10 and 12 bits shifted up to 16)
    heic    1, 2, 3, 4                   8, 16      b-w, srgb, grey16, rgb16
    gif     1, 2, 3, 4                   8          b-w, srgb
    tiff    1 to 5                       1 to 64    b-w, srgb, grey16, rgb16, cmyk, lab, labs,
                                                    multiband; integer, float or double

An embedded profile is attached as ``icc-profile-data``; for AVIF and HEIC without one, colour
given by numbers (nclx) is turned into a profile.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from origin.decode.attached import attached_profile, with_profile
from origin.decode.heic import open_heic
from origin.decode.libvips import pyvips
from origin.decode.nclx import profile_by_numbers
from origin.errors import PhotoRefused


def open_source(path: Path, fmt: str, *, shrink: int = 1, random: bool = False) -> pyvips.Image:
    """Open the main image lazily, not yet upright, its profile attached.

    fmt: jpeg png webp avif heic tiff gif, as the guard found it. shrink: 1, 2, 4 or 8, JPEG only
    (the scale is exactly 1/shrink although the size is rounded up). random: rows may be asked for
    in any order and more than once; costs the whole image in memory or in a temporary file.
    Damage is an error, never grey rows: pixels are read as they are asked for, so read them inside
    ``damage_refused()``.
    Raises PhotoRefused ("photo.damaged", "photo.decode_bytes").
    """
    assert shrink == 1 or (fmt == "jpeg" and shrink in (2, 4, 8)), (fmt, shrink)
    name: Any = os.fsencode(path)  # a file's name need not be UTF-8
    options: dict[str, Any] = {"access": "sequential", "fail_on": "error"}
    if random:
        options |= {"access": "random", "memory": True}  # never a temporary file of a photo
    with damage_refused():
        match fmt:
            case "jpeg":
                return pyvips.Image.jpegload(name, shrink=shrink, **options)
            case "png":
                return pyvips.Image.pngload(name, **options)
            case "webp":
                return pyvips.Image.webpload(name, page=0, n=1, **options)
            case "gif":
                return pyvips.Image.gifload(name, page=0, n=1, **options)
            case "tiff":
                return pyvips.Image.tiffload(name, page=0, n=1, **options)
            case "avif":
                image = pyvips.Image.heifload(name, thumbnail=False, **options)
            case _:
                assert fmt == "heic", fmt
                image = open_heic(path)
        return _with_numbers(image, path)


def _with_numbers(image: pyvips.Image, path: Path) -> pyvips.Image:
    """Attach the profile that a HEIF file gives by numbers, unless it has one in full."""
    if attached_profile(image) is not None:
        return image
    profile = profile_by_numbers(path)
    return with_profile(image, profile) if profile else image


@contextmanager
def damage_refused() -> Iterator[None]:
    """Turn what libvips says about a source's bytes into a refusal.

    Raises PhotoRefused: "photo.decode_bytes" when memory ran out, else "photo.damaged".
    """
    try:
        yield
    except pyvips.Error as error:
        said = " ".join(str(error).split())[:500]
        code = "photo.decode_bytes" if "out of memory" in said else "photo.damaged"
        raise PhotoRefused(code, log=said) from error
    except MemoryError as error:
        raise PhotoRefused("photo.decode_bytes", log="out of memory") from error
