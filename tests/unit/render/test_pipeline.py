"""From raster to bytes: what is measured, and whose fault a failure is."""

from __future__ import annotations

from pathlib import Path

import pytest

from cache_keys.design import DesignLook, PhotoLook
from cache_keys.design_look import Filters
from cache_keys.presets import Look, Watermark
from origin.decode.libvips import pyvips
from origin.errors import PhotoRefused, RenderFailed, StoreUnavailable
from origin.render.pipeline import render_file
from tests.images.photos import photo_jpeg, photo_pixels
from tests.images.rendering import Kept, write_png

GREY = DesignLook(PhotoLook("a", filters=Filters(grey=1000)))
FINE_CROP = Look("jpg", w=640, crop=(40_000, 40_000, 15_000, 15_000))
WHOLE_FINE = Look("jpg", w=2560, h=1700, fit="fill")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    path = tmp_path_factory.mktemp("photo") / "photo.jpg"
    path.write_bytes(photo_jpeg(2901, 1867, 11))
    return Kept(path)


@pytest.mark.parametrize(
    ("look", "drawn"),
    [
        (Look("jpg", w=320), []),
        (Look("jpg", w=320, h=320, fit="contain"), []),
        (Look("jpg", w=320, design=GREY), ["draw"]),
        (Look("jpg", w=320, watermark=Watermark("proof")), ["draw"]),
    ],
)
def test_only_stages_that_did_something_are_timed(kept: Kept, look: Look, drawn: list[str]) -> None:
    rendered = kept.render(look)
    assert list(rendered.steps_ms) == ["open", "develop", *drawn, "encode"]
    assert min(rendered.steps_ms.values()) > 0


def test_reading_and_sampling_are_timed_where_they_happen(kept: Kept) -> None:
    """Decoding is lazy: opening reads a header, and the work is done in develop."""
    steps = kept.render(FINE_CROP).steps_ms
    assert steps["develop"] > 5 * steps["open"]


def test_a_design_is_drawn_and_a_watermark_lies_over_it(kept: Kept) -> None:
    grey = kept.pixels(Look("png", w=160, design=GREY)).astype(int)
    assert abs(grey[:, :, 0] - grey[:, :, 1]).max() <= 1
    marked = kept.pixels(
        Look("png", w=160, design=GREY, watermark=Watermark("PROOF", colour="ff0000", size=200))
    )
    assert (marked[:, :, 0].astype(int) - marked[:, :, 1]).max() > 30


def test_the_size_told_is_that_of_the_picture(kept: Kept) -> None:
    rendered = kept.render(Look("png", w=320, h=200, fit="contain"))
    picture = pyvips.Image.pngload_buffer(rendered.content)
    assert (rendered.width_px, rendered.height_px) == (picture.width, picture.height) == (320, 200)


@pytest.mark.parametrize("look", [FINE_CROP, WHOLE_FINE])
def test_a_source_that_does_not_decode_is_refused_never_grey(
    kept: Kept, tmp_path: Path, look: Look
) -> None:
    how = kept.plan(look)
    assert how.level is None
    content = kept.path.read_bytes()
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(content[: len(content) // 3])
    with pytest.raises(PhotoRefused) as refused:
        render_file(how, cut, None)
    assert refused.value.code == "photo.damaged"


def test_a_source_that_changed_on_disk_is_not_opened(kept: Kept) -> None:
    with pytest.raises(StoreUnavailable) as refused:
        render_file(kept.plan(FINE_CROP), kept.path, "0" * 64)
    assert refused.value.code == "store.damaged"


def test_checking_the_source_is_timed(kept: Kept) -> None:
    from blake3 import blake3

    digest = blake3(kept.path.read_bytes()).hexdigest()
    assert next(iter(render_file(kept.plan(FINE_CROP), kept.path, digest).steps_ms)) == "verify"


def test_a_broken_master_is_our_fault_not_the_photos(kept: Kept) -> None:
    how = kept.plan(Look("jpg", w=320))
    assert how.level is not None
    for broken in (b"no picture", kept.masters.levels[how.level][:5000]):
        with pytest.raises(RenderFailed) as failed:
            render_file(how, broken, None)
        assert failed.value.code == "render.failed"


def test_a_transparent_photo_comes_from_its_source(tmp_path: Path) -> None:
    import numpy as np

    opaque = np.full((48, 64, 1), 255, np.uint8)
    pixels = np.concatenate([photo_pixels(64, 48, 1), opaque], axis=2)
    kept = Kept(write_png(tmp_path / "photo.png", pixels))
    assert kept.plan(Look("png", w=64)).level is None
    assert (kept.pixels(Look("png", w=64)) == pixels).all()
