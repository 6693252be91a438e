"""LittleCMS itself in double precision, without its optimisations: what colour is judged by.

Debian's liblcms2 through ctypes; Pillow offers 8 bit only. Formats and flags: lcms2.h.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tests.conftest import missing

Reals = NDArray[np.float64]

SPACES: Final = {"rgb": (4, 3), "cmyk": (6, 4), "lab": (10, 3)}
"""PT_RGB, PT_CMYK, PT_Lab and how many channels. RGB is 0..1, inks 0..100, Lab as it is."""
INTENTS: Final = {"perceptual": 0, "relative": 1, "saturation": 2, "absolute": 3}
NO_CACHE: Final = 0x0040
NO_OPTIMISATION: Final = 0x0100
BLACK_POINT: Final = 0x2000
SOFT_PROOF: Final = 0x4000


@cache
def library() -> ctypes.CDLL:
    """Return the library, its pointers declared."""
    try:
        found = ctypes.CDLL("liblcms2.so.2")
    except OSError:
        missing("LittleCMS, package liblcms2-2")
        raise
    pointer, number = ctypes.c_void_p, ctypes.c_uint32
    declared = {
        "cmsOpenProfileFromMem": (pointer, [ctypes.c_char_p, number]),
        "cmsCreateLab4Profile": (pointer, [pointer]),
        "cmsCloseProfile": (ctypes.c_int, [pointer]),
        "cmsCreateTransform": (pointer, [pointer, number, pointer, number, number, number]),
        "cmsCreateProofingTransform": (
            pointer,
            [pointer, number, pointer, number, pointer, number, number, number],
        ),
        "cmsDoTransform": (None, [pointer, pointer, pointer, number]),
        "cmsDeleteTransform": (None, [pointer]),
    }
    for name, (returned, taken) in declared.items():
        function = getattr(found, name)
        function.restype, function.argtypes = returned, taken
    return found


def converted(
    values: Reals,
    source: bytes,
    target: bytes | None,
    spaces: tuple[str, str],
    *,
    intent: str = "relative",
    has_bpc: bool = True,
) -> Reals:
    """Return (n, bands) values of one profile's space in another's; target None: Lab, D50."""
    flags = NO_CACHE | NO_OPTIMISATION | (BLACK_POINT if has_bpc else 0)
    with _profile(source) as first, _profile(target) as last:
        transform = library().cmsCreateTransform(
            first, _kind(spaces[0]), last, _kind(spaces[1]), INTENTS[intent], flags
        )
        return _done(transform, values, spaces[1])


def proofed(
    values: Reals, source: bytes, press: bytes, display: bytes, *, shows_paper: bool
) -> Reals:
    """Return (n, 3) RGB values as they look when printed: relative with BPC to the press."""
    flags = NO_CACHE | NO_OPTIMISATION | BLACK_POINT | SOFT_PROOF
    second = INTENTS["absolute" if shows_paper else "relative"]
    with _profile(source) as first, _profile(press) as middle, _profile(display) as last:
        rgb = _kind("rgb")
        transform = library().cmsCreateProofingTransform(
            first, rgb, last, rgb, middle, INTENTS["relative"], second, flags
        )
        return _done(transform, values, "rgb")


def _done(transform: int | None, values: Reals, space: str) -> Reals:
    assert transform, "LittleCMS made no transform"
    given = np.ascontiguousarray(values, dtype=np.float64)
    result = np.empty((len(given), SPACES[space][1]))
    library().cmsDoTransform(transform, given.ctypes.data, result.ctypes.data, len(given))
    library().cmsDeleteTransform(transform)
    return result


def _kind(space: str) -> int:
    """Return TYPE_..._DBL: FLOAT_SH(1), COLORSPACE_SH, CHANNELS_SH, BYTES_SH(0)."""
    code, channels = SPACES[space]
    return 1 << 22 | code << 16 | channels << 3


@contextmanager
def _profile(content: bytes | None) -> Iterator[int]:
    if content is None:
        opened = library().cmsCreateLab4Profile(None)
    else:
        opened = library().cmsOpenProfileFromMem(content, len(content))
    assert opened, "LittleCMS cannot open the profile"
    try:
        yield opened
    finally:
        library().cmsCloseProfile(opened)
