"""The scenes: any size, always the same picture, never an empty one."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from edgeproof.samples import making, sticker
from edgeproof.samples.canvas import Pixels
from edgeproof.samples.making import PAINTERS, make_scene

WIDTH_PX, HEIGHT_PX = 242, 181


@cache
def painted(scene: str) -> Pixels:
    return make_scene(scene, WIDTH_PX, HEIGHT_PX)


@pytest.mark.parametrize("scene", PAINTERS)
def test_a_scene_has_the_size_asked_and_is_exposed_like_a_photo(scene: str) -> None:
    pixels = painted(scene)
    assert pixels.shape == (HEIGHT_PX, WIDTH_PX, 3)
    assert pixels.dtype == np.uint8
    luma = pixels.mean(axis=2)
    assert 25 < luma.mean() < 200
    assert luma.std() > 15
    assert (pixels == 255).all(axis=2).mean() < 0.05, "highlights are not burnt out"


@pytest.mark.parametrize("scene", PAINTERS)
def test_a_scene_is_the_same_every_time(scene: str) -> None:
    assert np.array_equal(painted(scene), make_scene(scene, WIDTH_PX, HEIGHT_PX))


def test_another_seed_is_another_picture() -> None:
    assert not np.array_equal(painted("balloons"), make_scene("balloons", WIDTH_PX, HEIGHT_PX, 2))


@pytest.mark.parametrize("scene", ["balloons", "baubles", "city"])
def test_a_photo_larger_than_what_is_painted_keeps_its_scene_and_has_grain_of_its_own(
    scene: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "PAINTED_PX", WIDTH_PX * HEIGHT_PX)
    twice = make_scene(scene, 2 * WIDTH_PX, 2 * HEIGHT_PX).astype(float)
    assert twice.shape == (2 * HEIGHT_PX, 2 * WIDTH_PX, 3)
    halved = (twice[::2, ::2] + twice[1::2, ::2] + twice[::2, 1::2] + twice[1::2, 1::2]) / 4
    assert np.abs(halved - painted(scene)).mean() < 6
    assert np.abs(twice[:, ::2] - twice[:, 1::2]).mean() > 1


def test_grain_is_as_strong_as_asked_and_weaker_in_the_light() -> None:
    flat, grainy = (
        make_scene("balloons", WIDTH_PX, HEIGHT_PX, grain=grain).astype(float)
        for grain in (0.0, 0.05)
    )
    relative = (grainy - flat) / (1.15 - flat / 255)
    assert relative.std() == pytest.approx(0.05 * 255, rel=0.1)


def test_the_sticker_is_opaque_in_the_middle_soft_at_its_edge_and_nothing_outside() -> None:
    alpha = sticker.paint(400, 7)[..., 3]
    assert alpha[200, 200] == 255
    assert alpha[0, 0] == 0
    assert ((alpha > 20) & (alpha < 235)).mean() > 0.005
