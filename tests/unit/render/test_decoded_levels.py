"""A picture made from a level's px is, byte for byte, the picture made from the level's JPEG."""

from __future__ import annotations

import os

import pytest

from cache_keys.presets import Look
from origin.adapters.decoded import MemoryPixels
from origin.errors import RenderFailed
from origin.render.levels import level_size
from origin.render.opening import decode_level
from origin.render.pipeline import render_file
from origin.render.plan import Plan
from tests.images.photos import photo_jpeg
from tests.images.rendering import Kept

LOOKS = {
    "whole": Look(w=320, ext="jpg"),
    "whole, turned": Look(w=600, ext="webp", turn=90, flip="h"),
    "cover": Look(w=500, h=500, fit="cover", ext="jpg"),
    "crop": Look(w=640, crop=(10_000, 5_000, 70_000, 80_000), ext="jpg"),
    "large": Look(w=1200, ext="jpg"),
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    path = tmp_path_factory.mktemp("photo") / "photo.jpg"
    path.write_bytes(photo_jpeg(2901, 1867, 11))
    return Kept(path)


def level_of(kept: Kept, how: Plan) -> tuple[bytes, MemoryPixels]:
    assert how.level is not None
    sides = level_size((kept.photo.width_px, kept.photo.height_px), how.level)
    return kept.masters.levels[how.level], MemoryPixels(sides)


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_the_bytes_are_the_same_however_the_level_is_read(kept: Kept, look: Look) -> None:
    how = kept.plan(look)
    assert how.shrink == 1
    level, pixels = level_of(kept, how)
    decode_level(level, pixels)
    assert render_file(how, pixels, None).content == render_file(how, level, None).content


def test_a_damaged_level_is_told(kept: Kept) -> None:
    level, pixels = level_of(kept, kept.plan(LOOKS["whole"]))
    with pytest.raises(RenderFailed):
        decode_level(level[: len(level) // 2], pixels)


def test_a_level_fills_its_room_exactly(kept: Kept) -> None:
    level, pixels = level_of(kept, kept.plan(LOOKS["whole"]))
    decode_level(level, pixels)
    assert os.fstat(pixels.file).st_size == pixels.size_bytes
    assert any(os.pread(pixels.file, 1_000, pixels.size_bytes - 1_000))
