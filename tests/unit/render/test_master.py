"""Masters: whole, upright, sRGB on white, at exactly their sizes; damage is never stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from origin.decode.libvips import pyvips
from origin.errors import PhotoRefused
from origin.ingest.caps import Caps
from origin.ingest.guard import decode_fully, guard
from origin.render.master import make_levels, make_masters
from origin.render.passes import loaded_shrink, pass_with, passes_of
from tests.images.photos import photo_jpeg, photo_pixels
from tests.images.rendering import Kept, write_png
from tests.unit.render.facts import PHOTO


def test_every_level_has_its_size(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(photo_jpeg(2901, 1867, 11))
    masters = Kept(path).masters
    sizes = {level: Image.open(BytesIO(content)).size for level, content in masters.levels.items()}
    assert sizes == {
        2560: (2560, 1648),
        1920: (1920, 1232),
        960: (960, 616),
        640: (640, 408),
    }


def test_a_small_photo_has_one_master_of_its_own_size(tmp_path: Path) -> None:
    kept = Kept(write_png(tmp_path / "photo.png", photo_pixels(120, 80, 2)))
    assert list(kept.masters.levels) == [2560]
    found = pyvips.Image.jpegload_buffer(kept.masters.levels[2560]).numpy()
    assert np.abs(found.astype(int) - photo_pixels(120, 80, 2)).mean() < 1.5


def test_what_is_transparent_lies_on_white(tmp_path: Path) -> None:
    pixels = np.full((40, 60, 4), (200, 40, 40, 255), np.uint8)
    pixels[:, :30] = (0, 0, 0, 0)
    pixels[:, 30:45, 3] = 128
    master = Kept(write_png(tmp_path / "photo.png", pixels)).masters.levels[2560]
    found = pyvips.Image.jpegload_buffer(master)
    for x, colour in ((10, (255, 255, 255)), (37, (227, 147, 147)), (55, (200, 40, 40))):
        assert found.getpoint(x, 20) == pytest.approx(colour, abs=2)


@pytest.mark.parametrize(
    ("sides", "fmt", "shrink"),
    [
        ((5120, 3840), "jpeg", 2),
        ((5120, 3840), "png", 1),
        ((5121, 3840), "jpeg", 1),
        ((4032, 3024), "jpeg", 1),
        ((10_240, 7_680), "jpeg", 4),
        ((40_960, 8), "jpeg", 1),
        ((20_480, 15_360), "jpeg", 8),
    ],
)
def test_a_source_is_loaded_small_only_where_that_is_exact_and_enough(
    sides: tuple[int, int], fmt: str, shrink: int
) -> None:
    width, height = sides
    photo = replace(PHOTO, width_px=width, height_px=height, format=fmt)
    size = 2560, max(8, 2560 * height // width)
    assert loaded_shrink(photo, size) == shrink


SAVERS = {
    "baseline.jpg": ".jpg[Q=90]",
    "progressive.jpg": ".jpg[Q=90,interlace]",
    "photo.png": ".png",
    "photo.webp": ".webp[Q=90]",
    "photo.avif": ".avif[Q=70,effort=0]",
    "photo.tif": ".tif[compression=deflate]",
    "photo.gif": ".gif",
}


@pytest.mark.parametrize("share", [0.97, 0.6])
@pytest.mark.parametrize("name", SAVERS)
def test_a_photo_that_was_cut_off_is_refused_never_grey(
    tmp_path: Path, name: str, share: float
) -> None:
    whole = pyvips.Image.new_from_array(photo_pixels(640, 480, 6), interpretation="srgb")
    content: bytes = whole.write_to_buffer(SAVERS[name])
    path = tmp_path / name
    path.write_bytes(content)
    photo = guard(path, Caps()).photo
    make_masters(path, photo)
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(PhotoRefused) as refused:
        make_masters(path, photo)
    assert refused.value.code == "photo.damaged"


@pytest.mark.parametrize(
    ("sides", "fmt", "passes"),
    [
        ((4032, 3024), "jpeg", ((960, 640), (2560,), (1920,))),
        ((4608, 1976), "jpeg", ((960, 640), (2560,), (1920,))),
        ((2000, 1500), "jpeg", ((960, 640), (2560,), (1920,))),
        ((4031, 3024), "jpeg", ((2560, 1920, 960, 640),)),
        ((1600, 1200), "jpeg", ((2560, 960, 640),)),
        ((600, 400), "jpeg", ((2560,),)),
        ((4032, 3024), "heic", ((2560, 1920, 960, 640),)),
    ],
)
def test_large_levels_wait_where_small_ones_need_less_decoding(
    sides: tuple[int, int], fmt: str, passes: tuple[tuple[int, ...], ...]
) -> None:
    photo = replace(PHOTO, width_px=sides[0], height_px=sides[1], format=fmt)
    assert passes_of(photo) == passes
    assert [pass_with(photo, level) for levels in passes for level in levels] == [
        levels for levels in passes for _ in levels
    ]


def test_all_levels_of_a_progressive_jpeg_are_made_at_once() -> None:
    photo = replace(PHOTO, width_px=4032, height_px=3024, format="jpeg", is_progressive=True)
    assert passes_of(photo) == ((2560, 1920, 960, 640),)


@pytest.mark.parametrize("damage", [None, b"", bytes(64), b"\xff\xd9", b"\xff\xc4\x00\x03"])
@pytest.mark.parametrize("at", [0.05, 0.6, 0.999])
def test_a_small_decoding_judges_damage_as_a_full_one_does(
    tmp_path: Path, at: float, damage: bytes | None
) -> None:
    """Entropy coding is read whole at every scale; only the inverse transform is smaller."""
    path = tmp_path / "photo.jpg"
    content = photo_jpeg(2048, 1536, 9)
    path.write_bytes(content)
    photo = guard(path, Caps()).photo
    assert passes_of(photo)[0] == (960, 640)
    cut = int(len(content) * at)
    rest = b"" if damage is None else damage + content[cut + 64 :]
    path.write_bytes(content[:cut] + rest)
    verdict = _refused(lambda: decode_fully(path, photo))
    assert _refused(lambda: make_masters(path, photo)) == verdict
    assert verdict == "photo.damaged" or damage is not None


def _refused(job: Callable[[], object]) -> str:
    try:
        job()
    except PhotoRefused as refused:
        return refused.code
    return ""


def test_a_level_has_the_same_bytes_whenever_it_is_made(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(photo_jpeg(2048, 1536, 9))
    photo = guard(path, Caps()).photo
    first = make_masters(path, photo).levels
    assert make_levels(path, photo, (960, 640)) == first
    assert make_levels(path, photo, (1920,)) == make_levels(path, photo, (1920,))
