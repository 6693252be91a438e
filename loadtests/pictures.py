"""Is a body the picture of its key? Decoded, measured, and compared with the shop's own files."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, UnidentifiedImageError

from cache_keys.asking import ask
from cache_keys.policy import TOP
from cache_keys.request import read_target
from cache_keys.transform import Transform
from loadtests.photos import expected_look, look_of
from loadtests.sessions.product import CARD, CARD_BOX
from loadtests.shop import Photo, Shop
from loadtests.trace import body_path
from origin.render.geometry import Pose, cover_size, crop_region, inside_size

FORMATS: Final = {"AVIF": "avif", "WEBP": "webp", "JPEG": "jpg", "PNG": "png"}
#: Mean difference, of 255, between a preview and its part of the source, both at 16 x 16 px: codecs
#: and resampling give up to about 3, another photo at least 15 (tests/unit/loadtests).
DIFFERENCE_MAX: Final = 8.0

Box = tuple[float, float, float, float]


def wrong_pictures(folder: Path, keys: Iterable[str], shop: Shop) -> list[str]:
    """Return a sentence for each key whose first body is not its picture."""
    photos = {photo.asset: photo for photo in shop.photos}
    found = []
    for key in keys:
        reason = why_wrong(body_path(folder, key).read_bytes(), key, photos)
        if reason:
            found.append(f"{key}: {reason}")
    return found


def why_wrong(body: bytes, key: str, photos: dict[str, Photo]) -> str | None:
    """Return what is wrong with a body, or None."""
    asked = ask(read_target(key.encode()), [])
    photo = photos[asked.asset]
    if asked.transform is None:
        facts = json.loads(body)
        is_own = (facts["width"], facts["height"]) == (photo.width_px, photo.height_px)
        return None if is_own else "the facts of another photo"
    size, box, turn = expected(asked.transform, photo)
    try:
        with Image.open(io.BytesIO(body)) as opened:
            opened.load()
            ext, made = FORMATS.get(opened.format or ""), opened.convert("RGB")
    except (UnidentifiedImageError, OSError) as error:
        return f"no picture: {error}"
    if ext != asked.transform.ext:
        return f"{ext} instead of {asked.transform.ext}"
    if made.size != size:
        return f"{made.size} instead of {size}"
    return _another_photo(made, photo, list(photos.values()), (box, turn))


def _another_photo(
    made: Image.Image, photo: Photo, photos: Sequence[Photo], part: tuple[Box, int]
) -> str | None:
    look = look_of(made)
    difference = float(np.abs(look - expected_look(photo.file, *part)).mean())
    if difference <= DIFFERENCE_MAX:
        return None
    nearest = min(photos, key=lambda other: np.abs(look - expected_look(other.file, *part)).mean())
    return (
        f"differs by {difference:.1f} levels from {photo.asset[:8]}…, nearest {nearest.asset[:8]}…"
    )


def expected(transform: Transform, photo: Photo) -> tuple[tuple[int, int], Box, int]:
    """Return size, part of the source (px) and quarter turn of a picture that sessions ask for."""
    size_asked = (transform.w or TOP, transform.h or TOP)
    is_cover = transform.fit == "cover"
    if transform.preset == CARD:
        size_asked, is_cover = CARD_BOX, True
    region = crop_region((photo.width_px, photo.height_px), transform.crop)
    turn = transform.turn or 0
    frame = Pose(turn).sides(region)
    size = (cover_size if is_cover else inside_size)(frame, size_asked)
    width, height = region.width, region.height
    if is_cover:  # about the centre; no session mixes it with a turn
        scale = min(width / size[0], height / size[1])
        width, height = size[0] * scale, size[1] * scale
    left, top = region.centre[0] - width / 2, region.centre[1] - height / 2
    return size, (float(left), float(top), float(left + width), float(top + height)), turn
