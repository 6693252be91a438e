"""Photos stored in all eight orientations are seen upright."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cache_keys.presets import Look
from origin.decode.libvips import pyvips
from tests.images.letters import draw, read, rows
from tests.images.rendering import Kept

UPRIGHT = "AB CD EF"  # what everyone must see: 32 x 48 px
STORED = {  # EXIF 2.32, 4.6.5: where the 0th row and the 0th column of the stored px are seen
    1: "AB CD EF",
    2: "BA DC FE",
    3: "FE DC BA",
    4: "EF CD AB",
    5: "ACE BDF",
    6: "BDF ACE",
    7: "FDB ECA",
    8: "ECA FDB",
}


def store(path: Path, fmt: str, orientation: int, cell_px: int = 16) -> Path:
    """Write the stored px with their orientation tag."""
    image = pyvips.Image.new_from_array(
        draw(STORED[orientation], cell_px), interpretation="srgb"
    ).copy()
    image.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    options = {
        "jpeg": ".jpg[Q=98,subsample_mode=off]",
        "png": ".png",
        "webp": ".webp[lossless]",
        "tiff": ".tif",
    }
    path.write_bytes(image.write_to_buffer(options[fmt]))
    return path


@pytest.mark.parametrize("fmt", ["jpeg", "png", "webp", "tiff"])
@pytest.mark.parametrize("orientation", STORED)
def test_every_orientation_is_seen_upright(tmp_path: Path, orientation: int, fmt: str) -> None:
    kept = Kept(store(tmp_path / "photo", fmt, orientation))
    assert (kept.photo.width_px, kept.photo.height_px) == (32, 48)
    assert read(kept.pixels(Look(ext="png", w=32))) == rows(UPRIGHT)
    crop = (0, 33_333, 100_000, 66_667)
    assert read(kept.pixels(Look(ext="png", w=32, crop=crop))) == rows("CD EF")


@pytest.mark.parametrize("orientation", STORED)
def test_the_source_path_of_a_large_photo_is_upright_too(tmp_path: Path, orientation: int) -> None:
    """A crop finer than the master is read from the source: a window of the stored px."""
    kept = Kept(store(tmp_path / "photo", "jpeg", orientation, cell_px=1501))
    look = Look(ext="png", w=480, crop=(41_000, 20_000, 18_000, 24_000))
    assert kept.plan(look).level is None
    pixels = kept.pixels(look)
    height, width = pixels.shape[:2]
    cells = pixels[height // 6 :: height // 2, width // 4 :: width // 2]
    assert read(np.ascontiguousarray(cells), 1) == rows("AB CD")


@pytest.mark.parametrize("orientation", STORED)
def test_a_whole_photo_from_the_source_is_upright_too(tmp_path: Path, orientation: int) -> None:
    kept = Kept(store(tmp_path / "photo", "jpeg", orientation, cell_px=1001))
    look = Look(ext="png", w=2000)
    assert kept.plan(look).level is None
    assert kept.plan(look).sampling is None
    assert read(kept.pixels(look), 1000) == rows(UPRIGHT)
