"""Makes a photo's masters. Each pass reads all of the source: the proof that it decodes."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from origin.decode.libvips import pyvips
from origin.decode.open import damage_refused, open_source
from origin.decode.upright import SIDEWAYS, upright
from origin.render.alpha import carries_alpha, flattened, premultiplied, unpremultiplied
from origin.render.colour import source_to_srgb
from origin.render.depth import plain_depth
from origin.render.encode import encode_master
from origin.render.glance import glance
from origin.render.levels import LEVELS, levels_of
from origin.render.passes import loaded_shrink, passes_of
from origin.render.plan import WHITE
from origin.render.resample import resized
from origin.values import Masters, Photo


def make_masters(path: Path, photo: Photo) -> Masters:
    """Make the levels of the first pass, and the glance. Runs in a worker.

    Raises PhotoRefused "photo.damaged" or "photo.decode_bytes": the source does not decode whole.
    """
    images = _images(path, photo, passes_of(photo)[0])
    thumbhash, dominant = glance(images[min(images)])
    return Masters(_encoded(images, photo), thumbhash, dominant)


def make_levels(path: Path, photo: Photo, levels: tuple[int, ...]) -> dict[int, bytes]:
    """Make the levels of one pass (origin.render.passes). Runs in a worker; raises as above."""
    return _encoded(_images(path, photo, levels), photo)


def _images(path: Path, photo: Photo, levels: tuple[int, ...]) -> dict[int, pyvips.Image]:
    """Return each level in memory: the first from the source, the others from the one before."""
    sizes = levels_of((photo.width_px, photo.height_px))
    images = {levels[0]: _first_level(path, photo, sizes[levels[0]])}
    for larger, level in pairwise(levels):
        images[level] = resized(images[larger], sizes[level]).copy_memory()
    return images


def _encoded(images: dict[int, pyvips.Image], photo: Photo) -> dict[int, bytes]:
    long_px = max(photo.width_px, photo.height_px)
    return {
        level: encode_master(image, halves_colour=level == LEVELS[0] < long_px)
        for level, image in images.items()
    }


def _first_level(path: Path, photo: Photo, size_px: tuple[int, int]) -> pyvips.Image:
    """Return a level in memory, upright, made from the source."""
    stored_px = size_px[::-1] if photo.orientation in SIDEWAYS else size_px
    with damage_refused():
        image = plain_depth(open_source(path, photo.format, shrink=loaded_shrink(photo, size_px)))
        if carries_alpha(photo):
            small = resized(premultiplied(image, photo), stored_px)
            image = flattened(source_to_srgb(unpremultiplied(small, photo), photo), WHITE)
        else:
            image = source_to_srgb(resized(image, stored_px), photo)
        image = image.copy_memory()
    return upright(image, photo.orientation).copy_memory() if photo.orientation > 1 else image
