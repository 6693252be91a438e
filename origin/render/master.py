"""Makes a photo's masters: one pass over the source, which is also the proof that it decodes."""

from __future__ import annotations

from pathlib import Path

from origin.decode.libvips import pyvips
from origin.decode.open import damage_refused, open_source
from origin.decode.upright import SIDEWAYS, upright
from origin.render.alpha import carries_alpha, flattened, premultiplied, unpremultiplied
from origin.render.colour import source_to_srgb
from origin.render.depth import plain_depth
from origin.render.encode import encode_master
from origin.render.glance import glance
from origin.render.levels import levels_of
from origin.render.plan import WHITE
from origin.render.recipe import SHRINKS
from origin.render.resample import resized
from origin.values import Masters, Photo


def make_masters(path: Path, photo: Photo) -> Masters:
    """Make every level of a source. Runs in a worker; reads each px of the source once.

    Raises PhotoRefused "photo.damaged" or "photo.decode_bytes": the source does not decode whole.
    """
    sizes = levels_of((photo.width_px, photo.height_px))
    largest, *smaller = sizes
    first = _first_level(path, photo, sizes[largest])
    images = {largest: first} | {
        level: resized(first, sizes[level]).copy_memory() for level in smaller
    }
    is_reduced = sizes[largest] != (photo.width_px, photo.height_px)
    levels = {
        level: encode_master(image, halves_colour=is_reduced and level == largest)
        for level, image in images.items()
    }
    thumbhash, dominant = glance(images[min(sizes)])
    return Masters(levels, thumbhash, dominant)


def _first_level(path: Path, photo: Photo, size_px: tuple[int, int]) -> pyvips.Image:
    """Return the largest level in memory."""
    stored_px = size_px[::-1] if photo.orientation in SIDEWAYS else size_px
    with damage_refused():
        image = plain_depth(open_source(path, photo.format, shrink=_load_shrink(photo, size_px)))
        if carries_alpha(photo):
            small = resized(premultiplied(image, photo), stored_px)
            image = flattened(source_to_srgb(unpremultiplied(small, photo), photo), WHITE)
        else:
            image = source_to_srgb(resized(image, stored_px), photo)
        image = image.copy_memory()
    return upright(image, photo.orientation).copy_memory() if photo.orientation > 1 else image


def _load_shrink(photo: Photo, size_px: tuple[int, int]) -> int:
    """Return the largest exact scale 1/N that leaves at least the master's px."""
    if photo.format != "jpeg":
        return 1
    sides = photo.width_px, photo.height_px
    for n in SHRINKS:
        if all(side % n == 0 and side // n >= px for side, px in zip(sides, size_px, strict=True)):
            return n
    return 1
