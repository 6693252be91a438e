"""Turns an image so that it stands as its EXIF orientation says."""

from __future__ import annotations

from origin.decode.libvips import pyvips

SIDEWAYS = frozenset({5, 6, 7, 8})
"""Orientations whose stored width is the upright height (EXIF 2.32, 4.6.5 tag 0112h)."""

SEQUENTIAL = "vips-sequential"


def upright(image: pyvips.Image, orientation: int) -> pyvips.Image:
    """Return the image upright, without its orientation tag; bands and format are unchanged.

    orientation: EXIF 1..8 of the stored pixels. An image opened for sequential access is copied to
    memory first when the turn needs its rows in another order (3..8).
    """
    assert 1 <= orientation <= 8, orientation
    if orientation > 2 and image.get_typeof(SEQUENTIAL) != 0:
        image = image.copy_memory()
    match orientation:
        case 2:
            image = image.fliphor()
        case 3:
            image = image.rot180()
        case 4:
            image = image.flipver()
        case 5:
            image = image.rot90().fliphor()
        case 6:
            image = image.rot90()
        case 7:
            image = image.rot270().fliphor()
        case 8:
            image = image.rot270()
        case _:
            image = image.copy()
    image.remove("orientation")
    return image
