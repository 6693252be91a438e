"""Previews made by the renderer's own functions; tests/system asks for the same crops by URL."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cache_keys.design import DesignLook, PhotoLook
from cache_keys.presets import Look
from origin.decode.libvips import pyvips
from origin.render.levels import LEVELS
from tests.images import registration
from tests.images.photos import photo_jpeg
from tests.images.registration import WINDOW_PX, Case, Pixels, Score
from tests.images.rendering import Kept

SIDES_PX = [(2903, 1933), (1471, 983), (1933, 2903)]  # odd; masters of 2560, of 1:1 and of 2560
COUNT = 40
"""Enough that every raster has its turn; two hundred are asked for by URL in tests/system."""


def look_of(case: Case) -> Look:
    """Return the look that a URL of this case would ask for; a tilt is asked as a design."""
    design = None
    if case.tilt_mdeg:
        design = DesignLook(PhotoLook("a", case.crop, case.turn, case.tilt_mdeg, case.flip))
    crop = None if case.crop == registration.WHOLE else case.crop
    return Look("png", w=case.width_px, crop=crop, turn=case.turn, flip=case.flip, design=design)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> list[Kept]:
    kept = []
    for i, (width, height) in enumerate(SIDES_PX):
        path = tmp_path_factory.mktemp("photos") / f"{i}.jpg"
        path.write_bytes(photo_jpeg(width, height, i))
        kept.append(Kept(path))
    return kept


def decoded(kept: Kept) -> pyvips.Image:
    """Return the source's own px."""
    return pyvips.Image.jpegload(str(kept.path)).copy_memory()


def test_random_pictures_of_every_raster_register_with_the_tenfold_reference(
    stored: list[Kept], record_property: Callable[[str, object], None]
) -> None:
    cases = registration.random_cases(SIDES_PX, COUNT)
    sources = [decoded(kept) for kept in stored]
    levels = set()
    scores = []
    for seed, case in enumerate(cases):
        look = look_of(case)
        levels.add(stored[case.photo].plan(look).level)
        picture = pyvips.Image.pngload_buffer(stored[case.photo].render(look).content).numpy()
        scores.append(registration.measure(case, picture, sources[case.photo], seed))
    record_property("registration", registration.summary(scores))
    assert levels == {None, *LEVELS}, "rasters of each kind have their turn"
    assert registration.failures(scores) == [], registration.summary(scores)


@pytest.mark.parametrize("shift_px", [2 / 64, 4 / 64, 20 / 64])
def test_the_measure_sees_a_shift_that_breaks_the_limits(
    stored: list[Kept], shift_px: float
) -> None:
    """The same measure finds by how much a picture was moved (libvips moves by 64ths)."""
    case = Case(0, (20_000, 20_000, 60_000, 60_000), 0, 0, "", 480)
    source = decoded(stored[0])
    picture: Pixels = stored[0].pixels(look_of(case))
    moved = (
        pyvips.Image.new_from_array(picture)
        .affine([1, 0, 0, 1], odx=shift_px, extend="copy", oarea=[0, 0, 480, picture.shape[0]])
        .numpy()
    )
    score: Score = registration.measure(case, moved, source)
    assert np.median(score.tile_px) == pytest.approx(shift_px, abs=0.004 + shift_px / 10)
    assert registration.failures([score])


def test_the_reference_is_the_photo_itself_at_its_own_size(stored: list[Kept]) -> None:
    """At one source px per output px the tenfold reference is the source, but for its softness."""
    source = decoded(stored[1])
    width, height = source.width, source.height
    case = Case(1, registration.WHOLE, 0, 0, "", width)
    window = (400, 300, WINDOW_PX, WINDOW_PX)
    wanted = registration.reference(case, (width, height), window, source)
    exact = source.crop(*window).numpy().astype(np.float64)
    assert np.median(registration.tile_errors(wanted.mean(axis=2), exact.mean(axis=2))) < 0.002


def test_a_master_that_is_a_few_px_short_of_the_picture_is_in_place(tmp_path: Path) -> None:
    """2703 x 1801: the master has 1704 rows, the whole photo at 2560 px has 1706."""
    path = tmp_path / "photo.jpg"
    path.write_bytes(photo_jpeg(2703, 1801, 9))
    kept = Kept(path)
    case = Case(0, registration.WHOLE, 0, 0, "", 2560)
    how = kept.plan(look_of(case))
    assert (how.level, how.size_px) == (2560, (2560, 1706))
    score = registration.measure(case, kept.pixels(look_of(case)), decoded(kept), seed=3)
    assert np.median(score.tile_px) <= 0.01
