"""A preset's watermark: one text in a place, or all over, the same at every size."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from cache_keys.presets import Watermark
from origin.render.watermark import apply_watermark
from tests.unit.render.sheets import averaged, blank

GREY = (120, 120, 120)


def marked(watermark: Watermark, width: int = 300, height: int = 200) -> NDArray[np.uint8]:
    return np.asarray(apply_watermark(blank(width, height, GREY), watermark).numpy())


def touched(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.asarray((pixels != np.array(GREY)).any(axis=2))


def one(place: str, **changes: int) -> Watermark:
    return Watermark("PROOF", place=place, **{"size": 100, "opacity": 1000, **changes})  # type: ignore[arg-type]  # numbers only


@pytest.mark.parametrize(
    ("place", "columns", "rows"),
    [
        ("nw", (0, 150), (0, 100)),
        ("n", (75, 225), (0, 100)),
        ("ne", (150, 300), (0, 100)),
        ("w", (0, 150), (50, 150)),
        ("c", (75, 225), (50, 150)),
        ("e", (150, 300), (50, 150)),
        ("sw", (0, 150), (100, 200)),
        ("s", (75, 225), (100, 200)),
        ("se", (150, 300), (100, 200)),
    ],
)
def test_a_single_text_is_at_its_compass_point(
    place: str, columns: tuple[int, int], rows: tuple[int, int]
) -> None:
    found = np.nonzero(touched(marked(one(place))))
    assert columns[0] <= found[1].min() < found[1].max() < columns[1]
    assert rows[0] <= found[0].min() < found[0].max() < rows[1]


def test_a_tiled_text_is_in_every_part_of_the_picture() -> None:
    hit = touched(marked(Watermark("A", turn_deg=-30)))
    parts = [hit[y : y + 50, x : x + 50] for y in range(0, 200, 50) for x in range(0, 300, 50)]
    assert all(part.any() for part in parts)
    assert hit.mean() < 0.3


def test_a_positive_turn_is_clockwise() -> None:
    found = np.nonzero(touched(marked(one("c", turn_deg=45), 300, 300)))
    assert np.corrcoef(found[1], found[0])[0, 1] > 0.5  # to the right is down
    found = np.nonzero(touched(marked(one("c", turn_deg=-45), 300, 300)))
    assert np.corrcoef(found[1], found[0])[0, 1] < -0.5


def test_opacity_is_the_share_of_the_colour() -> None:
    solid = marked(one("c", size=400)).astype(int)
    half = marked(one("c", size=400, opacity=500)).astype(int)
    white = (solid == 255).all(axis=2)
    assert white.sum() > 500
    # Beneath half of white lies the shadow's 0.35 where it reaches: between them is every value.
    assert half[white].max() == (120 + 255) // 2 + 1
    assert half[white].min() >= (120 * 65 // 100 + 255) // 2 - 1


@pytest.mark.parametrize("background", [(255, 255, 255), (0, 0, 0)], ids=["white", "black"])
def test_a_text_can_be_read_on_white_and_on_black(background: tuple[int, int, int]) -> None:
    pixels = apply_watermark(blank(300, 200, background), one("c", opacity=500)).numpy()
    assert np.abs(pixels.astype(int) - background).max() >= 60


@pytest.mark.parametrize("place", ["se", "c"])
def test_a_watermark_is_the_same_at_240_and_at_960_px(place: str) -> None:
    small = marked(one(place), 240, 160).astype(float)
    large = averaged(marked(one(place), 960, 640), 4)
    shift = np.abs(np.array(np.nonzero(touched(large.round().astype(np.uint8)))).mean(axis=1))
    assert shift == pytest.approx(
        np.array(np.nonzero(touched(small.astype(np.uint8)))).mean(axis=1), abs=1
    )
    assert abs(large.mean() - small.mean()) < 1


def test_a_text_wider_than_the_picture_is_cut() -> None:
    assert marked(Watermark("W" * 60, place="c", size=500)).shape == (200, 300, 3)


def test_the_smallest_picture_has_its_watermark() -> None:
    assert touched(marked(Watermark("PROOF"), 64, 48)).any()
    assert marked(Watermark("PROOF", turn_deg=-30), 2560, 1).shape == (1, 2560, 3)


def test_16_bit_and_alpha_are_marked_alike() -> None:
    plain = marked(one("c")).astype(int)
    deep = apply_watermark(blank(300, 200, tuple(v * 257 for v in GREY), "ushort"), one("c"))
    clear = apply_watermark(blank(300, 200, (*GREY, 255)), one("c"))
    assert np.abs(deep.numpy() / 257 - plain).max() <= 1
    assert np.abs(clear.numpy()[..., :3].astype(int) - plain).max() <= 2  # rounded once a layer


def test_every_field_shows() -> None:
    base = Watermark("PROOF", place="c", size=100, opacity=500)
    others = [
        Watermark("PROOFS", place="c", size=100, opacity=500),
        Watermark("PROOF", "noto-serif", place="c", size=100, opacity=500),
        Watermark("PROOF", colour="fffffe", place="c", size=100, opacity=1000),
        Watermark("PROOF", place="c", size=101, opacity=500),
        Watermark("PROOF", place="c", size=100, opacity=520),
        Watermark("PROOF", place="n", size=100, opacity=500),
        Watermark("PROOF", place="c", size=100, opacity=500, turn_deg=1),
    ]
    seen = [marked(watermark).tobytes() for watermark in (base, *others)]
    assert len(set(seen)) == len(seen)
